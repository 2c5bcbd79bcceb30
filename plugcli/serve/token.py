"""The bearer token that calls from other machines need."""

import hmac
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from plugcli.errors import PlugcliError, UsageError
from plugcli.serve.answer import Refusal

TOKEN_VARIABLE = "PLUGCLI_TOKEN"  # noqa: S105 (the variable's name, not a token)
_LENGTH_MIN = 16
_DISTINCT_MIN = 8
_MAKE_ONE = (
    f"""to make one: export {TOKEN_VARIABLE}="$(python3 -c 'import secrets; print(secrets.token_hex())')\""""
)


def take_token(file: Path | None, environment: MutableMapping[str, str]) -> str | None:
    """The token from `file`, else from the environment, else None.

    Takes the variable out of `environment`, so that neither the plugin's code nor what it starts finds it
    there. Raises UsageError for a file that cannot be read and for a token that could be guessed.
    """
    from_environment = environment.pop(TOKEN_VARIABLE, None)
    if file is not None:
        return _checked(_read(file), f"the token in {file}")
    if from_environment is None:
        return None
    return _checked(from_environment.strip(), f"the token in {TOKEN_VARIABLE}")


def require_token(host: str) -> PlugcliError:
    """The error for listening on `host`, which is not loopback, without a token."""
    return UsageError(
        f"--host {host} lets other machines call this server, and that needs a token",
        hint=f"{_MAKE_ONE}; or use --token-file FILE",
    )


def check_token(token: bytes, headers: Mapping[bytes, bytes]) -> None:
    """Refuse a request without `Authorization: Bearer TOKEN`. Takes the same time for any guess."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token):
        return
    error = "the token is not the one this server was started with" if given else "this server needs a token"
    raise Refusal(
        401,
        error,
        "send the header 'Authorization: Bearer TOKEN'",
        headers=[(b"www-authenticate", b'Bearer realm="plugcli"')],
    )


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(4096).decode("ascii").strip()
    except UnicodeDecodeError:
        raise UsageError(f"{file} holds no token: it is not text", hint=_MAKE_ONE) from None
    except OSError as error:
        raise UsageError(
            f"the token file {file} cannot be read: {error.strerror}",
            hint="--token-file names a file whose only content is the token",
        ) from None


def _checked(token: str, where: str) -> str:
    if not token:
        raise UsageError(f"{where} is empty", hint=_MAKE_ONE)
    if not all("!" <= character <= "~" for character in token):
        raise UsageError(f"{where} has a space or a character that no header can carry", hint=_MAKE_ONE)
    if len(token) < _LENGTH_MIN or len(set(token)) < _DISTINCT_MIN:
        raise UsageError(
            f"{where} could be guessed: it needs {_LENGTH_MIN} characters, {_DISTINCT_MIN} of them different",
            hint=_MAKE_ONE,
        )
    return token
