"""Whether a JSON text holds so many values that reading it would take long.

Strings are cheap to read, however long they are. Other values are not: Python's json takes a quarter of a second for a megabyte of empty
lists, and no other thread gets the GIL meanwhile.
"""

from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

_TEXTS = 1024
_BESIDE_BYTES = 64 * 1024
"""Everything outside strings: digits, names of constants, brackets and spaces."""


def is_crowded(data: bytes) -> bool:
    """Whether `data` holds too many values for plugcli to read. For invalid JSON either answer may be given."""
    if len(data) <= _BESIDE_BYTES:
        return False
    text = data.decode(errors="surrogateescape")
    beside = position = 0
    for _ in range(_TEXTS):
        quote = text.find('"', position)
        beside += (quote if quote >= 0 else len(text)) - position
        if quote < 0 or beside > _BESIDE_BYTES:
            return beside > _BESIDE_BYTES
        try:
            _, position = scanstring(text, quote + 1, True)
        except JSONDecodeError:
            return False  # the parser will say where
    return True
