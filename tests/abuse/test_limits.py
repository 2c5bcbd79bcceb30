"""Promise 4, bounded: wall time, memory, processes, output. Every limit names itself."""

import pytest

from tests.abuse.box import Box
from tests.abuse.patience import PATIENCE

MIB = 1 << 20


@pytest.mark.row("A1")
@pytest.mark.row("A2")
@pytest.mark.row("A4")
@pytest.mark.parametrize(
    "code",
    [
        "print('begun', flush=True)\nwhile True: pass",
        "import time\nprint('begun', flush=True)\ntime.sleep(1e9)",
        """
import signal
for s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)
print('begun', flush=True)
while True: pass""",
    ],
    ids=["spinning", "sleeping", "ignoring-signals"],
)
def test_endless_code_is_stopped_at_the_time_limit(box: Box, code: str) -> None:
    """The clock is outside: neither idling nor ignoring signals escapes it, and what was printed is kept."""
    assert box.outside(code, seconds=3)["outcome"] == "timeout"
    result = box.inside(code, wall_seconds=1.0)
    assert (result["outcome"], result["returncode"], result["stdout"]) == ("timeout", 124, "begun\n")
    assert f"{PATIENCE:g} s" in result["reason"]
    assert result["seconds"] < 3
    assert result["left"] == []


@pytest.mark.row("A9")
def test_daemon_does_not_outlive_the_run(box: Box) -> None:
    """A double fork and a session of its own escape a process group, not a pid namespace."""
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for d in (0, 1, 2): os.close(d)
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(0.2)
"""
    assert len(box.outside(code)["left"]) == 1
    assert box.inside(code)["left"] == []
    assert box.inside(code + "time.sleep(99)", wall_seconds=1.0)["left"] == []


@pytest.mark.row("A10")
def test_reply_does_not_wait_for_a_child_that_holds_stdout(box: Box) -> None:
    """The call ends when its program does, not when the last descriptor closes."""
    code = f"import os, time\nif os.fork() == 0:\n    time.sleep({6 * PATIENCE})\n    os._exit(0)\nprint('done', flush=True)"
    assert box.outside(code)["seconds"] > 5
    result = box.inside(code)
    assert result["seconds"] < 3
    assert (result["stdout"], result["left"]) == ("done\n", [])


@pytest.mark.row("B1")
def test_one_huge_allocation_is_a_memory_error(box: Box) -> None:
    """An allocation that cannot be had is the code's own exception, and nothing dies of it."""
    code = "try:\n    x = bytearray(2 << 30)\nexcept MemoryError:\n    print('MemoryError')\nelse:\n    print(len(x))"
    assert box.outside(code)["stdout"] == f"{2 << 30}\n"
    result = box.inside(code)
    assert (result["stdout"], result["outcome"]) == ("MemoryError\n", "ok")


@pytest.mark.row("B1")
def test_appending_for_ever_is_out_of_memory(box: Box) -> None:
    """What really fills memory ends the run, and the reply says which limit it was."""
    code = "x = []\nfor i in range(700): x.append(bytearray(1 << 20))\nprint(len(x))"
    assert box.outside(code)["stdout"] == "700\n"
    result = box.inside(code, then="print('next')", memory_bytes=128 * MIB)
    assert (result["outcome"], result["returncode"]) == ("out_of_memory", 137)
    assert "128 MiB" in result["reason"]
    assert result["then"]["stdout"] == "next\n"
    assert result["left"] == []


FILL = """
import errno, os, sys
total = 0
path = sys.argv[1] if len(sys.argv) > 1 else PLACE + '/fill'
with open(path, 'wb', buffering=0) as f:
    try:
        while total < 400 << 20:
            total += f.write(bytes(1 << 20))
    except OSError as e:
        print(errno.errorcode[e.errno], end=' ')
os.unlink(path)
print(total >> 20)
"""


@pytest.mark.row("B4")
@pytest.mark.row("B9")
@pytest.mark.parametrize(
    ("place", "mib"),
    [("/dev/shm", 64), ("/tmp", 64), ("/var/tmp", 64), ("/mnt/data", 128), ("/home/sandbox", 64)],
)
def test_filling_a_tmpfs_meets_its_size(box: Box, place: str, mib: int) -> None:
    """Files in memory are memory: each place ends before the jail's limit does, with an ordinary error."""
    control = place if place in ("/dev/shm", "/tmp") else "/tmp"
    assert box.outside(f"PLACE = {control!r}\n{FILL}")["stdout"] == "400\n"
    result = box.inside(f"import os\nPLACE = {_named(box, place)}\n{FILL}", memory_bytes=256 * MIB)
    if box.is_landlock:
        assert (result["outcome"], result["stdout"], result["left"]) == ("out_of_memory", "", [])
        assert result["reason"].startswith("out of space: ")
        return
    code, _, written = result["stdout"].partition(" ")
    assert code == "ENOSPC", result
    assert int(written) <= mib
    assert result["outcome"] == "ok"


def _named(box: Box, place: str) -> str:
    """Return an expression of the code's for the place, which has another path where there are no mounts."""
    own = {"/tmp": "os.environ['TMPDIR']", "/mnt/data": "os.getcwd()", "/home/sandbox": "os.environ['HOME']"}
    return own[place] if box.is_landlock else repr(place)


