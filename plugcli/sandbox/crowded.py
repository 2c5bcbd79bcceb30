"""Whether a JSON text holds so much that reading it would take long.

Texts cost little, however long they are. Values do: a megabyte of empty lists takes Python's json a quarter of a second, and nobody else
gets the interpreter's lock meanwhile.
"""

from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

_TEXTS = 1024
_BESIDE_BYTES = 64 * 1024
"""Everything outside of strings: digits, names of constants, brackets and spaces."""


def is_crowded(data: bytes) -> bool:
    """Whether `data` holds more values than any JSON that plugcli reads. For invalid JSON the answer may be either."""
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
            return False  # who reads it says where
    return True
