"""Promise 6: what comes out of a jail is bytes, capped and counted; it is never obeyed, never unpickled, and never lost."""

import ast
import json

import pytest

from tests.abuse.box import REPOSITORY, Box

MIB = 1 << 20


@pytest.mark.row("D2")
def test_output_without_a_line_end_is_streamed_and_cut(box: Box) -> None:
    """Whoever waits for lines waits for ever, and keeps all of it meanwhile."""
    code = "import sys\nfor i in range(64): sys.stdout.write('x' * 65536)"
    assert len(box.outside(code)["stdout"]) == 4 * MIB
    result = box.inside("import sys\nwhile True: sys.stdout.write('x' * 65536)", wall_seconds=1.0)
    assert (result["outcome"], result["stdout"]) == ("timeout", "x" * MIB)
    assert result["truncated"]["stdout"] > 0
    program = """
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        heard = asyncio.Event()
        code = "import sys, time\\nsys.stdout.write('half a line')\\nsys.stdout.flush()\\ntime.sleep(15)"
        run = asyncio.create_task(sandbox.run(code, on_output=lambda name, data: (print(name, data), heard.set())))
        await asyncio.wait_for(heard.wait(), 5)
        run.cancel()
asyncio.run(main())
"""
    assert box.host(program)["stdout"] == "stdout b'half a line'\n"


FLOOD = """
import os, threading
def flood(fd):
    for i in range(48): os.write(fd, bytes([65 + fd]) * 65536)
threads = [threading.Thread(target=flood, args=(fd,)) for fd in (1, 2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print('end')
"""


@pytest.mark.row("D3")
def test_both_streams_are_read_at_once(box: Box) -> None:
    """A full pipe that nobody reads stops the program for ever: the classic of `wait()` with two pipes."""
    naive = f"""
import subprocess, sys
with subprocess.Popen([sys.executable, '-c', {FLOOD!r}], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
    try: process.wait(1)
    except subprocess.TimeoutExpired: print('wedged')
    process.kill()
"""
    assert box.outside(naive)["stdout"] == "wedged\n"
    result = box.inside(FLOOD)
    assert (result["outcome"], result["stdout"], result["stderr"]) == ("ok", "B" * MIB, "C" * MIB)
    assert result["truncated"] == {"stdout": 2 * MIB + len("end\n"), "stderr": 2 * MIB, "files": 0}


@pytest.mark.row("D4")
def test_last_bytes_arrive_however_fast_the_program_ends(box: Box) -> None:
    """What is in a pipe when its writer dies is still the program's output."""
    code = "import os\nfor i in range(15): os.write(1, b'x' * 65536)\nos.write(2, b'error')\nos.write(1, b'end')\nos._exit(0)"
    assert box.outside(code)["stdout"] == "x" * 15 * 65536 + "end"
    program = f"""
async def main():
    async with Sandbox(SMALL, spares=1) as sandbox:
        for i in range(20):
            result = await sandbox.run({code!r})
            print(len(result.stdout), result.stdout[-3:], result.stderr)
asyncio.run(main())
"""
    assert box.host(program)["stdout"].splitlines() == [f"{15 * 65536 + 3} end error"] * 20


@pytest.mark.row("D6")
def test_half_a_surrogate_pair_is_the_codes_error(box: Box) -> None:
    """Text that UTF-8 cannot say: the code hears of it, not the server."""
    code = "print('\\ud800')"
    assert "UnicodeEncodeError" in box.outside(code)["stderr"]
    result = box.inside(code)
    assert (result["outcome"], result["returncode"]) == ("error", 1)
    assert "UnicodeEncodeError" in result["stderr"]


@pytest.mark.row("D9")
@pytest.mark.parametrize(
    "trick",
    [
        "os.dup2(os.open('/dev/null', os.O_WRONLY), 1)",
        "os.dup2(2, 1); os.dup2(1, 0)",
        "sys.stdout = None",
        "del sys.stdout",
        "sys.stdout.close()",
        "sys.stdout = sys.__stdout__ = open('elsewhere', 'w')",
        "sys.stdout = 1",
    ],
)
def test_replaced_streams_still_answer(box: Box, trick: str) -> None:
    """What a program does to its own streams ends as it does in Python, and the next run has its own."""
    code = f"import os, sys\nprint('before', flush=True)\n{trick}\ntry: print('after', flush=True)\nexcept Exception: pass"
    control = box.outside(code)
    result = box.inside(code, then="print('next')")
    for field in ("returncode", "stdout"):
        assert result[field] == control[field]
    assert "plugcli" not in result["stderr"]
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("D11")
def test_text_that_looks_like_a_frame_is_text(box: Box) -> None:
    """Nothing in the output means anything, so there is no word that ends a run. The control: to Python it is text, too."""
    frames = [
        '{"exited": 0}',
        '{"out_of_memory": true}',
        '{"jail": 0, "gone": true}',
        '{"ready": [3, 11, 2]}',
        '{"returncode": 0, "stdout": ""}',
        "\x1e\x00\x04",
        "[output truncated]",
    ]
    code = f"import sys\nfor frame in {frames!r}: print(frame), print(frame, file=sys.stderr)\nsys.exit(5)"
    text = "".join(f"{frame}\n" for frame in frames)
    for ending in (box.outside(code), box.inside(code)):
        assert (ending["stdout"], ending["stderr"], ending["returncode"]) == (text, text, 5)


