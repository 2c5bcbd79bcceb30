"""Promise 4: wall time and CPU are bounded by a clock and a scheduler outside, whatever the code does to its own."""

import json

import pytest

from tests.abuse.box import Box
from tests.abuse.patience import PATIENCE

SPIN = """
import ctypes, os, time
libc = ctypes.CDLL(None)
reader, writer = os.pipe()
for i in range(40):
    if os.fork() == 0:
        end = time.monotonic() + 0.5
        while time.monotonic() < end: pass
        os.write(writer, bytes([libc.sched_getcpu()]))
        os._exit(0)
os.close(writer)
used = set()
while cpu := os.read(reader, 1): used.add(cpu)
print(len(used), os.nice(0))
"""


@pytest.mark.row("A3")
def test_many_spinners_get_the_cpus_of_the_policy(box: Box) -> None:
    """A model's endless loop must not make the author's machine unusable: CPUs by affinity, and behind everybody else's work."""
    used, nice = box.outside(SPIN)["stdout"].split()
    assert (int(used) > 1, nice) == (True, "0"), "a machine of one CPU shows nothing here"
    assert box.inside(SPIN, cpus=1)["stdout"] == "1 10\n"


@pytest.mark.row("A3")
def test_host_answers_while_many_spin(box: Box) -> None:
    """The server's own loop goes on beside the spinners, and the deadline comes on time."""
    program = """
async def heartbeat():
    worst, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.02)
            worst, last = max(worst, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError:
        return worst
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        beating = asyncio.create_task(heartbeat())
        code = "import os\\nfor i in range(30):\\n    if os.fork() == 0: break\\nwhile True: pass"
        result = await sandbox.run(code, wall_seconds=1.5)
        beating.cancel()
        print(json.dumps([result.outcome, result.duration_ms, await beating]))
asyncio.run(main())
"""
    outcome, milliseconds, worst = json.loads(box.host(program)["stdout"])
    assert outcome == "timeout"
    assert milliseconds < 3500
    assert worst < 1


@pytest.mark.row("A5")
@pytest.mark.parametrize(
    "code",
    [
        "10**10**8",
        "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
        "import itertools; 0.5 in itertools.repeat(0)",
    ],
    ids=["power", "regex", "never-looks-at-signals"],
)
def test_loop_in_c_is_stopped_at_the_time_limit(box: Box, code: str) -> None:
    """Where SIGINT is not even looked at, SIGKILL is."""
    code = f"print('begun', flush=True)\n{code}"
    assert box.outside(code, seconds=2)["outcome"] == "timeout"
    result = box.inside(code, wall_seconds=1.0)
    assert (result["outcome"], result["returncode"], result["stdout"]) == ("timeout", 124, "begun\n")
    assert result["seconds"] < 3
    assert result["left"] == []


@pytest.mark.row("A6")
def test_swallowing_every_exception_does_not_swallow_the_deadline(box: Box) -> None:
    """The interrupt is the code's chance to say where it was, not its choice."""
    code = """
import time
started = time.monotonic()
while time.monotonic() < started + 30:
    try:
        n = 0
        while True: n += 1
    except BaseException as e:
        print(type(e).__name__, flush=True)
"""
    interrupted = f"import os, signal, threading\nthreading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n{code}"
    assert box.outside(interrupted, seconds=2)["outcome"] == "timeout"
    result = box.inside(code, wall_seconds=1.0)
    assert (result["outcome"], result["stdout"]) == ("timeout", "KeyboardInterrupt\n")
    assert result["seconds"] < 3


@pytest.mark.row("A7")
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("import atexit, time\natexit.register(time.sleep, 1e6)", "timeout"),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(1e6,)).start()", "timeout"),
        # Modules are not finalised in a jail, so the object is never deleted.
        (
            "import time\nclass Slow:\n    def __del__(self, sleep=time.sleep): sleep(1e6)\nslow = Slow()",
            "ok",
        ),
    ],
    ids=["atexit", "thread", "del"],
)
def test_end_of_a_program_is_bounded_too(box: Box, code: str, outcome: str) -> None:
    """A program that hangs after its last line is as endless as a loop."""
    code += "\nprint('last line', flush=True)"
    assert box.outside(code, seconds=2)["outcome"] == "timeout"
    result = box.inside(code, wall_seconds=1.0)
    assert (result["outcome"], result["stdout"], result["left"]) == (outcome, "last line\n", [])
    assert result["seconds"] < 3


@pytest.mark.row("A11")
def test_stopped_processes_end_at_the_time_limit(box: Box) -> None:
    """SIGSTOP freezes the interpreter and its children; SIGKILL ends what is frozen."""
    code = """
import os, signal
print('begun', flush=True)
if os.fork() == 0: os.setsid()
os.kill(os.getpid(), signal.SIGSTOP)
"""
    assert box.outside(code, seconds=2)["outcome"] == "timeout"
    result = box.inside(code, wall_seconds=1.0)
    assert (result["outcome"], result["stdout"], result["left"]) == ("timeout", "begun\n", [])


