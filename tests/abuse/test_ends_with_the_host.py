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


# Sessions whose background processes ignore everything, one of them stopped. Ends when its standard input does.
HOLDER = """
import asyncio, sys
from plugcli.sandbox import Key, Policy, Sandbox
CODE = '''
import os, signal, time
def daemon(is_stopped):
    if os.fork(): return
    os.setsid()
    if os.fork(): os._exit(0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
    if is_stopped: os.kill(os.getpid(), signal.SIGSTOP)
    while True: time.sleep(1)
daemon(False), daemon(True)
open('file', 'w').write('x' * 10000)
'''
async def main():
    async with Sandbox(Policy(memory_bytes=256 << 20), spares=1) as sandbox:
        for name in 'ab': print((await (await sandbox.sessions.open(Key(name))).run(CODE)).outcome, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""
KILL_ONE_KIND = """
import os, signal, subprocess, sys, tempfile, time
def processes():
    found = {}
    for name in os.listdir('/proc'):
        try: fields = open(f'/proc/{name}/stat').read().rpartition(')')[2].split()
        except OSError: continue
        if name.isdigit() and fields[0] not in 'ZX': found[int(name)] = int(fields[1])
    return found
def until(condition, seconds=8):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline: time.sleep(0.02)
    return condition()
def groups(pid):
    with open(f'/proc/{pid}/cgroup') as file: paths = [line.rstrip().partition(':')[2].partition(':') for line in file]
    return {f'/sys/fs/cgroup/{kind}/{path}' for kind, _, path in paths if 'plugcli-' in path}
def folders(): return [name for name in os.listdir(tempfile.gettempdir()) if name.startswith('plugcli-')]
before = set(processes())
host = subprocess.Popen([sys.executable, '-c', HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
assert [host.stdout.readline() for _ in 'ab'] == [b'ok\\n'] * 2
def below(*pids): return sorted(pid for pid, parent in tree.items() if parent in pids)
def is_settled():
    global tree, launcher, inits
    tree = processes()
    launcher = [pid for pid in below(host.pid) if b'launcher.main' in open(f'/proc/{pid}/cmdline', 'rb').read()]
    inits = [pid for pid in below(*below(*launcher)) if len(below(pid)) >= 3]
    return len(inits) == 2
until(is_settled)
kinds = {
    'interpreter': [below(pid)[0] for pid in inits], 'init': inits, 'zygote': sorted({tree[pid] for pid in inits}),
    'launcher': launcher, 'host': [host.pid], 'host and launcher': [host.pid, *launcher],
    'host, launcher and init': [host.pid, *launcher, *inits],
    'session of the host': [pid for pid in tree if os.getsid(pid) == os.getsid(host.pid)],
}
code = set(below(*inits))
made = {path for pid in inits for path in groups(pid)}
for pid in kinds[WHO]: os.kill(pid, signal.SIGKILL)
print(len(inits), len(code) >= 6, len(kinds[WHO]) > 0)
if WHO in ('interpreter', 'init'): print('jails ended', until(lambda: not code & set(processes())))
elif WHO in ('zygote', 'launcher'): print('jails live', not until(lambda: not set(inits) <= set(processes()), 1))
host.stdin.close()
host.wait()
until(lambda: not set(processes()) - before and not folders() and not any(map(os.path.exists, made)))
print(set(processes()) - before, folders(), [path for path in made if os.path.exists(path)])
for pid in set(processes()) - before: os.kill(pid, signal.SIGKILL)
"""


@pytest.mark.row("C15")
@pytest.mark.parametrize(
    "who",
    [
        "interpreter",
        "init",
        "zygote",
        "launcher",
        "host",
        "host and launcher",
        "host, launcher and init",
        "session of the host",
    ],
)
def test_whoever_is_killed_nothing_is_left(box: Box, who: str) -> None:
    """Each session has two daemons, one of them stopped. They end with the interpreter, with their init, and with the host."""
    result = box.outside(f"WHO = {who!r}\nHOLDER = {HOLDER!r}\n{KILL_ONE_KIND}", seconds=40)
    assert result["stderr"] == ""
    first, *jails, left = result["stdout"].splitlines()
    assert first == "2 True True"
    assert jails == {
        "interpreter": ["jails ended True"],
        "init": ["jails ended True"],
        "zygote": ["jails live True"],
        "launcher": ["jails live True"],
    }.get(who, [])
    if who == "host, launcher and init" and box == Box("user", box.python, "landlock"):
        assert "} [] " in left  # nobody can tell whose these processes are: SECURITY.md
    elif "host" in who and "launcher" in who:
        assert left.startswith("set() [] ")  # the next start removes the cgroups
    else:
        assert left == "set() [] []"


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