@pytest.mark.row("D12")
def test_sandbox_reads_no_format_that_runs_code() -> None:
    """Unpickling what a jail says would run it as the user: no file of the sandbox can even name such a format."""
    imported = set()
    for path in (REPOSITORY / "plugcli" / "sandbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported |= {*names, node.module if isinstance(node, ast.ImportFrom) else None}
    assert "json" in imported
    assert imported.isdisjoint({"pickle", "marshal", "shelve", "copyreg", "multiprocessing", "yaml", "imp"})


PAYLOAD = b"cos\nsystem\n(S'touch unpickled'\ntR."
GREETINGS = {
    "pickle": PAYLOAD + b"\n",
    "endless": b"x" * 100_000,
    "deep": b"[" * 4000 + b"\n",
    "deep object": b'{"a":' * 800 + b"\n",
    "not a number": b'{"ready": NaN}\n',
    "huge number": b'{"ready": ' + b"9" * 4000 + b"}\n",
    "not text": b"\xff\xfe\x00\n",
    "not an object": b"[1]\n",
    "escapes": b'{"refused": "\\u001b]52;c;aGk=\\u0007"}\n',
}


@pytest.mark.row("D12")
@pytest.mark.row("D13")
@pytest.mark.parametrize("greeting", GREETINGS)
def test_lying_interpreter_is_a_refusal(box: Box, greeting: str) -> None:
    """What a venv starts with runs before the greeting and may say it instead: a sentence follows, never a crash or a hang."""
    unpickle = f"import os, pickle\npickle.loads({PAYLOAD!r})\nprint(os.path.exists('unpickled'))\nos.unlink('unpickled')"
    if greeting == "pickle":
        assert box.outside(unpickle)["stdout"] == "True\n"
    program = f"""
folder = [f for f in sys.path if f.endswith('site-packages')][0]
lie = 'import os; os.write(3, ' + repr({GREETINGS[greeting]!r}) + ')'
open(folder + '/lie.pth', 'w').write(lie + '\\n')
from plugcli.errors import SandboxUnavailable
async def main():
    other = os.path.dirname(sys.executable) + '/python3'  # plugcli's own has its start-up files run in a zygote
    async with Sandbox(SMALL, python=other, spares=0) as sandbox:
        return await sandbox.run('print(1)')
try: print(asyncio.run(main()).outcome)
except SandboxUnavailable as e: print('refused', ascii(str(e)))
print(os.path.exists('unpickled'))
"""
    answer, unpickled = box.host(program, with_venv=True)["stdout"].splitlines()
    # One that says "ready" may be taken for the real one, which comes right behind it.
    assert answer.startswith("refused") or (answer == "ok" and "ready" in str(GREETINGS[greeting]))
    assert "\\x" not in answer.replace("\\\\x", "")
    assert unpickled == "False"


@pytest.mark.row("D14")
@pytest.mark.parametrize("encoding", [None, "latin-1", "utf-16-le"])
def test_encoding_of_a_child_breaks_no_reply(box: Box, encoding: str | None) -> None:
    """A child without our environment, or with one of its own, writes what it likes."""
    environment = {} if encoding is None else {"PYTHONIOENCODING": encoding}
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(chr(228))'], env={environment!r})"
    written = "ä\n".encode(encoding or "utf-8")
    assert box.outside(code)["stdout"] == written.decode(errors="backslashreplace")
    result = box.inside(code)
    assert (result["outcome"], result["stdout"]) == ("ok", written.decode(errors="replace"))


@pytest.mark.row("D15")
@pytest.mark.parametrize("with_venv", [False, True], ids=["forked", "started"])
def test_every_layer_writes_into_the_same_output(box: Box, with_venv: bool) -> None:
    """Descriptors are captured, not sys.stdout; in order, and with what C itself still holds at the end."""
    code = """
import ctypes, os, subprocess
libc = ctypes.CDLL(None)
print('python')
libc.puts(b'flushed C')
libc.fflush(None)
os.write(1, b'raw\\n')
subprocess.run(['echo', 'child'])
libc.puts(b'C at the end')
"""
    lines = ["python", "flushed C", "raw", "child", "C at the end"]
    assert sorted(box.outside(code, with_venv=with_venv)["stdout"].splitlines()) == sorted(lines)
    assert box.inside(code, with_venv=with_venv)["stdout"].splitlines() == lines


@pytest.mark.row("D17")
def test_words_before_a_crash_are_kept(box: Box) -> None:
    """The last words of a crash are what the author needs: its own, and those of faulthandler."""
    code = """
import ctypes, faulthandler, sys, warnings
faulthandler.enable()
print('out')
warnings.warn('careful')
ctypes.string_at(0)
"""
    for ending, status in ((box.outside(code), -11), (box.inside(code), 139)):
        assert ending["returncode"] == status
        assert "UserWarning: careful" in ending["stderr"]
        assert "Fatal Python error: Segmentation fault" in ending["stderr"]
        assert "code.py" in ending["stderr"]


@pytest.mark.row("B17")
def test_output_is_not_held_by_the_host(box: Box) -> None:
    """The memory that a flood fills must not be the server's: only what is kept is kept."""
    flood = "import os\nfor i in range(150): os.write(1 + i % 2, b'x' * (1 << 20))"
    grown = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before"
    naive = f"""
import resource, subprocess, sys
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
done = subprocess.run([sys.executable, '-c', {flood!r}], capture_output=True)
print({grown})
"""
    assert int(box.outside(naive)["stdout"]) > 100 * 1024
    program = f"""
import resource
async def main():
    async with Sandbox(SMALL, spares=1) as sandbox:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = await sandbox.run({flood!r})
        print(json.dumps([{grown}, result.truncated]))
asyncio.run(main())
"""
    kib, truncated = json.loads(box.host(program)["stdout"])
    assert truncated == {"stdout": 74 * MIB, "stderr": 74 * MIB, "files": 0}
    assert kib < 16 * 1024
