"""`plugcli init` as it is typed: a real process, a real terminal, real files."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plugcli.scaffold import render, templates

PLUGCLI = [sys.executable, "-m", "plugcli"]
MANIFEST = ".well-known/ai-plugin.json"
DEADLINE_SECONDS = 60
PLAIN = {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "200"}


def init(*arguments: str | bytes, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `plugcli init` away from a terminal."""
    return subprocess.run(
        [*PLUGCLI, "init", *arguments],
        cwd=cwd,
        env={**PLAIN, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def manifest(folder: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads(folder.joinpath(MANIFEST).read_text())
    return read


class Terminal:
    """`plugcli init` on a pseudo-terminal: type, and wait for what appears."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.screen, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*PLUGCLI, "init", *arguments], cwd=cwd, env=PLAIN, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self.shown = ""
        self.seen = 0

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.screen)

    def wait_for(self, text: str) -> None:
        """Read on until `text` appears after what was waited for before."""
        while (found := self.shown.find(text, self.seen)) < 0:
            assert self._read(), f"ended before {text!r}; the screen shows:\n{self.shown}"
        self.seen = found + len(text)

    def type(self, text: bytes) -> None:
        os.write(self.screen, text)

    def interrupt(self) -> None:
        """Send SIGINT once the process waits for input; in the instant before, input() would swallow it."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not re.search(
            r"^State:\tS", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE
        ):
            assert time.monotonic() < deadline
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end; return the exit status."""
        while self._read():
            pass
        return self.process.wait(DEADLINE_SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.screen], [], [], DEADLINE_SECONDS)
        assert ready, f"nothing happens; the screen shows:\n{self.shown}"
        try:
            self.shown += os.read(self.screen, 65536).decode(errors="replace")
        except OSError:  # EIO: the other side is closed
            return False
        return True


def test_questions_lead_to_a_plugin(tmp_path: Path) -> None:
    """The way a newcomer takes: no options, three questions with their choices, limits and defaults."""
    with Terminal(cwd=tmp_path) as terminal:
        for template in templates().values():
            terminal.wait_for(template.summary)
        terminal.wait_for("Template [python]: ")
        terminal.type(b"todo\n")
        terminal.wait_for("Name, at most 20 characters [TODO Manager]: ")
        terminal.type("Einkäufe\n".encode())
        terminal.wait_for("E-mail")
        terminal.type(b"ada@example.org\n")
        terminal.wait_for("Created Einkäufe in einkaufe:")
        assert terminal.end() == 0
    assert manifest(tmp_path / "einkaufe")["name_for_human"] == "Einkäufe"
    assert manifest(tmp_path / "einkaufe")["contact_email"] == "ada@example.org"
    assert "/todos/{username}" in tmp_path.joinpath("einkaufe", "openapi.yaml").read_text()


def test_enter_takes_every_default(tmp_path: Path) -> None:
    """Whoever just wants to see it work presses Enter three times."""
    with Terminal("my-runner", cwd=tmp_path) as terminal:
        for question in ("Template [python]: ", "[My Runner]: ", "E-mail"):
            terminal.wait_for(question)
            terminal.type(b"\n")
        assert terminal.end() == 0
        assert "Replace it with yours in the manifest and legal.html" in terminal.shown
    assert manifest(tmp_path / "my-runner")["name_for_human"] == "My Runner"


def test_wrong_answers_are_asked_again_with_the_reason(tmp_path: Path) -> None:
    """A typing error costs one line, not the answers given so far."""
    with Terminal(cwd=tmp_path) as terminal:
        terminal.wait_for("Template [python]: ")
        terminal.type(b"pyhton\n")
        terminal.wait_for("there is no template 'pyhton'; templates: " + ", ".join(templates()))
        terminal.wait_for("Template [python]: ")
        terminal.type(b"python\n")
        for answer, reason in [
            (b"x" * 300, "the name has 300 characters"),
            (b"ChatGPT plugin", "holds 'plugin'"),
            (b"\x1b[D", "control character U+001B"),
            (b"\xff", "bytes that are not UTF-8"),
        ]:
            terminal.wait_for("[Python Runner]: ")
            terminal.type(answer + b"\n")
            terminal.wait_for(reason)
        terminal.wait_for("[Python Runner]: ")
        terminal.type(b"Good Name\n")
        terminal.wait_for("E-mail")
        terminal.type(b"nobody\n")
        terminal.wait_for("'nobody' is not an e-mail address")
        terminal.wait_for("E-mail")
        terminal.type(b"\n")
        assert terminal.end() == 0
    assert manifest(tmp_path / "good-name")["name_for_human"] == "Good Name"


@pytest.mark.parametrize("by", ["signal", "end of input"])
def test_leaving_at_a_question_writes_nothing(tmp_path: Path, by: str) -> None:
    """Changing one's mind leaves no trace, neither on the disk nor as a traceback."""
    with Terminal(cwd=tmp_path) as terminal:
        terminal.wait_for("Template [python]: ")
        terminal.type(b"\n")
        terminal.wait_for("[Python Runner]: ")
        if by == "signal":
            terminal.interrupt()
        else:
            terminal.type(b"\x04")
        assert terminal.end() == 130
        assert "Traceback" not in terminal.shown
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way_is_said_before_the_questions(tmp_path: Path) -> None:
    """Nobody should answer questions in vain."""
    tmp_path.joinpath("README.md").write_text("mine")
    with Terminal(".", "--template", "todo", cwd=tmp_path) as terminal:
        assert terminal.end() == 3
        assert "README.md; nothing was written" in terminal.shown
        assert "Name" not in terminal.shown


def test_options_leave_nothing_to_ask(tmp_path: Path) -> None:
    """On a terminal too, a command that says everything just runs."""
    with Terminal("mine", "--template", "todo", "--name", "A", "--email", "a@b.c", cwd=tmp_path) as terminal:
        assert terminal.end() == 0
        assert "[" not in terminal.shown
    with Terminal("other", "--yes", cwd=tmp_path) as terminal:
        assert terminal.end() == 0
        assert "[" not in terminal.shown


@pytest.mark.parametrize("template_id", sorted(templates()))
def test_away_from_a_terminal_the_defaults_are_taken(tmp_path: Path, template_id: str) -> None:
    """In a script or in CI nobody can answer; what is written is exactly the template with its defaults."""
    run = init("--template", template_id, cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    template = templates()[template_id]
    (folder,) = tmp_path.iterdir()
    assert folder.name == template.default_name.lower().replace(" ", "-")
    written = {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert written == render(template, {})
    for name in written:
        assert f"\n  {name}\n" in run.stdout


def test_commands_it_prints_are_real(tmp_path: Path) -> None:
    """The next steps are there to be copied, wherever plugcli is installed and whatever FOLDER is."""
    run = init("it's my folder", cwd=tmp_path)
    assert run.returncode == 0
    serve, validate, test = (line.strip() for line in run.stdout.partition("Next:")[2].strip().splitlines())
    assert shlex.split(serve)[-2:] == ["serve", "it's my folder"]
    assert shlex.split(validate)[-2:] == ["validate", "it's my folder"]
    for command in (serve, validate):
        shown = subprocess.run(
            f"{command} --help",
            shell=True,
            cwd=tmp_path,
            env=PLAIN,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (shown.returncode, shown.stderr) == (0, "")
    # Collected, not run: tests/contract runs it.
    listed = f"{test.partition(' -m unittest')[0]} -c 'import tests.test_plugin, plugcli'"
    subprocess.run(listed, shell=True, cwd=tmp_path, check=True)


def test_help_names_every_template() -> None:
    """A template is found, not listed; the help is where people look for the ones that there are."""
    run = init("--help", cwd=Path())
    assert run.returncode == 0
    for template_id in templates():
        assert re.search(rf"--template.*\b{template_id}\b", run.stdout)


def test_second_init_refuses_and_names_every_file(tmp_path: Path) -> None:
    """Run twice by mistake, it loses nothing and says how to overwrite on purpose."""
    init("mine", "--name", "First", cwd=tmp_path)
    run = init("mine", "--name", "Second", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (3, "")
    for name in render(templates()["python"], {}):
        assert name in run.stderr
    assert "--force" in run.stderr
    assert manifest(tmp_path / "mine")["name_for_human"] == "First"
    assert init("mine", "--name", "Second", "--force", cwd=tmp_path).returncode == 0
    assert manifest(tmp_path / "mine")["name_for_human"] == "Second"


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["--template", "nope"], 2, "there is no template 'nope'"),
        (["--template", ""], 2, "there is no template ''"),
        (["--template", "../python"], 2, "there is no template '../python'"),
        (["--name", ""], 2, "the name is empty"),
        (["--name", "x" * 100_000], 2, "the name has 100000 characters"),
        (["--name", "two\nlines"], 2, "a line break"),
        (["--name", b"\xff\xfe"], 2, "bytes that are not UTF-8"),
        (["--email", "nobody"], 2, "'nobody' is not an e-mail address"),
        (["--email", ""], 2, "'' is not an e-mail address"),
        ([""], 2, "FOLDER is an empty string"),
        (["a", "b"], 2, "b"),
        (["/dev/null"], 3, "/dev/null is not a folder"),
        (["/dev/null/x"], 3, "cannot write to /dev/null/x: Not a directory"),
        (["/proc/nothing/here"], 3, "cannot write to /proc/nothing/here"),
        (["x" * 300], 3, "File name too long"),
    ],
)
def test_nonsense_gets_a_sentence(
    tmp_path: Path, arguments: list[str | bytes], status: int, reason: str
) -> None:
    """Whatever is typed: what is wrong, what to do, and nothing written."""
    run = init(*arguments, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (status, "")
    assert reason in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_folder_of_any_bytes_is_made_and_shown_without_harm(tmp_path: Path) -> None:
    """A folder's name may hold an escape sequence or foreign bytes; the terminal must not feel it."""
    for name in (b"caf\xe9", b"red\x1b[31m", b"-dash", "天気".encode()):
        run = init("--yes", "--", name, cwd=tmp_path)
        assert (run.returncode, run.stderr) == (0, "")
        assert "\x1b" not in run.stdout
        assert Path(os.fsdecode(bytes(tmp_path) + b"/" + name), MANIFEST).is_file()


def test_narrow_output_encoding_is_no_crash(tmp_path: Path) -> None:
    """A log that takes only ASCII still gets its lines, after the files are written."""
    run = init("mine", "--name", "天気 🚀", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (0, "")
    assert re.match(r"Created \\u5929\\u6c17 \\U0001f680 in mine:", run.stdout)


def test_closed_streams_are_no_crash(tmp_path: Path) -> None:
    """Some supervisors start programs without standard streams."""
    command = shlex.join([*PLUGCLI, "init", "mine"]) + " <&- >&-"
    run = subprocess.run(command, shell=True, cwd=tmp_path, env=PLAIN, stderr=subprocess.PIPE, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert tmp_path.joinpath("mine", MANIFEST).is_file()
