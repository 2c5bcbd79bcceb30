"""What one row of the table of kernel objects says, and what its attack is written with."""

from dataclasses import dataclass, field
from typing import Literal

MIB = 1 << 20
Level = Literal["namespaces"]
LEVELS: tuple[Level, ...] = ("namespaces",)
"""The forms of the sandbox. A row says for each what becomes of its attack."""


@dataclass(frozen=True)
class Denied:
    """The call fails with one of these errors, and nothing is made."""

    errors: tuple[str, ...]


@dataclass(frozen=True)
class Killed:
    """The jail ends, out of memory; `held`, where not memory but a number was the reason, is what the answer names."""

    held: str = ""


@dataclass(frozen=True)
class Bounded:
    """The code gets no more than `most` units, however its run ends; with None it is the limit alone that holds them."""

    most: int | None = None


@dataclass(frozen=True)
class TakenBack:
    """Nobody bounds it, and the kernel takes it back as soon as it needs the memory: the test makes it."""


Outcome = Denied | Killed | Bounded | TakenBack


@dataclass(frozen=True)
class Row:
    """An object that code can make or hold in the kernel."""

    id: str
    what: str
    counted: str
    """Who counts it: the version 1 and 2 memory groups, a rlimit, a number of the user or of the machine, or nobody."""
    root: str
    """What bounds it in plugcli as root, with a version 1 memory group."""
    user: str
    """What bounds it as an ordinary user, or as root without a group."""
    attack: str = ""
    """Python that makes `wanted` units of it, and calls `held` for those that it has got. Empty: another test tries it."""
    wanted: int = 0
    bytes_each: int = 0
    """Kernel memory of a unit where no version 1 group counts it, found in /proc/slabinfo; 0: the group weighs it."""
    limit_bytes: int = 128 * MIB
    at: dict[Level, dict[str, Outcome]] = field(default_factory=dict)
    """Level -> "root" and "user" -> what becomes of the attack."""
    elsewhere: str = ""
    """The test that tries it, where this table has no attack: FILE::NAME."""


def both(outcome: Outcome) -> dict[Level, dict[str, Outcome]]:
    """Return that as root and as a user the same becomes of the attack, in namespaces."""
    return {"namespaces": {"root": outcome, "user": outcome}}


def each(*, root: Outcome, user: Outcome) -> dict[Level, dict[str, Outcome]]:
    """Return what becomes of the attack in namespaces."""
    return {"namespaces": {"root": root, "user": user}}


PROLOGUE = r"""
import array, ctypes, errno, fcntl, mmap, os, platform, resource, select, socket, struct, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = libc.madvise.argtypes = libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.syscall.restype = ctypes.c_long
READ, READ_WRITE, SHARED, PRIVATE, ANONYMOUS = 1, 3, 1, 2, 0x20
ON_X86 = platform.machine() == 'x86_64'
def held(count):
    os.write(1, b'+%d\n' % count)
def denied(code=None):
    # As Linux names it: Python knows two names for some.
    code = ctypes.get_errno() if code is None else code
    os.write(1, b'!%s\n' % {95: 'EOPNOTSUPP', 11: 'EAGAIN'}.get(code, errno.errorcode.get(code, str(code))).encode())
def settle():
    time.sleep(1)
def crowd(count, take):
    # Each child makes its part and holds it until all have; what `take` returns lives as long.
    reader, writer = os.pipe()
    pids = []
    for k in range(count):
        pids.append(os.fork())
        if pids[-1] == 0:
            os.close(reader)
            try: kept = take(k)
            except OSError as e: denied(e.errno)
            os.close(writer)
            time.sleep(30)
            os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    settle()
    for pid in pids: os.kill(pid, 9)
    for pid in pids: os.waitpid(pid, 0)
"""
