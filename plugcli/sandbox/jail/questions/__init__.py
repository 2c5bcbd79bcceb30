"""What the init of a jail at the landlock level is asked by the filter, and answers: see landlock_filter.py.

One thing is not as without a filter: until the init has received a question, a signal interrupts the call. So with a handler that was
installed without SA_RESTART, as Python's are, even chmod(2) can fail with EINTR. After that, only SIGKILL interrupts it. For SIGCHLD, see
handlers.py.
"""

import _thread
import errno
import os
from _queue import SimpleQueue
from collections.abc import Callable
from functools import partial

from .. import syscalls
from ..census import Census
from ..mappings import Mappings
from . import attributes, handlers, notification, shared_memory, signals
from .births import Births
from .notification import Answer, Question

THREADS = 1
"""How many threads the init starts."""

_SHARED_MEMORY = "shm"
_MAP_SHARED, _MAP_ANONYMOUS = 1, 0x20
_INT = 0xFFFFFFFF  # the kernel reads no more of a descriptor
_MOST_WAITING = 1024  # each is a thread of the jail, or was one; before Linux 5.19, a thread can leave its question behind
_NAMES = {number: name for name, number in syscalls.numbers(os.uname().machine).items()}

Reply = Callable[[Question], Answer]


class Questions:
    """The questions of one jail's filter, which come from the descriptor `listener`.

    `folder` is an O_PATH descriptor of the jail's own folder; the code can name shared memory if it has a folder `shm`. The jail may have
    `most_processes` processes and threads. `hold` is Mapped.hold of unnamed.py.

    What changes files is done by a thread of its own, because the kernel can make it wait: for another call that writes to the same file,
    for example. It must not keep the init from watching the jail.
    """

    def __init__(
        self,
        listener: int,
        folder: int,
        census: Census,
        mappings: Mappings,
        most_processes: int,
        hold: Callable[[int, int], bool],
    ) -> None:
        self._listener = listener
        self._mappings = mappings
        self._hold = hold
        self.births = Births(census, most_processes)
        shm = os.open(
            _SHARED_MEMORY, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
        )
        self._waiting: SimpleQueue[tuple[Question, Reply]] = SimpleQueue()
        self._has_thread = False
        birth = self.births.answer
        self._at_once: dict[str, Reply] = {
            "mmap": self._map,
            "fork": partial(birth, is_clone=False),
            "vfork": partial(birth, is_clone=False),
            "clone": partial(birth, is_clone=True),
            "kill": partial(signals.kill, census),
            "tkill": partial(signals.tkill, census),
            "tgkill": partial(signals.tgkill, census),
            "rt_sigqueueinfo": partial(signals.sigqueue, census, listener),
            "rt_tgsigqueueinfo": partial(signals.tgsigqueue, census),
            "pidfd_send_signal": partial(signals.pidfd_send_signal, census, listener),
        }
        self._later: dict[str, Reply] = {
            "rt_sigaction": partial(handlers.restart, listener),  # it takes the lock of the asker's memory
            **{name: partial(attributes.change, folder, listener, name=name) for name in attributes.CALLS},
            "open": partial(shared_memory.open_file, shm, listener, first=0),
            "openat": partial(shared_memory.open_file, shm, listener, first=1),
            "link": partial(shared_memory.link, shm, listener, first=0, second=1),
            "linkat": partial(shared_memory.link, shm, listener, first=1, second=3),
            "unlink": partial(shared_memory.unlink, shm, listener, first=0),
            "unlinkat": partial(shared_memory.unlink, shm, listener, first=1),
        }

    def answer(self) -> None:
        """Answer one question. Call it when the listener is readable."""
        question = notification.receive(self._listener)
        if question is None:
            return
        name = _NAMES[question.call]
        if name in self._at_once:
            self._reply(question, self._at_once[name])
        elif self._waiting.qsize() < _MOST_WAITING and self._starts_thread():
            self._waiting.put((question, self._later[name]))
        else:
            notification.send_error(self._listener, question, errno.EAGAIN)

    def _map(self, question: Question) -> Answer:
        _, length, _, flags, descriptor, _ = question.arguments
        is_counted = not flags & _MAP_SHARED or self._mappings.allow(question.thread, length, flags)
        if not is_counted or not (flags & _MAP_ANONYMOUS or self._hold(question.thread, descriptor & _INT)):
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        return None

    def _starts_thread(self) -> bool:
        if not self._has_thread:
            try:
                _thread.start_new_thread(self._reply_for_ever, ())
            except RuntimeError:
                return False  # the user can run no more threads
            self._has_thread = True
        return True

    def _reply_for_ever(self) -> None:
        try:
            while True:
                self._reply(*self._waiting.get())
        except BaseException:
            os._exit(1)  # a fault of ours: whoever asks next would wait for ever

    def _reply(self, question: Question, reply: Reply) -> None:
        try:
            answer = reply(question)
            try:
                notification.send(self._listener, question, answer)
            finally:
                if isinstance(answer, notification.Descriptor):
                    os.close(answer.number)
        except OSError as error:
            notification.send_error(self._listener, question, error.errno or errno.EIO)
