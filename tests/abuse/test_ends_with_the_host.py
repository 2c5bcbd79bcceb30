"""Promise 3: whatever ends plugcli, its jails end with it; and ending one never hits a stranger."""

import pytest

from tests.abuse.box import Box

# A plugcli of its own, killed while a daemon of the code's spins inside. Prints which processes it left.
VICTIM = """
import asyncio
from plugcli.sandbox import Policy, Sandbox
CODE = '''
import os, signal, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
if os.fork() == 0: os.setsid()
print('begun', flush=True)
time.sleep(25)
'''
async def main():
    async with Sandbox(Policy(memory_bytes=256 << 20), spares=1) as sandbox:
        await sandbox.run(CODE, on_output=lambda name, data: print('begun', flush=True))
asyncio.run(main())
"""
KILL = """
import os, signal, subprocess, sys, time
def processes():
    found = {}
    for name in os.listdir('/proc'):
        try:
            fields = open(f'/proc/{name}/stat').read().rpartition(')')[2].split()
        except OSError: continue
        if name.isdigit() and fields[0] != 'Z': found[int(name)] = int(fields[1])
    return found
before = set(processes())
def left(): return set(processes()) - before
with subprocess.Popen([sys.executable, '-c', VICTIM], stdout=subprocess.PIPE) as victim:
    victim.stdout.readline()
    launcher = [pid for pid, parent in processes().items() if parent == victim.pid]
    begun = len(left())
    os.kill({who}, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while len(left()) > {least} and time.monotonic() < deadline: time.sleep(0.01)
    print(begun, len(left()))
    for pid in left(): os.kill(pid, signal.SIGKILL)
"""


@pytest.mark.row("C15")
def test_killed_plugcli_leaves_nothing(box: Box) -> None:
    """SIGKILL runs no clean-up: the launcher and each init see their channels close."""
    naive = """
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(25)'])
print('begun', flush=True)
child.wait()
"""
    kill = KILL.replace("{who}", "victim.pid").replace("{least}", "0")
    control = box.outside(f"VICTIM = {naive!r}\n{kill.replace('+ 5', '+ 1')}")["stdout"].split()
    assert control == ["2", "1"]
    begun, left = box.outside(f"VICTIM = {VICTIM!r}\n{kill}")["stdout"].split()
    assert int(begun) >= 5
    assert left == "0"


@pytest.mark.row("C15")
def test_killed_launcher_leaves_nothing(box: Box) -> None:
    """The process that would bury the jails is gone, and plugcli lives on: what ran is still bounded, and ends as ever."""
    program = """
CODE = "import os, time\\nif os.fork() == 0: os.setsid(), time.sleep(25)\\nprint('begun', flush=True)\\ntime.sleep(SECONDS)"
def children():
    with open(f'/proc/self/task/{os.getpid()}/children') as file: return [int(pid) for pid in file.read().split()]
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        for seconds in ('0.5', '25'):
            begun = asyncio.Event()
            code = CODE.replace('SECONDS', seconds)
            run = asyncio.create_task(sandbox.run(code, wall_seconds=1.0, on_output=lambda name, data: begun.set()))
            await begun.wait()
            os.kill(children()[-1], 9)  # the one before it is its dead predecessor
            print((await run).outcome)
        print((await sandbox.run('print("next")')).stdout)
asyncio.run(main())
"""
    result = box.host(program)
    assert result["stdout"].split() == ["ok", "timeout", "next"]
    assert result["left"] == []


@pytest.mark.row("C16")
def test_jail_survives_the_thread_that_made_it(box: Box) -> None:
    """PR_SET_PDEATHSIG fires when the *thread* that forked ends: so nothing here relies on it."""
    naive = """
import ctypes, signal, subprocess, sys, threading
def start():
    global child
    ask = "import ctypes, time; ctypes.CDLL(None).prctl(1, 9); print('x', flush=True); time.sleep(1)"
    child = subprocess.Popen([sys.executable, '-c', ask], stdout=subprocess.PIPE)
    child.stdout.readline()
thread = threading.Thread(target=start)
thread.start()
thread.join()
print(child.wait())
"""
    assert box.outside(naive)["stdout"] == "-9\n"
    program = """
import threading
loop = asyncio.new_event_loop()
sandbox = Sandbox(SMALL, spares=1)
thread = threading.Thread(target=lambda: loop.run_until_complete(sandbox.__aenter__()))
thread.start()
thread.join()
print(loop.run_until_complete(sandbox.run('import time; time.sleep(0.3); print(1)')).stdout)
loop.run_until_complete(sandbox.__aexit__(None, None, None))
loop.close()
"""
    assert box.host(program)["stdout"].split() == ["1"]


RECYCLE = """
import ctypes, os, sys, signal
def recycle(pid):
    '''Start a process with the pid of one that has ended, in a pid namespace whose counter is ours to set.'''
    with open('/proc/sys/kernel/ns_last_pid', 'w') as file: file.write(str(pid - 1))
    child = os.fork()
    if child == 0:
        os.closerange(3, 1024)  # it is nobody's: not our channels' either
        signal.pause()
        os._exit(0)
    assert child == pid, (child, pid)
    return child
def lives(pid):
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended: os.kill(pid, 9)
    return not ended
"""
# An ordinary user may set that counter only in a pid namespace of a user namespace of their own.
IN_A_NAMESPACE = """
import subprocess, sys
own = [] if OF_ROOT else ['--user', '--map-current-user', '--keep-caps']
done = subprocess.run(['unshare', *own, '--pid', '--mount', '--mount-proc', '--fork', '--kill-child', sys.executable, '-c', PROGRAM])
sys.exit(done.returncode)
"""


@pytest.mark.row("C6")
def test_process_that_got_an_old_pid_is_not_killed(box: Box) -> None:
    """Between a jail's end and its clean-up the kernel may give its pid to anybody: only a pidfd still means the jail."""
    naive = f"""{RECYCLE}
child = os.fork()
if child == 0: os._exit(0)
os.waitpid(child, 0)
stranger = recycle(child)
os.kill(child, 9)
os.waitpid(stranger, 0)
print('stranger killed')
"""
    program = f"""{RECYCLE}
import asyncio, time
from plugcli.sandbox import Policy, Sandbox
def inits():
    found = []
    for name in os.listdir('/proc'):
        try: status = open(f'/proc/{{name}}/status').read()
        except OSError: continue
        line = [line.split() for line in status.splitlines() if line.startswith('NSpid:')][0]
        if len(line) > 2 and line[-1] == '1': found.append(int(line[-2]))
    return found
async def main():
    async with Sandbox(Policy(memory_bytes=256 << 20), spares=1) as sandbox:
        begun = asyncio.Event()
        run = asyncio.create_task(sandbox.run("import time\\nprint(1, flush=True)\\ntime.sleep(25)", on_output=lambda *_: begun.set()))
        await begun.wait()
        while len(inits()) < 1: await asyncio.sleep(0.01)
        strangers = []
        for pid in inits():
            os.kill(pid, 9)
            while os.path.exists(f'/proc/{{pid}}'): time.sleep(0.01)  # our loop stands still: plugcli has not noticed yet
            strangers.append(recycle(pid))
        print((await run).outcome)
    print({{lives(stranger) for stranger in strangers}})
asyncio.run(main())
"""
    of_root = box.who == "root"
    for attempt, expected in ((naive, "stranger killed\n"), (program, "died\n{True}\n")):
        done = box.outside(f"OF_ROOT = {of_root}\nPROGRAM = {attempt!r}\n{IN_A_NAMESPACE}")
        assert (done["stdout"], done["stderr"]) == (expected, "")
