"""The diff of two texts, as other programs read it: of any name."""

import subprocess
from pathlib import Path

import pytest

from plugcli.cli.diff import diff

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
