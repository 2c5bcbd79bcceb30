"""What the bytes of a picture say: its format and size, and no crash whatever they are."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plugcli.exchange.picture import Format, Picture, picture

SVG = b'<?xml version="1.0"?>\n<!-- a comment -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'
STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"\xff\xd8\xff",
    b"RIFF    WEBP",
    b"\x00\x00\x01\x00",
    b"<!--",
    b"",
)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG", "WebP", "ICO"])
def test_size_of_a_picture_is_read_from_its_start(kind: Format) -> None:
    """Written by another program, so that both would have to be wrong in the same way."""
    file = io.BytesIO()
    Image.new("RGB", (48, 32)).save(file, kind, **({"sizes": [(48, 32)]} if kind == "ICO" else {}))
    assert Picture(kind, 48, 32) == picture(file.getvalue())


def test_size_of_a_lossless_webp_is_read() -> None:
    """Drawings are mostly saved so, and it has a header of its own."""
    file = io.BytesIO()
    Image.new("RGBA", (300, 17), (0, 0, 0, 9)).save(file, "WebP", lossless=True)
    assert Picture("WebP", 300, 17) == picture(file.getvalue())


def test_svg_is_known_by_its_root() -> None:
    """A prologue may stand before it."""
    assert Picture("SVG") == picture(SVG)


@pytest.mark.parametrize(
    "data", [b"", b"<!doctype html><svg></svg>", b"<html><svg>", b"<svgs>", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"]
)
def test_no_picture_is_none(data: bytes) -> None:
    """A page with a drawing in it, and what is cut off before its size, are no logo."""
    assert picture(data) is None


@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_hostile_bytes_are_a_value(start: bytes, rest: bytes) -> None:
    """They are a stranger's."""
    found = picture(start + rest)
    assert found is None or found.width >= 0


def test_prologue_of_many_comments_takes_no_time() -> None:
    """A pattern that could split them in several ways would take for ever here."""
    assert picture(b"<!---->" * 500 + b"<x>") is None
