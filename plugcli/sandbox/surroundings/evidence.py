"""Reads the files that tell where this process stands. It changes nothing and opens nothing else."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugcli.sandbox.jail import landlock

FILES = (
    "/.dockerenv",
    "/.flatpak-info",
    "/proc/1/comm",
    "/proc/self/attr/apparmor/current",
    "/proc/self/attr/current",
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/proc/self/ns/user",
    "/proc/self/status",
    "/proc/self/uid_map",
    "/proc/sys/fs/binfmt_misc/WSLInterop",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/user/max_user_namespaces",
    "/run/.containerenv",
    "/run/systemd/container",
    "/sys/kernel/security/lockdown",
    "/sys/kernel/security/lsm",
    "/var/run/secrets/kubernetes.io/serviceaccount",
)
VARIABLES = ("FLATPAK_ID", "KUBERNETES_SERVICE_HOST", "SNAP", "WSL_DISTRO_NAME", "container")

_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Evidence:
    """What was read."""

    files: Mapping[str, str]
    """The text of each file that exists, by its path; empty for folders, and for what may not be looked at."""
    variables: Mapping[str, str]
    """The environment variables that tell something."""
    is_root: bool
    landlock: int
    """The version of Landlock that this process can use; 0 without."""
    may_list_root: bool
    """Whether listing the root folder works, if its mode allows it."""

    def text(self, path: str) -> str:
        """Return the stripped text of the file `path`, which is empty if there is none."""
        return self.files.get(path, "").strip()


def read() -> Evidence:
    """Return what this process can read about where it stands."""
    found = {path: text for path in FILES if (text := _text(path)) is not None}
    variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return Evidence(found, variables, os.geteuid() == 0, landlock.abi().version, _may_list_root())


def _text(path: str) -> str | None:
    file = Path(path)
    try:
        is_file = stat.S_ISREG(file.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # it is there, and something forbids to look at it
        return ""
    with suppress(OSError):
        if is_file:
            with file.open("rb") as opened:
                return opened.read(_MOST_BYTES).decode(errors="replace")
    return ""


def _may_list_root() -> bool:
    root = Path("/")
    try:
        next(root.iterdir(), None)
    except OSError:
        return not root.stat().st_mode & stat.S_IROTH
    return True
