"""Has a handler of SIGCHLD restart the calls that it interrupts, so that fork(2) is not among those that fail with EINTR.

A call that the filter asks about is interrupted by any signal until the init has received the question. Without a filter fork(2) never is,
so shells do not try again, and a shell with SIGCHLD's handler forks while its children end: `a | b | c` failed half the time in dash, which
installs the handler without SA_RESTART. Calls that wait by their nature (poll, sleep, sigsuspend) are interrupted as ever: signal(7).
"""

import contextlib
import os
import sys

from .notification import Question, is_waiting

# <asm/signal.h>: struct sigaction begins with the handler and the flags, on both machines.
_HANDLER_BYTES, _FLAGS_BYTES = 8, 8
_SIG_DFL, _SIG_IGN = 0, 1
_SA_RESTART = 0x10000000


def restart(listener: int, question: Question) -> None:
    """Add SA_RESTART to the struct sigaction of rt_sigaction(2), and let the call go on: nothing else depends on what is there."""
    address = question.arguments[1]
    if address > sys.maxsize:
        return  # the kernel's half
    with contextlib.suppress(OSError):  # the kernel finds the same fault
        # The descriptor stays that of this memory, even if another process gets the number of the thread.
        memory = os.open(f"/proc/{question.thread}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            text = os.pread(memory, _HANDLER_BYTES + _FLAGS_BYTES, address)
            handler, flags = (
                int.from_bytes(part, sys.byteorder) for part in (text[:_HANDLER_BYTES], text[_HANDLER_BYTES:])
            )
            if handler not in (_SIG_DFL, _SIG_IGN) and is_waiting(listener, question):
                flags |= _SA_RESTART
                os.pwrite(memory, flags.to_bytes(_FLAGS_BYTES, sys.byteorder), address + _HANDLER_BYTES)
        finally:
            os.close(memory)
