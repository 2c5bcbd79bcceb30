"""Sends signals for a jail's code, to its own processes only: before Linux 6.12, Landlock does not keep it from the user's other ones.

A signal goes to a process by a pidfd, so that it cannot reach another one that has got the number meanwhile. There are none for threads
before Linux 6.9. But no process of the jail is born while its init answers, so the code cannot have a number used again in that time.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .. import libc
from ..census import Census
from . import asker
from .asker import signed
from .notification import Answer, Question, is_waiting

_SIGINFO_BYTES = 128


def kill(census: Census, question: Question) -> Answer:
    """Answer kill(2). Raises OSError."""
    target, number = (signed(each) for each in question.arguments[:2])
    us = asker.process_of(question.thread)
    if target == us:
        return None  # it cannot end, and its number cannot be another's, while it makes this call
    if target > 0:
        _send(census, target, number)
        return 0
    if target == -1:
        pids = [pid for pid in map(int, census.numbers()) if pid != us]
    else:
        pids = [pid for pid in map(int, census.numbers()) if _is_in_group(pid, -target)]
    count = 0
    for pid in pids:
        try:
            _send(census, pid, number)
            count += 1
        except ProcessLookupError:
            continue
    if not count:
        raise _error(errno.ESRCH)
    return 0


def sigqueue(census: Census, listener: int, question: Question) -> Answer:
    """Answer rt_sigqueueinfo(2). Raises OSError."""
    target, number = (signed(each) for each in question.arguments[:2])
    if target == asker.process_of(question.thread):
        return None
    _send(census, target, number, _info(listener, question, number))
    return 0


def pidfd_send_signal(census: Census, listener: int, question: Question) -> Answer:
    """Answer pidfd_send_signal(2). Raises OSError."""
    descriptor, number = (signed(each) for each in question.arguments[:2])
    if question.arguments[3] & 0xFFFFFFFF:
        raise _error(errno.EINVAL)
    target = asker.target_of_pidfd(question.thread, descriptor)
    _send(census, target, number, _info(listener, question, number))
    return 0


def tkill(census: Census, question: Question) -> Answer:
    """Answer tkill(2). Raises OSError."""
    thread, number = (signed(each) for each in question.arguments[:2])
    if thread <= 0:
        raise _error(errno.EINVAL)
    return _send_to_thread(census, question, asker.process_of(thread), thread, number)


def tgkill(census: Census, question: Question) -> Answer:
    """Answer tgkill(2). Raises OSError."""
    process, thread, number = (signed(each) for each in question.arguments[:3])
    if process <= 0 or thread <= 0:
        raise _error(errno.EINVAL)
    if process == asker.process_of(question.thread):
        return None  # the kernel makes sure that it is a thread of this process
    return _send_to_thread(census, question, process, thread, number)


def tgsigqueue(census: Census, question: Question) -> Answer:
    """Answer rt_tgsigqueueinfo(2): only for a process's own threads, as pthread_sigqueue(3) uses it. Raises OSError."""
    process = signed(question.arguments[0])
    if process == asker.process_of(question.thread):
        return None
    raise _error(errno.EPERM)


def _send_to_thread(census: Census, question: Question, process: int, thread: int, number: int) -> int:
    if process != asker.process_of(question.thread):
        with _opened(process):
            if not census.contains(process):
                raise _error(errno.EPERM)
    libc.tgkill(process, thread, number)
    return 0


def _send(census: Census, pid: int, number: int, info: bytes | None = None) -> None:
    with _opened(pid) as process:
        if not census.contains(pid):  # of whoever the pidfd is about: if that has ended, nothing is sent
            raise _error(errno.EPERM)
        libc.pidfd_send_signal(process, number, info)


@contextmanager
def _opened(pid: int) -> Iterator[int]:
    try:
        process = os.pidfd_open(pid)
    except OSError as error:
        raise _error(errno.ESRCH) from error  # EINVAL: it is a thread
    try:
        yield process
    finally:
        os.close(process)


def _is_in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except ProcessLookupError:
        return False


def _info(listener: int, question: Question, number: int) -> bytes | None:
    """Return the siginfo_t that the third argument points to."""
    address = question.arguments[2]
    if not address:
        return None
    info = asker.read(question.thread, address, _SIGINFO_BYTES)
    if not is_waiting(listener, question):
        raise _error(errno.ESRCH)  # it may have been read from another process
    return number.to_bytes(4, sys.byteorder, signed=True) + info[4:]


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
