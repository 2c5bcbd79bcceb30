"""Promise 4, memory: the whole tree within its limit plus a tenth, however it is taken; weighed by the kernel around everything.

Twice for root: with a memory cgroup for each jail, and in the soft form (`measured`), as an ordinary user has it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.abuse import scales
from tests.abuse.box import Box
from tests.abuse.conftest import box_of

MIB = 1 << 20
LIMIT = 1024 * MIB  # the default

EIGHT_CHILDREN = """
import os, time
for i in range(8):
    if os.fork() == 0:
        x = bytearray(300 << 20)
        time.sleep(5)
        os._exit(0)
for i in range(8): os.wait()
"""
SHARED = """
import mmap, time
held = []
for i in range(60):
    m = mmap.mmap(-1, 40 << 20)
    for at in range(0, len(m), 4096): m[at] = 1
    m.madvise(mmap.MADV_DONTNEED)
    held.append(m)
"""
SOCKETPAIRS = """
import os, socket, time
def fill():
    held = []
    try:
        while True:
            a, b = socket.socketpair()
            a.setblocking(False)
            held += [a, b]
            try:
                while True: a.send(bytes(65536))
            except BlockingIOError: pass
    except OSError: pass
    return held
for i in range(20):
    if os.fork() == 0:
        held = fill()
        time.sleep(5)
        os._exit(0)
held = fill()
time.sleep(5)
"""
DATAGRAMS = """
import os, socket, time
def fill():
    held = []
    try:
        while True:
            receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            receiver.bind('')
            held.append(receiver)
            for i in range(12):
                sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                sender.setblocking(False)
                try: sender.sendto(bytes(200_000), receiver.getsockname())
                except BlockingIOError: break
                finally: sender.close()
    except OSError: pass
    return held
for i in range(20):
    if os.fork() == 0:
        held = fill()
        time.sleep(5)
        os._exit(0)
held = fill()
time.sleep(5)
"""
CONNECTIONS = """
import os, socket, time
def fill():
    held = []
    try:
        while True:
            server = socket.create_server(('127.0.0.1', 0), backlog=4096)
            held.append(server)
            for i in range(20):
                client = socket.create_connection(server.getsockname())
                client.setblocking(False)
                try:
                    while True: client.send(bytes(65536))
                except BlockingIOError: pass
                client.close()
    except OSError: pass
    return held
for i in range(4):
    if os.fork() == 0:
        held = fill()
        time.sleep(5)
        os._exit(0)
held = fill()
time.sleep(5)
"""
PIPES = """
import fcntl, os, time
def fill():
    held = []
    try:
        while True:
            r, w = os.pipe()
            os.set_blocking(w, False)
            try: fcntl.fcntl(w, 1031, 1 << 20)
            except OSError: pass
            held += [r, w]
            try:
                while True: os.write(w, bytes(65536))
            except BlockingIOError: pass
    except OSError: pass
    return held
for i in range(50):
    if os.fork() == 0:
        held = fill()
        time.sleep(5)
        os._exit(0)
held = fill()
time.sleep(5)
"""
PAGE_TABLES = """
import ctypes, mmap, os
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
size = 3 << 40
start = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, 0)  # PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
for at in range(start, start + size, 2 << 20): ctypes.string_at(at, 1)
"""
FILES = """
import os
held = []
for folder in ('/tmp', '/dev/shm', '/mnt/data', '/home/sandbox'):
    try:
        held.append(open(folder + '/x', 'wb'))
        os.unlink(folder + '/x')  # what it holds goes with us: the control's, too
        while True: held[-1].write(bytes(1 << 20))
    except OSError as e: print(e.errno)
x = bytearray(600 << 20)
"""
EVERYTHING = f"""
import os, time
for code in ({EIGHT_CHILDREN!r}, {SHARED!r}, {SOCKETPAIRS!r}, {PIPES!r}, {FILES!r}):
    if os.fork() == 0:
        exec(code)
        os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
