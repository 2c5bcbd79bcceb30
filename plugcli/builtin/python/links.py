"""Addresses of files that nobody can guess: whoever has one may fetch that file, and no other.

    /files/HANDLE.SIGNATURE/NAME

The handle says whose file it is and gives no right by itself; the signature covers handle and name. The key is
made when the server starts: the sessions do not outlive it, and neither do their addresses.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

PREFIX = "/files/"
_SIGNATURE_BYTES = 24  # of SHA-256's 32: 192 bits, in 32 characters without padding


@dataclass(frozen=True)
class FileLink:
    """One file of one session. A byte of the name that is no UTF-8 is a surrogate, as in `os.fsdecode`."""

    handle: str
    name: str


class Links:
    """Writes the addresses of files, and reads those that it wrote."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def path(self, file: FileLink) -> str:
        """The path at which `file` is served."""
        name = file.name.encode("utf-8", "surrogateescape")
        return f"{PREFIX}{file.handle}.{self._signature(file.handle, name)}/{quote(name)}"

    def read(self, raw_path: bytes) -> FileLink | None:
        """The file that a request's path, still percent-encoded, is the address of; None if we wrote none such."""
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
