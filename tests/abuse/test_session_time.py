"""Promise 4 in a session: a call over its time ends alone where it can be interrupted, else with its interpreter; it says which."""

import json
import re

import pytest

from tests.abuse.box import LOOK, Box

SET_UP = "n = 41; open('kept.txt', 'w').write('kept')"
ASK = "print(n + 1)"
FILE = "print(open('kept.txt').read())"


@pytest.mark.row("A1")
@pytest.mark.row("A2")
@pytest.mark.row("A5")
def test_call_over_its_time_costs_the_call_and_not_the_variables(box: Box) -> None:
    """An endless loop is a model's everyday mistake: half an hour of loaded data must not go with it."""
    loops = {
        "loop": "while True: pass",
        "sleep": "import time; time.sleep(1e9)",
        "await": "import asyncio; await asyncio.sleep(1e9)",
        "lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "power": "10**10**8",
        "regex": "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
        "ignored": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
    }
    _, loop, after = box.kernel(SET_UP, loops["loop"], ASK, seconds=0.5)
    assert (loop["outcome"], after["outcome"]) == ("timeout", "error")
    loops["ignored"] += "\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nwhile True: pass"
    told = {name: [SET_UP, f"print('begun')\n{loop}", ASK] for name, loop in loops.items()}
    for name, (_, late, after) in box.sessions(told, wall_seconds=0.5).items():
        assert (name, late["outcome"], late["returncode"], late["stdout"]) == (
            name,
            "timeout",
            124,
            "begun\n",
        )
        assert "the time limit of a run; the session's variables are kept" in late["reason"]
        assert (late["session"]["state"], after["session"]["state"]) == ("kept", "kept")
        assert (name, after["stdout"]) == (name, "42\n")
        assert late["seconds"] < 2


STUBBORN = {
    # A4, A5, A6, A11: each is deaf to SIGINT in its own way.
    "ignores": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "repeat": "import itertools; 0.5 in itertools.repeat(0)",
    "catches": "while True:\n    try:\n        n = 0\n        while True: n += 1\n    except BaseException: continue",
    "stops": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "masks": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\nwhile True: pass",
}


@pytest.mark.row("A4")
@pytest.mark.row("A5")
@pytest.mark.row("A6")
@pytest.mark.row("A11")
@pytest.mark.row("I18")
def test_call_that_cannot_be_interrupted_ends_with_its_interpreter(box: Box) -> None:
    """It is told at once and again in the next answer: a model that believes in its variables computes nonsense. The files are kept."""
    assert box.kernel(SET_UP, STUBBORN["catches"], ASK, seconds=0.5)[1]["outcome"] == "timeout"
    told = {name: [SET_UP, f"print('begun')\n{loop}", ASK, FILE] for name, loop in STUBBORN.items()}
    told["bystander"] = [SET_UP] + ["import time; time.sleep(0.05)"] * 30 + [ASK]
    answers = box.sessions(told, wall_seconds=0.5)
    assert answers.pop("bystander")[-1]["stdout"] == "42\n"
    for name, (_, late, after, file) in answers.items():
        assert (name, late["outcome"], late["returncode"], late["stdout"]) == (
            name,
            "timeout",
            124,
            "begun\n",
        )
        assert "could not be interrupted" in late["reason"]
        assert (name, late["session"]["state"], after["session"]["state"]) == (name, "lost", "lost")
        assert "NameError" in after["stderr"]
        assert "variables and imports are lost" in after["session"]["notice"]
        folder = r"/mnt/tmp/plugcli-\w+/\d+/data" if box.is_landlock else "/mnt/data"
        assert re.search(rf"the files in {folder} are kept", after["session"]["notice"])
        assert (file["stdout"], file["session"]["state"], file["session"]["notice"]) == ("kept\n", "kept", "")
        assert late["seconds"] < 4