"""
COPY_ON_WRITE = """
import os, time
shared = bytearray(300 << 20)
for i in range(8):
    if os.fork() == 0:
        for at in range(0, len(shared), 4096): shared[at] = 1
        time.sleep(5)
        os._exit(0)
for i in range(8): os.wait()
"""
# The number that /proc shows first is a zombie's then, without memory: what the other thread takes stands under its own.
FIRST_THREAD_ENDED = """
import ctypes, os, platform, threading, time
def work():
    time.sleep(0.3)
    held = [bytearray(b'1') * (100 << 20) for _ in range(14)]
    time.sleep(5)
    os._exit(0)
threading.Thread(target=work).start()
ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[platform.machine()], 0)
"""
# Attack and the row that it is of. The kernel's memory for sockets and pipes is bounded by their number too: those may end otherwise.
POPULATED = """
import ctypes, mmap, os, threading, time
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
def map_and_unmap():
    while True: mmap.mmap(-1, 4096).close()
def fill():
    size = 900 << 20
    private_anonymous, populate = 0x22, 0x8000
    threading.Thread(target=map_and_unmap, daemon=True).start()
    at = libc.mmap(None, ctypes.c_size_t(size), 3, private_anonymous, -1, 0)
    while not os.path.exists('go'): pass
    libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(size), 23)
    libc.mmap(None, ctypes.c_size_t(size), 3, private_anonymous | populate, -1, 0)
    time.sleep(5)
    os._exit(0)
for i in range(3):
    if os.fork() == 0: fill()
time.sleep(0.5)
open('go', 'w').close()
time.sleep(5)
"""
ATTACKS = {
    "eight-children": ("B2", EIGHT_CHILDREN),
    "shared-mappings": ("B3", SHARED),
    "socketpairs": ("B8", SOCKETPAIRS),
    "datagrams": ("B8", DATAGRAMS),
    "connections": ("B8", CONNECTIONS),
    "pipes": ("B8", PIPES),
    "page-tables": ("B16", PAGE_TABLES),
    "files": ("B9", FILES),
    "copy-on-write": ("B18", COPY_ON_WRITE),
    "everything": ("B2", EVERYTHING),
    "first-thread-ended": ("B2", FIRST_THREAD_ENDED),
    "populated": ("B2", POPULATED),
}
BOUNDED_OTHERWISE = ("populated", "socketpairs", "datagrams", "connections", "pipes")


@pytest.fixture(params=["root-cgroup", "root-measured", "user-measured"])
def weigher(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """What runs and weighs code as root with a memory cgroup for each jail, as root without, and as an ordinary user."""
    if not scales.are_there():
        pytest.skip("nothing to weigh with: no writable memory cgroup of version 1")
    who, form = request.param.split("-")
    return partial(box_of(who).weighed, with_cgroups=form == "cgroup")


@pytest.fixture
def root_box() -> Box:
    """For what is shown once."""
    return box_of("root")


@pytest.mark.row("B2")
@pytest.mark.row("B8")
@pytest.mark.row("B16")
@pytest.mark.row("B18")
@pytest.mark.parametrize("attack", ATTACKS)
def test_whole_tree_stays_within_the_limit(weigher: Callable[..., dict[str, Any]], attack: str) -> None:
    """The limit is of the sum, not of each process: whatever the memory is taken as."""
    code = ATTACKS[attack][1]
    empty = weigher("", memory_bytes=LIMIT)["peak_bytes"]
    result = weigher(code, memory_bytes=LIMIT, wall_seconds=8.0)
    assert result["peak_bytes"] - empty < LIMIT * 1.1, result
    assert result["outcome"] == "out_of_memory" or attack in BOUNDED_OTHERWISE, result
    assert result["left"] == []


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in ("pipes", "connections")])
def test_control_takes_more_than_the_limit(root_box: Box, attack: str) -> None:
    """Outside, each attack takes what it wants; pipes and connections meet limits of the machine's own first."""
    empty = root_box.weighed_outside("")["peak_bytes"]
    assert root_box.weighed_outside(ATTACKS[attack][1])["peak_bytes"] - empty > LIMIT * 1.1


