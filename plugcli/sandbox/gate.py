"""The gate: untrusted input passes here before anything else reads it.

Untrusted input comes from the code in a jail, a plugin's document, the name of a file, or whatever answers on a port. What leaves here is
valid Unicode and not longer than it may be. JSON is valid for every reader. Text for a terminal, a log or a header contains no control
characters, nothing hidden and no second line. The gate refuses or replaces, and raises nothing but ValueError.
"""

import json
import os
import re
from functools import cache
from typing import Any

MIME_CHARACTERS = 100
NAME_BYTES, PATH_BYTES = 255, 1024
ANY_FILE = "application/octet-stream"

_LONE = re.compile("[\ud800-\udfff]")
_MIME = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_WINDOWS = re.compile(r"[A-Za-z]:")
_REORDERS = "\u202a-\u202e\u2066-\u2069"  # Unicode's UAX 9; CVE-2021-42574
_NOT_IN_NAMES = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_REORDERS}]")
# Characters that a terminal acts on or does not show: controls, line ends, direction marks, and Unicode's
# Default_Ignorable_Code_Point. The joiners U+200C and U+200D and the variation selectors are left out: scripts and emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)

# Types that Python's own table lacks, or reports as an encoding, which is not the type of the file.
_MORE_TYPES = {
    ".7z": "application/x-7z-compressed",
    ".bz2": "application/x-bzip2",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".geojson": "application/geo+json",
    ".gz": "application/gzip",
    ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".parquet": "application/vnd.apache.parquet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".rtf": "application/rtf",
    ".sqlite": "application/vnd.sqlite3",
    ".tgz": "application/gzip",
    ".toml": "application/toml",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xz": "application/x-xz",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zst": "application/zstd",
}


def text(value: str) -> str:
    """Return `value` as text that UTF-8 can encode: each lone surrogate becomes U+FFFD."""
    return value if value.isascii() else _LONE.sub("\ufffd", value)


def line(value: str) -> str:
    """Return `value` on one line, with every character that a terminal would act on, or not show, written out, such as \\x1b."""
    return (
        value if value.isascii() and value.isprintable() else _HIDDEN.sub(_escape, value.replace("\t", " "))
    )


def lines(value: str) -> str:
    """Apply `line` to each line of `value`, and keep the line ends."""
    return "\n".join(map(line, value.split("\n")))


def is_hidden(character: str) -> bool:
    """Whether a terminal would act on `character`, or not show it."""
    return _HIDDEN.match(character) is not None


def is_mime(value: str) -> bool:
    """Whether `value` is a media type without parameters: type/subtype."""
    return len(value) <= MIME_CHARACTERS and _MIME.fullmatch(value) is not None


def is_file_name(name: str) -> bool:
    """Whether `name` is a plain relative path, such as `a b/ü.csv`. Bytes that are not UTF-8 are as `os.fsdecode` returns them."""
    try:
        path = os.fsencode(name)
    except UnicodeEncodeError:
        return False
    parts = path.split(b"/")
    return (
        len(path) <= PATH_BYTES
        and all(part.strip() not in (b"", b".", b"..") and len(part) <= NAME_BYTES for part in parts)
        and not any(part.isspace() for part in name.split("/"))
        and not _WINDOWS.match(name)
        and "\\" not in name
        and not _NOT_IN_NAMES.search(name)
    )


def media_type(name: str) -> str:
    """Return the media type for the extension of `name`, from a table that is the same on every machine.

    `mimetypes.guess_type` reads names as URLs, and takes the type of `data:text/x,` from the name itself.
    """
    return _types().get(os.path.splitext(name)[1].lower(), ANY_FILE)  # noqa: PTH122 (an untrusted name is not a path)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return `value` as JSON that every reader accepts, in ASCII, so that a terminal gets nothing of it raw. Raises ValueError for NaN."""
    said = json.dumps(value, indent=indent, allow_nan=False)
    if "\\ud" in said:
        whole = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
        if _LONE.search(whole):
            said = json.dumps(json.loads(text(whole)), indent=indent)
    return said.replace("\x7f", "\\u007f")


def read_json(data: bytes) -> Any:
    """Return the value of the JSON in `data`: UTF-8 without a byte order mark, NaN or repeated keys. Raises ValueError otherwise."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key occurs twice")
    return value


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@cache
def _types() -> dict[str, str]:
    import mimetypes  # takes 2 ms, which a short command saves

    known = mimetypes.MimeTypes()  # Python's own table, without this machine's mime.types
    return {**known.types_map[False], **known.types_map[True], **_MORE_TYPES}
