"""The files of a jail that has a folder on the machine's disk: within the limits of its workspace and its other folders."""

import json
from typing import Any

import pytest

from tests.abuse.box import Box
from tests.abuse.conftest import box_of
from tests.abuse.small_init import SMALL_INIT

MIB = 1 << 20
WORKSPACE, SCRATCH, FILES = 64 * MIB, 32 * MIB, 3000
PROGRAM = r"""
import json, resource, tempfile
from plugcli.sandbox.jail.quota import Full, Quota
from plugcli.sandbox.jail.stopwatch import Stopwatch
PLACE = {place!r}
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
folder = tempfile.mkdtemp(prefix='quota-', dir=PLACE)
def used(): return int(os.popen(f'du -s --block-size=1 {{folder}} 2>&1').read().split()[-2])
try:
    for name in ('data', 'tmp', 'home', 'shm'): os.mkdir(f'{{folder}}/{{name}}')
    init = Init()
    quota = Quota(folder, init.census, workspace_bytes={workspace}, scratch_bytes={scratch}, files={files}, most_bytes=1 << 30)
    init.hold = quota.mapped.hold
    stopwatch = Stopwatch(init.census, 2, time.monotonic())
    os.chdir(f'{{folder}}/data')
    pid = init.start({attack!r})
    full, memory, looks, end = None, 0, 0, time.monotonic() + 40
    before = len(os.listdir('/proc/self/fd'))
    while os.path.exists(f'/proc/{{pid}}') and time.monotonic() < end and not full:
        try: seconds = quota.look(stopwatch.look(init.census.numbers()))
        except Full as error: full = [error.what, error.most]
        else: init.serve(seconds)
        looks += 1
        memory = max(memory, 0 if full else quota.memory_bytes(is_still=False))
    init.census.kill_all()
    init.wait_for_all(5.0)
    kept = len(os.listdir('/proc/self/fd')) - before
    late = time.monotonic() > end
    print(json.dumps({{'full': full, 'named': used(), 'kept': kept, 'memory': memory, 'late': late, 'looks': looks}}))
finally:
    os.system(f'chmod -R u+rwx {{folder}}; rm -rf {{folder}}')
"""


@pytest.fixture(params=["root", "user"])
def whoever(request: pytest.FixtureRequest) -> Box:
    """Each kind of user: the small init is the same at every level."""
    return box_of(request.param)


def kept(
    whoever: Box, attack: str, *, place: str = "/var/tmp", workspace: int = WORKSPACE, scratch: int = SCRATCH
) -> Any:
    """Return how it ended with code in a folder of `place`, whose files a small init limits."""
    program = PROGRAM.format(
        place=place, workspace=workspace, scratch=scratch, files=FILES, attack=BEGINNING + attack
    )
    return json.loads(whoever.host(SMALL_INIT + program, seconds=60.0)["stdout"])


BEGINNING = r"""
import ctypes, mmap, os, threading, time
PIECE = bytes(1 << 20)
def fill(fd, mib):
    for i in range(mib): os.write(fd, PIECE)
def new(path): return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
def mapped(fd, size, flags=1, prot=3): return libc.mmap(None, ctypes.c_size_t(size), prot, flags, fd, ctypes.c_long(0))
"""
FASTEST = """
fd = new('big')
fill(fd, 900)
time.sleep(60)
"""
MANY = """
for i in range(200):
    fd = new(f'../{("tmp", "home", "shm")[i % 3]}/{i}')
    fill(fd, 1)
    os.close(fd)
time.sleep(60)
"""
EMPTY = """
for i in range(100_000): os.close(new(f'{i}' + 'n' * 200))
time.sleep(60)
"""
UNLINKED = """
fds = []
for i in range(30):
    fds.append(new('x'))
    os.unlink('x')
    fill(fds[-1], 5)
time.sleep(60)
"""
IN_MAPPINGS = """
for i in range(30):
    fd = new('x')
    fill(fd, 5)
    mapped(fd, 4096)
    os.unlink('x')
    os.close(fd)
time.sleep(60)
"""
IN_PRIVATE_MAPPINGS = IN_MAPPINGS.replace("mapped(fd, 4096)", "mapped(fd, 4096, 2, 1)")
THROUGH_MAPPINGS = """
for i in range(15):
    fd = new('x')
    os.ftruncate(fd, 10 << 20)
    start = mapped(fd, 10 << 20)
    os.unlink('x')
    os.close(fd)
    for at in range(start, start + (10 << 20), 4096): ctypes.memset(at, 1, 1)
    libc.munmap(ctypes.c_void_p(start + 4096), ctypes.c_size_t((10 << 20) - 4096))
time.sleep(60)
"""
IN_PROGRAMS = """
import shutil
for i in range(30):
    shutil.copy('/bin/sleep', 'x')
    fd = os.open('x', os.O_WRONLY | os.O_APPEND)
    fill(fd, 5)
    os.close(fd)
    reader, writer = os.pipe()
    if os.fork() == 0: os.execv('x', ['sleep', '60'])
    os.close(writer)
    os.read(reader, 1)    # until it runs
    os.close(reader)
    os.unlink('x')
time.sleep(60)
"""
RENAMED = """
names = [f'd{i}' for i in range(20)]
for name in names: os.mkdir(name)
def dance(k):
    fd = new(f'd0/{k}')
    os.write(fd, PIECE * 5)
    at = 0
    while True:
        os.rename(f'd{at}/{k}', f'd{(at + 7) % 20}/{k}')
        at = (at + 7) % 20
for k in range(20):
    if os.fork() == 0: dance(k)
time.sleep(60)
"""
UNREADABLE = """
os.mkdir('d')
for i in range(30):
    fd = new(f'd/{i}')
    os.chmod('d', 0)
    fill(fd, 5)
    os.chmod('d', 0o700)
    os.close(fd)
os.chmod('d', 0)
time.sleep(60)
"""
DEEP = """
for i in range(1000):
    os.mkdir('n' * 200)
    os.chdir('n' * 200)
fd = new('x')
fill(fd, 100)
os.close(fd)
time.sleep(60)
"""
ATTACKS = {
    "fastest": (FASTEST, ["workspace", WORKSPACE]),
    "many": (MANY, ["scratch", SCRATCH]),
    "empty": (EMPTY, ["files", FILES]),
    "unlinked": (UNLINKED, ["workspace", WORKSPACE]),
    "in-mappings": (IN_MAPPINGS, ["workspace", WORKSPACE]),
    "in-private-mappings": (IN_PRIVATE_MAPPINGS, ["workspace", WORKSPACE]),
    "through-mappings": (THROUGH_MAPPINGS, ["workspace", WORKSPACE]),
    "in-programs": (IN_PROGRAMS, ["workspace", WORKSPACE]),
    "renamed": (RENAMED, ["workspace", WORKSPACE]),
    "unreadable": (UNREADABLE, ["workspace", WORKSPACE]),
    "deep": (DEEP, ["workspace", WORKSPACE]),
}
_OVERSHOOT = 128 * MIB


