"""The bearer token that a server may need: read from a file or from the environment, by the server and by its clients."""

from collections.abc import MutableMapping
from pathlib import Path

from plugcli.errors import UsageError

TOKEN_VARIABLE = "PLUGCLI_TOKEN"  # noqa: S105 (the variable's name, not a token)
HOW_TO_MAKE_ONE = (
    f"""to make one: export {TOKEN_VARIABLE}="$(python3 -c 'import secrets; print(secrets.token_hex())')\""""
)
_LENGTH_MIN = 16
_DISTINCT_MIN = 8


def take_token(file: Path | None, environment: MutableMapping[str, str]) -> str | None:
    """Return the token from `file`, else from the environment, else None.

    Removes the variable from `environment`, so that neither the plugin's code nor a process that it starts can read it there.
    Raises UsageError for a file that cannot be read and for a token that could be guessed.
    """
    from_environment = environment.pop(TOKEN_VARIABLE, None)
    if file is not None:
        return _checked(_read(file), f"the token in {file}")
    if from_environment is None:
        return None
    return _checked(from_environment.strip(), f"the token in {TOKEN_VARIABLE}")


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(4096).decode("ascii").strip()
    except UnicodeDecodeError:
        raise UsageError(f"{file} does not contain a token: it is not text", hint=HOW_TO_MAKE_ONE) from None
    except OSError as error:
        raise UsageError(
            f"the token file {file} cannot be read: {error.strerror}",
            hint="--token-file needs a file that contains only the token",
        ) from None


def _checked(token: str, where: str) -> str:
    if not token:
        raise UsageError(f"{where} is empty", hint=HOW_TO_MAKE_ONE)
    if not all("!" <= character <= "~" for character in token):
        raise UsageError(
            f"{where} contains a space or a character that is not allowed in a header", hint=HOW_TO_MAKE_ONE
        )
    if len(token) < _LENGTH_MIN or len(set(token)) < _DISTINCT_MIN:
        raise UsageError(
            f"{where} is too easy to guess: it needs {_LENGTH_MIN} characters, {_DISTINCT_MIN} of them different",
            hint=HOW_TO_MAKE_ONE,
        )
    return token
