"""The format and size of a picture, from its first bytes. No picture is decoded, and none is trusted."""

import re
import struct
from dataclasses import dataclass
from typing import Literal

Format = Literal["PNG", "JPEG", "GIF", "WebP", "ICO", "AVIF", "SVG"]

# Only a prologue may come first: an HTML page with a drawing in it is not a picture.
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?[^>]*>|<!--(?:(?!-->).)*-->|<!DOCTYPE\s+svg[^>]*>)*<svg[\s>]", re.S
)
# Frame headers of JPEG, ITU T.81 table B.1: all of C0 to CF but DHT, JPG and DAC.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    """A picture's format, and its size in pixels; both are 0 if the start of the file does not say."""

    format: Format
    width: int = 0
    height: int = 0


def picture(data: bytes) -> Picture | None:
    """The picture that `data` is the start of; None if browsers do not show it."""
    try:
        return _picture(data)
    except struct.error:  # cut off within its header
        return None


def _picture(data: bytes) -> Picture | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture("PNG", *struct.unpack_from(">II", data, 16))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Picture("GIF", *struct.unpack_from("<HH", data, 6))
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"\x00\x00\x01\x00"):
        width, height = struct.unpack_from("<BB", data, 6)
        return Picture("ICO", width or 256, height or 256)
    if data[4:12] == b"ftypavif":
        return Picture("AVIF")
    return Picture("SVG") if _SVG.match(data[:4096]) else None


def _jpeg(data: bytes) -> Picture:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind, length = struct.unpack_from(">BH", data, at + 1)
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Picture("JPEG", width, height)
        at += 2 + length
    return Picture("JPEG")


def _webp(data: bytes) -> Picture:
    kind = data[12:16]
    if kind == b"VP8X":
        return Picture(
            "WebP", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        )
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Picture("WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    width, height = struct.unpack_from("<HH", data, 26)
    return Picture("WebP", width & 0x3FFF, height & 0x3FFF)
