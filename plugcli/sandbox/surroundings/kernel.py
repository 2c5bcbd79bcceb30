"""Recognises kernels that give less: the Windows Subsystem for Linux, and hardened ones."""

from plugcli.sandbox.surroundings.evidence import Evidence
from plugcli.sandbox.surroundings.place import Judge, Place

_RELEASE = "/proc/sys/kernel/osrelease"
_INTEROP = "/proc/sys/fs/binfmt_misc/WSLInterop"
_MOST = "/proc/sys/user/max_user_namespaces"
_CLONE = "/proc/sys/kernel/unprivileged_userns_clone"


def wsl(evidence: Evidence) -> Place | None:
    """Return the Windows Subsystem for Linux. Version 1 has no Linux kernel; its releases are 4.4 and lack "WSL2"."""
    release = evidence.text(_RELEASE)
    if "microsoft" not in release.lower():
        return None
    saw = [f"{release} in {_RELEASE}"]
    saw += [_INTEROP] if _INTEROP in evidence.files else []
    saw += [f"WSL_DISTRO_NAME={name}" for name in [evidence.variables.get("WSL_DISTRO_NAME")] if name]
    if release.startswith("4.4.") and "wsl2" not in release.lower():
        says, remedy = (
            "it has neither namespaces nor filters",
            "`wsl --set-version DISTRIBUTION 2` in Windows",
        )
        return Place("WSL1", tuple(saw), says, "namespaces", remedy)
    return Place("WSL2", tuple(saw))


def none_allowed(evidence: Evidence) -> Place | None:
    """Return a limit of no user namespaces."""
    if evidence.text(_MOST) != "0":
        return None
    return Place(
        "a kernel without user namespaces for anybody",
        ("user.max_user_namespaces is 0",),
        "nobody may make a user namespace",
        "namespaces",
        "`sudo sysctl -w user.max_user_namespaces=1000`, and the same line in /etc/sysctl.d for the next start",
    )


def only_root(evidence: Evidence) -> Place | None:
    """Return Debian's switch that leaves user namespaces to root."""
    if evidence.text(_CLONE) != "0" or evidence.is_root:
        return None
    return Place(
        "a kernel with user namespaces for root alone",
        ("kernel.unprivileged_userns_clone is 0",),
        "ordinary users may not make a user namespace",
        "namespaces",
        "run plugcli as root (the code gets a uid of its own all the same), or "
        "`sudo sysctl -w kernel.unprivileged_userns_clone=1`, which allows them to every user",
    )


def not_built(evidence: Evidence) -> Place | None:
    """Return a kernel that was built without user namespaces."""
    if "/proc/self/ns/user" in evidence.files or "/proc/self/status" not in evidence.files:
        return None
    return Place(
        "a kernel built without user namespaces",
        ("there is no /proc/self/ns/user",),
        "nobody may make a user namespace",
        "namespaces",
        "boot a kernel with CONFIG_USER_NS, as every distribution has",
    )


def without_landlock(evidence: Evidence) -> Place | None:
    """Return a kernel that does not offer Landlock."""
    if evidence.landlock:
        return None
    modules = evidence.text("/sys/kernel/security/lsm")
    if modules and "landlock" not in modules.split(","):
        remedy = (
            f"boot with `lsm=landlock,{modules}` if the kernel has CONFIG_SECURITY_LANDLOCK (5.13 or newer)"
        )
        saw: tuple[str, ...] = (f"no landlock in /sys/kernel/security/lsm ({modules})",)
    else:
        remedy, saw = (
            "boot a kernel with CONFIG_SECURITY_LANDLOCK (5.13 or newer)",
            ("landlock_create_ruleset fails",),
        )
    return Place("a kernel without Landlock", saw, "there is no level below namespaces", "landlock", remedy)


def yama(evidence: Evidence) -> Place | None:
    """Return Yama's stricter scopes."""
    scope = evidence.text("/proc/sys/kernel/yama/ptrace_scope")
    if scope not in ("2", "3"):
        return None
    who = "only root" if scope == "2" else "nobody"
    return Place("Yama", (f"kernel.yama.ptrace_scope is {scope}",), f"{who} may look into another process")


def lockdown(evidence: Evidence) -> Place | None:
    """Return a kernel in lockdown."""
    text = evidence.text("/sys/kernel/security/lockdown")
    mode = text.partition("[")[2].partition("]")[0]
    if mode in ("", "none"):
        return None
    return Place("a kernel in lockdown", (f"{mode} in /sys/kernel/security/lockdown",))


BEFORE: tuple[Judge, ...] = (wsl, not_built)
"""What nothing else can mend."""

JUDGES: tuple[Judge, ...] = (none_allowed, only_root, without_landlock, yama, lockdown)