@pytest.mark.row("A8")
def test_late_words_of_a_thread_are_marked_in_the_next_answer(box: Box) -> None:
    """What a thread prints after its call has returned is not what the next call printed: a model would take it for its result."""
    thread = """
import threading
ready, printed = threading.Event(), threading.Event()
def late(): ready.wait(); print('from the thread'); printed.set()
threading.Thread(target=late).start()
"""
    wait = "ready.set(); printed.wait()"
    control = box.kernel(thread, wait + "; print('mine')")
    assert control[1]["stdout"] == "from the thread\nmine\n"
    # The thread prints between the calls: when the first has been answered, and before the second is sent.
    program = """
THREAD = '''
import os, threading
print('of the first')
def late():
    while not os.path.exists('go'): pass
    os.write(1, b'from the thread'); os.write(2, b'error of the thread\\\\n')
    open('gone', 'w').close()
threading.Thread(target=late).start()
'''
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        session, other = await sandbox.sessions.open(Key('a')), await sandbox.sessions.open(Key('b'))
        first = await session.run(THREAD)
        await session.workspace.put('go', data(b''))
        while 'gone' not in [file.name for file in session.workspace.list().files]: await asyncio.sleep(0.01)
        answers = [first, await other.run("print('other')"), await session.run("print('mine')"), await session.run("print('again')")]
        print(json.dumps([each.stdout + each.stderr for each in answers]))
asyncio.run(main())
"""
    mark = "[printed since the last call, by what it had started]\n"
    first, neighbour, second, third = json.loads(box.host(program)["stdout"])
    assert (first, neighbour, third) == ("of the first\n", "other\n", "again\n")
    assert second == f"{mark}from the thread\n[this call]\nmine\n{mark}error of the thread\n[this call]\n"


DAEMONS = """
import os, subprocess, time
reader, writer = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: os.write(writer, b'x'); time.sleep(60)
        os._exit(0)
    os.wait()
child = subprocess.Popen(['sleep', '60'])
while len(os.read(reader, 1)) != 1: pass
"""


ASK_PROC = "print(n, child.wait(), len([p for p in os.listdir('/proc') if p.isdigit()]))"


@pytest.mark.row("A9")
@pytest.mark.row("A11")
def test_time_out_leaves_no_process_but_the_interpreter(box: Box) -> None:
    """Daemons, stopped ones and zombies of a session live as long as it does, but no longer than the call that went wrong."""
    program = f"""
async def main():
    async with Sandbox(Policy(wall_seconds=20.0, memory_bytes=256 << 20), spares=0) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        await session.run('n = 1')
        bare = len(everybody())
        await session.run({DAEMONS!r})
        during = len(everybody())
        late = await session.run("os.kill(child.pid, 19)\\nwhile True: pass", wall_seconds=0.3)
        print(during - bare, late.outcome, late.session['state'], len(everybody()) - bare)
        after = await session.run({ASK_PROC!r} if IS_LISTED else "print(n, child.wait(), 2)")
        print(after.stdout.strip(), after.session['state'])
        await session.run({DAEMONS!r})
        await sandbox.sessions.close()
        until = time.monotonic() + 5
        while len(everybody()) > bare - 2 and time.monotonic() < until: await asyncio.sleep(0.01)
        print(bare - len(everybody()))
asyncio.run(main())
"""
    program = program.replace("IS_LISTED", str(not box.is_landlock))  # there the code may not list /proc
    outside = f"{DAEMONS}\nos._exit(0)"
    assert len(box.outside(outside, seconds=1)["left"]) == 3
    assert box.host(LOOK + program)["stdout"].splitlines() == ["3 timeout kept 0", "1 -9 2 kept", "2"]


HEADLESS = """
import ctypes, os, platform, signal, threading, time
pid = os.fork()
if pid == 0:
    threading.Thread(target=time.sleep, args=(60,)).start()
    ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[platform.machine()], 0)
"""


@pytest.mark.row("A9")
def test_time_out_ends_a_process_whose_first_thread_has_ended(box: Box) -> None:
    """It looks like a zombie, which nobody needs to end, and runs on in its other threads."""
    seen = "time.sleep(0.5); print(open(f'/proc/{pid}/stat').read().split()[2], len(os.listdir(f'/proc/{pid}/task')), flush=True)"
    assert box.outside(f"{HEADLESS}\n{seen}\nos.kill(pid, 9)")["stdout"] == "Z 2\n"
    notes = box.notes(
        f"""
session = await opened('a')
await session.run('n = 1')
await session.run({HEADLESS!r})
late = await session.run("while True: pass", wall_seconds=0.3)
after = await session.run("print(n, os.waitpid(pid, 0)[1])", wall_seconds=5)
notes.extend([late.outcome, late.session['state'], after.stdout, after.session['state']])
""",
        memory_bytes=256 << 20,
    )
    assert notes == ["timeout", "kept", "1 9\n", "kept"]


