"""Rows for files, descriptors, locks, watches and what is asked of the kernel beside them."""

from .row import MIB, Bounded, Denied, Killed, Row, TakenBack, both, each

_LOCKS = "file locks"

ROWS = (
    Row(
        "record-locks",
        "locks of parts of files (fcntl)",
        "nobody",
        "4,096 of them",
        "4,096 of them",
        r"""
def take(k):
    for name in range(100):
        fd = os.open(f'l{k}_{name}', os.O_RDWR | os.O_CREAT)
        for at in range(1000, 0, -1): fcntl.fcntl(fd, fcntl.F_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 2 * at, 1, 0))
        held(1000)
crowd(4, take)
""",
        wanted=400_000,
        bytes_each=192,
        at=both(Killed(_LOCKS)),
    ),
    Row(
        "locks-held-asleep",
        "locks that are taken in a few milliseconds, and held by code that sleeps from then on",
        "nobody",
        "4,096 of them, within a second",
        "4,096 of them, within a second",
        r"""
files = [os.open(f'l{i}', os.O_RDWR | os.O_CREAT) for i in range(100)]
asked = [struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 2 * at, 1, 0) for at in range(50, 0, -1)]
time.sleep(1.2)
for i in range(100): pass
time.sleep(0.3)  # the list of locks has been read now, and is not due again
for fd in files:
    for each in asked: fcntl.fcntl(fd, fcntl.F_SETLK, each)
held(5000)
time.sleep(3)
""",
        wanted=5000,
        bytes_each=192,
        at=both(Killed(_LOCKS)),
    ),
    Row(
        "locks-of-open-files",
        "the same, of open files (F_OFD_SETLK)",
        "nobody",
        "denied: they are nobody's, and so cannot be counted",
        "denied",
        r"""
files = [os.open(f'l{i}', os.O_RDWR | os.O_CREAT) for i in range(50)]
try:
    for fd in files:
        for at in range(1000, 0, -1): fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 2 * at, 1, 0))
        held(1000)
except OSError as e: denied(e.errno)
settle()
""",
        wanted=50_000,
        bytes_each=192,
        at=both(Denied(("EINVAL",))),
    ),
    Row(
        "locks-of-mapped-files",
        "locks of whole files (flock), each of an open file that only a mapping keeps",
        "nobody",
        "4,096 of them",
        "4,096 of them",
        r"""
for i in range(50): open(f'l{i}', 'w').write('x')
for i in range(50000):
    fd = os.open(f'l{i // 1000}', os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    libc.mmap(None, 4096, READ, SHARED, fd, 0)
    os.close(fd)
    if i % 1000 == 999: held(1000)
settle()
""",
        wanted=50_000,
        bytes_each=192,
        at=both(Killed(_LOCKS)),
    ),
    Row(
        "locks-of-the-dead",
        "locks that a process took which shared its descriptors with another, and has ended",
        "nobody",
        "denied: such a process cannot be made",
        "denied",
        r"""
CLONE_FILES = 0x400
number = 56 if ON_X86 else 220
open('l', 'w').close()
fd = os.open('l', os.O_RDWR)
pid = libc.syscall(number, CLONE_FILES | 17, 0, 0, 0, 0)
if pid == 0:
    try: fcntl.fcntl(fd, fcntl.F_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 1, 0))
    finally: os._exit(0)
elif pid < 0: denied()
else:
    os.waitpid(pid, 0)
    held(1)
""",
        wanted=1,
        at=both(Denied(("EPERM",))),
    ),
    Row(
        "access-control-lists",
        "access control lists of files, 64 KiB each",
        "nobody",
        "denied",
        "denied",
        r"""
anyone = 0xffffffff
entries = struct.pack('<HHI', 1, 7, anyone) + struct.pack('<HHI', 2, 7, os.getuid()) * 8100
entries += b''.join(struct.pack('<HHI', tag, 7, anyone) for tag in (4, 16, 32))
try:
    for i in range(1500):
        os.mkdir(f'd{i}')
        for name in ('access', 'default'): os.setxattr(f'd{i}', f'system.posix_acl_{name}', struct.pack('<I', 2) + entries)
        held(2)
except OSError as e: denied(e.errno)
settle()
""",
        wanted=3000,
        bytes_each=64 * 1024,
        at=both(Denied(("EOPNOTSUPP",))),
    ),
    Row(
        "attributes",
        "attributes of files (user.*), since Linux 6.6 on a tmpfs too",
        "both groups; the inodes of the tmpfs",
        "denied",
        "denied",
        r"""
try:
    for i in range(1500):
        open(f'f{i}', 'w').close()
        for j in range(2): os.setxattr(f'f{i}', f'user.{j}', bytes(60000))
        held(2)
except OSError as e: denied(e.errno)
settle()
""",
        wanted=3000,
        at=both(Denied(("EOPNOTSUPP",))),
    ),
    Row(
        "inodes",
        "files with long names and nothing in them",
        "both groups; the inodes of the tmpfs",
        "the tmpfs; the group",
        "the tmpfs; each has a price",
        r"""
for folder in ('.', '/tmp'):
    try:
        for i in range(60000):
            os.close(os.open(f'{folder}/{"n" * 240}{i}', os.O_CREAT))
            if i % 1000 == 999: held(1000)
    except OSError as e: denied(e.errno)
settle()
for i in range(60000):
    try: os.unlink(f'/tmp/{"n" * 240}{i}')
    except OSError: break
""",
        wanted=120_000,
        at=both(Bounded()),
    ),
    Row(
        "names-of-files",
        "names of files outside that are not there, which the kernel remembers",
        "both groups",
        "the group, which takes them back",
        "nobody: the kernel takes them back when memory is short",
        r"""
unlike = os.urandom(8).hex()
for i in range(180_000):
    os.path.lexists(f'/usr/share/{unlike}-{i}-{"n" * 200}')
    if i % 20000 == 19999: held(20000)
""",
        wanted=180_000,
        limit_bytes=64 * MIB,
        at=each(root=Bounded(), user=TakenBack()),
    ),
    Row(
        "texts-of-proc",
        "what a descriptor of /proc keeps of the text that it was asked for, 1 MiB each",
        "both groups",
        "the group",
        "each counts with the longest text that there can be",
        r"""
def take(k):
    files = [libc.eventfd(0, 0) for i in range(60)]
    watcher = select.epoll()
    for file in files:
        for number in range(120, 250):
            os.dup2(file, number)
            watcher.register(number, 0)
    os.closerange(120, 250)
    descriptors = []
    for i in range(120):
        descriptors.append(os.open(f'/proc/self/fdinfo/{watcher.fileno()}', os.O_RDONLY))
        os.read(descriptors[-1], 1)
        held(1)
    return watcher, descriptors
crowd(2, take)
""",
        wanted=240,
        at=both(Killed()),
    ),
    Row(
        "epoll",
        "files watched by epoll",
        "both groups; fs.epoll.max_user_watches for a user",
        "the group",
        "a share of the user's",
        r"""
def take(k):
    files = [libc.eventfd(0, 0) for i in range(60)]
    watchers = []
    for i in range(40):
        watchers.append(select.epoll())
        for file in files:
            for number in range(120, 250):
                os.dup2(file, number)
                watchers[-1].register(number, 0)
        held(7800)
    return watchers
crowd(4, take)
""",
        wanted=1_248_000,
        at=each(root=Killed(), user=Killed("files watched by epoll")),
    ),
    Row(
        "inotify",
        "events that wait in inotify, two instances of 16,384",
        "version 1 and 2 groups; fs.inotify.max_queued_events for an instance",
        "two instances; the group",
        "two instances; each counts with the most that it can hold",
        r"""
os.mkdir('watched')
instances = [libc.inotify_init1(0) for i in range(2)]
for instance in instances: libc.inotify_add_watch(instance, b'watched', 0xfff)
for i in range(4000):
    name = 'watched/' + 'n' * 240 + str(i % 200)
    os.close(os.open(name, os.O_CREAT))
    os.unlink(name)
waiting = ctypes.c_int()
for instance in instances:
    libc.ioctl(instance, 0x541B, ctypes.byref(waiting))
    held(waiting.value // 272)
settle()
""",
        wanted=30_000,
        at=both(Bounded()),
    ),
    Row(
        "pipes-of-any-size",
        "pipes of a size that the code asks for (F_SETPIPE_SZ)",
        "both groups; fs.pipe-user-pages-soft for a user",
        "denied; the group",
        "denied, and each counts with the most that it can hold",
        r"""
try: fcntl.fcntl(os.pipe()[1], fcntl.F_SETPIPE_SZ, 1 << 20)
except OSError as e: denied(e.errno)
else: held(1)
""",
        wanted=1,
        at=both(Denied(("EPERM",))),
    ),
    Row(
        "asynchronous-io",
        "contexts of asynchronous I/O, which the machine has 65,536 of",
        "version 2 group for the pages; fs.aio-max-nr for the machine",
        "denied",
        "denied",
        r"""
number = 206 if ON_X86 else 0
def take(k):
    for i in range(500):
        if libc.syscall(number, 1, ctypes.byref(ctypes.c_ulong())): return denied()
    held(500)
crowd(2, take)
""",
        wanted=1000,
        at=both(Denied(("ENOSYS",))),
    ),
    Row(
        "out-of-memory-order",
        "not to be the first that the kernel kills when the machine's memory is used up",
        "a number of the process",
        "refused: the file cannot be written",
        "refused: the file cannot be written",
        r"""
open('/proc/self/oom_score_adj', 'r').close()
try: open('/proc/self/oom_score_adj', 'w').write('900')
except OSError as e: denied(e.errno)
else: held(1)
""",
        wanted=1,
        at=both(Denied(("EROFS", "EACCES"))),
    ),
    *[
        Row(id, what, counted, root, user, elsewhere=place)
        for id, what, counted, root, user, place in (
            (
                "pipes",
                "what is in pipes",
                "both groups; fs.pipe-user-pages-soft for a user",
                "the group",
                "each counts with the most that it can hold",
                "test_memory.py::test_whole_tree_stays_within_the_limit",
            ),
            (
                "descriptors",
                "descriptors, and what each leads to: eventfds, timers, pidfds",
                "RLIMIT_NOFILE; both groups",
                "RLIMIT_NOFILE, for each process",
                "RLIMIT_NOFILE; each has a price",
                "test_process_limits.py::test_open_files_meet_their_limit",
            ),
            (
                "processes",
                "processes, threads and zombies: their stacks in the kernel",
                "RLIMIT_NPROC, by user namespace; both groups; kernel.pid_max for the machine",
                "RLIMIT_NPROC",
                "RLIMIT_NPROC; each has a price",
                "test_process_limits.py::test_thread_bomb_meets_the_process_limit",
            ),
            (
                "timers-and-signals",
                "timers, and signals that wait",
                "RLIMIT_SIGPENDING, of the user",
                "RLIMIT_SIGPENDING of 256",
                "RLIMIT_SIGPENDING of 256",
                "test_process_limits.py::test_signals_waiting_meet_their_limit",
            ),
            (
                "watches-of-files",
                "instances and watches of inotify",
                "user.max_inotify_*, by user namespace",
                "two instances, 128 watches",
                "two instances, 128 watches",
                "test_process_limits.py::test_file_watches_of_the_user_are_not_used_up",
            ),
            (
                "leases-and-notices",
                "leases and notices (F_SETLEASE, F_NOTIFY), fanotify",
                "nobody",
                "denied",
                "denied",
                "test_no_host_files.py::test_leases_and_notices_on_host_files_are_refused",
            ),
            (
                "keys",
                "keys",
                "kernel.keys.* for a user",
                "denied",
                "denied",
                "test_no_privileges.py::test_keyrings_are_not_there",
            ),
            (
                "surface",
                "io_uring, bpf, perf, userfaultfd, namespaces, mounts",
                "both groups, mostly",
                "denied",
                "denied",
                "test_no_privileges.py::test_kernel_surface_is_refused",
            ),
        )
    ],
)
