"""POSIX shared memory and semaphores work, in the jail's own folder: no name leads to the machine's /dev/shm."""

from pathlib import Path

import pytest

from tests.abuse.asked.conftest import Jail

_MACHINE = Path("/dev/shm")


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_multiprocessing_works(jail: Jail, start: str) -> None:
    """Pools, queues, locks, executors and shared arrays, forked and from interpreters that are exec'd."""
    program = jail.folder / "data" / "program.py"
    program.write_text(_PROGRAM)
    ended = jail.run(
        f"import subprocess, sys\nsubprocess.run([sys.executable, 'program.py', {start!r}], check=True)"
    )
    assert ended.stderr == ""
    assert ended.stdout == "[1, 4, 9]\n[3, 2, 1]\n7\n2\n"
    assert [*(jail.folder / "shm").iterdir()] == []


_PROGRAM = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory

def square(number): return number * number
def work(queue, lock, name, number):
    memory = SharedMemory(name=name)
    with lock: memory.buf[0] += number.value
    memory.close()
    queue.put('done')

if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(3) as pool: print(pool.map(square, [1, 2, 3]))
    with ProcessPoolExecutor(2, mp_context=context) as executor: print([*executor.map(abs, [-3, -2, -1])])
    queue, lock, number = context.Queue(), context.Lock(), context.Value('i', 3)
    memory = SharedMemory(create=True, size=100)
    memory.buf[0] = 1
    workers = [context.Process(target=work, args=(queue, lock, memory.name, number)) for _ in range(2)]
    for each in workers: each.start()
    for each in workers: queue.get(); each.join()
    print(memory.buf[0])
    memory.close(); memory.unlink()
    barrier, event = context.Barrier(1), context.Event()
    barrier.wait(); event.set()
    print(len(workers))
"""


def test_names_are_files_of_the_jail(jail: Jail) -> None:
    """With the modes, flags and errors of the machine's own."""
    jail.run("""
import errno, fcntl, os, stat, _posixshmem
def error(call, *arguments):
    try: return call(*arguments)
    except OSError as found: return errno.errorcode[found.errno]
os.umask(0o027)
one = _posixshmem.shm_open('/one', os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
assert stat.S_IMODE(os.fstat(one).st_mode) == 0o640
assert os.path.exists(f'{folder}/shm/one')
assert fcntl.fcntl(one, fcntl.F_GETFD) == fcntl.FD_CLOEXEC and not os.get_inheritable(one)
assert not fcntl.fcntl(one, fcntl.F_GETFL) & os.O_NONBLOCK
os.ftruncate(one, 10); os.pwrite(one, b'0123456789', 0)
assert error(_posixshmem.shm_open, '/one', os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600) == 'EEXIST'
read_only = _posixshmem.shm_open('/one', os.O_RDONLY, 0)
assert os.read(read_only, 20) == b'0123456789'
assert error(os.write, read_only, b'x') == 'EBADF'
kept = os.open('/dev/shm/one', os.O_RDWR | os.O_NOFOLLOW | os.O_TRUNC | os.O_NONBLOCK)  # os.open adds O_CLOEXEC
assert os.fstat(one).st_size == 0 and fcntl.fcntl(kept, fcntl.F_GETFL) & os.O_NONBLOCK
os.link('/dev/shm/one', '/dev/shm/two')
assert error(os.link, '/dev/shm/one', '/dev/shm/two') == 'EEXIST'
assert error(os.link, '/dev/shm/three', '/dev/shm/four') == 'ENOENT'
os.unlink('/dev/shm/one'); _posixshmem.shm_unlink('/two')
assert error(_posixshmem.shm_unlink, '/two') == 'ENOENT' == error(_posixshmem.shm_open, '/two', os.O_RDWR, 0)
os.symlink('/etc/passwd', f'{folder}/shm/link')
assert error(_posixshmem.shm_open, '/link', os.O_RDONLY, 0) == 'ELOOP'
os.mkdir(f'{folder}/shm/folder')
assert error(_posixshmem.shm_open, '/folder', os.O_RDONLY, 0) == 'EACCES'
os.mkfifo(f'{folder}/shm/fifo')
assert error(_posixshmem.shm_open, '/fifo', os.O_RDONLY, 0) == 'EACCES'
assert error(os.open, '/dev/shm/fifo', os.O_WRONLY | os.O_NOFOLLOW) == 'ENXIO'
""")


def test_other_files_are_opened_and_removed_as_ever(jail: Jail) -> None:
    """The init is asked about them, and lets the kernel go on."""
    jail.run("""
import os, shutil, tempfile
with tempfile.NamedTemporaryFile() as file: file.write(b'x')
with open('new', 'x') as file: file.write('x')
try: open('new', 'x')
except FileExistsError: pass
assert os.read(os.open('new', os.O_NOFOLLOW), 5) == b'x'
os.link('new', 'second'); os.unlink('new'); os.unlink(f'{folder}/data/second')
os.makedirs('a/b/c'); open('a/b/file', 'w').close(); shutil.rmtree('a')
for path in ('a', '/dev/shm', '/dev/shm/', '/nowhere/a'):
    try: os.unlink(path)
    except OSError as error: assert error.errno in (2, 13, 20, 21), (path, error)
    else: raise AssertionError(path)
""")


def test_no_name_leads_to_the_shared_memory_of_the_machine(jail: Jail) -> None:
    """Of another user's program, or of another jail."""
    victim = _MACHINE / f"plugcli-test-{jail.uid}"
    victim.write_text("host")
    try:
        ended = jail.run(f"""
import os
name = {victim.name!r}
for top in ('/dev/shm/', '/dev/shm//', '/dev/shm/./', '/dev/../dev/shm/', '/proc/self/root/dev/shm/'):
    path = top + name
    for call in (
        lambda: os.unlink(path),
        lambda: os.link(path, '/dev/shm/mine'),
        lambda: os.link(path, 'mine'),
        lambda: os.rename(path, 'mine'),
        lambda: os.truncate(path, 0),
        lambda: os.mkdir(path + '2'),
        lambda: os.open(path, os.O_RDWR),
        lambda: os.open(path, os.O_RDWR | os.O_TRUNC),
        lambda: os.open(path, os.O_RDWR | os.O_NOFOLLOW),
        lambda: os.open(path + '2', os.O_RDWR | os.O_CREAT),
    ):
        try: call()
        except OSError: continue
        print(path)
""")
        assert ended.stdout == ""
        assert victim.read_text() == "host"
        assert not [
            each for each in _MACHINE.iterdir() if each != victim and each.name.startswith(victim.name)
        ]
    finally:
        victim.unlink()


def test_descriptors_have_their_limit(jail: Jail) -> None:
    """A descriptor that the init hands over counts like any other."""
    jail.run("""
import errno, os, resource, _posixshmem
os.close(_posixshmem.shm_open('/one', os.O_CREAT | os.O_RDWR, 0o600))
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
opened = []
try:
    while True: opened.append(_posixshmem.shm_open('/one', os.O_RDWR, 0))
except OSError as error: assert error.errno == errno.EMFILE, error
assert len(opened) == 17, len(opened)
for each in opened: os.close(each)
os.close(_posixshmem.shm_open('/one', os.O_RDWR, 0))
""")
