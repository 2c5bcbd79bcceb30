"""The diff of two texts, as other programs read it: of any name, of any text, and of one made to take long."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.cli.validate.diff import diff

COMMANDS = (["git", "apply", "-p0", "-"], ["patch", "-p0", "--quiet"])


@pytest.mark.parametrize("command", COMMANDS, ids=["git", "patch"])
@pytest.mark.parametrize(
    "name",
    [
        "sp ace/a b.yaml",
        " first",
        "last ",
        "a\n+++ victim",
        "tab\t1970",
        'quo"te',
        "back\\slash",
        "\x1b]0;pwned\x07",
        "a \r\x7f",
        "Zoë",
        "n\udcff",
    ],
)
def test_diff_changes_the_file_that_it_names_and_no_other(
    tmp_path: Path, command: list[str], name: str
) -> None:
    """A stranger's manifest names the document: no name of it may make the diff one of another file."""
    (tmp_path / "victim").write_text("before\n")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("before\n")
    lines = "".join(diff(name, "before\n", "after\n"))
    subprocess.run(
        command, input=lines.encode(errors="surrogateescape"), cwd=tmp_path, check=True, timeout=60
    )
    assert ("after\n", "before\n") == ((tmp_path / name).read_text(), (tmp_path / "victim").read_text())
    assert 5 == lines.count("\n")


def patched(before: str, lines: str) -> str:
    """`before` with the diff `lines` applied, line by line as its hunks say."""
    old, new, at = before.splitlines(keepends=True), list[str](), 0
    for line in lines.replace("\n\\ No newline at end of file", "").splitlines(keepends=True)[2:]:
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            first = int(start) - (length != "0")
            new += old[at:first]
            at = first
            continue
        if line[0] in " -":
            assert old[at].rstrip("\n") == line[1:].rstrip("\n")
            at += 1
        if line[0] in " +":
            new.append(line[1:])
    return "".join(new + old[at:])


@given(*[st.lists(st.sampled_from(["#\n", "a\n", "b\n"]), max_size=20).map("".join)] * 2)
def test_diff_of_like_lines_makes_the_second_text_of_the_first(before: str, after: str) -> None:
    """Lines that come again and again are where the two ends of a change are easily mistaken."""
    lines = "".join(diff("a", before, after))
    assert (before == after) == (not lines)
    assert after == patched(before, lines)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:10_000], "new\n", *lines[10_000:]],
        lambda lines: ["new\n", *lines, "other\n"],
        lambda lines: [new for line in lines for new in (line, "new\n")],
    ],
    ids=["one", "around", "each"],
)
def test_diff_of_one_line_many_times_is_made(change: Callable[[list[str]], list[str]]) -> None:
    """20,000 comments without a word took half a minute, and 100,000 would take a quarter of an hour."""
    lines = ["#\n"] * 100_000
    before, after = "".join(lines), "".join(change(lines))
    assert after == patched(before, "".join(diff("a", before, after)))
