"""`plugcli exec` through its own door: a real process, real pipes, a real terminal."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXEC = [sys.executable, "-m", "plugcli", "exec"]

SCRIPT_OF_FIFTY_LINES = '''\
"""Count words: a script as people write them, with arguments and standard input."""

import argparse
import collections
import json
import logging
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass
class Report:
    words: int
    most: list


def words(text):
    return re.findall(r"[a-z]+", text.lower())


def report(text, top):
    counts = collections.Counter(words(text))
    return Report(sum(counts.values()), counts.most_common(top))


def save(report, path):
    path.write_text(json.dumps(asdict(report)))
    log.info("saved %s", path)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top", type=int, default=1)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    text = sys.stdin.read()
    if not text:
        parser.error("nothing on standard input")
    found = report(text, options.top)
    save(found, options.out)
    print(options.out.read_text())
    print(Path(__file__).name, Path(sys.argv[0]).name, Path.cwd() == Path(__file__).parent)
    return 0 if found.words else 1


if __name__ == "__main__":
    sys.exit(main())
'''


def run(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run `plugcli exec` with `arguments`."""
    return subprocess.run(
        [*EXEC, *arguments], input=stdin, capture_output=True, timeout=60, check=False, cwd=cwd
    )


def test_script_with_arguments_and_input_runs_unchanged(tmp_path: Path) -> None:
    """The promise of `exec`: what `python script.py` does, in the sandbox."""
    script = tmp_path / "count.py"
    script.write_text(SCRIPT_OF_FIFTY_LINES)
    done = run(str(script), "--top", "2", "out.json", stdin=b"a b a c a b")
    assert done.stdout.decode().splitlines() == [
        '{"words": 6, "most": [["a", 3], ["b", 2]]}',
        "count.py count.py True",
    ]
    assert (done.stderr, done.returncode) == (b"saved out.json\n", 0)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("print('ok')", 0),
        ("import sys; sys.exit(3)", 3),
        ("1/0", 1),
        ("import os; os.abort()", 134),
        ("while True: pass", 124),
        ("x = []\nwhile True: x.append(bytearray(1 << 20))", 137),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_exit_status_is_the_codes_own(code: str, status: int, form: str) -> None:
    """A shell script can rely on it, with --json too."""
    options = [
        "--timeout",
        "5" if status == 137 else "1",
        "--memory",
        "128MiB",
        *(["--json"] if form == "json" else []),
    ]
    done = run(*options, "-c", code)
    assert done.returncode == status
    if form == "json":
        assert json.loads(done.stdout)["returncode"] == status
        assert done.stderr == b""


def test_json_is_one_object_and_nothing_else() -> None:
    """The same object that POST /execute answers."""
    done = run("--json", "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(2)")
    result = json.loads(done.stdout)
    assert sorted(result) == sorted(
        [
            "stdout",
            "stderr",
            "returncode",
            "outcome",
            "reason",
            "result",
            "displays",
            "files",
            "truncated",
            "duration_ms",
            "session",
        ]
    )
    assert (result["stdout"], result["stderr"], result["returncode"], result["outcome"]) == (
        "out\n",
        "err\n",
        2,
        "error",
    )


def test_code_comes_from_standard_input() -> None:
    """`-` is the code, so the program's own input is empty."""
    done = run("-", "a", stdin=b"import sys; print(sys.argv[1:], repr(sys.stdin.read()))")
    assert done.stdout == b"['a'] ''\n"


