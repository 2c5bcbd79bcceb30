"""No jail uses up what the kernel counts once for a user or for the machine: others, in jails or not, find theirs."""

import re

import pytest

from tests.abuse import scales
from tests.abuse.box import Box
from tests.abuse.conftest import box_of
from tests.abuse.kernel_objects import PROLOGUE, ROWS

_MEANWHILE = """
async def meanwhile(sandbox, code, probe):
    # What `probe` says while the attack holds all that it got, and how its run ended.
    begun, told = asyncio.Event(), bytearray()
    def hear(stream, data):
        told.extend(data)
        if b'holds' in told: begun.set()
    run = asyncio.create_task(sandbox.run(code, on_output=hear))
    first = asyncio.create_task(begun.wait())
    await asyncio.wait([run, first], return_when=asyncio.FIRST_COMPLETED)
    first.cancel()
    answer = await probe()
    return answer, await run
"""
_FILES = """
import resource
def number(): return int(open('/proc/sys/fs/file-nr').read().split()[0])
before, most = number(), 0
"""
_MAPPED_FILES = ROWS["files-in-mappings"].attack
_MORE_MAPPED_FILES = re.sub(r"crowd\(\d+", "crowd(16", _MAPPED_FILES)


@pytest.fixture
def user_box() -> Box:
    """For what is counted by user: as root each jail has a uid of its own."""
    return box_of("user")


@pytest.mark.row("B16")
def test_open_files_of_one_jail_leave_the_machine_most(box: Box) -> None:
    """fs.file-max is one number for the machine, and nobody can open a file when it is used up: mappings keep files without descriptors."""
    attack = PROLOGUE + _MORE_MAPPED_FILES
    control = f"""{_FILES}
attack = subprocess.Popen([sys.executable, '-c', {PROLOGUE + _MAPPED_FILES!r}], stdout=subprocess.DEVNULL)
while attack.poll() is None:
    most = max(most, number() - before)
    time.sleep(0.05)
print(most > 150_000)
"""
    assert box.host(control)["stdout"] == "True\n"
    program = f"""{_FILES}
async def watch():
    global most
    while True:
        most = max(most, number() - before)
        await asyncio.sleep(0.02)
async def main():
    async with Sandbox(Policy(wall_seconds=15.0), spares=0) as sandbox:
        watching = asyncio.create_task(watch())
        await sandbox.run({attack!r})
        watching.cancel()
    print(most < int(open('/proc/sys/fs/file-max').read()) // 8)
asyncio.run(main())
"""
    assert box.host(program)["stdout"] == "True\n"


@pytest.mark.row("B16")
def test_descriptors_on_their_way_in_one_jail_keep_nobody_from_sending_some(user_box: Box) -> None:
    """The kernel counts them for the whole user: each new jail sends five, and so do multiprocessing and any desktop."""
    holding = """
import array, os, socket, time
pairs, sent = [], 0
try:
    for i in range(4):
        pairs.append(socket.socketpair())
        pairs[-1][0].sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0] * COUNT))])
        sent += COUNT
except OSError as e: os.write(1, str(e.errno).encode())
os.write(1, b'%d holds' % sent)
time.sleep(2)
"""
    send = """
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
try:
    here, there = socket.socketpair()
    socket.send_fds(here, [b'x'], [0])
    print('sent')
except OSError as e: print(e.errno)
"""
    control = f"""
other = subprocess.Popen([sys.executable, '-c', {holding.replace("COUNT", "200")!r}], stdout=subprocess.PIPE)
other.stdout.read(5)
print(subprocess.run([sys.executable, '-c', {send!r}], capture_output=True, text=True).stdout, end='')
other.kill()
"""
    assert user_box.host(control)["stdout"] == "109\n"  # ETOOMANYREFS
    program = f"""{_MEANWHILE}
async def main():
    async with Sandbox(SMALL, spares=0) as sandbox:
        async def probe():
            others = await asyncio.gather(*[sandbox.run({send!r}) for _ in range(3)])
            outside = await asyncio.to_thread(subprocess.run, [sys.executable, '-c', {send!r}], capture_output=True, text=True)
            return [other.stdout for other in others] + [outside.stdout]
        for count in (4, 250):
            print(*await meanwhile(sandbox, {holding!r}.replace('COUNT', str(count)), probe))
asyncio.run(main())
"""
    said = user_box.host(program)["stdout"].splitlines()
    assert [line.partition(" RunResult")[0] for line in said] == [
        "['sent\\n', 'sent\\n', 'sent\\n', 'sent\\n']"
    ] * 2


