"""A zygote: a process that has the jails' common root, and may have libraries imported, and that every jail of its kind is forked from.

The launcher forks one for each kind. Before it imports anything it leaves the host's files, network and, if plugcli runs as root, root:
what it imports runs with a range of uids of its own that nobody else has, in a user namespace. It never sees user data.

Launcher -> zygote:  {"jail": number, "uid": .., "gid": ..} with the jail's control channel, where there is a memory cgroup the
                     descriptors of a cgroup.Member, and where there are CPU cgroups the one by which it joins its own
Zygote -> launcher:  {"unmapped": true}, once, as root, answered with {"mapped": true}; {"ready": true} or {"failed": step, ..};
                     {"jail": number, "started": true} with a pidfd of the jail's init, or {"jail": number, "failed": step, ..}
"""

import contextlib
import gc
import importlib
import os
import signal
import site
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from . import init, inside, libc, limits, mounts, privileges, warm_up, wire
from .plan import HOSTNAME, Identity, Plan
from .syscall_plan import Blank, make

UIDS = 4096
"""How many uids root maps into a zygote's user namespace; 0 is the zygote's own, the others are for jails."""

_REHEARSALS = 16  # then Python has rewritten its code for what it meets, once for all jails
_HUGE_BYTES = 2 * 1024 * 1024
_MOST = 7 / 8  # of a huge page: what is missing is filled with nothing, and counts

# Objects/obmalloc.c: objects of one size class, of up to 512 bytes, lie in pools, each behind a header.
_POOL_BYTES, _HEADER_BYTES, _LARGEST_SMALL_BYTES = 16 * 1024, 48, 512
_EMPTY_BYTES = sys.getsizeof(b"")
_HOLES = 2000  # more than there are of any size; there is an end where Python was built to allocate otherwise
_fillings: list[bytes] = []

_OWN = libc.CLONE_NEWNS | libc.CLONE_NEWNET | libc.CLONE_NEWIPC | libc.CLONE_NEWUTS
_OF_A_JAIL = _OWN | libc.CLONE_NEWPID


def main(
    channel: socket.socket,
    plan: Plan,
    modules: tuple[str, ...],
    *,
    is_made_by_root: bool,
    has_cpu_groups: bool,
) -> NoReturn:
    """Get ready, then fork jails until the channel closes. Called in a fork of the launcher.

    `has_cpu_groups`: each jail comes with the descriptor by which it joins its CPU cgroup.
    """
    step = "namespaces"
    who = Blank()
    try:
        prepared = {
            has_group: init.prepare(
                plan,
                who,
                is_made_by_root=is_made_by_root,
                has_group=has_group,
                has_cpu_group=has_cpu_groups,
            )
            for has_group in (False, True)
        }
        for step, make in _steps(channel, plan, modules, is_made_by_root=is_made_by_root):  # noqa: B007 (told below)
            make()
    except Exception as error:
        code = error.errno if isinstance(error, OSError) else None
        wire.send(channel, {"failed": step, "why": str(error)[:1000] or type(error).__name__, "errno": code})
        os._exit(1)
    wire.send(channel, {"ready": True})
    try:
        _serve(channel, plan, modules, who, prepared, has_cpu_groups)
    except (OSError, wire.BrokenFrame):  # the launcher is gone
        os._exit(1)
    os._exit(0)


def _steps(
    channel: socket.socket, plan: Plan, modules: tuple[str, ...], *, is_made_by_root: bool
) -> list[tuple[str, Callable[[], object]]]:
    """Return what makes a zygote, in the order that matters: binds under another user's home need root, imports must not have it."""
    user = Identity(0, 0) if is_made_by_root else Identity(os.getuid(), os.getgid())
    proc: list[mounts.Tree] = []

    def enter_shared_root() -> None:
        proc.append(mounts.enter_shared_root(plan))

    if is_made_by_root:
        steps: list[tuple[str, Callable[[], object]]] = [
            ("namespaces", lambda: libc.unshare(libc.CLONE_NEWNS)),
            ("files", enter_shared_root),
            ("identity", lambda: _leave_root(channel)),
            ("namespaces", lambda: libc.unshare(_OWN)),
        ]
    else:
        steps = [
            ("namespaces", lambda: libc.unshare(libc.CLONE_NEWUSER | _OWN)),
            ("identity", lambda: _map_only(user)),
            ("files", enter_shared_root),
        ]
    return [
        ("signals", _reset_signals),  # and the umask: what the shared root has must be seen by all
        *steps,
        ("files", lambda: proc[0].attach()),
        ("host name", lambda: libc.sethostname(HOSTNAME)),  # the jails' namespaces are copies
        ("privileges", lambda: libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)),
        ("hiding", lambda: libc.prctl(libc.PR_SET_DUMPABLE, 0)),
        ("interpreter", lambda: _import(plan, modules, user)),
    ]


def _leave_root(channel: socket.socket) -> None:
    """Enter a user namespace whose uids, 0 too, are nobody's outside; the launcher, still root, writes the maps."""
    os.setgroups([])
    libc.unshare(libc.CLONE_NEWUSER)
    wire.send(channel, {"unmapped": True})
    if wire.receive(channel) != {"mapped": True}:
        raise OSError("the launcher could not map the uids")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _map_only(user: Identity) -> None:
    libc.prctl(libc.PR_SET_DUMPABLE, 1)
    privileges.write_maps(user.uid, user.gid)


