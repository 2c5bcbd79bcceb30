"""`plugcli validate --output FORMAT:FILE`: several reports of one run, each whole or not there at all."""

import fcntl
import json
import os
import re
import stat
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from tests.e2e.validating import BAD, CASES, GOOD, WARNED, validate


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_one_run_writes_several_reports_and_still_prints(tmp_path: Path) -> None:
    """CI wants SARIF to upload, JSON to keep, and something that a person can read in the log."""
    done = validate(
        BAD, "--output", "sarif:a.sarif", "--output", "json:b.json", "--output", "text:c", cwd=tmp_path
    )
    assert (1, "") == (done.returncode, done.stderr)
    assert "2.1.0" == json.loads((tmp_path / "a.sarif").read_text())["version"]
    assert validate(BAD, "--format", "json").stdout == (tmp_path / "b.json").read_text()
    assert done.stdout == (tmp_path / "c").read_text() == validate(BAD).stdout
    assert ["a.sarif", "b.json", "c"] == names_in(tmp_path)


def test_file_is_never_coloured(tmp_path: Path) -> None:
    """FORCE_COLOR is about what is seen now; a file is read by others."""
    done = validate(BAD, "--output", f"text:{tmp_path / 'report'}", FORCE_COLOR="1")
    assert "\x1b[" in done.stdout
    assert "\x1b[" not in (tmp_path / "report").read_text()


def test_dash_is_standard_output() -> None:
    """One option then says all, as it does in a table of a CI file."""
    assert validate(BAD, "--format", "json").stdout == validate(BAD, "--output", "json:-").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "json"], "--output json does not name a file"),
        (["--output", "json:"], "--output json: does not name a file"),
        (["--output", ":x"], "unknown format ''"),
        (["--output", "jsn:x"], "did you mean json?"),
        (["--output", "../formats/json:x"], "unknown format '../formats/json'"),
        (["--format", "__init__"], "unknown format '__init__'"),
        (["--format", "json", "--output", "sarif:-"], "another format is already printed"),
        (["--output", "json:-", "--output", "sarif:-"], "another format is already printed"),
        (["--output", "json:x", "--output", "sarif:./x"], "another report is already written to ./x"),
    ],
)
def test_wrong_output_is_a_sentence_before_anything_is_judged(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    """A slip in an option must not cost the minutes of a large run."""
    done = validate(*arguments, GOOD, cwd=tmp_path)
    assert (2, "") == (done.returncode, done.stdout)
    assert words in done.stderr
    assert [] == names_in(tmp_path)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("/nonexistent/x", "cannot write /nonexistent/x: no such file or directory"),
        ("folder", "cannot write folder: is a directory"),
        ("folder/", "cannot write folder/: is a directory"),
        ("new/", "cannot write new/: is a directory"),
        ("plain/x", "cannot write plain/x: not a directory"),
        ("loop", "cannot write loop: "),
        ("x" * 300, "file name too long"),
    ],
)
def test_file_that_cannot_be_written_is_a_sentence(file: str, words: str, tmp_path: Path) -> None:
    """It is no fault of the plugin: status 3, also for a plugin without fault."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    done = validate(GOOD, "--output", f"sarif:{file}", cwd=tmp_path)
    assert (3, False) == (done.returncode, "Traceback" in done.stderr)
    assert words in done.stderr
    assert ["folder", "loop", "plain"] == names_in(tmp_path)
    assert "mine" == (tmp_path / "plain").read_text()


def test_report_replaces_the_last_one_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    """Whoever reads it while it is written gets the old or the new one; a link stays a link."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old " * 100_000)
    real.chmod(0o640)
    link.symlink_to("real.json")
    with real.open() as reader:
        assert 0 == validate(GOOD, "--output", f"json:{link}").returncode
        assert "old " * 100_000 == reader.read()
    assert 1 == json.loads(real.read_text())["version"]
    assert 0o640 == stat.S_IMODE(real.stat().st_mode)
    assert link.is_symlink()
    assert ["link.json", "real.json"] == names_in(tmp_path)


def test_new_report_has_the_mode_that_the_user_wants(tmp_path: Path) -> None:
    """The umask decides, as for every file that a command makes."""
    command = f"umask 027; exec {sys.executable} -m plugcli validate {GOOD} --output json:x"
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert 0o640 == stat.S_IMODE((tmp_path / "x").stat().st_mode)


def test_pipe_and_device_are_written_to_and_never_replaced(tmp_path: Path) -> None:
    """`--output json:>(jq .)` is a pipe; and root would turn /dev/null into a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    done = validate(GOOD, "--output", f"json:{pipe}", "--output", "sarif:/dev/null")
    reader.join(timeout=30)
    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == json.loads(got[0])["version"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_reader_who_goes_early_costs_no_report(tmp_path: Path) -> None:
    """`| head -1` on the text must not lose the file for the upload."""
    command = [sys.executable, "-m", "plugcli", "validate", str(WARNED), "--output", "json:x"]
    reading, writing = os.pipe()
    os.close(reading)
    subprocess.run(command, cwd=tmp_path, stdout=writing, timeout=60, check=False)
    os.close(writing)
    assert 1 == json.loads((tmp_path / "x").read_text())["version"]


@pytest.mark.parametrize("options", [[], ["--for", "chatgpt"], ["--format", "json"]])
@pytest.mark.parametrize(("targets", "status"), [([GOOD], 0), ([BAD], 1), ([*[WARNED] * 3, BAD], 1)])
def test_reader_who_goes_early_changes_no_status(
    targets: list[Path], status: int, options: list[str]
) -> None:
    """`validate ... | head` in CI must not pass a plugin with an error, and not fail one without; with options or without."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "plugcli", "validate", *map(str, targets), *options]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert (status, b"") == (done.returncode, done.stderr)


def test_terminal_is_coloured_and_its_width_is_kept_to() -> None:
    """A caret under a line that the terminal has wrapped points at nothing."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    environment = {each: value for each, value in os.environ.items() if each not in ("NO_COLOR", "COLUMNS")}
    subprocess.run(
        [sys.executable, "-m", "plugcli", "validate", str(BAD)],
        stdout=theirs,
        env=environment,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    screen = os.read(ours, 65536).decode()
    os.close(ours)
    assert "\x1b[1;31merror" in screen
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen).splitlines()
    shown = next(number for number, line in enumerate(plain) if line.startswith("  16 | "))
    assert all(len(line) <= 50 for line in plain[shown : shown + 2])
    assert "," == plain[shown][plain[shown + 1].index("^")]
    assert all(len(line) <= 50 for line in plain[-2:])


def test_several_targets_are_summed_up_in_a_last_line() -> None:
    """Of 689 reports nobody reads the first; one target has said it all in its verdict."""
    last = validate(GOOD, WARNED, BAD, CASES / "servers" / "good-https").stdout.splitlines()[-1]
    assert "4 targets: 1 with errors, 1 with warnings only, 2 with neither" == last
    assert "targets" not in validate(BAD).stdout
