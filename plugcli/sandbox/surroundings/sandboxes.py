"""Recognises sandboxes other than containers: Flatpak, Snap, bubblewrap, a unit's restrictions, a user namespace, Landlock."""

import re

from plugcli.sandbox.surroundings.containers import container
from plugcli.sandbox.surroundings.evidence import Evidence
from plugcli.sandbox.surroundings.place import FILTERED, Judge, Place, is_filtered, profile, status

_ALL_UIDS = "0 0 4294967295"
_SETUID_AND_SETGID = 1 << 7 | 1 << 6


def powerless_root(evidence: Evidence) -> Place | None:
    """Return root without the capabilities that give a jail a uid of its own, as in a container that drops all of them."""
    capabilities = status(evidence, "CapEff")
    if (
        not evidence.is_root
        or not capabilities
        or int(capabilities, 16) & _SETUID_AND_SETGID == _SETUID_AND_SETGID
    ):
        return None
    return Place(
        "root without capabilities",
        (f"CapEff: {capabilities} in /proc/self/status",),
        "root without CAP_SETUID and CAP_SETGID cannot give code a uid of its own",
        "namespaces",
        "run plugcli as an ordinary user (`--user 1000` in a container, `runAsUser: 1000` in a pod)",
    )


def flatpak(evidence: Evidence) -> Place | None:
    """Return Flatpak, whose filter refuses namespaces."""
    saw = [path for path in ("/.flatpak-info",) if path in evidence.files]
    saw += [f"FLATPAK_ID={name}" for name in [evidence.variables.get("FLATPAK_ID")] if name]
    if not saw:
        return None
    remedy = "start plugcli outside: `flatpak-spawn --host plugcli`"
    return Place("Flatpak", tuple(saw), "its filter refuses namespaces", "namespaces", remedy)


def snap(evidence: Evidence) -> Place | None:
    """Return Snap. A program's environment inherits SNAP from a snap that started it, so the profile is the sign."""
    name = profile(evidence).partition(" ")[0]
    if not name.startswith("snap."):
        return None
    saw = (f"{name} in /proc/self/attr/apparmor/current",)
    return Place(
        "Snap", saw, "strict snaps have no namespaces", "namespaces", "install plugcli outside the snap"
    )


def bubblewrap(evidence: Evidence) -> Place | None:
    """Return bubblewrap. Its process 1 shows it; nothing does where it shares the pid namespace."""
    if evidence.text("/proc/1/comm") != "bwrap":
        return None
    return Place(
        "bubblewrap",
        ("bwrap in /proc/1/comm",),
        "it may refuse namespaces to what it runs",
        "namespaces",
        "start plugcli outside of it, or without `--disable-userns` and without `--seccomp`",
    )


def seccomp(evidence: Evidence) -> Place | None:
    """Return a filter that is no container's."""
    if not is_filtered(evidence) or container(evidence) is not None:
        return None
    unit = re.search(r"(?m)/([^/\s]+\.service)$", evidence.text("/proc/self/cgroup"))
    if unit:
        return Place(
            "a service with a filter",
            (FILTERED, f"{unit[1]} in /proc/self/cgroup"),
            "RestrictNamespaces= or SystemCallFilter= of the unit may refuse namespaces",
            "namespaces",
            f"`systemctl edit {unit[1]}`: RestrictNamespaces=no, and SystemCallFilter=@system-service @mount @sandbox",
        )
    return Place(
        "another sandbox",
        (FILTERED,),
        "whatever started this process put it behind a filter, which may refuse namespaces",
        "namespaces",
        "start plugcli outside of it",
    )


def user_namespace(evidence: Evidence) -> Place | None:
    """Return a user namespace around this process."""
    uids = " ".join(evidence.text("/proc/self/uid_map").split())
    if uids in ("", _ALL_UIDS):
        return None
    saw = (f"{uids} in /proc/self/uid_map",)
    if evidence.is_root and sum(map(int, uids.split()[2::3])) < 2:
        says = "root of a user namespace with one uid cannot give code a uid of its own"
        remedy = (
            "run plugcli outside of it, or as an ordinary user in it (`unshare --user --map-current-user`)"
        )
        return Place("a user namespace", saw, says, "namespaces", remedy)
    return Place("a user namespace", saw)


def landlock(evidence: Evidence) -> Place | None:
    """Return a Landlock domain around this process: nothing shows it but its denials."""
    if evidence.may_list_root or profile(evidence):
        return None
    return Place(
        "a Landlock sandbox",
        ("the root folder may not be listed, although its mode allows it",),
        "a Landlock domain refuses every mount",
        "namespaces",
        "start plugcli outside of it",
    )


def no_new_privileges(evidence: Evidence) -> Place | None:
    """Return a process that was started with no_new_privs, which the sandbox sets itself."""
    if status(evidence, "NoNewPrivs") != "1":
        return None
    return Place("a process without new privileges", ("NoNewPrivs: 1 in /proc/self/status",))


BEFORE: tuple[Judge, ...] = (powerless_root,)
JUDGES: tuple[Judge, ...] = (flatpak, snap, bubblewrap, seccomp, user_namespace, landlock, no_new_privileges)