@pytest.mark.row("A12")
def test_clocks_of_the_code_do_not_move_the_deadline(box: Box) -> None:
    """Time inside is the code's to lie about; the deadline is read outside. The machine's clock cannot be set at all.

    The control asks for an impossible time: EINVAL is the kernel's answer to it, EPERM the filter's, and no clock moves.
    """
    set_clocks = """
import ctypes, errno, os, struct
libc = ctypes.CDLL(None, use_errno=True)
settime, settimeofday, adjtime = {'x86_64': (227, 164, 305), 'aarch64': (112, 170, 266)}[os.uname().machine]
impossible = struct.pack('qq', 0, -1)
for call in ((settime, 0, impossible), (settimeofday, impossible, None), (adjtime, 99, bytes(256))):
    print('set' if libc.syscall(*call) == 0 else errno.errorcode[ctypes.get_errno()], end=' ', flush=True)
"""
    assert box.outside(set_clocks)["stdout"].split() == ["EINVAL"] * 3
    tricks = """
import signal, time
time.time = time.monotonic = lambda: 0.0
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
print('begun', flush=True)
while True: pass
"""
    result = box.inside(set_clocks + tricks, wall_seconds=1.0)
    assert (result["outcome"], result["stdout"]) == ("timeout", "EPERM EPERM EPERM begun\n")
    assert result["seconds"] < 3


@pytest.mark.row("A13")
def test_cpu_time_is_not_counted(box: Box) -> None:
    """RLIMIT_CPU adds up over a process's life and would kill a healthy one: only wall time is bounded."""
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU) == (-1, -1))"
    assert box.outside(code)["stdout"] == "True\n"
    assert box.inside(code)["stdout"] == "True\n"


@pytest.mark.row("A14")
def test_time_limit_that_makes_no_sense_is_refused(box: Box) -> None:
    """0, less, and no number are refused before anything runs; more than the upper bound is the upper bound.

    There is no control: what plugcli is compared with has no time limit to get wrong.
    """
    program = """
async def main():
    async with Sandbox(Policy(wall_seconds_max=1.0), spares=0) as sandbox:
        for wall in (0, -1, float('nan'), float('-inf')):
            try: print((await sandbox.run('print(1)', wall_seconds=wall)).outcome)
            except Exception as e: print(type(e).__name__)
        for wall in (1e99, float('inf')):
            result = await sandbox.run('while True: pass', wall_seconds=wall)
            print(result.outcome, result.reason)
asyncio.run(main())
"""
    clamped = "timeout stopped after 1 s: the time limit of a run"
    assert box.host(program)["stdout"].splitlines() == ["UsageError"] * 4 + [clamped] * 2


DEPTH = """
import sys
sys.setrecursionlimit(10**9)
def f(n): return f(n + 1) if n < 4_000_000 else n
print(f(0))
"""


@pytest.mark.row("A15")
def test_endless_recursion_is_the_codes_own_error(box: Box) -> None:
    """The most common accident of all."""
    code = "def f(): f()\nf()"
    control, result = box.outside(code), box.inside(code)
    assert (result["outcome"], result["returncode"]) == ("error", control["returncode"])
    for ending in (control, result):
        assert ending["stderr"].endswith("RecursionError: maximum recursion depth exceeded\n")


@pytest.mark.row("A15")
def test_recursion_without_a_limit_meets_another_one(box: Box) -> None:
    """Since 3.11 Python's frames lie on the heap, so the recursion limit was the only thing between a program and all memory."""
    control = box.outside(DEPTH)
    assert control["stdout"] == "4000000\n" or control["returncode"] < 0
    result = box.inside(DEPTH, memory_bytes=64 << 20, then="print('next')")
    assert result["outcome"] in ("out_of_memory", "died", "error")
    assert result["stdout"] == ""
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("A16")
def test_priority_cannot_be_raised(box: Box) -> None:
    """Real-time code stops the machine. The control shows it as root; an ordinary user may not outside either."""
    code = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
for attempt in (lambda: os.nice(-5), lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
                lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
                lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
                lambda: libc.syscall({'x86_64': 251, 'aarch64': 30}[os.uname().machine], 1, 0, 1 << 13)):
    ctypes.set_errno(0)
    try: print('refused' if attempt() == -1 and ctypes.get_errno() == errno.EPERM else 'done')
    except PermissionError: print('refused')
"""
    control = box.outside(code)["stdout"].split()
    assert control == ["done" if box.who == "root" else "refused"] * 5
    assert box.inside(code)["stdout"].split() == ["refused"] * 5


SLOW_START = """
folder = [f for f in sys.path if f.endswith('site-packages')][0]
open(folder + '/slow.pth', 'w').write('import time; time.sleep(1.5)\\n')
"""


@pytest.mark.row("A19")
def test_slow_start_of_the_interpreter_is_not_the_programs_time(box: Box) -> None:
    """What a venv does at its start is over before the clock of the run begins."""
    program = f"""{SLOW_START}
started = time.monotonic()
subprocess.run([sys.executable, '-c', ''])
print(time.monotonic() - started > 1.2)
async def main():
    other = os.path.dirname(sys.executable) + '/python3'
    async with Sandbox(SMALL, python=other, spares=0) as sandbox:
        print((await sandbox.run('print(1)', wall_seconds=1.0)).outcome)
asyncio.run(main())
"""
    assert box.host(program, with_venv=True)["stdout"] == "True\nok\n"


@pytest.mark.row("A19")
@pytest.mark.parametrize(
    "python", ["None", "os.path.dirname(sys.executable) + '/python3'"], ids=["own", "named"]
)
def test_endless_start_of_the_interpreter_has_its_own_limit(box: Box, python: str) -> None:
    """And a start that never ends is told as what it is."""
    program = f"""{SLOW_START.replace("1.5", "1e6")}
from plugcli.sandbox import launch
from plugcli.errors import SandboxUnavailable
launch._START_SECONDS = {PATIENCE}
async def main():
    async with Sandbox(SMALL, python={python}, spares=0) as sandbox: pass
try: asyncio.run(main())
except SandboxUnavailable as e: print(e)
"""
    result = box.host(program, with_venv=True)
    assert f"the interpreter: it did not start within {PATIENCE:g} s" in result["stdout"].replace(
        "here: ", "the "
    )
    assert result["left"] == []