def test_output_streams_as_it_comes() -> None:
    """A long run shows its progress."""
    code = "import time\nprint('first')\ntime.sleep(20)"
    with subprocess.Popen([*EXEC, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        started = time.monotonic()
        assert process.stdout.readline() == b"first\n"
        assert time.monotonic() - started < 15
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130


def test_bytes_pass_unchanged_to_a_pipe() -> None:
    """Pictures and archives can be written to standard output."""
    done = run("-c", "import sys; sys.stdout.buffer.write(bytes(range(256)) * 100)")
    assert done.stdout == bytes(range(256)) * 100


def test_large_input_reaches_the_code() -> None:
    """More than pipes hold, in and out."""
    data = os.urandom(3_000_000)
    done = run("-c", "import sys, zlib; print(zlib.crc32(sys.stdin.buffer.read()))", stdin=data)
    import zlib

    assert int(done.stdout) == zlib.crc32(data)


def test_reader_that_leaves_ends_the_run() -> None:
    """`plugcli exec ... | head -1` stops at once, as any program does, and says nothing of it."""
    code = "import itertools\nfor i in itertools.count(): print(i)"
    with subprocess.Popen(
        [*EXEC, "--timeout", "50", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 141


@pytest.mark.parametrize(("where", "status"), [("/dev/full", 125), ("&-", 0)], ids=["full", "closed"])
def test_output_that_takes_nothing_is_no_crash(where: str, status: int) -> None:
    """A full disk is a sentence; a stream that the caller closed is not missed."""
    command = f"{sys.executable} -m plugcli exec -c 'print(1)' >{where}"
    done = subprocess.run(
        ["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert ("cannot be written" in done.stderr) == (status == 125)


@pytest.mark.parametrize("where", ["&-", "/dev/full"])
@pytest.mark.parametrize(
    ("arguments", "status", "out"),
    [
        ("--out {} -c 'print(1)'", 0, "1\n"),
        ("--timeout 1 -c 'import signal; signal.signal(2, signal.SIG_IGN); signal.pause()'", 124, ""),
        ("missing.py", 125, ""),
    ],
)
def test_words_that_nobody_can_read_change_nothing(
    arguments: str, status: int, out: str, where: str, tmp_path: Path
) -> None:
    """Standard error closed, or on a full disk: plugcli's own words are lost, and nothing else is."""
    command = f"{sys.executable} -m plugcli exec {arguments.format(tmp_path / 'results')} 2>{where}"
    done = subprocess.run(
        ["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (status, out)


def test_input_that_nobody_reads_does_no_harm() -> None:
    """`yes | plugcli exec` ends when the code does."""
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        done = subprocess.run(
            [*EXEC, "-c", "print(input())"],
            stdin=endless.stdout,
            capture_output=True,
            timeout=30,
            check=False,
        )
        endless.kill()
    assert (done.stdout, done.returncode) == (b"y\n", 0)


@pytest.mark.parametrize("turn", range(4))  # the end of the run meets our reading at another moment each time
def test_input_that_the_code_closes_does_no_harm(turn: int) -> None:
    """The run goes on, nobody waits for who reads no more, and nothing of ours is printed."""
    code = f"import os, time; os.close(0); time.sleep({0.01 * turn}); print('on')"
    done = run("-c", code, stdin=b"x" * 30_000_000)
    assert (b"on\n", b"", 0) == (done.stdout, done.stderr, done.returncode)


def test_standard_input_is_a_pipe_inside_not_the_file(tmp_path: Path) -> None:
    """Through /proc/self/fd/0 the code could open the file behind a descriptor again, to write it."""
    file = tmp_path / "precious"
    file.write_text("data")
    attack = "print(open('/proc/self/fd/0', 'w').write('gone'))"
    with file.open() as stdin:
        subprocess.run([sys.executable, "-c", attack], stdin=stdin, check=True, stdout=subprocess.DEVNULL)
    assert file.read_text() == "gone", "the control: outside, this writes the file"
    file.write_text("data")
    code = attack + "\nimport os, stat\nprint(stat.S_ISFIFO(os.fstat(0).st_mode))"
    with file.open() as stdin:
        done = subprocess.run([*EXEC, "-c", code], stdin=stdin, check=False, capture_output=True)
    assert file.read_text() == "data"
    assert b"True" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["missing.py"], 125, "missing.py does not exist"),
        (["."], 125, ". is a folder, not a script"),
        ([], 2, "there is no code to run"),
        (["--python", "/bin/ls", "-c", "1"], 2, "is not a Python interpreter"),
        (["--python", "/nowhere/python", "-c", "1"], 2, "there is no interpreter at /nowhere/python"),
        (["--memory", "lots", "-c", "1"], 2, "'lots' is not a size"),
        (["--memory", "1", "-c", "1"], 2, "memory"),
        (["--timeout", "0", "-c", "1"], 2, "wall seconds"),
        (["--timeout", "nan", "-c", "1"], 2, "wall seconds"),
        (["--timeout", "soon", "-c", "1"], 2, "soon"),
        (["--nonsense"], 2, "--nonsense"),
    ],
)
def test_bad_use_is_a_sentence(arguments: list[str], status: int, words: str, tmp_path: Path) -> None:
    """What keeps plugcli from running the code is never reported as the code's."""
    done = run(*arguments, cwd=tmp_path)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (status, b"")
    assert words in said
    assert "Traceback" not in said


def test_unreadable_script_is_a_sentence(tmp_path: Path) -> None:
    """Root reads everything, so the script is a link to itself."""
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    done = run(str(loop))
    assert done.returncode == 125
    assert b"Traceback" not in done.stderr


def test_ten_megabytes_of_code_run(tmp_path: Path) -> None:
    """Code travels as a message, not as an argument."""
    script = tmp_path / "big.py"
    script.write_text(f"x = '{'y' * 10_000_000}'\nprint(len(x))\n")
    done = run(str(script))
    assert (done.stdout, done.returncode) == (b"10000000\n", 0)


def test_other_interpreter_runs(tmp_path: Path) -> None:
    """A project's own venv, found without running anything of it outside."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    packages = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    (packages / "of_the_project.py").write_text("answer = 42")
    for name in ("venv", "venv/bin/python"):
        done = run(
            "--python",
            str(tmp_path / name),
            "-c",
            "import of_the_project, sys; print(of_the_project.answer, sys.prefix)",
        )
        assert done.stdout.decode() == f"42 {tmp_path / 'venv'}\n", done.stderr.decode()


def test_what_the_venv_starts_with_stays_inside(tmp_path: Path) -> None:
    """.pth files run code at every start of their interpreter: never as plugcli's user, outside."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    packages = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    mark = tmp_path / "was-here"
    (packages / "evil.pth").write_text(
        f"import os; os.path.exists('/etc/shadow') and open({str(mark)!r}, 'w')\n"
    )
    subprocess.run([str(tmp_path / "venv" / "bin" / "python"), "-c", "pass"], check=True)
    assert mark.exists(), "the control: outside, the file runs"
    mark.unlink()
    assert run("--python", str(tmp_path / "venv"), "-c", "print('ran')").stdout == b"ran\n"
    assert not mark.exists()


def test_terminal_gets_no_commands_from_the_code() -> None:
    """OSC 52 fills the clipboard, other sequences answer questions as if typed: colours alone pass."""
    code = r"import sys; sys.stdout.write('\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07 \x9b6n \x1b[2J end'); sys.stdout.flush()"
    ours, theirs = pty.openpty()
    with subprocess.Popen([*EXEC, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = read_terminal(ours)
        assert process.wait(timeout=30) == 0
    os.close(ours)
    assert b"\x1b[31mred\x1b[0m ^[]52;c;aGk=^G \\x9b6n ^[[2J end" in shown


def test_terminal_is_not_read_unless_asked() -> None:
    """A script that reads what nobody types would wait for ever."""
    for options, expected in ((["-c"], b"nothing"), (["--stdin", "-c"], b"typed")):
        ours, theirs = pty.openpty()
        code = "import sys; print(sys.stdin.readline().strip() or 'nothing')"
        with subprocess.Popen([*EXEC, *options, code], stdin=theirs, stdout=subprocess.PIPE) as process:
            os.close(theirs)
            os.write(ours, b"typed\n")
            assert process.stdout is not None
            assert process.stdout.read().strip() == expected
            assert process.wait(timeout=30) == 0
        os.close(ours)


def test_killed_plugcli_leaves_nothing() -> None:
    """SIGKILL cannot be handled: the launcher sees its channel close, kills the jail and exits."""
    code = "import os, time\nfor _ in range(3):\n    if os.fork() == 0: os.setsid()\nprint('up', flush=True)\ntime.sleep(60)"
    with subprocess.Popen([*EXEC, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            for _ in range(8):
                assert process.stdout.readline() == b"up\n"
            family = descendants(process.pid)
        finally:
            process.kill()
    assert len(family) >= 10  # the launcher, the init and eight of the code
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in family) and time.monotonic() < deadline:
        select.select([], [], [], 0.02)
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []


def read_terminal(descriptor: int) -> bytes:
    """Read until the other side closes."""
    said = b""
    while True:
        try:
            data = os.read(descriptor, 4096)
        except OSError:  # EIO: nobody has it open any more
            return said
        if not data:
            return said
        said += data


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found
