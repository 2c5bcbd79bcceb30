"""Rows for pages, mappings and what keeps them."""

from .row import MIB, Bounded, Denied, Killed, Row, both

_COUNTED_PAGES = "both groups"
_WHOLE_SIZE = "counts with the size that it was made with"
_MEASURED = "measured"

ROWS = (
    Row(
        "huge-pages-in-pipes",
        "a huge page kept by one byte of it in a pipe (vmsplice)",
        _COUNTED_PAGES,
        "denied; the group",
        "denied; no huge pages at all",
        r"""
class Piece(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
HUGE, pipes = 2 << 20, []
for i in range(6):
    pipes.append(os.pipe())
    start = libc.mmap(None, 17 * HUGE, READ_WRITE, PRIVATE | ANONYMOUS, -1, 0)
    first = (start + HUGE - 1) // HUGE * HUGE
    libc.madvise(first, 16 * HUGE, 14)
    for at in range(first, first + 16 * HUGE, HUGE):
        libc.memset(at, 1, 1)
        if libc.vmsplice(pipes[-1][1], ctypes.byref(Piece(at, 1)), 1, 2) != 1:
            denied()
            raise SystemExit
    libc.munmap(start, 17 * HUGE)
    held(16)
settle()
""",
        wanted=96,
        at=both(Denied(("ENOSYS",))),
    ),
    Row(
        "pages-in-sockets",
        "pages of a file that is gone, kept by one byte of each in a socket (splice)",
        _COUNTED_PAGES,
        "denied; the group",
        "denied",
        r"""
def take(k):
    reader, writer = os.pipe()
    pairs = []
    for i in range(3):
        pairs.append(socket.socketpair())
        fd = os.open(f's{k}', os.O_RDWR | os.O_CREAT)
        for page in range(0, 4096, 16):
            for at in range(page * 4096, (page + 16) * 4096, 4096):
                os.pwrite(fd, b'x', at)
                os.splice(fd, writer, 1, offset_src=at)
            os.splice(reader, pairs[-1][0].fileno(), 16)
        os.ftruncate(fd, 0)
        held(4096)
    return pairs
crowd(4, take)
""",
        wanted=49152,
        at=both(Denied(("ENOSYS",))),
    ),
    *[
        Row(
            f"pages-by-{call}",
            f"pages moved between descriptors by {call}",
            _COUNTED_PAGES,
            "denied; the group",
            "denied",
            f"""
reader, writer = os.pipe()
reader2, writer2 = os.pipe()
fd = os.open('x', os.O_RDWR | os.O_CREAT)
os.write(fd, bytes(4096))
os.write(writer, bytes(4096))
here, there = socket.socketpair()
ctypes.set_errno(0)
if libc.{arguments} > 0: held(1)
else: denied()
""",
            wanted=1,
            at=both(Denied(("ENOSYS",))),
        )
        for call, arguments in {
            "sendfile": "sendfile(here.fileno(), fd, ctypes.byref(ctypes.c_long(0)), 4096)",
            "tee": "tee(reader, writer2, 4096, 0)",
            "splice": "splice(reader, None, here.fileno(), None, 4096, 0)",
        }.items()
    ],
    Row(
        "shared-mappings-in-part",
        "a shared mapping, all of it unmapped but for one page: every page stays",
        _COUNTED_PAGES,
        "the group",
        _WHOLE_SIZE,
        r"""
for i in range(24):
    start = libc.mmap(None, 8 << 20, READ_WRITE, SHARED | ANONYMOUS, -1, 0)
    libc.memset(start, 1, 8 << 20)
    libc.munmap(start + 4096, (8 << 20) - 4096)
    held(8)
settle()
""",
        wanted=192,
        at=both(Killed()),
    ),
    Row(
        "shared-mappings-of-children",
        "the same, where only a child has the last page",
        _COUNTED_PAGES,
        "the group",
        _WHOLE_SIZE,
        r"""
for i in range(12):
    start = libc.mmap(None, 16 << 20, READ_WRITE, SHARED | ANONYMOUS, -1, 0)
    libc.memset(start, 1, 16 << 20)
    if os.fork() == 0:
        libc.munmap(start + 4096, (16 << 20) - 4096)
        held(16)
        time.sleep(3)
        os._exit(0)
    libc.munmap(start, 16 << 20)
time.sleep(2)
""",
        wanted=192,
        at=both(Killed()),
    ),
    Row(
        "shared-mappings-of-dev-zero",
        "the same with /dev/zero",
        _COUNTED_PAGES,
        "the group",
        _WHOLE_SIZE,
        r"""
zero = os.open('/dev/zero', os.O_RDWR)
for i in range(24):
    start = libc.mmap(None, 8 << 20, READ_WRITE, SHARED, zero, 0)
    libc.memset(start, 1, 8 << 20)
    libc.munmap(start + 4096, (8 << 20) - 4096)
    held(8)
settle()
""",
        wanted=192,
        at=both(Killed()),
    ),
    Row(
        "mappings",
        "mappings themselves (65,530 a process), while others touch memory",
        "both groups",
        "the group",
        "each has a price; a look ends in time",
        r"""
def take(k):
    start = libc.mmap(None, 60000 * 4096, 0, PRIVATE | ANONYMOUS, -1, 0)
    for at in range(0, 60000, 2):
        libc.mprotect(start + at * 4096, 4096, READ)
        if at % 6000 == 0: held(6000)
crowd(15, take)
""",
        wanted=900_000,
        at=both(Killed()),
    ),
    Row(
        "pages-behind-mappings",
        "pages that two processes touch as fast as they can, while 20 others have 60,000 mappings each and change them",
        "both groups",
        "the group",
        "the pages are looked at first, in a time that the mappings do not choose",
        r"""
start = libc.mmap(None, 60000 * 4096, 0, PRIVATE | ANONYMOUS, -1, 0)
for at in range(0, 60000, 2): libc.mprotect(start + at * 4096, 4096, READ)
for i in range(20):
    if os.fork() == 0:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            libc.munmap(libc.mmap(None, (4 + i) * 4096, READ, PRIVATE | ANONYMOUS, -1, 0), (4 + i) * 4096)
            time.sleep(0.01)
        os._exit(0)
def take(k):
    start = libc.mmap(None, 512 << 20, READ_WRITE, PRIVATE | ANONYMOUS, -1, 0)
    libc.madvise(start, 512 << 20, 14)
    for at in range(0, 512, 32):
        libc.memset(start + (at << 20), 1, 32 << 20)
        held(32)
crowd(2, take)
""",
        wanted=1024,
        limit_bytes=640 * MIB,
        at=both(Killed()),
    ),
    Row(
        "files-in-mappings",
        "open files without a descriptor, kept by a mapping each",
        "both groups; fs.file-max for the machine",
        "the group",
        "the price of a mapping",
        r"""
open('x', 'w').write('x')
def take(k):
    for i in range(50000):
        fd = os.open('x', os.O_RDONLY)
        if libc.mmap(None, 4096, READ, PRIVATE, fd, 0) == 2**64 - 1: return denied()
        os.close(fd)
        if i % 1000 == 999: held(1000)
crowd(4, take)
""",
        wanted=200_000,
        limit_bytes=64 * MIB,
        at=both(Killed()),
    ),
    Row(
        "chains-of-forks",
        "what ties a mapping to each fork that it went through (anon_vma_chain)",
        "both groups",
        "the group",
        "the price of a mapping grows with its forks",
        r"""
PAGES = 8000
start = libc.mmap(None, PAGES * 4096, READ_WRITE, PRIVATE | ANONYMOUS, -1, 0)
for at in range(0, PAGES, 2): libc.mprotect(start + at * 4096, 4096, READ)
for at in range(1, PAGES, 2): libc.memset(start + at * 4096, 1, 1)
ends = os.pipe()
for depth in range(1, 41):
    if os.fork():
        os.close(ends[1])
        os.read(ends[0], 1)
        time.sleep(1)
        os._exit(0)
    held(PAGES // 2 * depth)
""",
        wanted=3_280_000,
        at=both(Killed()),
    ),
    Row(
        "futex-hash",
        "a process's own hash of futexes, of a size that it asks for (PR_FUTEX_HASH, Linux 6.16)",
        "both groups",
        "denied; the group",
        "denied",
        r"""
def take(k):
    if libc.prctl(78, 1, 1 << 20, 0, 0) == 0: held(64)
    else: denied()
crowd(3, take)
""",
        wanted=192,
        at=both(Denied(("EINVAL",))),
    ),
    Row(
        "policies-of-nodes",
        "memory policies for single pages of a file (mbind), which stay when it is unmapped",
        "nobody",
        "denied",
        "denied",
        r"""
mask, number = ctypes.c_ulong(1), 237 if ON_X86 else 235
def take(k):
    fd = os.open(f'm{k}', os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 60 << 20)
    for offset in range(0, 56 << 20, 2 << 20):
        start = libc.mmap(None, 2 << 20, READ, SHARED, fd, offset)
        for at in range(start, start + (2 << 20), 8192):
            if libc.syscall(number, ctypes.c_void_p(at), ctypes.c_ulong(4096), 2, ctypes.byref(mask), ctypes.c_ulong(2), 0):
                return denied()
        libc.munmap(start, 2 << 20)
        held(256)
    return fd
crowd(16, take)
""",
        wanted=114_688,
        bytes_each=320,
        at=both(Denied(("EPERM", "ENOSYS"))),
    ),
    Row(
        "huge-page-pool",
        "the machine's pool of huge pages (MAP_HUGETLB)",
        "version 2 group with its own controller; vm.nr_hugepages for the machine",
        "denied",
        "denied",
        # Of a size that no machine has: where the kernel gets to see the call, it says EINVAL, pool or not.
        r"""
if libc.mmap(None, 2 << 20, READ_WRITE, PRIVATE | ANONYMOUS | 0x40000 | 63 << 26, -1, 0) == 2**64 - 1:
    if ctypes.get_errno() == errno.EINVAL: held(1)
    else: denied()
""",
        wanted=1,
        at=both(Denied(("ENOMEM",))),
    ),
    *[
        Row(
            id,
            what,
            "nobody: it is gone from the count of resident pages",
            "denied",
            "denied",
            f"""
start = libc.mmap(None, 4096, READ_WRITE, PRIVATE | ANONYMOUS, -1, 0)
libc.memset(start, 1, 4096)
if libc.{call} == 0: held(1)
else: denied()
""",
            wanted=1,
            at=both(Denied(("EINVAL",))),
        )
        for id, what, call in (
            (
                "merged-pages",
                "pages merged with other processes' (PR_SET_MEMORY_MERGE)",
                "prctl(67, 1, 0, 0, 0)",
            ),
            ("mergeable-pages", "the same by MADV_MERGEABLE", "madvise(start, 4096, 12)"),
            ("swap", "pages put into swap (MADV_PAGEOUT)", "madvise(start, 4096, 21)"),
        )
    ],
    Row(
        "arguments-of-programs",
        "arguments of programs that are about to start, 6 MiB each",
        "both groups",
        "the group",
        _MEASURED,
        r"""
resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
def take(k):
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        pid = os.fork()
        if pid == 0: os.execv('/bin/true', ['true'] + ['x' * 131000] * 46)
        os.waitpid(pid, 0)
    held(6)
crowd(28, take)
""",
        wanted=168,
        at=both(Bounded()),
    ),
    Row(
        "pages",
        "pages of processes, copied on write, of shared memory and of files in memory",
        _COUNTED_PAGES,
        "the group",
        _MEASURED,
        elsewhere="test_memory.py::test_whole_tree_stays_within_the_limit",
    ),
    Row(
        "page-tables",
        "page tables",
        "both groups",
        "the group",
        _MEASURED,
        elsewhere="test_memory.py::test_whole_tree_stays_within_the_limit",
    ),
    Row(
        "locked-pages",
        "locked memory",
        "RLIMIT_MEMLOCK",
        "RLIMIT_MEMLOCK of 0",
        "RLIMIT_MEMLOCK of 0",
        elsewhere="test_limits.py::test_memory_cannot_be_locked",
    ),
    Row(
        "nameless-files",
        "memfds, System V shared memory, semaphores and queues, POSIX message queues",
        "both groups for the pages; kernel.shm*, kernel.sem, fs.mqueue for the rest",
        "denied",
        "denied",
        elsewhere="test_memory.py::test_memory_outside_every_count_cannot_be_made",
    ),
)
