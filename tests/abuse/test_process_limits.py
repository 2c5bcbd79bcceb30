"""Promise 4: processes, threads, descriptors and the kernel's counted objects are bounded, for each jail by itself."""

import pytest

from tests.abuse.box import Box

HOLD = """
import os, signal, time
children = []
try:
    for i in range(COUNT):
        pid = os.fork()
        if pid == 0:
            time.sleep(20)
            os._exit(0)
        children.append(pid)
except BlockingIOError: pass
print(len(children), flush=True)
"""
LET_GO = "for pid in children: os.kill(pid, signal.SIGKILL)\n"


@pytest.mark.row("C3")
def test_jails_do_not_share_the_process_limit(box: Box) -> None:
    """RLIMIT_NPROC counts all of a user's processes, their desktop too; a jail's are counted in its own user namespace.

    The control shows that for an ordinary user; root's is not counted at all.
    """
    naive = f"""
import resource, subprocess, sys
others = [subprocess.Popen(['sleep', '20']) for _ in range(50)]
resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))
COUNT = 50
{HOLD}{LET_GO}for other in others: other.kill()
"""
    assert (int(box.outside(naive)["stdout"]) == 50) == (box.who == "root")
    program = f"""
import resource
others = [subprocess.Popen(['sleep', '20']) for _ in range(300)]
async def main():
    policy = Policy(wall_seconds=20.0, memory_bytes=256 << 20, processes=64)
    async with Sandbox(policy, spares=0) as sandbox:
        code = 'COUNT = 50\\n' + {HOLD!r} + 'time.sleep(1)\\n' + {LET_GO!r}
        results = await asyncio.gather(*[sandbox.run(code) for _ in range(3)])
        print([result.stdout for result in results])
asyncio.run(main())
for other in others: other.kill()
"""
    assert box.host(program)["stdout"] == "['50\\n', '50\\n', '50\\n']\n".replace("\n'", "\\n'")


@pytest.mark.row("C4")
def test_thread_bomb_meets_the_process_limit(box: Box) -> None:
    """A thread is a process to the kernel; Python says which limit it was. Threads of the init, which changes modes, are not the code's."""
    code = """
import tempfile, threading
tempfile.NamedTemporaryFile().close()
stop, started = threading.Event(), 0
try:
    for i in range(300):
        threading.Thread(target=stop.wait, daemon=True).start()
        started += 1
except RuntimeError as e: print(e)
stop.set()
print(started)
"""
    assert box.outside(code)["stdout"] == "300\n"
    result = box.inside(code, processes=64)
    assert result["stdout"] == "can't start new thread\n63\n"
    assert (result["outcome"], result["left"]) == ("ok", [])


@pytest.mark.row("C5")
def test_zombies_are_buried(box: Box) -> None:
    """A child that nobody waits for holds a process for ever; orphans are the init's to bury, and the rest ends with the jail."""
    code = """
import os, time
def zombies():
    count = 0
    for name in os.listdir('/proc'):
        try: count += name.isdigit() and open(f'/proc/{name}/stat').read().rpartition(')')[2].split()[0] == 'Z'
        except OSError: continue  # buried meanwhile
    return count
for i in range(30):
    if os.fork() == 0: os._exit(0)
while zombies() < 30: time.sleep(0.01)
print(zombies())
for i in range(ORPHANS):
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.waitpid(pid, 0)
deadline = time.monotonic() + 5
while zombies() > 30 and time.monotonic() < deadline: time.sleep(0.01)
print(zombies())
"""
    assert box.outside("ORPHANS = 0" + code)["stdout"].split()[0] == "30"
    program = f"""
before = sorted(os.listdir('/proc'))
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        print((await sandbox.run('ORPHANS = 300' + {code!r})).stdout)
asyncio.run(main())
print(sorted(os.listdir('/proc')) == before)
"""
    assert box.host(program)["stdout"].split() == ["30", "30", "True"]


