"""Forms as clients send them, in pieces of any size."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from plugcli.builtin.python.multipart import Multipart, Part, boundary_of
from plugcli.respond import Refusal

FORM = (
    b"--XX\r\n"
    b'Content-Disposition: form-data; name="session"\r\n\r\nmine\r\n'
    b"--XX\r\n"
    b'content-disposition: form-data; name="file"; filename="\xc3\xbc b.csv"\r\nContent-Type: text/csv\r\n\r\n'
    b"a,b\r\n--X\r\n--XY\r\n1,2\r\n\r\n"
    b"--XX\r\n"
    b'Content-Disposition: form-data; filename="empty"; name=""\r\n\r\n\r\n'
    b"--XX--\r\n"
)


def read(body: bytes, step: int) -> list[tuple[Part, bytes]]:
    """The parts of a form that arrives in pieces of `step` bytes."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]

    async def parts() -> list[tuple[Part, bytes]]:
        form = Multipart(pieces(), b"XX")
        return [(part, b"".join([chunk async for chunk in form.data()])) async for part in form.parts()]

    return asyncio.run(parts())


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10_000])
def test_parts_are_what_was_sent(step: int) -> None:
    """Byte for byte, also where the bytes look like a boundary and where a piece ends in one."""
    assert read(FORM, step) == [
        (Part("session", None), b"mine"),
        (Part("file", "ü b.csv"), b"a,b\r\n--X\r\n--XY\r\n1,2\r\n"),
        (Part("", "empty"), b""),
    ]


def test_part_that_nobody_reads_is_passed_over() -> None:
    """A form may have fields that mean nothing here."""

    async def pieces() -> AsyncIterator[bytes]:
        yield FORM

    async def names() -> list[str]:
        return [part.name async for part in Multipart(pieces(), b"XX").parts()]

    assert asyncio.run(names()) == ["session", "file", ""]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('filename="plain.txt"', "plain.txt"),
        (r'filename="a\"b"', 'a"b'),  # curl
        ('filename="a%22b"', 'a"b'),  # browsers
        ('filename="a%0Ab"', "a\nb"),
        ('filename="a;b=c"', "a;b=c"),
        ('filename=""', ""),
        ('filename="../../x"', "../../x"),  # as sent: the workspace judges it
        ("filename=bare.txt", "bare.txt"),
    ],
)
def test_file_name_is_as_sent(sent: str, name: str) -> None:
    """Names are not made harmless here: what is changed in silence is not found again."""
    body = f'--XX\r\nContent-Disposition: form-data; name="f"; {sent}\r\n\r\nx\r\n--XX--'.encode()
    assert read(body, 5) == [(Part("f", name), b"x")]


@pytest.mark.parametrize(
    "body",
    [
        FORM[:-10],
        FORM[:200],
        FORM[:60],
        b"",
        b"--XX",
        b"hello",
        b"--YY\r\n\r\n",
        b"\x00" * 100,
        b"--XX\r\n" * 9,
    ],
)
def test_form_that_breaks_off_is_refused(body: bytes) -> None:
    """Half a file must not look like a whole one."""
    with pytest.raises(Refusal) as caught:
        read(body, 16)
    assert (caught.value.status, bool(caught.value.hint)) == (400, True)


def test_endless_header_is_refused() -> None:
    """It would be collected for as long as it comes."""
    with pytest.raises(Refusal):
        read(b"--XX\r\nContent-Disposition: " + b"x" * 100_000, 1000)


def test_boundary_is_that_of_the_content_type() -> None:
    """Anything that is no form is a file by itself."""
    assert boundary_of(b'Multipart/Form-Data; boundary="a b"') == b"a b"
    for other in (b"", b"text/csv", b"application/x-www-form-urlencoded", b"multipart/mixed; boundary=x"):
        assert boundary_of(other) is None
    for broken in (b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; x=y"):
        with pytest.raises(Refusal):
            boundary_of(broken)
