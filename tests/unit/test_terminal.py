"""What reaches a person's terminal from untrusted bytes."""

import pytest

from plugcli.cli.exec.terminal import Harmless


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("äöü 漢字 \U0001f600\r\n\t".encode(), "äöü 漢字 \U0001f600\r\n\t".encode()),
        (b"\x1b[1;31mred\x1b[0m", b"\x1b[1;31mred\x1b[0m"),
        (b"\x1b]52;c;aGk=\x07", b"^[]52;c;aGk=^G"),
        (b"\x9b6n", b"\\x9b6n"),
        ("\x9b6n".encode(), b"\\x9b6n"),
        (b"\xc3\x9b6n", b"\xc3\x9b6n"),  # a letter
        (b"\xe4\x9b6n", b"\xe4\\x9b6n"),  # no letter: the second byte stands alone
        (b"\x1b", b"^["),
        ("a\u202egnp.exe\u2066b\u2069".encode(), rb"a\u202egnp.exe\u2066b\u2069"),  # reordered
        (
            "a\u200b\u2028\ufeff\u3164\xad\U000e0041".encode(),
            rb"a\u200b\u2028\ufeff\u3164\xad\U000e0041",
        ),  # not shown
        ("\u0645\u200c\u0646 \U0001f469\u200d\U0001f52c \u2764\ufe0f".encode(),)
        * 2,  # joined, as scripts and emoji need
        (b"\xed\xa0\x80\xe0\x80\x9b", rb"\xed\xa0\x80\xe0\x80\x9b"),  # three bytes that are no character
        (b"\x1b[8mhidden", b"\x1b[8mhidden\x1b[0m"),  # it must not hide what plugcli says after it
        (b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_stream_is_harmless_however_it_is_cut(data: bytes, shown: bytes, size: int) -> None:
    """What two pieces share must not slip through between them, and text must come out as it went in."""
    harmless = Harmless()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert b"".join(harmless.pass_on(piece) for piece in pieces) + harmless.finish() == shown