@pytest.mark.row("B13")
@pytest.mark.row("B14")
@pytest.mark.row("B10")
def test_out_of_memory_ends_that_run_alone_and_is_told(weigher: Callable[..., dict[str, Any]]) -> None:
    """Told from a time-out and from a crash, in the child of the program too; the server and the next run live on; no swap."""
    limit = 128 * MIB
    in_child = """
import os, time
if os.fork() == 0:
    x = []
    while True: x.append(bytearray(1 << 20))
os.wait()
time.sleep(9)
"""
    for code in ("x = []\nwhile True: x.append(bytearray(1 << 20))", in_child):
        result = weigher(code, memory_bytes=limit)
        assert (result["outcome"], result["returncode"]) == ("out_of_memory", 137)
        assert result["reason"] == "out of memory: the code and its files used more than the limit of 128 MiB"
        assert result["seconds"] < 6
        assert result["then"]["stdout"] == "next\n"
    for code, outcome in (
        ("import os; os.abort()", "died"),
        ("while True: pass", "timeout"),
        ("raise MemoryError", "error"),
    ):
        result = weigher(code, memory_bytes=limit, wall_seconds=1.0)
        assert result["outcome"] == outcome


HIDDEN_MEMORY = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def say(result): print('made' if result >= 0 else errno.errorcode[ctypes.get_errno()])
try:
    fd = os.memfd_create('x')
    os.write(fd, bytes(1 << 20))
    print('made')
except OSError as e: print(errno.errorcode[e.errno])
say(libc.shmget(0, 1 << 20, 0o1600))
say(libc.semget(0, 1, 0o1600))
say(libc.msgget(0, 0o1600))
class Attributes(ctypes.Structure):
    _fields_ = [('flags', ctypes.c_long), ('maxmsg', ctypes.c_long), ('msgsize', ctypes.c_long), ('rest', ctypes.c_long * 5)]
say(libc.mq_open(b'/plugcli-abuse', 0o102, 0o600, ctypes.byref(Attributes(0, 10, 8192))))
"""


@pytest.mark.row("B5")
@pytest.mark.row("B6")
@pytest.mark.row("B7")
def test_memory_outside_every_count_cannot_be_made(box: Box) -> None:
    """memfd, System V and POSIX message queues: in no tmpfs of the jail's and no rlimit. /dev/shm is there instead."""
    assert box.outside(HIDDEN_MEMORY)["stdout"].split() == ["made"] * 5
    assert box.inside(HIDDEN_MEMORY)["stdout"].split() == ["ENOSYS"] * 5


@pytest.mark.row("B15")
def test_reserved_memory_is_not_used_memory(box: Box) -> None:
    """Allocators and numpy reserve far more than they touch: a limit that counted that would fail plain programs."""
    code = "import mmap\nm = mmap.mmap(-1, 600 << 20, flags=0x4022)\nm[0] = 1\nprint('ok')"
    assert box.inside(code, memory_bytes=256 * MIB)["stdout"] == "ok\n"


STARTS_PROGRAMS = """
import subprocess
held = bytearray(b'1') * (160 << 20)
for i in range(400): subprocess.run(['/bin/true'], check=True)
print('ok')
"""
FORKS = """
import os
held = bytearray(b'1') * (200 << 20)
for i in range(20):
    if os.fork() == 0:
        for at in range(0, 4 << 20, 4096): held[at] = 2
        os._exit(0)
for i in range(20): os.wait()
print('ok')
"""


@pytest.mark.parametrize("code", [STARTS_PROGRAMS, FORKS], ids=["programs", "forks"])
@pytest.mark.row("B15")
def test_memory_that_processes_share_counts_once(weigher: Callable[..., dict[str, Any]], code: str) -> None:
    """A program that is started runs in its parent's memory at first, and a fork shares it: more than half of the limit must do.

    While it is found out how much that is, the jail stands still; nobody may be left standing.
    """
    result = weigher(code, memory_bytes=256 * MIB, wall_seconds=20.0)
    assert (result["stdout"], result["outcome"], result["reason"]) == ("ok\n", "ok", "")
