"""Tell a launcher how jails are made on this machine. Not in launch.py, because importing that takes as long as making a jail."""

import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from plugcli.sandbox import interpreter, refusal, view
from plugcli.sandbox.amounts import MIB
from plugcli.sandbox.interpreter import Interpreter
from plugcli.sandbox.jail import cgroup_folder, syscalls, wire
from plugcli.sandbox.jail.plan import Plan
from plugcli.sandbox.policy import Policy
from plugcli.sandbox.spawn import Spawned, spawn

FIRST = 0
"""The number of the jail that every launcher is asked for at its start."""

_PRELOAD_MEMORY = 256 * MIB


@dataclass(frozen=True)
class Setup:
    """What jails of one Sandbox are made of on this machine."""

    interpreter: Interpreter
    preloaded: tuple[str, ...]
    """The modules that a preloaded jail has imported before its job comes."""
    plan: Plan
    environment: dict[str, str]


@dataclass(frozen=True)
class Started:
    """A launcher that knows how jails are made and was asked for a first, bare one. `first` is our end of that jail's control channel."""

    name: str
    process: Spawned
    first: socket.socket


def set_up(
    policy: Policy, python: str | None, preload: Sequence[str] = (), *, has_spares: bool = True
) -> Setup:
    """Return how jails are made here. Raises SandboxUnavailable if this machine cannot have any, UsageError for a bad `python`.

    Modules in `preload` that the interpreter does not have are left out, and all are if the memory of a jail is too small for them. Without
    spares, a jail is made only when it is needed, with only what it needs.
    """
    if sys.platform != "linux":
        raise refusal.elsewhere_than_linux()
    machine = os.uname().machine
    try:
        syscalls.numbers(machine)
    except KeyError:
        raise refusal.unknown_machine(machine) from None
    found = interpreter.own() if python is None else interpreter.find(python)
    modules: tuple[str, ...] = ()
    if policy.memory_bytes >= _PRELOAD_MEMORY:
        modules = tuple(name for name in preload if found.has(name.partition(".")[0]))
    plan = view.plan(policy, found, modules, has_spares=has_spares)
    return Setup(found, modules, plan, view.environment(policy, found))


def start(setup: Setup, spawned: Spawned | None = None) -> Started:
    """Tell a launcher (default: a new one) how jails are made, and ask it for the first. It ends when its channel closes."""
    process = spawned or spawn()
    name = f"{cgroup_folder.PREFIX}{os.urandom(cgroup_folder.NAME_BYTES).hex()}"
    first, first_inside = wire.channel()
    with first_inside:
        words = {"plan": setup.plan.to_json(), "name": name, "environment": setup.environment}
        with contextlib.suppress(OSError):  # it has ended: whoever waits for the jail will be told
            wire.send(process.channel, words)
            wire.send(process.channel, {"jail": FIRST, "preloaded": False}, (first_inside.fileno(),))
    return Started(name, process, first)
