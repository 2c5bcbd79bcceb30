"""Names that untrusted code chose, as paths and on a terminal."""

import pytest

from plugcli.cli.exec.out_folder import OutFolder, parts_of, shown
from plugcli.cli.exec.remote import notes


@pytest.mark.parametrize(
    "name", ["", "/", "/etc/passwd", "..", "a/../b", "./a", "a//b", "a/", "a\0b", "\ud800", "."]
)
def test_path_that_leads_elsewhere_is_refused(name: str) -> None:
    """A server's answer may hold anything."""
    with pytest.raises(ValueError, match="not a"):
        parts_of(name)


def test_path_keeps_its_bytes() -> None:
    """A byte that is no UTF-8 comes back as it was."""
    assert parts_of("ü/\udcff -.\\x") == [b"\xc3\xbc", b"\xff -.\\x"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chart.png", "chart.png"),
        ("deep/ü_1-2.csv", "deep/ü_1-2.csv"),
        ("a b, c (3 bytes)", "'a b, c (3 bytes)'"),
        ("\x1b[2J\n", r"'\x1b[2J\n'"),
        ("\u202egnp.txt", r"'\u202egnp.txt'"),
        ("\udcff", r"'\udcff'"),
        ("\u3164.txt", r"'\u3164.txt'"),  # a letter that is not shown
    ],
)
def test_shown_name_is_unmistakable(name: str, text: str) -> None:
    """It can neither command the terminal nor look like two files."""
    assert shown(name) == text


def test_long_name_is_cut() -> None:
    """A name has up to 255 bytes, a path more; a list of them is for reading."""
    assert shown("x" * 1000 + ".png") == "x" * 40 + "..." + "x" * 13 + ".png"


def test_many_files_are_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Ten are named."""
    with OutFolder(str(tmp_path_factory.mktemp("out_folder")), 100) as out_folder:
        for number in range(12):
            out_folder.write(f"f{number}", 1, [b"x"])
            out_folder.leave_out(f"g{number}")
        *left_out, summary = out_folder.notes()
        assert len(out_folder.notes(is_brief=True)) == len(left_out) == 11
    assert left_out[-1] == "not written: 2 more"
    assert summary.startswith("12 files in ")
    assert summary.endswith("f9 (1 byte), and 2 more")


def test_file_is_never_longer_than_it_was_said_to_be(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What was said is what the limit was held against."""
    folder = tmp_path_factory.mktemp("out_folder")
    with OutFolder(str(folder), 100) as out_folder:
        out_folder.write("x", 5, iter([b"123", b"456", b"789"]))
    assert (folder / "x").read_bytes() == b"12345"


@pytest.mark.parametrize(
    ("answered", "printed", "lines"),
    [
        (
            "x\n[... 7 more bytes left out ...]\n",
            "x",
            ["stdout exceeded the output limit: 7 more bytes were left out"],
        ),
        ("x\n[... 7 more bytes left out ...]\n", "x\n[... 7 more bytes left out ...]\n", []),
        ("x\n[... 7 bytes left out ...]\nx", "xxxxx", []),
    ],
    ids=["the sandbox's", "the code's own", "the answer's"],
)
def test_only_what_was_not_printed_is_missing(answered: str, printed: str, lines: list[str]) -> None:
    """An answer is cut for chat hosts; the stream before it was not."""
    result = {
        "outcome": "ok",
        "stdout": answered,
        "stderr": "",
        "displays": [],
        "session": {"id": "x", "notice": ""},
    }
    assert notes(result, {"stdout": printed, "stderr": ""}, is_new=False) == lines