def _reset_signals() -> None:
    """Give every signal its default again, and files the usual modes: the jails inherit it."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # an error tells more
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)


def _import(plan: Plan, modules: tuple[str, ...], user: Identity) -> None:
    """Import what the jails of this kind have from the start, with a home folder to write to that is gone afterwards."""
    if plan.python is not None:
        return  # another interpreter: it imports in each jail
    nobody_yet = Blank()
    nobody_yet.fill(*user)
    make(mounts.scratch(plan, nobody_yet))
    site.main()  # -S kept it away; .pth files and sitecustomize run here, without root
    for name in modules:
        # The code that imports it will be told why it cannot be.
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    warm_up.all_of(modules)
    mounts.umount_scratch()
    inside.RANDOM.extend(map(inside.reseeding, inside.random_generators()))
    inside.hide()
    _open_standard_streams()
    if plan.has_spares:
        for _ in range(_REHEARSALS):
            inside.rehearse()
    # A library's pool of threads ends at a fork (OpenBLAS has a handler for it) and comes back where it is used.
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"{threads} threads run after importing {', '.join(modules)}: it cannot be forked")
    # The collector would write to every page that the jails share: not here, and in a jail not to what was there before.
    gc.collect()
    if plan.has_spares:  # and so many jails
        _fill_holes()
        libc.malloc_trim()
    gc.freeze()
    if plan.has_spares:
        _collapse()


def _open_standard_streams() -> None:
    """Make the streams of all jails while the descriptors are pipes, as theirs are: a stream is made for the kind that it finds."""
    ours = [os.dup(descriptor) for descriptor in range(3)]
    ends = os.pipe2(os.O_CLOEXEC)
    for descriptor, end in enumerate((ends[0], ends[1], ends[1])):
        os.dup2(end, descriptor)
    inside.open_standard_streams()
    for descriptor, end in enumerate(ours):
        os.dup2(end, descriptor)
    for descriptor in (*ours, *ends):
        os.close(descriptor)


def _fill_holes() -> None:
    """Take what is free between Python's small objects, so that what a jail makes lies side by side, in few pages of its own."""
    for size in range(48, _LARGEST_SMALL_BYTES + 1, 16):
        for _ in range(_HOLES):
            _fillings.append(bytes(size - _EMPTY_BYTES))
            if id(_fillings[-1]) % _POOL_BYTES == _HEADER_BYTES:
                break  # it is the first of a new pool


def _collapse() -> None:
    """Gather our memory in huge pages: a fork copies, and its end gives back, one entry for each instead of 512."""
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    for addresses, mode, _, _, inode, *_ in lines:
        if mode == "rw-p" and inode == "0":
            start, end = (int(address, 16) for address in addresses.split("-"))
            for each in range(-(-start // _HUGE_BYTES) * _HUGE_BYTES, end - _HUGE_BYTES + 1, _HUGE_BYTES):
                with contextlib.suppress(OSError):  # Linux 6.1 has it, where huge pages are not turned off
                    if libc.resident_part(each, _HUGE_BYTES) >= _MOST:
                        libc.madvise(each, _HUGE_BYTES, libc.MADV_COLLAPSE)


def _serve(
    channel: socket.socket,
    plan: Plan,
    modules: tuple[str, ...],
    who: Blank,
    prepared: dict[bool, init.Prepared],
    has_cpu_groups: bool,
) -> None:
    """Fork a jail for each frame, until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is waited for by pidfd, elsewhere
    deaths = init.hear_of_deaths()
    rota = limits.Rota(plan.cpus)
    fork, arguments = libc.cloning(_OF_A_JAIL)
    own = channel.fileno()
    gc.disable()
    while True:
        frame, descriptors = wire.receive_with_descriptors(channel)
        if frame is None:
            return
        cpu = descriptors.pop() if has_cpu_groups else -1
        number, group = frame["jail"], descriptors[1] if len(descriptors) > 1 else -1
        who.fill(frame["uid"], frame["gid"], group, cpu, rota.next())
        try:
            pid = fork(*arguments)
            if pid == 0:
                try:
                    os.close(own)
                    init.main(plan, prepared[group >= 0], descriptors, deaths, modules)
                finally:
                    os._exit(1)
            if pid < 0:
                raise libc.failure("clone")
            exit_notice = os.pidfd_open(pid)
        except OSError as error:
            failed = {"jail": number, "failed": "namespaces", "why": str(error), "errno": error.errno}
            wire.send(channel, failed)
        else:
            wire.send_text(channel, b'{"jail": %d, "started": true}' % number, (exit_notice,))
            os.close(exit_notice)
        for descriptor in [*descriptors, *([cpu] if has_cpu_groups else [])]:
            os.close(descriptor)


def close_all_but(*kept: int) -> None:
    """Close every descriptor above the standard ones but `kept`."""
    lowest = 3
    for descriptor in sorted(kept):
        os.closerange(lowest, descriptor)
        lowest = descriptor + 1
    os.closerange(lowest, 1 << 20)
