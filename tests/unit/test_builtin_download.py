"""Which bytes of a file are asked for, and what a browser is told to do with them."""

import re
from urllib.parse import unquote

import pytest

from plugcli.builtin.python.download import Slice, disposition, slice_of
from plugcli.respond import Refusal


@pytest.mark.parametrize(
    ("asked", "size", "expected"),
    [
        ("bytes=0-", 10, Slice(0, 10, True)),
        ("bytes=0-0", 10, Slice(0, 1, True)),
        ("bytes=3-5", 10, Slice(3, 6, True)),
        ("bytes=3-99", 10, Slice(3, 10, True)),
        ("bytes=9-", 10, Slice(9, 10, True)),
        ("bytes=-3", 10, Slice(7, 10, True)),
        ("bytes=-99", 10, Slice(0, 10, True)),
        ("bytes= 3 - 5", 10, Slice(3, 6, True)),
        # What is no range is not there, says RFC 9110; several ranges may be answered with everything.
        ("", 10, Slice(0, 10, False)),
        ("bytes=-", 10, Slice(0, 10, False)),
        ("bytes=5-3", 10, Slice(0, 10, False)),
        ("bytes=0-1,4-5", 10, Slice(0, 10, False)),
        ("lines=0-1", 10, Slice(0, 10, False)),
        ("bytes=a-b", 10, Slice(0, 10, False)),
        ("bytes=" + "9" * 5000 + "-", 10, Slice(0, 10, False)),
        ("", 0, Slice(0, 0, False)),
    ],
)
def test_range_is_read(asked: str, size: int, expected: Slice) -> None:
    """A download that broke off goes on where it was; players ask for pieces."""
    assert slice_of({b"range": asked.encode()} if asked else {}, size) == expected


@pytest.mark.parametrize(
    ("asked", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_range_outside_is_416_with_the_size(asked: str, size: int) -> None:
    """The client learns how long the file is."""
    with pytest.raises(Refusal) as caught:
        slice_of({b"range": asked.encode()}, size)
    assert (caught.value.status, caught.value.headers) == (416, ((b"content-range", b"bytes */%d" % size),))


def test_range_for_a_version_that_is_gone_is_everything() -> None:
    """Two halves of two versions make a file that never was."""
    assert slice_of({b"range": b"bytes=1-2", b"if-range": b'"x"'}, 10) == Slice(0, 10, False)


@pytest.mark.row("F15")
@pytest.mark.parametrize(
    "name",
    [
        "ü b.csv",
        'say "hi".txt',
        "a\r\nSet-Cookie: x.txt",
        "100%.txt",
        "back\\slash.csv",
        "漢字.png",
        "-rf.txt",
    ],
)
def test_name_arrives_and_no_header_is_added(name: str) -> None:
    """RFC 6266: a plain name for old clients, the exact one for the others; and one line, whatever it holds."""
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    plain = re.fullmatch(r'inline; filename="([^"\\\\]+)"(?:; filename\*=UTF-8\'\'(.*))?', header)
    assert plain is not None
    assert name == (unquote(plain[2]) if plain[2] else plain[1])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plot.png", "inline"),
        ("plot.svg", "inline"),
        ("report.pdf", "inline"),
        ("notes.txt", "inline"),
        ("data.csv", "inline"),
        ("data.json", "inline"),
        ("page.html", "attachment"),
        ("page.xhtml", "attachment"),
        ("script.js", "attachment"),
        ("code.py", "attachment"),
        ("archive.tar.gz", "attachment"),
        ("table.csv.gz", "attachment"),
        ("no-extension", "attachment"),
        ("folder.png/x", "attachment"),
    ],
)
def test_only_harmless_kinds_are_shown(name: str, kind: str) -> None:
    """A page that the code wrote is never shown as one of ours."""
    assert disposition(name).split(";")[0] == kind


def test_name_of_bytes_that_are_no_text_has_a_name() -> None:
    """Not every file name is UTF-8, and a header must be."""
    assert disposition("\udcc3.txt") == "inline; filename=\"_.txt\"; filename*=UTF-8''%EF%BF%BD.txt"
