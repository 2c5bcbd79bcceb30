"""Landlock: what a process may do with files, as a set of rules that it and its children can never leave. landlock(7).

A rule belongs to a file or a folder itself, not to its name. What needs a right that no rule gives fails with EACCES. Not covered up to
ABI 9: stat, chmod, chown, utime, extended attributes, chdir and locks (security/landlock/fs.c); the filter sees to those.
"""

import os
from typing import NamedTuple

from . import libc

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE = 0x10, 0x20
_MAKE_CHAR, _MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (
    1 << n for n in range(6, 13)
)
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

READ = EXECUTE | READ_FILE | READ_DIR
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV
EVERYTHING = (
    READ
    | WRITE_FILE
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _MAKE_FIFO
    | _MAKE_SYM
    | _REFER
    | _TRUNCATE
)
"""What code may do in its own folder: all but making devices and sockets."""

_TCP = 3  # LANDLOCK_ACCESS_NET_BIND_TCP and _CONNECT_TCP: handled, and given to nobody
_SCOPE = 3  # LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET and _SIGNAL


class Abi(NamedTuple):
    """What the kernel's Landlock can do, by its version: 0 if there is none."""

    version: int

    @property
    def handled_files(self) -> int:
        """Return the rights that a ruleset can take away."""
        newest = 13 if self.version < 2 else 14 if self.version < 3 else 15 if self.version < 5 else 16
        return (1 << newest) - 1

    @property
    def handled_network(self) -> int:
        """Return the rights on TCP that a ruleset can take away."""
        return _TCP if self.version >= 4 else 0

    @property
    def scope(self) -> int:
        """Return what a ruleset can confine to its own processes."""
        return _SCOPE if self.version >= 6 else 0

    @property
    def confines_signals(self) -> bool:
        """Whether signals reach only processes with the same rules or stricter ones (Linux 6.12)."""
        return self.version >= 6

    @property
    def confines_truncate(self) -> bool:
        """Whether there is a right to truncate files (Linux 6.2)."""
        return self.version >= 3


def abi() -> Abi:
    """Return the kernel's Landlock."""
    try:
        return Abi(libc.landlock_abi())
    except OSError:  # not built in, or not in the list of security modules
        return Abi(0)


class Place(NamedTuple):
    """A file or folder that is open, and what is allowed on it. So a rule costs one call, and /proc does not forget the file."""

    descriptor: int
    is_folder: bool
    rights: int


def place(path: str, rights: int) -> Place:
    """Open what `path` leads to. Raises OSError."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    return Place(descriptor, os.path.isdir(path), rights)


class Ruleset:
    """Rules that are being collected. What none of them allows is denied to a process from `restrict_self` on."""

    def __init__(self, kernel: Abi) -> None:
        self._handled = kernel.handled_files
        self.descriptor = libc.landlock_create_ruleset(
            kernel.version, kernel.handled_files, kernel.handled_network, kernel.scope
        )

    def allow(self, path: str, rights: int) -> None:
        """Allow `rights` on the file `path`, or on the folder and everything below it."""
        opened = place(path, rights)
        try:
            self.allow_place(opened)
        finally:
            os.close(opened.descriptor)

    def allow_place(self, opened: Place) -> None:
        """Allow on an open file or folder what is allowed on it."""
        allowed = opened.rights & self._handled & (-1 if opened.is_folder else OF_A_FILE)
        libc.landlock_add_rule(self.descriptor, allowed, opened.descriptor)

    def restrict_self(self) -> None:
        """Confine this process to the rules. It must have no_new_privs."""
        libc.landlock_restrict_self(self.descriptor)

    def close(self) -> None:
        """Close the descriptor; whoever is confined stays so."""
        os.close(self.descriptor)
