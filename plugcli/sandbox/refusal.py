"""Why this machine cannot run a jail, and what would change that."""

import errno
import sys
from typing import Any

from plugcli.errors import SandboxUnavailable

_NEVER = "nothing was run; without its sandbox plugcli runs no code"
_NO_LANDLOCK = (
    "Landlock needs Linux 5.13 or newer, with `landlock` in the kernel's list of security modules (/sys/kernel/security/lsm); "
    "as root it needs CAP_SETUID and CAP_SETGID"
)
_NO_FOLDER = "set TMPDIR to a folder that you may write to, or make room on its disk"
_NO_ENTRY = "use a Python that every user may read, such as the system's, or run plugcli as an ordinary user"
_REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS, errno.EINVAL, errno.ENOSYS)
"""How a kernel or a filter refuses a namespace, a mount or a map: see unshare(2)."""


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
    step, why = str(frame["failed"]), str(frame["why"])
    error = failed_step(step, why, code if isinstance(code, int) else None)
    error.before = [of_frame(each) for each in frame.get("before", [])]
    if not error.before:
        return error
    first = error.before[0]
    both = SandboxUnavailable(
        f"{first.message}. The second level, landlock, does not hold here either: {why}",
        hint={"level": _NO_LANDLOCK, "files": _NO_FOLDER, "entry": _NO_ENTRY}.get(step, first.hint),
        step=step,
    )
    both.before = error.before
    return both


def failed_step(step: str, why: str, code: int | None) -> SandboxUnavailable:
    """Return the refusal for a step of a jail's set-up that the kernel did not allow."""
    message = f"the sandbox cannot be set up here: {step}: {why}"
    if code in _REFUSED:
        from plugcli.sandbox import surroundings  # here, because `exec` imports this file at its start

        place = next((place for place in surroundings.here() if place.takes == "namespaces"), None)
        if place is not None:
            message = f"{message}; {place.name}: {place.says}"
            return SandboxUnavailable(message, hint=place.remedy or _NEVER, step=step)
    hint = _NO_FOLDER if step == "files" else _NEVER
    if code == errno.ETOOMANYREFS:
        message = f"{message}; the kernel counts descriptors on their way through sockets for all your processes together"
        hint = "some program of yours holds too many (ETOOMANYREFS): try again when it has ended"
    elif code == errno.ENOSYS:
        message, hint = f"{message}; this kernel is too old or filtered", "Linux 5.14 or newer is needed"
    return SandboxUnavailable(message, hint=hint, step=step)