@pytest.mark.row("B16")
def test_pipes_of_one_jail_leave_others_working_ones(user_box: Box) -> None:
    """With a user's pages for pipes used up, new pipes are small, and still work: what others write comes through."""
    holding = """
import os, time
kept = []
for i in range(7):
    if os.fork() == 0: break
while True:
    try: kept.append(os.pipe())
    except OSError: break
os.write(1, b' holds')
time.sleep(3)
"""
    through = """
import os, subprocess, sys
done = subprocess.run(['cat'], input=bytes(1 << 20), capture_output=True)
print(len(done.stdout))
"""
    size = "import fcntl, os\nprint(fcntl.fcntl(os.pipe()[1], 1032))"
    control = f"""
other = subprocess.Popen([sys.executable, '-c', {holding.replace("range(7)", "range(3)")!r}], stdout=subprocess.PIPE)
other.stdout.read(24)
print(subprocess.run([sys.executable, '-c', {size!r}], capture_output=True, text=True).stdout, end='')
other.kill()
"""
    assert user_box.host(control)["stdout"] == "8192\n"
    program = f"""{_MEANWHILE}
async def main():
    async with Sandbox(Policy(wall_seconds=15.0), spares=0) as sandbox:
        async def probe():
            others = await asyncio.gather(*[sandbox.run({through!r}) for _ in range(3)])
            return [other.stdout for other in others]
        answer, _ = await meanwhile(sandbox, {holding!r}, probe)
        print(answer)
asyncio.run(main())
"""
    assert user_box.host(program)["stdout"] == "['1048576\\n', '1048576\\n', '1048576\\n']\n"


_GROUPS = """
import glob
def groups():
    return next(int(line.split()[2]) for line in open('/proc/cgroups') if line.startswith('memory'))
found = sorted(glob.glob('/usr/lib/*-linux-gnu/*.so*') + glob.glob('/usr/bin/*'))
files = [path for path in found if 100_000 < os.path.getsize(path) < 2_000_000][:100]
def forget():
    for path in files:
        with open(path, 'rb') as file: os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
def rise(work):
    # Others make and leave groups on this machine meanwhile: the least of some tries.
    rises = []
    for attempt in range(3):
        before = groups()
        work()
        rises.append(groups() - before)
    return rises
"""


@pytest.mark.row("B16")
def test_no_memory_group_stays_behind_in_the_kernel() -> None:
    """A page of a file that a jail was the first to read is charged to its group, which the kernel keeps as long as the page."""
    own = scales.own_group()
    if own is None or not scales.are_there():
        pytest.skip("there are no memory groups here")
    control = f"""{_GROUPS}
def work():
    forget()
    for i in range(10):
        folder = {str(own)!r} + f'/abuse-stays-{{os.getpid()}}-{{i}}'
        os.mkdir(folder)
        subprocess.run(['sh', '-c', f'echo 0 > {{folder}}/cgroup.procs; cat "$@" > /dev/null', 'sh', *files[i::10]])
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try: os.rmdir(folder)
            except OSError: time.sleep(0.01)
            else: break
print(max(rise(work)) >= 8)
forget()
"""
    box = box_of("root")
    assert box.host(control)["stdout"] == "True\n"
    program = f"""{_GROUPS}
async def runs():
    forget()
    async with Sandbox(SMALL, spares=0) as sandbox:
        for i in range(10):
            result = await sandbox.run(f'for path in {{files[i::10]!r}}: open(path, "rb").read()')
            assert result.outcome == 'ok', result
print(min(rise(lambda: asyncio.run(runs()))) <= 2)
"""
    assert box.host(program)["stdout"] == "True\n"
