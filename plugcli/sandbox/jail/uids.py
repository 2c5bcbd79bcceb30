"""Uids that nobody else has, for the jails of a launcher that is root but has no user namespace for them."""

import errno
import os

_BEST = (0x70000000, 0x7FFFFFFF)  # above every range that distributions and container tools assign
_LEAST = 60000  # below are the users and services of a container whose engine maps only 65,536 uids
_NOBODY = 65534


def unused_range(count: int) -> int:
    """Return the first of `count` uids, which are gids too, that are mapped here and that no user is likely to have.

    Raises OSError if there are none, or if this process may not take on another uid.
    """
    if not _may_change_uid():
        raise OSError(
            errno.EPERM, "root without CAP_SETUID and CAP_SETGID cannot give a jail a uid of its own"
        )
    ranges = [
        (max(a, c), min(b, d)) for a, b in mapped("uid") for c, d in mapped("gid") if max(a, c) <= min(b, d)
    ]
    for first, last in ranges:
        first, last = max(first, _BEST[0]), min(last, _BEST[1])
        if last - first >= count:
            return _random(first, last - count)
    for first, last in ranges:
        first, last = max(first, _LEAST), min(last, _NOBODY - 1)
        if last - first >= count:
            return _random(first, last - count)
    raise OSError(errno.EPERM, "root has no uids here that its jails could have")


def is_of_a_range(uid: int) -> bool:
    """Whether `unused_range` can have given this uid to a jail."""
    return _BEST[0] <= uid <= _BEST[1] or _LEAST <= uid < _NOBODY


def mapped(kind: str) -> list[tuple[int, int]]:
    """Return the ids, from and to, that this user namespace has. user_namespaces(7)."""
    with open(f"/proc/self/{kind}_map") as file:
        rows = [[int(word) for word in line.split()] for line in file]
    return [(first, first + count - 1) for first, _, count in rows]


def _random(first: int, last: int) -> int:
    return first + int.from_bytes(os.urandom(8)) % (last - first + 1)


def _may_change_uid() -> bool:
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("CapEff:"))
    needed = 1 << 6 | 1 << 7  # CAP_SETGID, CAP_SETUID
    return int(line.split()[1], 16) & needed == needed
