"""What a level is in the launcher and its forks: how a zygote and a jail are made, and what a jail's init has to know about it.

Each level is one module of the folder `levels`, named as in the Plan, with a class `Here`, which is that level in one launcher.
"""

import importlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

from .census import Census
from .plan import Plan
from .syscall_plan import Blank, PreparedCall

Step = tuple[str, list[PreparedCall]]
"""Prepared calls, under the name that a refusal gives them."""

Making = tuple[str, Callable[[], object]]
"""What a zygote does once, under the name that a refusal gives it."""


class Asking(Protocol):
    """What the filter of a jail asks by, once the filter is installed: see mappings.py."""

    descriptor: int


class Prepared(NamedTuple):
    """The calls that make a jail, in steps named as in a refusal, and the calls that turn a fork of its init into the interpreter."""

    jail: list[Step]
    interpreter: list[PreparedCall]
    listener: Asking | None
    """What the filter asks by; None: it does not ask."""


class Level(Protocol):
    """One way to hold a Plan. A zygote and its jails are forked from the process that has made this object."""

    fork_flags: int
    """The CLONE_NEW* flags with which an init is forked."""
    has_twins: bool
    """Whether an interpreter gets a twin: see twin.py."""
    first_steps: frozenset[str]
    """The steps whose failure means that this machine does not have this level, so that the next one is tried."""

    def census(self) -> Census:
        """Return the census of a jail. Runs in its init, once the jail is made."""

    def zygote(self, ask_launcher: Callable[[], None]) -> list[Making]:
        """Return what makes a zygote, in order. `ask_launcher` has the launcher do for this process what needs its rights."""

    def help_zygote(self, pid: int) -> None:
        """Do what the zygote `pid` has asked for. Runs in the launcher. Raises OSError."""

    def lend_home(self) -> None:
        """Give the zygote folders that its imports may write to."""

    def take_home_back(self) -> None:
        """Undo `lend_home`."""

    def prepare(self, who: Blank, *, has_group: bool, has_cpu_group: bool) -> Prepared:
        """Return the calls that make a jail."""


def find(name: str, plan: Plan, *, is_made_by_root: bool) -> Level:
    """Return the level `name` of this launcher."""
    module = importlib.import_module(f".levels.{name}", __package__)
    level: Level = module.Here(plan, is_made_by_root=is_made_by_root)
    return level
