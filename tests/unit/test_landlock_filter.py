"""The two programs of the landlock level as data, for both machines and every Landlock."""

import errno
import functools

import pytest

from plugcli.sandbox.jail import landlock_filter, seccomp, syscalls
from plugcli.sandbox.jail.landlock import Abi
from tests.unit import bpf

HERE = 2**64 - 100  # AT_FDCWD
CREATE, EXCLUSIVELY, TRUNCATE, PATH, TEMPORARY = 0x40, 0x80, 0x200, 0x200000, 0x400000
FOLDER = {"x86_64": 0x10000, "aarch64": 0x4000}
NO_LINK = {"x86_64": 0x20000, "aarch64": 0x8000}


@functools.cache
def programs(machine: str, abi: int) -> tuple[bytes, bytes]:
    """Return what denies and what asks."""
    kernel = Abi(abi)
    return (
        landlock_filter.denying(machine, kernel),
        landlock_filter.asking(machine, kernel, counts_memory=True),
    )


def answer(machine: str, abi: int, name: str, *arguments: int) -> bpf.Answer:
    """Return what both programs together answer, as the kernel combines them: an errno wins over a question."""
    number = syscalls.numbers(machine)[name]
    architecture = bpf.ARCHITECTURES[machine]
    denial, question = (bpf.run(each, architecture, number, *arguments) for each in programs(machine, abi))
    return question if denial is None else denial


