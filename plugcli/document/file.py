"""Reads the bytes of a file, and decodes the bytes of a file or an answer. Never waits for a pipe, never reads without end."""

import codecs
import errno
import os
import stat
from pathlib import Path

from plugcli.document.problem import BadText
from plugcli.errors import PlugcliError

# GitHub's description of its API, the largest known real one, has 13 MB.
MAX_BYTES = 32 * 1024 * 1024
_PIECE_BYTES = 64 * 1024


def read_file(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of the regular file `path`.

    Raises PlugcliError for anything else: a missing or unreadable file, a folder, a pipe, a device,
    too many bytes.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise PlugcliError(f"cannot read {path}: {_reason(error)}") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise PlugcliError(f"cannot read {path}: it is a folder, not a file")
        if not stat.S_ISREG(mode):
            raise PlugcliError(f"cannot read {path}: it is neither a file nor a folder")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise PlugcliError(f"cannot read {path}: {_reason(error)}") from error
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        raise PlugcliError(
            f"{path} is larger than {max_bytes // 1024 // 1024} MiB",
            hint="check that it is the right file: no chat host reads a document of that size",
        )
    return data


def decode(data: bytes) -> str:
    """The text of UTF-8 bytes, without a byte order mark. Raises BadText, with the offset of the bad byte."""
    for mark, name in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if data.startswith(mark):
            raise BadText(0, f"this is {name}, but hosts read UTF-8", "save the file as UTF-8")
    nul = data.find(0)
    if nul >= 0:
        # Every second byte of ASCII in UTF-16 is 0.
        if len(data) > 3 and (data[1] == data[3] == 0 or data[0] == data[2] == 0):
            raise BadText(0, "this is UTF-16, but hosts read UTF-8", "save the file as UTF-8")
        raise BadText(nul, "this is binary data, neither JSON nor YAML")
    try:
        return _decoded(data.removeprefix(codecs.BOM_UTF8))
    except UnicodeDecodeError as error:
        raise BadText(
            error.start, f"byte 0x{data[error.start]:02X} is not UTF-8", "save the file as UTF-8"
        ) from error


def _decoded(data: bytes) -> str:
    if len(data) <= _PIECE_BYTES:
        return data.decode()
    # A text with a single emoji takes 4 bytes per character. If it is decoded in one go, it is widened and copied twice on the way.
    decoder = codecs.getincrementaldecoder("utf-8")()
    ends = range(_PIECE_BYTES, len(data) + _PIECE_BYTES, _PIECE_BYTES)
    try:
        return "".join([decoder.decode(data[end - _PIECE_BYTES : end], end >= len(data)) for end in ends])
    except UnicodeDecodeError:
        return data.decode()  # which knows the offset


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENXIO:
        return "it is neither a file nor a folder"
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
