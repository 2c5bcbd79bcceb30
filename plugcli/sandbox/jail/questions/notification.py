"""How the kernel hands over a system call that a filter asks about, and how it is answered. seccomp_unotify(2).

Whoever asked may be gone at any time, and its number may then be another process's: what was read of it counts only if `is_waiting` says
so afterwards.
"""

import errno
import struct
from fcntl import ioctl
from typing import NamedTuple

# <linux/seccomp.h>: SECCOMP_IOCTL_NOTIF_*, and struct seccomp_notif (id, pid, flags, and struct seccomp_data with the six arguments),
# struct seccomp_notif_resp and struct seccomp_notif_addfd.
_RECEIVE, _SEND, _ID_VALID, _ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_QUESTION = struct.Struct("=QII iIQ 6Q")
_ANSWER = struct.Struct("=QqiI")
_DESCRIPTOR = struct.Struct("=QIIII")
_CONTINUE = 1
_AND_SEND = 2  # SECCOMP_ADDFD_FLAG_SEND


class Question(NamedTuple):
    """A system call that waits for its answer."""

    id: int
    thread: int
    call: int
    """Its number."""
    arguments: tuple[int, ...]


class Descriptor(NamedTuple):
    """The answer to a call that opens something: our descriptor of it, which is closed afterwards, and O_CLOEXEC or 0."""

    number: int
    flags: int


Answer = int | Descriptor | None
"""What the call returns; None: the kernel goes on with it as if nobody had been asked."""


def receive(listener: int) -> Question | None:
    """Return the next question; None if whoever asked is gone, or was interrupted and will ask again."""
    text = bytearray(_QUESTION.size)
    try:
        ioctl(listener, _RECEIVE, text)
    except OSError:
        return None
    id, thread, _, call, _, _, *arguments = _QUESTION.unpack(text)
    return Question(id, thread, call, tuple(arguments))


def is_waiting(listener: int, question: Question) -> bool:
    """Whether the question still waits for its answer."""
    try:
        ioctl(listener, _ID_VALID, struct.pack("Q", question.id))
    except OSError:
        return False
    return True


def send(listener: int, question: Question, answer: Answer) -> None:
    """Answer a question. Raises OSError if a descriptor cannot be handed over."""
    if isinstance(answer, Descriptor):
        _send_descriptor(listener, question, answer)
    else:
        _send(listener, question, answer or 0, 0, _CONTINUE if answer is None else 0)


def send_error(listener: int, question: Question, code: int) -> None:
    """Have the call fail."""
    _send(listener, question, 0, -code, 0)


def _send_descriptor(listener: int, question: Question, answer: Descriptor) -> None:
    try:
        _add_descriptor(listener, question, answer, _AND_SEND)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # Before Linux 5.14, there are two steps.
        _send(listener, question, _add_descriptor(listener, question, answer, 0), 0, 0)


def _add_descriptor(listener: int, question: Question, answer: Descriptor, flags: int) -> int:
    """Return the number that the descriptor has in the process that asked."""
    text = bytearray(_DESCRIPTOR.pack(question.id, flags, answer.number, 0, answer.flags))
    return int(ioctl(listener, _ADD_DESCRIPTOR, text))


def _send(listener: int, question: Question, value: int, error: int, flags: int) -> None:
    try:
        ioctl(listener, _SEND, bytearray(_ANSWER.pack(question.id, value, error, flags)))
    except OSError:
        return  # it is gone
