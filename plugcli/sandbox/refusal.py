"""Why this machine cannot run a jail, and what would change that."""

import errno
import sys
from pathlib import Path
from typing import Any

from plugcli.errors import SandboxUnavailable

_SETTINGS = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor takes every capability from new user namespaces (Ubuntu 23.10 and newer)",
        "run plugcli in a virtual machine or on a distribution without that restriction",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "user namespaces are turned off (user.max_user_namespaces is 0)",
        "ask the administrator for `sysctl user.max_user_namespaces=15000`",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "user namespaces are for root alone (kernel.unprivileged_userns_clone is 0)",
        "ask the administrator for `sysctl kernel.unprivileged_userns_clone=1`",
    ),
)


def elsewhere_than_linux() -> SandboxUnavailable:
    """Return the refusal for other systems."""
    return SandboxUnavailable(
        f"the sandbox needs Linux, and this is {sys.platform}",
        hint="`init`, `validate` and `serve` of a plugin that runs no code work here; run this on a Linux machine",
    )


def unknown_machine(machine: str) -> SandboxUnavailable:
    """Return the refusal for a processor whose system calls the filter does not know."""
    return SandboxUnavailable(
        f"the sandbox knows x86_64 and aarch64, and this is {machine}", hint="run it on one of those"
    )


def of_frame(frame: dict[str, Any]) -> SandboxUnavailable:
    """Return the refusal for a launcher's or init's frame about a step that failed."""
    code = frame["errno"]
    error = failed_step(str(frame["failed"]), str(frame["why"]), code if isinstance(code, int) else None)
    error.before = [of_frame(each) for each in frame.get("before", [])]
    return error


def failed_step(step: str, why: str, code: int | None) -> SandboxUnavailable:
    """Return the refusal for a step of a jail's set-up that the kernel did not allow."""
    message = f"the sandbox cannot be set up here: {step}: {why}"
    hint = "nothing was run; without its sandbox plugcli runs no code"
    for path, value, cause, remedy in _SETTINGS:
        file = Path(path)
        if file.is_file() and file.read_text().strip() == value:
            return SandboxUnavailable(f"{message}; {cause}", hint=remedy, step=step)
    if code == errno.ETOOMANYREFS:
        message = f"{message}; the kernel counts descriptors on their way through sockets for all your processes together"
        hint = "some program of yours holds too many (ETOOMANYREFS): try again when it has ended"
    elif code == errno.ENOSYS:
        message, hint = f"{message}; this kernel is too old or filtered", "Linux 5.14 or newer is needed"
    elif code in (errno.EPERM, errno.EACCES):
        hint = "a container's filter forbids namespaces: run plugcli outside the container, never with --privileged"
    return SandboxUnavailable(message, hint=hint, step=step)
