"""The number of a jail's processes and threads is exact, although the kernel counts only those of the user together."""

import contextlib
import threading
import time
from pathlib import Path

import pytest

from tests.abuse.asked.conftest import Jail

_MOST = 12
_INIT = 1
_FILL = {
    "threads": """
import threading, time
def fill():
    'Return how many can be born.'
    end, born = threading.Event(), []
    try:
        while True:
            born.append(threading.Thread(target=end.wait)); born[-1].start()
    except RuntimeError: born.pop()
    end.set()
    for each in born: each.join()
    time.sleep(0.05)  # a thread that has been joined may still be ending
    return len(born)
""",
    "processes": """
import os, signal
def fill():
    'Return how many can be born; the ended ones that nobody waits for count.'
    born = []
    try:
        while True:
            pid = os.fork()
            if pid == 0: os._exit(0) if len(born) % 2 else signal.pause()
            born.append(pid)
    except BlockingIOError: pass
    for pid in born: os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
    return len(born)
""",
    "programs": """
import subprocess
def fill():
    'Return how many can be started.'
    born = []
    try:
        while True: born.append(subprocess.Popen(['sleep', '1000']))
    except BlockingIOError: pass
    for each in born: each.kill(); each.wait()
    return len(born)
""",
}


@pytest.mark.parametrize("kind", _FILL)
def test_limit_is_exact(jail: Jail, kind: str) -> None:
    """So many and no more, again and again."""
    ended = jail.run(_FILL[kind] + "\nprint(*[fill() for _ in range(5)])", most=_MOST)
    assert ended.stdout == f"{' '.join([str(_MOST - 1)] * 5)}\n"


def test_limit_is_for_all_together(jail: Jail) -> None:
    """Threads of processes, and processes of threads."""
    ended = jail.run(
        """
import os, signal, threading, time
end = threading.Event()
for _ in range(3): threading.Thread(target=end.wait).start()
pids, results = [], os.pipe()
def child():
    count = 0
    try:
        while True: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start(); count += 1
    except RuntimeError: pass
    os.write(results[1], b'%d ' % count); signal.pause()
def fork():
    pid = os.fork()
    if pid == 0: child()
    pids.append(pid)
maker = threading.Thread(target=fork); maker.start(); maker.join()
print(os.read(results[0], 100).decode())
try: os.fork()
except BlockingIOError: print('full')
os.kill(pids[0], signal.SIGKILL); os.waitpid(pids[0], 0)
fork(); print(os.read(results[0], 100).decode()); os.kill(pids[1], signal.SIGKILL); end.set()
""",
        most=_MOST,
    )
    assert ended.stdout.split() == ["7", "full", "7"]  # with four threads before, and the child's first


def test_whoever_is_below_the_limit_is_never_refused(jail: Jail) -> None:
    """Many that come and go, beside as many as there may be."""
    jail.run(
        """
import os, subprocess, threading
end = threading.Event()
for _ in range(7): threading.Thread(target=end.wait).start()
for _ in range(300):
    each = threading.Thread(target=int); each.start(); each.join()
for _ in range(150):
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
for _ in range(20): subprocess.run(['true'], check=True)
end.set()
""",
        most=_MOST,
    )


_STORMS = {
    "forks": "while True:\n  try: os.fork()\n  except OSError: pass",
    "daemons": """
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork(): os._exit(0)
    except OSError: pass
""",
    "threads": """
def storm():
    while True:
        try: threading.Thread(target=storm).start()
        except RuntimeError: pass
storm()
""",
    "short lives": """
for _ in range(6): os.fork()
while True:
    try:
        if os.fork() == 0: os._exit(0)
        os.waitpid(-1, os.WNOHANG)
    except OSError: pass
""",
}


_RUN = """
import os, signal, threading, time
if os.fork() == 0:
    os.setsid()
    exec(storm, globals())
time.sleep(3)
"""


@pytest.mark.parametrize("storm", _STORMS)
def test_storm_stays_below_the_limit(jail: Jail, storm: str) -> None:
    """All of them, counted from outside while it lasts."""
    counts: list[int] = []
    over = threading.Event()

    def count() -> None:
        while not over.is_set():
            counts.append(_tasks(jail.uid))
            time.sleep(0.002)

    observer = threading.Thread(target=count)
    observer.start()
    try:
        jail.run(f"storm = {_STORMS[storm]!r}" + _RUN, most=_MOST)
    finally:
        over.set()
        observer.join()
    assert 0.7 * _MOST < max(counts) <= _MOST + _INIT
    assert _tasks(jail.uid) == 0


def _tasks(uid: int) -> int:
    """Return the number of threads of all processes of a user, the init with them."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "task").stat()
            count += (status.st_nlink - 2) if status.st_uid == uid else 0
    return count


def test_nobody_is_born_while_births_are_frozen(jail: Jail) -> None:
    """For whoever ends or counts all of them."""
    ended = jail.run(
        """
import os, threading
for _ in range(5):
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
for call in (os.fork, threading.Thread(target=int).start, lambda: os.posix_spawn('/bin/true', ['true'], {})):
    try: call()
    except (BlockingIOError, RuntimeError): print('frozen')
""",
        freezes_after=5,
    )
    assert ended.stdout == "frozen\nfrozen\nfrozen\n"
    assert ended.births == 5