@pytest.fixture(params=bpf.ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine that the tables know."""
    return str(request.param)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("socket", (1, 1, 0), errno.EPERM),
        ("socketpair", (1, 1 | 0x80000, 0), None),
        ("socketpair", (1, 2, 0), errno.ESOCKTNOSUPPORT),  # a datagram end could reach the path of any socket
        ("socketpair", (1, 5 | 1 << 32, 0), errno.ESOCKTNOSUPPORT),
        ("socketpair", (2, 1, 0), errno.EAFNOSUPPORT),
        ("connect", (3, 1, 110), errno.EPERM),
        ("bind", (3, 1, 110), errno.EPERM),
        ("sendmsg", (3, 1, 0), errno.EPERM),
        ("sendmmsg", (3, 1, 1, 0), errno.EPERM),
        ("inotify_init1", (0,), errno.ENOSYS),
        ("prlimit64", (0, 7, 5), None),
        ("prlimit64", (700, 7, 0, 5), errno.EPERM),
        ("setpriority", (0, 0, 19), None),
        ("setpriority", (0, 700, 19), errno.EPERM),
        ("setpriority", (1, 0, 19), errno.EPERM),
        ("ioprio_set", (1, 0, 0), None),
        ("ioprio_set", (2, 0, 0), errno.EPERM),
        ("ioprio_set", (1, 700, 0), errno.EPERM),
        ("sched_setparam", (0, 1), None),
        ("sched_setattr", (700, 1, 0), errno.EPERM),
        ("fallocate", (3, 0, 0, 10), errno.EOPNOTSUPP),
        ("fremovexattr", (3, 1), errno.EOPNOTSUPP),
        ("openat2", (HERE, 1, 1, 24), errno.ENOSYS),
        ("openat", (HERE, 1, CREATE | 1, 0o4755), errno.EPERM),
        ("openat", (3, 1, TEMPORARY | 2, 0o2755), errno.EPERM),
        ("openat", (HERE, 1, CREATE | 1, 0o755), None),
        ("openat", (HERE, 1, 0, 0o4755), None),  # no file is made: the mode means nothing
        ("mknodat", (HERE, 1, 0o104755), errno.EPERM),
        ("mknodat", (HERE, 1, 0o010600), None),  # a FIFO
        ("ioctl", (0, 0x5401), None),  # isatty
        ("ioctl", (0, 0x541B), None),  # FIONREAD
        ("ioctl", (3, 0x40086602), errno.EOPNOTSUPP),  # FS_IOC_SETFLAGS
        ("ioctl", (3, 0x40086602 | 1 << 32), errno.EOPNOTSUPP),
        ("ioctl", (3, 0x8901), errno.EOPNOTSUPP),  # FIOSETOWN
        ("ioctl", (3, 0x5412), errno.EPERM),
        ("clone", (17,), "ask"),
        ("clone", (0x3D0F00,), "ask"),
        ("clone", (0x10000000 | 17,), errno.EPERM),
        ("clone3", (1, 88), errno.ENOSYS),
        ("rt_sigaction", (17, 1, 0, 8), "ask"),
        ("rt_sigaction", (17, 0, 1, 8), None),
        ("rt_sigaction", (14, 1, 0, 8), None),
        ("mmap", (0, 4096, 3, 0x21), "ask"),
        ("mmap", (0, 4096, 3, 0x22), None),
        ("mmap", (0, 4096, 1, 2, 3, 0), "ask"),  # a file
        ("fchmod", (3, 0o600), "ask"),
        ("fchmodat", (HERE, 1, 0o600), "ask"),
        ("fchmodat2", (HERE, 1, 0o600, 0x100), "ask"),
        ("fchown", (3, 0, 0), "ask"),
        ("fchownat", (HERE, 1, 0, 0, 0), "ask"),
        ("utimensat", (HERE, 1, 0, 0), "ask"),
        ("setxattr", (1, 1, 1, 1), errno.EOPNOTSUPP),
        ("openat", (HERE, 1, CREATE | EXCLUSIVELY | 2, 0o600), "ask"),
        ("openat", (HERE, 1, CREATE | 2, 0o600), None),
        ("openat", (HERE, 1, 0, 0), None),
        ("openat", (3, 1, CREATE | EXCLUSIVELY | 2, 0o600), None),
        ("unlinkat", (HERE, 1, 0), "ask"),
        ("unlinkat", (HERE, 1, 0x200), None),  # rmdir
        ("unlinkat", (3, 1, 0), None),
        ("linkat", (HERE, 1, HERE, 1, 0), "ask"),
        ("linkat", (HERE, 1, 3, 1, 0), None),
        ("fcntl", (3, 3), None),
    ],
)
@pytest.mark.parametrize("abi", [1, 4, 7])
def test_arguments_decide(
    machine: str, abi: int, name: str, arguments: tuple[int, ...], expected: bpf.Answer
) -> None:
    """Low 32 bits where the kernel reads an int."""
    assert answer(machine, abi, name, *arguments) == expected


def test_flags_of_each_machine_are_known(machine: str) -> None:
    """O_NOFOLLOW and O_DIRECTORY are swapped in part: the wrong one would let shm_open pass, or ask about every folder."""
    no_link, folder = NO_LINK[machine], FOLDER[machine]
    assert answer(machine, 7, "openat", HERE, 1, 2 | no_link) == "ask"
    assert answer(machine, 7, "openat", HERE, 1, no_link | folder) is None
    assert answer(machine, 7, "openat", HERE, 1, no_link | PATH) is None
    assert answer(machine, 7, "openat", HERE, 1, folder) is None


def test_calls_that_only_one_machine_has_are_asked_there() -> None:
    """fork, chmod, unlink ... as x86_64's libc makes them."""
    for name in (
        "fork",
        "vfork",
        "chmod",
        "chown",
        "lchown",
        "utime",
        "utimes",
        "futimesat",
        "unlink",
        "link",
    ):
        assert answer("x86_64", 7, name, 1) == "ask"
        assert name not in syscalls.numbers("aarch64")
    assert answer("x86_64", 7, "open", 1, 2 | NO_LINK["x86_64"]) == "ask"
    assert answer("x86_64", 7, "open", 1, CREATE | 1, 0o4755) == errno.EPERM
    assert answer("x86_64", 7, "creat", 1, 0o6755) == errno.EPERM
    assert answer("x86_64", 7, "creat", 1, 0o755) is None


@pytest.mark.parametrize(("abi", "expected"), [(5, "ask"), (6, None)])
def test_signals_are_asked_where_landlock_does_not_confine_them(
    machine: str, abi: int, expected: bpf.Answer
) -> None:
    """Linux 6.12 confines them."""
    for name in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"):
        assert answer(machine, abi, name, 700, 9) == expected
    assert answer(machine, abi, "kill", 0, 9) is None  # its own process group
    for command in (8, 10, 15):
        assert answer(machine, abi, "fcntl", 3, command, 700) == (errno.EPERM if abi == 5 else None)


@pytest.mark.parametrize(("abi", "expected"), [(2, errno.EPERM), (3, None)])
def test_files_are_not_truncated_where_landlock_does_not_see_it(
    machine: str, abi: int, expected: bpf.Answer
) -> None:
    """Before Linux 6.2, what needs the right to write a file is only an open for writing."""
    assert answer(machine, abi, "truncate", 1, 0) == expected
    assert answer(machine, abi, "openat", HERE, 1, TRUNCATE) == expected
    assert (
        answer(machine, abi, "openat", HERE, 1, TRUNCATE | 3) == expected
    )  # neither for reading nor writing
    assert answer(machine, abi, "openat", HERE, 1, TRUNCATE | CREATE | 1, 0o600) is None
    assert answer(machine, abi, "openat", HERE, 1, TRUNCATE | 2) is None


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("setresuid", (70000, 70000, 70000), None),
        ("setresuid", (70009, 70009, 70009), None),
        ("setresuid", (0, 0, 0), errno.EPERM),
        ("setresuid", (70000, 0, 70000), errno.EPERM),
        ("setresuid", (70000, 70000, 70010), errno.EPERM),
        ("setresgid", (70000, 69999, 70000), errno.EPERM),
        ("setresgid", (2**32 - 1, 2**32 - 1, 2**32 - 1), errno.EPERM),
        ("setuid", (0,), errno.EPERM),
        ("setgroups", (0, 0), None),
        ("setgroups", (1, 99), errno.EPERM),
        ("socket", (2, 1, 0), errno.EPERM),
        ("process_vm_readv", (7, 0, 1, 0, 1, 0), None),
        ("mount", (), errno.EPERM),
    ],
)
def test_zygote_of_root_can_only_become_a_jail(
    machine: str, name: str, arguments: tuple[int, ...], expected: bpf.Answer
) -> None:
    """It keeps the capability to change its uid, and its imports may run anybody's code: nothing of that may be root again."""
    program = landlock_filter.of_zygote(machine, range(70000, 70010))
    number = syscalls.numbers(machine)[name]
    assert bpf.run(program, bpf.ARCHITECTURES[machine], number, *arguments) == expected
    if name.startswith("setres"):
        users = landlock_filter.of_zygote(machine, range(0))
        assert bpf.run(users, bpf.ARCHITECTURES[machine], number, *arguments) is None


def test_every_rule_of_all_levels_holds_here(machine: str) -> None:
    """What the first level denies whatever the arguments, this level denies too."""
    numbers = syscalls.numbers(machine)
    for rule in seccomp.RULES:
        for name in rule.calls.split():
            if not rule.when and name in numbers:
                assert answer(machine, 7, name, *[2**64 - 1] * 6) == rule.code, name