@pytest.mark.row("A9")
def test_processes_that_multiply_end_with_their_interpreter(box: Box) -> None:
    """A sweep that cannot win must not go on for ever: where forking is quicker than killing, the whole jail goes."""
    bomb = """
import os
def fork():
    try: return os.fork() == 0
    except OSError: return False
if fork():
    while True: fork()
while True: pass
"""
    # No control: it would take the machine along.
    _, late, after = box.session(SET_UP, bomb, FILE, wall_seconds=0.5, processes=32)
    assert late["outcome"] == "timeout"
    assert late["seconds"] < 6
    assert after["stdout"] == "kept\n"


@pytest.mark.row("A18")
def test_caller_who_leaves_interrupts_the_call_and_keeps_the_session(box: Box) -> None:
    """Nobody waits for the answer, and the next call must not wait for nobody's. What cannot be interrupted is ended, and that is said."""
    catches = "while True:\n    try:\n        print('begun')\n        while True: n += 1\n    except BaseException: continue"
    program = f"""
async def leave(sandbox, name, code):
    session = await sandbox.sessions.open(Key(name))
    await session.run("n = 41; open('kept.txt', 'w').write('kept')")
    begun = asyncio.Event()
    call = asyncio.create_task(session.run(code, on_output=lambda *_: begun.set()))
    await begun.wait()
    call.cancel()
    started = time.monotonic()
    after = await session.run("print(globals().get('n'), open('kept.txt').read())")
    return [after.stdout, after.session['state'], after.session['notice'], time.monotonic() - started]
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        loops = {{'sleeps': "import time; print('begun'); time.sleep(60)", 'catches': {catches!r}}}
        print(json.dumps(await asyncio.gather(*(leave(sandbox, *each) for each in loops.items()))))
asyncio.run(main())
"""
    sleeps, catches = json.loads(box.host(program)["stdout"])
    assert sleeps[:3] == ["41 kept\n", "kept", ""]
    assert catches[:2] == ["None kept\n", "lost"]
    assert "the caller of the previous call left" in catches[2]
    assert max(sleeps[3], catches[3]) < 4


@pytest.mark.row("A12")
def test_clocks_alarms_and_handlers_of_earlier_calls_move_no_deadline(box: Box) -> None:
    """What a call leaves behind (an alarm, a handler, a patched clock) meets the calls after it, and neither their ends nor the loop's."""
    setting = """
import signal, time
n = 41
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
signal.signal(signal.SIGINT, lambda *_: None)
time.monotonic = time.time = lambda: 0.0
"""
    assert box.kernel(setting, "while True: pass", ASK, seconds=0.5)[2]["outcome"] == "error"
    answers = box.session(
        setting, "while True: pass", "signal.setitimer(signal.ITIMER_REAL, 0)", ASK, wall_seconds=0.5
    )
    assert [answer["outcome"] for answer in answers[1:]] == ["timeout", "ok", "ok"]
    assert (answers[1]["seconds"] < 2, answers[3]["stdout"]) == (True, "42\n")


@pytest.mark.row("A11")
def test_interpreter_that_was_stopped_between_calls_holds_up_no_caller(box: Box) -> None:
    """The next call may be longer than what its socket holds: to wait until it is read would be to wait for ever."""
    stop = "import os, signal, threading, time\nthreading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSTOP)).start()"
    program = f"""
def is_stopped():
    states = [folder / 'stat' for folder in Path('/proc').glob('[0-9]*')]
    for path in states:
        try:
            if path.read_text().rpartition(')')[2].split()[0] == 'T': return True
        except OSError: pass
    return False
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        session = await sandbox.sessions.open(Key('a'))
        await session.run({stop!r})
        while not is_stopped(): await asyncio.sleep(0.01)
        long = await session.run('#' * 8_000_000, wall_seconds=0.5)
        print(long.outcome, long.session['state'], long.duration_ms < 4000, (await session.run('6 * 7')).result)
asyncio.run(main())
"""
    assert box.host(LOOK + program)["stdout"] == "timeout lost True 42\n"
