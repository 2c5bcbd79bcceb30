"""The plan that the host gives to the launcher: the Policy and this machine's paths as plain numbers and strings.

The host writes it once, and the launcher reads it once. It contains no user data. It uses named tuples because importing dataclasses takes
a third of the launcher's start.
"""

import json
from typing import NamedTuple

HOME = "/home/sandbox"
HOSTNAME = "sandbox"
UID = 1000
"""The code's uid and gid as it sees them itself, in its own user namespace."""


UIDS = 4096
"""How many uids a launcher that runs as root has for its jails: 0 is for its zygotes."""


class Places(NamedTuple):
    """Where a jail has its own files: paths as its code sees them."""

    workspace: str
    scratch: str
    home: str


PLACES = Places("/mnt/data", "/tmp", HOME)
"""Where a jail has them that can mount something there."""
WORKSPACE = PLACES.workspace


class Plan(NamedTuple):
    """The settings of every jail of one Sandbox. Sizes are in bytes."""

    levels: tuple[str, ...]
    """The levels to try, in this order."""
    binds: tuple[str, ...]
    """Folders and files of the host that the jail sees, read-only, at the same path."""
    links: tuple[tuple[str, str], ...]
    """Symbolic links of the root: (target, path)."""
    files: tuple[tuple[str, str], ...]
    """Files made up for the jail: (path, text)."""
    python: str | None
    """An interpreter to exec in the jail; None: fork the launcher's own."""
    preload: tuple[str, ...]
    """Modules that a preloaded kind of jail has imported before its job comes."""
    has_spares: bool
    """Whether jails wait for their jobs, so that there is time to get more ready than must be."""
    has_sessions: bool
    """Whether a job may be a session."""
    folder: str
    """Where a launcher makes the folders of jails that cannot mount anything."""
    memory_bytes: int
    workspace_bytes: int
    scratch_bytes: int
    inodes: int
    processes: int
    open_files: int
    cpus: int

    def to_json(self) -> str:
        """Return the plan as the text that `from_json` reads."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Return the Plan that the host wrote."""
        fields = json.loads(text)
        for name in ("levels", "binds", "links", "files", "preload"):
            fields[name] = tuple(tuple(item) if isinstance(item, list) else item for item in fields[name])
        return cls(**fields)


class Identity(NamedTuple):
    """The uid and gid of the code in one jail, in the zygote's user namespace: the user's own, or for root one of a range."""

    uid: int
    gid: int
