"""Signals reach the jail's own processes, and no other of the same user, where Landlock does not see to it: before Linux 6.12."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.abuse.asked.conftest import Jail

_ABI = 5

# Each way to send SIGTERM to the process `pid`.
_WAYS = {
    "kill": "os.kill(pid, 15)",
    "its group": "os.killpg(pid, 15)",
    "tkill": "check(libc.syscall(number['tkill'], pid, 15))",
    "tgkill": "check(libc.syscall(number['tgkill'], pid, pid, 15))",
    "sigqueue": "check(libc.syscall(number['rt_sigqueueinfo'], pid, 15, info))",
    "tgsigqueue": "check(libc.syscall(number['rt_tgsigqueueinfo'], pid, pid, 15, info))",
    "pidfd": "signal.pidfd_send_signal(os.pidfd_open(pid), 15)",
    "pidfd with info": "check(libc.syscall(424, os.pidfd_open(pid), 15, info, 0))",
    "owner of a pipe": "own(8, pid)",
    "owner, extended": "own(15, struct.pack('ii', 1, pid))",
}
_CALLS = """
import ctypes, errno, fcntl, os, signal, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
names = 'tkill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo'
number = dict(zip(names, (200, 234, 129, 297) if os.uname().machine == 'x86_64' else (130, 131, 138, 240)))
info = struct.pack('iii', 15, 0, -1) + bytes(116)
def check(result):
    if result: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def own(command, value):
    reader, writer = os.pipe()
    fcntl.fcntl(reader, command, value); fcntl.fcntl(reader, 10, 15)
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC); os.write(writer, b'x')
"""


@contextmanager
def _victims(uid: int, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start processes outside with the code's uid, each in a group of its own."""
    victims = [
        subprocess.Popen(["sleep", "1000"], user=uid, group=uid, extra_groups=[], start_new_session=True)
        for _ in range(count)
    ]
    try:
        yield victims
    finally:
        for each in victims:
            each.kill()
            each.wait()


def _attack(jail: Jail, *, has_filter: bool) -> list[str]:
    """Return the ways by which SIGTERM came."""
    with _victims(jail.uid, len(_WAYS)) as victims:
        ways = [*zip([each.pid for each in victims], _WAYS.values(), strict=True)]
        jail.run(
            f"{_CALLS}\nfor pid, way in {ways!r}:\n  try: exec(way)\n  except OSError: pass",
            has_filter=has_filter,
            abi=_ABI,
        )
        time.sleep(0.1)
        return [way for way, victim in zip(_WAYS, victims, strict=True) if victim.poll() is not None]


def test_no_way_leads_to_a_process_outside(jail: Jail) -> None:
    """Landlock alone lets each of them through."""
    assert _attack(jail, has_filter=False) == [*_WAYS]
    assert _attack(jail, has_filter=True) == []


def test_signal_to_everybody_reaches_everybody_in_the_jail(jail: Jail) -> None:
    """As in a pid namespace: not whoever sends it, and nobody outside."""
    with _victims(jail.uid, 1) as (victim,):
        ended = jail.run(
            _CALLS
            + """
children = [subprocess.Popen(['sleep', '1000'], start_new_session=each) for each in (False, True)]
os.kill(-1, 15)
print([each.wait() for each in children])
try: os.kill(-1, 15)
except ProcessLookupError: print('nobody')
""",
            abi=_ABI,
        )
        assert ended.stdout == "[-15, -15]\nnobody\n"
        assert victim.poll() is None


def test_processes_of_the_jail_signal_each_other(jail: Jail) -> None:
    """All that Python does with signals."""
    jail.run(_CALLS + _HONEST, abi=_ABI)


_HONEST = """
heard = []
for each in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM): signal.signal(each, lambda number, _: heard.append(number))
os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR2); signal.alarm(1); signal.pause()
assert heard == [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM], heard
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1); os.killpg(0, signal.SIGUSR2); os.kill(0, 0)
assert heard[3:] == [signal.SIGUSR1, signal.SIGUSR2], heard
os.kill(-os.getpgrp(), signal.SIGUSR1)
assert heard[5:] == [signal.SIGUSR1], heard

def ended(send, **options):
    child = subprocess.Popen(['sleep', '1000'], **options)
    os.kill(child.pid, 0)
    send(child.pid)
    return child.wait()
assert ended(lambda pid: os.kill(pid, 9)) == -9
assert ended(lambda pid: os.killpg(pid, 15), start_new_session=True) == -15
assert ended(lambda pid: signal.pidfd_send_signal(os.pidfd_open(pid), 10)) == -10
assert ended(lambda pid: check(libc.syscall(number['tgkill'], pid, pid, 15))) == -15
assert ended(lambda pid: check(libc.syscall(number['tkill'], pid, 12))) == -12
assert ended(lambda pid: check(libc.syscall(number['rt_sigqueueinfo'], pid, 14, info))) == -14
assert ended(lambda pid: check(libc.syscall(424, os.pidfd_open(pid), 15, info, 0))) == -15
assert subprocess.run([sys.executable, '-c', 'import os; os.abort()']).returncode == -6
try: subprocess.run(['sleep', '1000'], timeout=0.1)
except subprocess.TimeoutExpired: pass

def error(call, *arguments):
    try: return call(*arguments)
    except OSError as found: return errno.errorcode[found.errno]
assert error(os.kill, os.getppid(), 0) == 'EPERM'  # the init
assert error(os.kill, 1, 0) == 'EPERM'
assert error(os.kill, 1 << 30, 0) == 'ESRCH' == error(os.killpg, 1 << 30, 0)
assert error(os.kill, os.getpid(), 99) == 'EINVAL'
assert error(signal.pidfd_send_signal, 0, 15) == 'EBADF'
child = subprocess.Popen(['true']); descriptor = os.pidfd_open(child.pid); child.wait()
assert error(signal.pidfd_send_signal, descriptor, 15) == 'ESRCH'
"""


def test_shell_forks_while_its_children_end(jail: Jail) -> None:
    """dash handles SIGCHLD without SA_RESTART, and does not try again: no question may make its fork(2) fail with EINTR."""
    jail.run("""
import signal, subprocess
for _ in range(100):
    line = 'echo a | cat | tee d | dd of=e status=none; true | true | true | cat'
    subprocess.run(['sh', '-c', line], check=True, stderr=subprocess.STDOUT)
heard = []
signal.signal(signal.SIGCHLD, lambda *_: heard.append(1))
subprocess.run(['true'])
assert heard
signal.signal(signal.SIGCHLD, signal.SIG_IGN); signal.signal(signal.SIGCHLD, signal.SIG_DFL)
""")
