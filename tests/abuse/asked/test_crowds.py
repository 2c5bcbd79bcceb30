"""However many ask at once, and however they end, each gets its answer, and the init goes on."""

import pytest

from tests.abuse.asked.conftest import Jail

_PROCESSES, _TIMES = 60, 60


def test_everybody_gets_an_answer(jail: Jail) -> None:
    """Sixty processes at once, each with questions about files, shared memory, births and signals."""
    ended = jail.run(
        f"""
import os, signal, sys, threading, _posixshmem
def work(number):
    for turn in range({_TIMES}):
        path = f'file {{number}}'
        open(path, 'w').close()
        os.chmod(path, turn); assert os.stat(path).st_mode & 0o777 == turn
        os.utime(path, (turn, turn)); assert os.stat(path).st_mtime == turn
        os.close(_posixshmem.shm_open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)); _posixshmem.shm_unlink(path)
        thread = threading.Thread(target=int)
        try: thread.start(); thread.join()
        except RuntimeError: pass
        os.kill(os.getppid(), 0)
        os.unlink(path)
pids = []
for number in range({_PROCESSES}):
    pid = os.fork()
    if pid == 0:
        try: work(number)
        except BaseException as error: print(error, flush=True); os._exit(1)
        os._exit(0)
    pids.append(pid)
print([os.waitpid(pid, 0)[1] for pid in pids])
print(os.listdir(), os.listdir('../shm'))
""",
        abi=5,
        most=_PROCESSES + 10,
    )
    assert ended.stdout == f"{[0] * _PROCESSES}\n[] []\n"
    assert ended.answers > _PROCESSES * _TIMES * 6


def test_whoever_is_killed_while_asking_harms_nobody(jail: Jail) -> None:
    """Killed, stopped and interrupted at any time."""
    jail.run("""
import os, random, signal, time, _posixshmem
os.mkdir('files'); os.chdir('files')
def work(number):
    signal.signal(signal.SIGALRM, lambda *_: None); signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    path = f'{number}'
    while True:
        open(path, 'w').close(); os.chmod(path, 0o600); os.utime(path)
        try: os.close(_posixshmem.shm_open(path, os.O_CREAT | os.O_RDWR, 0o600)); _posixshmem.shm_unlink(path)
        except FileNotFoundError: pass
        pid = os.fork()
        if pid == 0: os._exit(0)
        os.waitpid(pid, 0)
deadline = time.monotonic() + 5
pids = {}
while time.monotonic() < deadline:
    for number in range(8):
        if number not in pids:
            pids[number] = os.fork()
            if pids[number] == 0: work(number)
    time.sleep(random.random() / 50)
    number = random.randrange(8)
    if random.random() < 0.3: os.kill(pids[number], signal.SIGSTOP); time.sleep(0.01); os.kill(pids[number], signal.SIGCONT)
    assert os.waitpid(pids[number], os.WNOHANG) == (0, 0), 'it has ended of itself'
    os.kill(pids[number], signal.SIGKILL); os.waitpid(pids.pop(number), 0)
for pid in pids.values(): os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
open('last', 'w').close(); os.chmod('last', 0o640); os.utime('last', (5, 5))
assert (os.stat('last').st_mode & 0o777, os.stat('last').st_mtime) == (0o640, 5)
""")


def test_call_is_not_made_twice_when_a_signal_comes(jail: Jail) -> None:
    """An alarm every 50 microseconds: what exists only once must not be there already when it is made."""
    jail.run("""
import os, signal, time, _posixshmem
signal.signal(signal.SIGALRM, lambda *_: None); signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.00005, 0.00005)
for _ in range(2000):
    os.close(_posixshmem.shm_open('/once', os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    os.link('/dev/shm/once', '/dev/shm/second')
    _posixshmem.shm_unlink('/once'); _posixshmem.shm_unlink('/second')
signal.setitimer(signal.ITIMER_REAL, 0)
""")


@pytest.mark.alone
def test_file_that_is_being_written_does_not_keep_the_init_waiting(jail: Jail) -> None:
    """The kernel changes no mode during a write(2): that takes a second for 300 MB. The init still watches the jail meanwhile."""
    ended = jail.run("""
import os, threading, time
file, data = os.open('big', os.O_CREAT | os.O_RDWR), bytearray(300 << 20)
over = threading.Event()
def write():
    while not over.is_set(): os.pwrite(file, data, 0)
threading.Thread(target=write).start()
waits, deadline = [0], time.monotonic() + 20
while max(waits) < 0.15 and time.monotonic() < deadline:
    began = time.monotonic()
    os.chmod('big', 0o600)
    waits.append(time.monotonic() - began)
over.set()
print(max(waits) * 1000)
""")
    assert 150 < float(ended.stdout)
    assert ended.longest_ms < 75
