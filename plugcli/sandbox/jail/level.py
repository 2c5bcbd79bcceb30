"""What a level is in the launcher and its forks: how a zygote and a jail are made, and what a jail's init has to know about it.

Each level is one module of the folder `levels`, named as in the Plan, with a class `Here`, which is that level in one launcher.
"""

import importlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from .census import Census
from .locks import Locks
from .mappings import Mappings
from .memory import FileBytes
from .objects import Holdings
from .plan import Places, Plan
from .quota import Quota
from .syscall_plan import Blank, PreparedCall

Step = tuple[str, list[PreparedCall]]
"""Prepared calls, under the name that a refusal gives them."""

Making = tuple[str, Callable[[], object]]
"""What a zygote does once, under the name that a refusal gives it."""


class Asking(Protocol):
    """What the filter of a jail asks by, once the filter is installed: see mappings.py."""

    descriptor: int


class Confinement(Asking, Protocol):
    """How the interpreter confines itself, with its init's help, where the init is not confined with it."""

    def confine_interpreter(self, calls: Iterable[PreparedCall]) -> None:
        """Make `calls`, then confine this process. Raises OSError."""

    def confine(self, interpreter: int) -> None:
        """Let the interpreter confine itself. Runs in the init. Raises OSError."""

    def confine_scribe(self) -> None:
        """Confine this process, a fork of the init that writes files for the host."""


class Prepared(NamedTuple):
    """The calls that make a jail, in steps named as in a refusal, and the calls that turn a fork of its init into the interpreter."""

    jail: list[Step]
    interpreter: list[PreparedCall]
    listener: Asking | None
    """What the filter asks by; None: it does not ask."""
    confinement: Confinement | None = None
    """None: the init is confined as the interpreter is, before it forks it."""


class Accounts(NamedTuple):
    """What counts a jail's use, besides its processes and their memory."""

    holdings: Holdings
    locks: Locks
    file_bytes: FileBytes
    quota: Quota | None = None
    """What limits the jail's files; None: a size of its mounts does."""


class Level(Protocol):
    """One way to hold a Plan. A zygote and its jails are forked from the process that has made this object."""

    name: str
    """The name by which the Plan has it."""
    kept: tuple[int, ...]
    """Descriptors that its zygotes and inits keep."""
    fork_flags: int
    """The CLONE_NEW* flags with which an init is forked."""
    ends_with_init: bool
    """Whether the kernel ends every process of a jail with its init."""
    has_twins: bool
    """Whether an interpreter gets a twin: see twin.py."""
    first_steps: frozenset[str]
    """The steps whose failure means that this machine does not have this level, so that the next one is tried."""
    lacks: tuple[str, ...]
    """What jails do without on this machine although they have this level, by names that the host's half knows: see levels.Facts."""

    def census(self) -> Census:
        """Return the census of a jail. Runs in its init, once the jail is made."""

    def accounts(self, census: Census, folder: str, door: int, started: float) -> Accounts:
        """Return what counts the use of the jail with that `folder`. Runs in its init.

        `door` is the inode of the host's end of its door. The jail was made at `started` (time.monotonic).
        """

    def answering(
        self, listener: Asking, mappings: Mappings, census: Census, accounts: Accounts, folder: str
    ) -> Callable[[], None]:
        """Return what answers one question of the filter. Runs in the init of the jail with that `folder`."""

    def uid(self, number: int) -> int:
        """Return the uid of a jail: of the one that has this number among those of the launcher."""

    def gid(self, number: int) -> int:
        """Return the gid of a jail in the same way."""

    def make_folder(self, jail: int, uid: int, gid: int) -> str:
        """Make what a jail has on the host's disk, and return its path; an empty text if it has nothing there."""

    def remove_folder(self, folder: str) -> None:
        """Remove that. No process of the jail lives."""

    def end_strays(self, known: set[int], uid: int) -> None:
        """Kill what is left of jails whose init was killed: every child of ours that is not `known`, and the uid with this number."""

    def places(self, folder: str) -> Places:
        """Return where the jail with that folder has what."""

    def close(self) -> None:
        """Remove what is left when no jail lives."""

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


def find(level: str, plan: Plan, name: str, *, is_made_by_root: bool) -> Level:
    """Return the `level` of the launcher `name`. Raises OSError if this machine does not have it."""
    module = importlib.import_module(f".levels.{level}", __package__)
    here: Level = module.Here(plan, name, is_made_by_root=is_made_by_root)
    return here
