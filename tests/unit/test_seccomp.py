"""The filter as data: run by a small interpreter of classic BPF, for both machines, without a kernel."""

import errno
import functools

import pytest

from plugcli.sandbox.jail import seccomp, syscalls
from tests.unit import bpf


@functools.cache
def program(machine: str) -> bytes:
    """Return the filter."""
    return seccomp.program(machine)


def answer(machine: str, number: int, *arguments: int, architecture: int | None = None) -> bpf.Answer:
    """Return what the filter answers."""
    return bpf.run(program(machine), architecture or bpf.ARCHITECTURES[machine], number, *arguments)


@pytest.fixture(params=bpf.ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine that the tables know."""
    return str(request.param)


def test_every_rule_names_calls_that_exist(machine: str) -> None:
    """A misspelt name would be a hole."""
    known = set(syscalls.numbers("x86_64")) | set(syscalls.numbers("aarch64"))
    for rule in seccomp.RULES:
        assert set(rule.calls.split()) <= known


def test_unconditional_rules_always_deny(machine: str) -> None:
    """Whatever the arguments."""
    numbers = syscalls.numbers(machine)
    for rule in seccomp.RULES:
        for name in rule.calls.split():
            if not rule.when and name in numbers:
                assert answer(machine, numbers[name], *[2**64 - 1] * 6) == rule.code, name


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (17,), None),
        ("clone", (0x3D0F00,), None),  # a thread
        ("clone", (0x10000000 | 17,), errno.EPERM),
        ("clone", (0x40000000 | 1 << 63,), errno.EPERM),
        ("socket", (1, 1, 0), None),
        ("socket", (2, 1, 6), None),
        ("socket", (10, 2, 17), None),
        ("socket", (2, 1, 262), errno.EPROTONOSUPPORT),
        ("socket", (2 | 1 << 32, 1, 262), errno.EPROTONOSUPPORT),
        ("socket", (2, 1 | 0x80000 | 0x800, 0), None),
        ("socket", (2, 5, 0), errno.ESOCKTNOSUPPORT),
        ("socket", (10, 3 | 0x80000, 6), errno.ESOCKTNOSUPPORT),
        ("socket", (10, 6 | 1 << 32, 0), errno.ESOCKTNOSUPPORT),
        ("socket", (1, 5, 0), None),
        ("socket", (16, 3, 0), errno.EAFNOSUPPORT),
        ("socket", (40, 1, 0), errno.EAFNOSUPPORT),
        ("socket", (40 | 1 << 40, 1, 0), errno.EAFNOSUPPORT),
        ("socketpair", (1,), None),
        ("socketpair", (2,), errno.EAFNOSUPPORT),
        ("ioctl", (0, 0x5401), None),
        ("ioctl", (0, 0x5412), errno.EPERM),
        ("ioctl", (0, 0x5412 | 1 << 32), errno.EPERM),
        ("fcntl", (3, 6), None),  # F_SETLK: sqlite
        ("fcntl", (3, 1030), None),
        ("fcntl", (3, 1024), errno.EPERM),
        ("fcntl", (3, 1026 | 1 << 32), errno.EPERM),
        ("fcntl", (3, 1040), errno.EPERM),
        ("personality", (0xFFFFFFFF,), None),
        ("personality", (0,), None),
        ("personality", (0x0040000,), errno.EPERM),
        ("prlimit64", (0, 7, 0), None),
        ("prlimit64", (0, 7, 5), None),
        ("prlimit64", (0, 4, 0), None),
        ("prlimit64", (0, 4, 1), errno.EPERM),
        ("prlimit64", (0, 4, 1 << 32), errno.EPERM),
        ("prlimit64", (1, 7, 0), errno.EPERM),
        ("prctl", (4, 1), None),
        ("prctl", (4, 0), errno.EPERM),
        ("prctl", (22, 2), errno.EINVAL),
        ("prctl", (15, 1), None),
        ("prctl", (41, 0), errno.EPERM),
        ("prctl", (67, 1), errno.EINVAL),
        ("clone", (0x4111, 0), None),  # vfork as posix_spawn makes it
        ("clone", (0x400 | 17,), errno.EPERM),  # files shared, and no thread
        ("clone", (0x4000 | 17,), errno.EPERM),  # the parent waits, and its memory is copied
        ("clone", (0x400 | 0x10000 << 32,), errno.EPERM),
        ("mmap", (0, 1 << 21, 3, 0x22), None),
        ("mmap", (0, 1 << 21, 3, 0x40022), errno.ENOMEM),
        ("madvise", (0, 4096, 4), None),
        ("madvise", (0, 4096, 14), None),  # MADV_HUGEPAGE: allocators ask for it
        ("madvise", (0, 4096, 12), errno.EINVAL),
        ("madvise", (0, 4096, 21 | 1 << 32), errno.EINVAL),
        ("fcntl", (3, 1031), errno.EPERM),
        ("fcntl", (3, 37), errno.EINVAL),
        ("setsockopt", (3, 1, 2), None),
        ("setsockopt", (3, 6, 7), None),  # of TCP, not of the socket
        ("setsockopt", (3, 1, 7), 0),
        ("setsockopt", (3, 1, 8 | 1 << 32), 0),
        ("setsockopt", (3, 1, 26), errno.EPERM),
        ("setsockopt", (3, 1, 51), errno.EPERM),
        ("setsockopt", (3, 1, 60), errno.EOPNOTSUPP),
        ("setsockopt", (3, 1, 76), errno.ENOPROTOOPT),
        ("getsockopt", (3, 1, 17), None),  # SO_PEERCRED
        ("getsockopt", (3, 1, 77), errno.ENOPROTOOPT),
        ("getsockopt", (3, 6, 35), errno.EOPNOTSUPP),
        ("prctl", (78, 1), errno.EINVAL),
        ("setsockopt", (3, 41, 26), None),  # IPV6_V6ONLY
        ("setsockopt", (3, 41, 32), errno.ENOPROTOOPT),
        ("setsockopt", (3, 6, 1), None),  # TCP_NODELAY
        ("setsockopt", (3, 6, 31), errno.ENOPROTOOPT),
        ("ioctl", (3, 0x8912), None),  # SIOCGIFCONF
        ("ioctl", (3, 0x8982), errno.ENOPKG),
        ("fadvise64", (3, 0, 0, 2), None),
        ("fadvise64", (3, 0, 0, 4), 0),
        ("setpriority", (0, 0, 19), None),
        ("setpriority", (0, 1, 19), errno.EPERM),
        ("setpriority", (2, 0, 19), errno.EPERM),
    ],
)
def test_arguments_decide(machine: str, name: str, arguments: tuple[int, ...], expected: int | None) -> None:
    """Low 32 bits where the kernel reads an int, all 64 of a pointer."""
    assert answer(machine, syscalls.numbers(machine)[name], *arguments) == expected


def test_unknown_numbers_and_architectures_are_not_there(machine: str) -> None:
    """ENOSYS, so that libc falls back; the x32 numbers of x86_64 too."""
    for number in (syscalls.NEWEST + 1, 9999, 1 << 30 | 1, -1):
        assert answer(machine, number) == errno.ENOSYS
    assert answer(machine, 1, architecture=0x40000003) == errno.ENOSYS


def test_ordinary_calls_are_allowed(machine: str) -> None:
    """read, write, openat, mmap, futex, execve ..."""
    common = {"x86_64": (0, 1, 257, 9, 202, 59, 61, 39), "aarch64": (63, 64, 56, 222, 98, 221, 260, 172)}
    assert [answer(machine, number) for number in common[machine]] == [None] * 8
