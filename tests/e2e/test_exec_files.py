"""`plugcli exec --file` and `--out`: files of the user's in, files of untrusted code out."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXEC = [sys.executable, "-m", "plugcli", "exec"]
READY = "print('ready', flush=True); input()\n"


def run(
    *arguments: str, cwd: Path, prepare: Callable[[], object] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `plugcli exec` in `cwd`."""
    return subprocess.run(
        [*EXEC, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        preexec_fn=prepare,
    )


def meanwhile(code: str, cwd: Path, act: Callable[[], object]) -> "subprocess.CompletedProcess[str]":
    """Run `code` with --out results, and `act` after it has started and before it goes on."""
    with subprocess.Popen(
        [*EXEC, "--out", "results", "-c", READY + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        act()
        out, err = process.communicate("go\n", timeout=60)
    return subprocess.CompletedProcess([], process.returncode, out, err)


def below(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` and what it holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()
    }


def test_files_go_in_and_results_come_out(tmp_path: Path) -> None:
    """The promise: data beside the script, what it made in a folder; streams and exit status are its own."""
    every_byte = bytes(range(256)) * 5000
    (tmp_path / "raw data.bin").write_bytes(every_byte)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "ü.csv").write_text("a,b\n")
    (tmp_path / "script.py").write_text(
        "import os, sys\n"
        "print(sorted(os.listdir()), sys.argv[1:])\n"
        "data = open('/mnt/data/raw data.bin', 'rb').read()\n"
        "open('copy.bin', 'wb').write(data)\n"
        "os.makedirs('deep/er'); open('deep/er/x y.txt', 'w').write('hi')\n"
        "open('ü.csv', 'a').write('1,2\\n')\n"
        "sys.exit(3)\n"
    )
    done = run(
        "--file",
        "raw data.bin",
        "--file",
        "folder/ü.csv",
        "--out",
        "results",
        "script.py",
        "--out",
        cwd=tmp_path,
    )
    assert done.stdout == "['raw data.bin', 'script.py', 'ü.csv'] ['--out']\n"
    assert done.returncode == 3
    assert below(tmp_path / "results") == {
        "copy.bin": every_byte,
        "deep/er/x y.txt": b"hi",
        "ü.csv": b"a,b\n1,2\n",
    }
    said = "plugcli: 3 files in results: copy.bin (1.2 MiB), 'deep/er/x y.txt' (2 bytes), ü.csv (8 bytes)\n"
    assert done.stderr == said
    assert (tmp_path / "folder" / "ü.csv").read_text() == "a,b\n", "the user's own file stays as it was"


@pytest.mark.parametrize(
    ("code", "status"),
    [("while True: pass", 124), ("1/0", 1), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_results_come_out_however_the_code_ends(code: str, status: int, tmp_path: Path) -> None:
    """What was made until then is often what one wants to see."""
    code = f"open('made', 'w').write('until then')\n{code}"
    done = run("--timeout", "1", "--out", "results", "-c", code, cwd=tmp_path)
    assert (done.returncode, below(tmp_path / "results")) == (status, {"made": b"until then"})
    assert done.stderr.endswith("plugcli: 1 file in results: made (10 bytes)\n")


def test_empty_folder_serves_and_no_files_is_said(tmp_path: Path) -> None:
    """A script can make the folder first."""
    (tmp_path / "results").mkdir()
    done = run("--out", "results", "-c", "print(1)", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "plugcli: no files in results\n")


def test_json_lists_the_files_and_nothing_else_is_said(tmp_path: Path) -> None:
    """Programs read one object."""
    (tmp_path / "in.txt").write_text("x")
    code = "open('out.txt', 'w').write('yz')"
    done = run("--json", "--file", "in.txt", "--out", "results", "-c", code, cwd=tmp_path)
    files = [(file["name"], file["bytes"]) for file in json.loads(done.stdout)["files"]]
    assert (files, done.stderr) == ([("out.txt", 2)], "")
    assert below(tmp_path / "results") == {"out.txt": b"yz"}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--file", "missing"], 125, "missing does not exist"),
        (["--file", "."], 125, ". is a folder"),
        (["--file", "/dev/zero"], 125, "/dev/zero is not a regular file"),
        (["--file", "fifo"], 125, "fifo is not a regular file"),
        (["--file", "loop"], 125, "loop cannot be read"),
        (["--file", "huge"], 125, "the workspace holds 512 MiB"),
        (["--memory", "64MiB", "--file", "middle"], 125, "the workspace holds 32 MiB"),
        (["--file", "new\nline"], 125, r"'new\nline' is not a valid file name"),
        (["--file", "a.txt", "--file", "sub/a.txt"], 2, "have the same name: a.txt"),
        (["--file", "a.txt", "--file", "a.txt"], 2, "have the same name: a.txt"),
        (["--file", "script.py"], 2, "the script and --file script.py have the same name"),
        (["--out", "."], 2, "--out . is not empty"),
        (["--out", "sub"], 2, "--out sub is not empty"),
        (["--out", "a.txt"], 2, "--out a.txt is not a folder"),
        (["--out", "no/where"], 125, "--out no/where cannot be used: No such file"),
        (["--out", ""], 125, "cannot be used"),
        (["--server", "http://localhost:5003"], 2, "--server needs --session"),
        (["--token-file", "a.txt"], 2, "--token-file needs --session"),
    ],
)
def test_bad_use_is_a_sentence_and_nothing_runs(
    arguments: list[str], status: int, words: str, tmp_path: Path
) -> None:
    """What keeps plugcli from running the code is never reported as the code's, and leaves the folder as it was."""
    (tmp_path / "sub").mkdir()
    for name in ("a.txt", "sub/a.txt", "new\nline"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "script.py").write_text("print('ran')")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    for name, size in (("huge", (512 << 20) + 1), ("middle", (32 << 20) + 1)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    before = sorted(tmp_path.rglob("*"))
    done = run(*arguments, "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert words in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "a.txt").read_text() == "mine"


@pytest.mark.row("F28")
def test_modes_owners_and_times_stay_inside(tmp_path: Path) -> None:
    """A setuid program of root's, made by untrusted code, would be a way to root for whoever finds it."""
    code = (
        "import os, shutil\n"
        "shutil.copy('/bin/true', 'tool')\n"
        "os.chmod('tool', 0o6777)\n"
        "os.utime('tool', (0, 0))\n"
        "os.mkdir('open'); open('open/x', 'w'); os.chmod('open', 0o7777)\n"
        "print(oct(os.stat('tool').st_mode))"
    )
    control = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert control.stdout == "0o106777\n", "the control: outside, the bits are there"
    done = run("--out", "results", "-c", code, cwd=tmp_path, prepare=lambda: os.umask(0o027))
    assert done.returncode == 0, done.stderr
    tool, folder = ((tmp_path / "results" / name).stat() for name in ("tool", "open"))
    assert stat.S_IMODE(tool.st_mode) == 0o640
    assert stat.S_IMODE(folder.st_mode) & 0o5777 == 0o750
    assert (tool.st_uid, tool.st_mtime > 1e9) == (os.getuid(), True)


def test_only_regular_files_come_out(tmp_path: Path) -> None:
    """A link would show the host's file to whoever opens the result; a FIFO would hold up whoever reads it."""
    code = (
        "import os, socket\n"
        "os.symlink('/etc/passwd', 'link'); os.symlink('/', 'root'); os.mkfifo('fifo')\n"
        "socket.socket(socket.AF_UNIX).bind('socket')\n"
        "os.symlink('results', 'self'); open('good', 'w').write('yes')"
    )
    done = run("--out", "results", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["good"]


@pytest.mark.parametrize(
    "name", [b"\x1b]52;c;aGk=\x07", b"a\nb", b"\xe2\x80\xaegnp.txt", b"\xff\xfe", b"x" * 255]
)
def test_hostile_names_come_out_whole_and_are_shown_escaped(name: bytes, tmp_path: Path) -> None:
    """The name is the code's to choose; what the terminal is told is ours."""
    done = run("--out", "results", "-c", f"open({name!r}, 'w').write('mine')", cwd=tmp_path)
    assert done.returncode == 0
    assert [os.fsencode(path.name) for path in (tmp_path / "results").iterdir()] == [name]
    assert done.stderr.startswith("plugcli: 1 file in results: ")
    assert done.stderr.removesuffix("\n").isprintable()
    assert len(done.stderr) < 150


def test_file_without_a_mode_is_a_note_and_the_rest_comes(tmp_path: Path) -> None:
    """Root reads it all the same; nobody hangs or stops."""
    code = "import os\nfor n in 'abc': open(n, 'w').write(n)\nos.chmod('b', 0)"
    done = run("--out", "results", "-c", code, cwd=tmp_path)
    got = below(tmp_path / "results")
    assert (done.returncode, got["a"], got["c"]) == (0, b"a", b"c")
    assert ("b" in got) != ("not written: " in done.stderr)


def test_total_is_bounded_by_the_workspace(tmp_path: Path) -> None:
    """Holes and hard links: 40 files of 20 MiB that take nothing inside would fill the user's disk."""
    code = (
        "import os\n"
        "open('0', 'wb').truncate(20 << 20)\n"
        "for n in range(1, 40): os.link('0', str(n))\n"
        "open('small', 'w').write('x')"
    )
    done = run("--memory", "128MiB", "--out", "results", "-c", code, cwd=tmp_path)
    got = below(tmp_path / "results")
    assert (done.returncode, len(got), got["small"]) == (0, 4, b"x"), done.stderr
    assert "all files together may have 64 MiB" in done.stderr
    assert "not written: 27 more\n" in done.stderr


def test_what_appears_in_the_folder_meanwhile_is_not_touched(tmp_path: Path) -> None:
    """A name that is taken, and a link where a folder should be: nothing is overwritten, and nothing is followed."""
    results, elsewhere = tmp_path / "results", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "target").write_text("mine")

    def plant() -> None:
        (results / "taken").write_text("mine")
        (results / "link").symlink_to(elsewhere / "target")
        (results / "sub").symlink_to(elsewhere)

    code = "import os\nos.mkdir('sub')\nfor n in ('taken', 'link', 'sub/x', 'good'): open(n, 'w').write('theirs')"
    done = meanwhile(code, tmp_path, plant)
    assert done.returncode == 0
    assert [line.partition(":")[2] for line in done.stderr.splitlines()] == [
        " not written: link: File exists",
        " not written: sub/x: Not a directory",
        " not written: taken: File exists",
        " 1 file in results: good (6 bytes)",
    ]
    assert below(elsewhere) == {"target": b"mine"}
    assert ((results / "taken").read_text(), (results / "good").read_text()) == ("mine", "theirs")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_disk_that_takes_no_more_is_125_after_the_output(form: list[str], tmp_path: Path) -> None:
    """Whoever asked for files must not take their lack for success; what the code said is not lost."""

    def limit() -> None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))

    code = "print('done')\nopen('a', 'w').write('x' * 500)\nopen('b', 'w').write('x' * 5000)"
    done = run(*form, "--out", "results", "-c", code, cwd=tmp_path, prepare=limit)
    assert done.returncode == 125, done.stderr
    assert "done" in done.stdout
    assert "the code ran, but b cannot be written to results: File too large" in done.stderr
    assert list(below(tmp_path / "results")) == ["a"], "no half of a file stays"


def test_folder_that_is_gone_at_the_end_is_125(tmp_path: Path) -> None:
    """Somebody tidied up meanwhile."""
    done = meanwhile("open('x', 'w')", tmp_path, (tmp_path / "results").rmdir)
    assert done.returncode == 125
    assert "x cannot be written to results: No such file or directory" in done.stderr


def test_interrupted_run_leaves_no_folder(tmp_path: Path) -> None:
    """So that the same command can be given again; a folder of the user's own stays."""
    for was_there in (False, True):
        if was_there:
            (tmp_path / "results").mkdir()
        with subprocess.Popen(
            [*EXEC, "--out", "results", "-c", READY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tmp_path,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            assert (tmp_path / "results").is_dir()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        assert (tmp_path / "results").exists() == was_there
