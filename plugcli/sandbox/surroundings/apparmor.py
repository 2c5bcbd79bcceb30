"""Recognises what AppArmor takes away: Ubuntu's restriction of user namespaces, and a profile around this process."""

import re

from plugcli.sandbox.surroundings.evidence import Evidence
from plugcli.sandbox.surroundings.place import Judge, Place, profile

_RESTRICTED = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
_CURRENT = "/proc/self/attr/apparmor/current"
_OF_ENGINES = r"docker-default|containers-default.*|cri-containerd\.apparmor\.d|crio-default"


def restriction(evidence: Evidence) -> Place | None:
    """Return Ubuntu's restriction. Where the setting may not be read, its existence is told for what it is."""
    if _RESTRICTED not in evidence.files or evidence.text(_RESTRICTED) == "0":
        return None
    if evidence.text(_RESTRICTED):
        sign = "kernel.apparmor_restrict_unprivileged_userns is 1"
    else:
        sign = "kernel.apparmor_restrict_unprivileged_userns exists (only root may read it)"
    return Place(
        "Ubuntu's restriction of user namespaces",
        (sign,),
        "AppArmor takes every capability from a new user namespace, unless the program's profile has `userns`",
        "namespaces",
        "load a profile for plugcli's launcher alone: `plugcli doctor --apparmor` prints it, with the commands that install it",
    )


def confinement(evidence: Evidence) -> Place | None:
    """Return the profile around this process, if it is enforced."""
    name, _, mode = profile(evidence).rpartition(" ")
    if mode != "(enforce)":
        return None
    saw = (f"{name} (enforce) in {_CURRENT}",)
    if re.fullmatch(_OF_ENGINES, name):
        return Place(
            f"the AppArmor profile {name}",
            saw,
            "a container engine's profile refuses mounts, whatever its seccomp filter allows",
            "namespaces",
            "load the profiles that `plugcli doctor --apparmor` prints on the host, and start the container with "
            "`--security-opt apparmor=plugcli-container`",
        )
    return Place(
        f"the AppArmor profile {name}",
        saw,
        "a profile without `userns`, `mount`, `umount` and `pivot_root` refuses namespaces",
        "namespaces",
        f"add these four rules to the profile {name}, or start plugcli from where that profile does not reach",
    )


JUDGES: tuple[Judge, ...] = (confinement, restriction)
