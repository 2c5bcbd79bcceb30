"""Addresses of files that nobody can guess: whoever has one may fetch that file, and no other.

    /files/HANDLE.SIGNATURE/NAME

The handle says whose file it is and gives no right by itself; the signature covers handle and name. Whoever has
the key reads the addresses: all routes of one engine share one, and so can several servers of the same engine.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

PREFIX = "/files/"
_KEY_BYTES = 32
_SIGNATURE_BYTES = 24  # of SHA-256's 32: 192 bits, in 32 characters without padding


@dataclass(frozen=True)
class FileLink:
    """One file of one session. A byte of the name that is not UTF-8 is a surrogate, as in `os.fsdecode`."""

    handle: str
    name: str


class Links:
    """Writes the addresses of files, and reads those that were written with its key."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` signs the addresses; without one, they are good as long as this object is there."""
        self._key = key or secrets.token_bytes(_KEY_BYTES)

    def path(self, file: FileLink) -> str:
        """Return the path at which `file` is served."""
        name = file.name.encode("utf-8", "surrogateescape")
        return f"{PREFIX}{file.handle}.{self._signature(file.handle, name)}/{quote(name)}"

    def read(self, raw_path: bytes) -> FileLink | None:
        """Return the file that a request's path, still percent-encoded, is the address of; None if it has no valid signature."""
        if not raw_path.startswith(PREFIX.encode()):
            return None
        capability, _, quoted = raw_path[len(PREFIX) :].partition(b"/")
        handle_bytes, _, signature = unquote_to_bytes(capability).rpartition(b".")
        name = unquote_to_bytes(quoted)
        handle = handle_bytes.decode("utf-8", "surrogateescape")
        if not hmac.compare_digest(self._signature(handle, name).encode(), signature):
            return None
        return FileLink(handle, name.decode("utf-8", "surrogateescape"))

    def _signature(self, handle: str, name: bytes) -> str:
        # A handle holds no NUL and neither does a name, so that no two pairs read the same.
        message = handle.encode("utf-8", "surrogateescape") + b"\0" + name
        digest = hmac.digest(self._key, message, "sha256")[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode()
