"""The launcher, which every jail is a fork of: it holds nothing, dies alone, leaves nothing, and its interpreter may lie anywhere."""

import pytest

from tests.abuse.box import LOOK, Box


@pytest.mark.row("I7")
@pytest.mark.row("I8")
def test_launcher_has_one_thread_and_nothing_of_the_host(box: Box) -> None:
    """A fork copies one thread and every lock; a descriptor shut under a loaded native library crashes it later: so none is there."""
    program = """
import threading
threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
print(len(os.listdir('/proc/self/task')), len(os.listdir('/proc/self/fd')) > 8)
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        await sandbox.run('pass')
        folder = launcher()
        print('Threads:\\t1\\n' in (folder / 'status').read_text())
        for look in (lambda: len(os.listdir(folder / 'fd')), lambda: b'the-host-keeps-this' in (folder / 'environ').read_bytes()):
            try: print(look())
            except PermissionError: print('hidden')
asyncio.run(main())
sys.stdout.flush()
os._exit(0)
"""
    outside, *facts = box.host(LOOK + program)["stdout"].splitlines()
    assert outside == "2 True"
    if box.who == "root":
        assert facts[0] == "True"
        assert (
            int(facts[1]) <= 8
        )  # the standard streams, the channels to us and to a zygote, the handle of a jail, the locks on its cgroups
        assert facts[2] == "False"
    else:  # not even its own user may look into it
        assert facts == ["True", "hidden", "hidden"]


@pytest.mark.row("I10")
def test_death_of_the_launcher_is_repaired(box: Box) -> None:
    """The out-of-memory killer, or somebody's mistake: the run that it hits ends, the next one has a new launcher, no cgroup is left."""
    program = """
import glob
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        begun = asyncio.Event()
        running = asyncio.create_task(sandbox.run("import time; print('begun'); time.sleep(5)", on_output=lambda *_: begun.set()))
        await begun.wait()
        first, name = launcher(), sandbox._launcher._name
        groups = glob.glob(f'/sys/fs/cgroup/memory/**/{name}-*', recursive=True)
        os.kill(int(first.name), signal.SIGKILL)
        for attempt in range(3):
            try: result = await sandbox.run('print(2)')
            except Exception as e: print(type(e).__name__)
            else:
                print(result.stdout, end='')
                break
        print(launcher() != first)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    print([group for group in groups if os.path.exists(group)])
asyncio.run(main())
"""
    assert box.host(LOOK + program)["stdout"] in ("2\nTrue\n[]\n", "SandboxUnavailable\n2\nTrue\n[]\n")


@pytest.mark.row("I14")
def test_interpreter_in_a_home_folder_imports_late_and_shows_only_itself(box: Box) -> None:
    """pyenv, uv, conda and pipx install there. What a program imports after lock-in must be there, and nothing else of that home."""
    code = """
import os, subprocess, sys
home = HOST['home']
before = 'decimal' in sys.modules
import concurrent.futures, ctypes, decimal, multiprocessing, sqlite3, ssl, xml.etree.ElementTree, zoneinfo
print(before, sys.prefix, decimal.__file__.startswith(sys.prefix), sqlite3.connect(':memory:').execute('select 6 * 7').fetchone())
print(os.path.exists(home + '/.ssh/id_ed25519'), sorted(os.listdir(home)), os.listdir(home + '/.local/share'))
child = "import _decimal; print(_decimal.__file__.startswith('/mnt/home'))"
print(subprocess.run([sys.executable, '-c', child], capture_output=True, text=True).stdout)
"""
    prefix = "/mnt/home/.local/share/python"
    shown = f"False {prefix} True (42,)\n{{}} ['python']\nTrue\n\n"
    assert box.outside(code, with_home=True)["stdout"] == shown.format("True ['.local', '.ssh']")
    result = box.inside(code, with_home=True)
    if box.is_landlock:
        assert result["stdout"] == shown.partition("\n")[0] + "\n"
        assert result["stderr"].endswith("PermissionError: [Errno 13] Permission denied: '/mnt/home'\n")
        return
    assert (result["stdout"], result["stderr"]) == (shown.format("False ['.local']"), "")


DAEMONS = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
print('begun', flush=True)
time.sleep(60)
"""
HOST_PROGRAM = f"""
import asyncio
from plugcli.sandbox import Policy, Sandbox
def show(stream, data): print(data.decode(), end='', flush=True)
async def main():
    async with Sandbox(Policy(wall_seconds=60.0), spares=2) as sandbox:
        await asyncio.gather(*[sandbox.run({DAEMONS!r}, on_output=show) for _ in range(2)])
asyncio.run(main())
"""
CARELESS_HOST = """
import subprocess, sys
for child in [subprocess.Popen([sys.executable, '-c', sys.argv[1]]) for _ in range(2)]: child.wait()
"""


@pytest.mark.row("I20")
def test_nothing_is_left_when_the_host_is_killed(box: Box) -> None:
    """SIGKILL gives a server no chance to clean up: what it started must notice by itself."""
    program = f"""
def kill(*command):
    before = everybody()
    with subprocess.Popen([sys.executable, '-c', *command], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.readline()
        during = len(everybody() - before)
        process.kill()
        process.wait()
        until = time.monotonic() + 5
        while len(left := everybody() - before) > (6 if 'control' in command else 0) and time.monotonic() < until: time.sleep(0.02)
        process.stdout.close()
    for pid in left: os.kill(int(pid), 9)
    return during > 6, len(left)
mounts, here = open('/proc/self/mounts').read(), os.listdir('.')
os.environ['TMPDIR'] = os.getcwd()
print(kill({HOST_PROGRAM!r}), open('/proc/self/mounts').read() == mounts, os.listdir('.') == here)
print(kill({CARELESS_HOST!r}, {DAEMONS!r}, 'control'))
"""
    assert box.host(LOOK + program)["stdout"] == "(True, 0) True True\n(True, 6)\n"


@pytest.mark.row("I10")
def test_launcher_outlives_runs_that_ran_out_of_memory(box: Box) -> None:
    """What the kernel still holds for them is emptied beside it, while it ends and starts other jails."""
    program = """
FILL = 'held = []\\nwhile True: held.append(bytearray(1 << 20))'
async def main():
    outcomes = set()
    async with Sandbox(Policy(wall_seconds=20.0, memory_bytes=64 << 20), spares=2) as sandbox:
        await sandbox.run('pass')
        first = launcher()
        for _ in range(6):
            results = await asyncio.gather(*(sandbox.run(code) for code in (FILL, 'pass', FILL, 'pass', 'pass')))
            outcomes.update(result.outcome for result in results)
        print(sorted(outcomes), launcher() == first)
asyncio.run(main())
"""
    assert box.host(LOOK + program)["stdout"] == "['ok', 'out_of_memory'] True\n"
