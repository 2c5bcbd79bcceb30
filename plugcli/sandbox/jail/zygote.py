"""A zygote: a process with the root that all jails share and perhaps with imported libraries. Every jail of its kind is forked from it.

The launcher forks one zygote for each kind. Before a zygote imports anything, it is confined as its level says, and it is not root. It
never sees user data.

Launcher -> zygote:  {"jail": number, "uid": .., "gid": .., "folder": path, or empty}, with the jail's control channel and, if there are
                     cgroups, the descriptors of a cgroup.Member and the one by which it joins its CPU cgroup
Zygote -> launcher:  {"help": true}, if its level needs that, answered with {"helped": true}; {"ready": true, "lacks": [..]} or
                     {"failed": step, ..};
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
from typing import NoReturn

from . import init, inside, libc, limits, warm_up, wire
from .level import Level, Making, Prepared
from .plan import Plan
from .syscall_plan import Blank

_REHEARSALS = 16  # after this many, Python has specialised the code, once for all jails
_HUGE_BYTES = 2 * 1024 * 1024
_MOST = 7 / 8  # part of a huge page: missing pages are filled with zeros, and they count

# Objects/obmalloc.c: objects of one size class, of up to 512 bytes, lie in pools, each behind a header.
_POOL_BYTES, _HEADER_BYTES, _LARGEST_SMALL_BYTES = 16 * 1024, 48, 512
_EMPTY_BYTES = sys.getsizeof(b"")
_HOLES = 2000  # more than there are of any size; the bound matters if Python was built with another allocator
_fillings: list[bytes] = []


def main(
    channel: socket.socket,
    plan: Plan,
    modules: tuple[str, ...],
    level: Level,
    *,
    has_cpu_groups: bool,
) -> NoReturn:
    """Get ready, then fork jails until the channel closes. Runs in a fork of the launcher.

    If `has_cpu_groups`, each request has the descriptor by which the jail joins its CPU cgroup.
    """
    step = "namespaces"
    who = Blank()
    try:
        for step, make in _steps(channel, level):  # noqa: B007 (told below)
            make()
        prepared = {
            has_group: level.prepare(who, has_group=has_group, has_cpu_group=has_cpu_groups)
            for has_group in (False, True)
        }
        step = "interpreter"
        _import(plan, modules, level)
    except Exception as error:
        code = error.errno if isinstance(error, OSError) else None
        wire.send(channel, {"failed": step, "why": str(error)[:1000] or type(error).__name__, "errno": code})
        os._exit(1)
    wire.send(channel, {"ready": True, "lacks": level.lacks})
    try:
        _serve(channel, plan, modules, who, prepared, level, has_cpu_groups)
    except (OSError, wire.BrokenFrame):  # the launcher is gone
        os._exit(1)
    os._exit(0)


def _steps(channel: socket.socket, level: Level) -> list[Making]:
    """Return the steps that confine a zygote, in order."""

    def ask_launcher() -> None:
        wire.send(channel, {"help": True})
        if wire.receive(channel) != {"helped": True}:
            raise OSError("the launcher could not help")

    return [
        ("signals", _reset_signals),  # and the umask: everybody must be able to see the shared root
        *level.zygote(ask_launcher),
    ]


def _reset_signals() -> None:
    """Reset all signals and the umask to their defaults, which the jails inherit."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # an error says more
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)


def _import(plan: Plan, modules: tuple[str, ...], level: Level) -> None:
    """Import the modules that jails of this kind start with, using a temporary home folder."""
    if plan.python is not None:
        return  # another interpreter imports in each jail
    level.lend_home()
    site.main()  # -S skipped it; .pth files and sitecustomize run here, without root
    for name in modules:
        # Code that imports it gets the error.
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    warm_up.all_of(modules)
    level.take_home_back()
    inside.RANDOM.extend(map(inside.reseeding, inside.random_generators()))
    inside.hide()
    _open_standard_streams()
    if plan.has_spares:
        for _ in range(_REHEARSALS):
            inside.rehearse()
    # A library's thread pool ends at a fork (OpenBLAS has a handler for that) and is restarted on use.
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"{threads} threads run after importing {', '.join(modules)}: it cannot be forked")
    # The collector would write to every page that the jails share. So it is off here, and in a jail it skips the objects from before.
    gc.collect()
    if plan.has_spares:  # and so many jails
        _fill_holes()
        libc.malloc_trim()
    gc.freeze()
    if plan.has_spares:
        _collapse()


def _open_standard_streams() -> None:
    """Create the streams for all jails while the descriptors are pipes, as in a jail: a stream depends on its descriptor's kind."""
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
    """Fill the gaps between Python's small objects, so that the objects of a jail lie together in few pages of its own."""
    for size in range(48, _LARGEST_SMALL_BYTES + 1, 16):
        for _ in range(_HOLES):
            _fillings.append(bytes(size - _EMPTY_BYTES))
            if id(_fillings[-1]) % _POOL_BYTES == _HEADER_BYTES:
                break  # the first object of a new pool


def _collapse() -> None:
    """Gather our memory in huge pages, so that a fork copies one entry for each instead of 512, and frees one."""
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    for addresses, mode, _, _, inode, *_ in lines:
        if mode == "rw-p" and inode == "0":
            start, end = (int(address, 16) for address in addresses.split("-"))
            for each in range(-(-start // _HUGE_BYTES) * _HUGE_BYTES, end - _HUGE_BYTES + 1, _HUGE_BYTES):
                with contextlib.suppress(
                    OSError
                ):  # available since Linux 6.1, unless huge pages are turned off
                    if libc.resident_part(each, _HUGE_BYTES) >= _MOST:
                        libc.madvise(each, _HUGE_BYTES, libc.MADV_COLLAPSE)


def _serve(
    channel: socket.socket,
    plan: Plan,
    modules: tuple[str, ...],
    who: Blank,
    prepared: dict[bool, Prepared],
    level: Level,
    has_cpu_groups: bool,
) -> None:
    """Fork a jail for each frame, until the channel closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended processes are waited for elsewhere, by pidfd
    deaths = init.hear_of_deaths()
    rota = limits.Rota(plan.cpus)
    fork, arguments = libc.cloning(level.fork_flags)
    own = channel.fileno()
    gc.disable()
    while True:
        frame, descriptors = wire.receive_with_descriptors(channel)
        if frame is None:
            return
        cpu = descriptors.pop() if has_cpu_groups else -1
        number, group = frame["jail"], descriptors[1] if len(descriptors) > 1 else -1
        folder = frame.get("folder", "")
        who.fill(frame["uid"], frame["gid"], group, cpu, rota.next(), folder)
        try:
            pid = fork(*arguments)
            if pid == 0:
                try:
                    os.close(own)
                    init.main(plan, level, prepared[group >= 0], descriptors, deaths, modules, folder)
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