@pytest.mark.row("C5")
def test_orphans_are_buried_when_they_end(box: Box) -> None:
    """A dead orphan counts as a process: a burst of daemons that end must not use up the limit of the living.

    The init looks at the memory every 20 ms; waiting for that look would take 10 ms in the middle. There is no control: who buries
    orphans outside is the machine's affair.
    """
    code = """
import os, statistics, time
init = os.getppid()
def seconds_to_burial():
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            while os.getppid() != init: pass
            os.write(writer, str(os.getpid()).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    pid = os.read(reader, 10).decode()
    os.read(reader, 1)
    os.close(reader)
    ended = time.monotonic()
    while os.path.exists(f'/proc/{pid}'): pass
    return time.monotonic() - ended
print(statistics.median(seconds_to_burial() for i in range(41)))
"""
    result = box.inside(code)
    assert float(result["stdout"]) < 0.006


@pytest.mark.row("C7")
def test_open_files_meet_their_limit(box: Box) -> None:
    """The code's descriptors are the code's: the host's own are not touched."""
    code = """
files = []
try:
    for i in range(900): files.append(open('/dev/null'))
except OSError as e: print(e.errno)
print(len(files))
"""
    assert box.outside(code)["stdout"] == "900\n"
    result = box.inside(code, then="print('next')")
    assert result["stdout"] == "24\n253\n"
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("C8")
def test_file_watches_of_the_user_are_not_used_up(box: Box) -> None:
    """inotify instances and watches are counted for each user of the machine: an editor would stop to notice files.

    As root the code has a uid of its own; as an ordinary user only a limit of the jail's namespace leaves the user the rest.
    """
    take = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def take(count):
    taken = []
    while len(taken) < count and (fd := libc.inotify_init1(os.O_CLOEXEC)) >= 0: taken.append(fd)
    return taken
"""
    # Outside, a process that takes all it can leaves nothing to its user's next one.
    control = take + "taken = take(900)\nprint(len(taken) < 900, take(1))"
    assert box.outside(control)["stdout"] == "True []\n"
    code = f"""{take}
import time
watching = libc.inotify_init1(0)
print(watching >= 0, libc.inotify_add_watch(watching, b'/tmp', 2) > 0)
for i in range(4):
    if os.fork() == 0: break
print(len(take(100)), flush=True)
time.sleep(1.5)
"""
    program = f"""{take}
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        runs = [asyncio.create_task(sandbox.run({code!r})) for _ in range(3)]
        await asyncio.sleep(1)
        print(len(take(60)))
        print([sorted(run.stdout.split()) for run in await asyncio.gather(*runs)])
asyncio.run(main())
"""
    each = ["0"] * 5 + ["False"] * 2 if box.is_landlock else ["0", "0", "0", "0", "1", "True", "True"]
    assert box.host(program)["stdout"] == f"60\n{[each] * 3}\n"


@pytest.mark.row("C9")
@pytest.mark.parametrize("kind", ["timers", "queued signals"])
def test_signals_waiting_meet_their_limit(box: Box, kind: str) -> None:
    """Timers and queued signals are kernel memory that no process limit counts."""
    code = """
import ctypes, errno, os, signal, struct
libc = ctypes.CDLL(None, use_errno=True)
timer_create, sigqueue = {'x86_64': (222, 129), 'aarch64': (107, 138)}[os.uname().machine]
signal.pthread_sigmask(signal.SIG_BLOCK, [40])
def timer():
    return libc.syscall(timer_create, 1, None, ctypes.byref(ctypes.c_int()))
def queued():
    return libc.syscall(sigqueue, os.getpid(), 40, struct.pack('iii', 40, 0, -1).ljust(128, b'\\0'))
count = 0
while count < 2000 and KIND() == 0: count += 1
print(count, errno.errorcode.get(ctypes.get_errno()))
""".replace("KIND", {"timers": "timer", "queued signals": "queued"}[kind])
    assert box.outside(code)["stdout"].split()[0] == "2000"
    count, error = box.inside(code)["stdout"].split()
    assert int(count) <= 256
    assert error == "EAGAIN"


@pytest.mark.row("B16")
def test_threads_of_a_process_share_its_descriptors(box: Box) -> None:
    """/proc shows what a process has open under its first thread: a table of another thread's own would be in no count."""
    code = """
import ctypes, threading
libc = ctypes.CDLL(None, use_errno=True)
def unshare(): print(libc.close_range(1000, 1000, 2), ctypes.get_errno())
thread = threading.Thread(target=unshare)
thread.start()
thread.join()
"""
    assert "0 0\n" in box.outside(code)["stdout"]
    assert box.inside(code, with_facts=False)["stdout"] == "-1 22\n"