@pytest.mark.row("C1")
@pytest.mark.row("C2")
def test_fork_bomb_meets_the_process_limit(box: Box) -> None:
    """Root, too: RLIMIT_NPROC does not bind uid 0, so the code's uid is never 0."""
    code = """
import os, time
children = []
try:
    for i in range(300):
        pid = os.fork()
        if pid == 0:
            time.sleep(20)
            os._exit(0)
        children.append(pid)
except BlockingIOError as e:
    print(e.errno, end=' ')
print(len(children))
for pid in children: os.kill(pid, 9)
"""
    assert box.outside(code)["stdout"] == "300\n"
    result = box.inside(code, processes=64)
    assert result["stdout"] == "11 63\n"
    assert result["left"] == []


@pytest.mark.row("D1")
def test_output_flood_is_cut_and_counted(box: Box) -> None:
    """The rest is read and counted, so that neither the code nor the server hangs, and the reply says how much is missing."""
    code = (
        "import sys\nfor i in range(8): sys.stdout.write('x' * 1_000_000)\nsys.stderr.write('e' * 3_000_000)"
    )
    assert len(box.outside(code)["stdout"]) == 8_000_000
    result = box.inside(code)
    assert (len(result["stdout"]), result["truncated"]["stdout"]) == (MIB, 8_000_000 - MIB)
    assert (len(result["stderr"]), result["truncated"]["stderr"]) == (MIB, 3_000_000 - MIB)
    assert result["outcome"] == "ok"
    endless = box.inside("while True: print('y' * 100000)", wall_seconds=1.0)
    assert (endless["outcome"], len(endless["stdout"])) == ("timeout", MIB)


MAPPINGS = {
    # More than the limit of one process's own memory: the call says so.
    "private": ("mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS", 3 << 30),
    # Whose memory a shared page is, the kernel's group sees when it is written; who measures is asked before the mapping is made.
    "shared": ("mmap.MAP_SHARED | mmap.MAP_ANONYMOUS", 1 << 30),
    "never reserved": ("mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000", 480 << 20),
}


@pytest.mark.row("B3")
@pytest.mark.parametrize("kind", MAPPINGS)
def test_huge_mapping_meets_a_limit(box: Box, kind: str) -> None:
    """Overcommitted memory is there until it is written: either the call fails or the writing ends the run."""
    flags, length = MAPPINGS[kind]
    code = f"""
import mmap
try: m = mmap.mmap(-1, {length}, flags={flags})
except OSError as e: print(e.errno)
else:
    for at in range(0, 400 << 20, 4096): m[at] = 1
    print('written')
"""
    assert box.outside(code)["stdout"] == "written\n"
    result = box.inside(code, memory_bytes=128 * MIB, then="print('next')")
    is_refused = kind == "private" or (kind == "shared" and box.who == "user")
    expected = ("12\n", "ok") if is_refused else ("", "out_of_memory")
    assert (result["stdout"], result["outcome"]) == expected
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("B3")
def test_sparse_file_meets_the_size_of_its_tmpfs(box: Box) -> None:
    """A mapped file that the file system cannot fill: SIGBUS for the one who writes, and for nobody else."""
    code = """
import mmap, os
fd = os.open('/dev/shm/plugcli-abuse', os.O_RDWR | os.O_CREAT)
os.unlink('/dev/shm/plugcli-abuse')
os.ftruncate(fd, 200 << 20)
m = mmap.mmap(fd, 200 << 20)
for at in range(0, 150 << 20, 4096): m[at] = 1
print('written')
"""
    assert box.outside(code)["stdout"] == "written\n"
    result = box.inside(code, memory_bytes=256 * MIB, then="print('next')")
    assert (result["outcome"], result["returncode"]) == ("died", 135)
    assert "SIGBUS" in result["reason"]
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("B11")
def test_memory_cannot_be_locked(box: Box) -> None:
    """Locked pages stay in memory whatever the machine needs."""
    code = """
import ctypes, errno, mmap
libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 4096)
def answer(result): print('done' if result == 0 else errno.errorcode[ctypes.get_errno()])
answer(libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page))), ctypes.c_size_t(4096)))
answer(libc.mlockall(2))
try: mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x2000)
except PermissionError: print('EPERM')
else: print('done')
"""
    assert box.outside(code)["stdout"].split()[0] == "done"
    assert box.inside(code)["stdout"].split() == ["EPERM"] * 3


BOMBS = {
    "gzip": """
import gzip, zlib
squeeze = zlib.compressobj(1, wbits=31)
file = b''.join(squeeze.compress(bytes(1 << 20)) for i in range(N >> 20)) + squeeze.flush()
data = gzip.decompress(file)
""",
    "zip": """
import io, zipfile
file = io.BytesIO()
with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as z, z.open('bomb', 'w') as bomb:
    for i in range(N >> 20): bomb.write(bytes(1 << 20))
data = zipfile.ZipFile(file).read('bomb')
""",
    "pickle": """
import pickle, struct
data = pickle.loads(b"coperator\\nmul\\n(C\\x01xJ" + struct.pack('<i', N) + b'tR.')
""",
}


@pytest.mark.row("B12")
@pytest.mark.parametrize("kind", BOMBS)
def test_bomb_in_a_small_file_is_the_codes_own_end(box: Box, kind: str) -> None:
    """A kilobyte that unpacks to gigabytes: the code's memory error, or the end of that run."""
    code = f"N = 400 << 20\n{BOMBS[kind]}\nprint(len(data))"
    assert box.outside(code, seconds=30)["stdout"] == f"{400 << 20}\n"
    result = box.inside(code, memory_bytes=128 * MIB, then="print('next')")
    assert result["stdout"] == ""
    assert result["outcome"] == "out_of_memory" or "MemoryError" in result["stderr"]
    assert result["then"]["stdout"] == "next\n"