@pytest.mark.parametrize("attack", ATTACKS)
def test_files_stay_within_their_limit(whoever: Box, attack: str) -> None:
    """Whatever keeps them: names, descriptors, mappings, programs; and wherever they are when we look."""
    code, full = ATTACKS[attack]
    result = kept(whoever, code)
    assert result["full"] == full, result
    assert result["named"] < WORKSPACE + _OVERSHOOT, result


HONEST = """
import sqlite3
for i in range(10):
    fd = new('x')
    fill(fd, 40)
    os.unlink('x')
    os.close(fd)
for i in range(300):
    fd = new(f'../shm/{i}')       # as sem_open(3)
    os.write(fd, bytes(32))
    start = mapped(fd, 4096)
    os.unlink(f'../shm/{i}')
    os.close(fd)
    if i % 2: libc.munmap(ctypes.c_void_p(start), ctypes.c_size_t(4096))
fd = new('y')
fill(fd, 40)
for i in range(50): os.link('y', f'y{i}')
os.mkdir('closed', 0o500)
os.chmod('closed', 0)
base = sqlite3.connect('base')
base.execute('create table t (x)')
for i in range(1000): base.execute('insert into t values (?)', ('x' * 1000,))
base.commit()
end = time.process_time() + 2.5
while time.process_time() < end: pass
assert oct(os.stat('closed').st_mode & 0o777) == '0o0'
"""


@pytest.mark.parametrize("place", ["/var/tmp", "/mnt/tmp"], ids=["disk", "tmpfs"])
def test_honest_files_come_and_go(whoever: Box, place: str) -> None:
    """What is deleted is room again; a file with many names counts once; locks without a name or a descriptor are small."""
    result = kept(whoever, HONEST, place=place)
    assert (result["full"], result["late"]) == (None, False), result
    assert result["kept"] < 300
    if place == "/mnt/tmp":
        assert 40 * MIB < result["memory"] < 50 * MIB
    else:
        assert result["memory"] == 0


def test_files_in_memory_are_counted_as_memory(whoever: Box) -> None:
    """On a tmpfs, the limit on files and the limit on memory both hold."""
    code = "fd = new('x')\nfill(fd, 30)\nos.unlink('x')\nfd = new('y')\nfill(fd, 20)\ntime.sleep(1)"
    result = kept(whoever, code, place="/mnt/tmp")
    assert result["full"] is None
    assert result["memory"] >= 50 * MIB


def test_jail_at_the_landlock_level_ends_when_its_workspace_is_full(whoever: Box) -> None:
    """As `exec` tells it: which limit it was, and with what is left of the machine unharmed."""
    box = box_of(whoever.who, "landlock")
    code = "import os\nfd = os.open('big', os.O_RDWR | os.O_CREAT)\nwhile True: os.write(fd, bytes(1 << 20))"
    result = box.inside(code, workspace_bytes=WORKSPACE, then="print('next')")
    reason = "out of space: the files of the code in the workspace took more than 64 MiB"
    assert (result["outcome"], result["reason"]) == ("out_of_memory", reason)
    assert result["then"]["stdout"] == "next\n"
    assert result["left"] == []
