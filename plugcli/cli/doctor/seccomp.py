"""`doctor --seccomp`: a container engine's own seccomp profile, with the calls that the sandbox needs.

The profile is the operator's: plugcli brings none, because an engine's default changes with the engine.
"""

import json
import sys
from pathlib import Path
from typing import Any

from plugcli.errors import UsageError

CALLS = (
    "clone",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "pivot_root",
    "umount2",
    "unshare",
)
"""What the first level calls and the engines' defaults refuse. Not setns: nothing enters a namespace that is there already."""

_ALLOW = "SCMP_ACT_ALLOW"
_HINT = "name the default profile of your engine: Podman's is /usr/share/containers/seccomp.json, Docker's is default.json of moby/profiles"


def read(base: str) -> dict[str, Any]:
    """Return the seccomp profile in the file `base`; `-` is standard input. Raises UsageError if it is none."""
    try:
        text = sys.stdin.read() if base == "-" else Path(base).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {base}: {error}", hint=_HINT) from error
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{base} is not JSON: {error}", hint=_HINT) from error
    if not isinstance(found, dict) or "defaultAction" not in found or not _are_rules(found.get("syscalls")):
        raise UsageError(f"{base} is not a seccomp profile of a container engine", hint=_HINT)
    return found


def extended(profile: dict[str, Any]) -> dict[str, Any]:
    """Return `profile` with CALLS allowed. A rule that refuses one of them no longer names it; nothing else changes."""
    rules = []
    for rule in profile["syscalls"]:
        if rule["action"] != _ALLOW and not rule.get("args"):
            rule = rule | {"names": [name for name in rule["names"] if name not in CALLS]}
        if rule["names"]:
            rules.append(rule)
    ours = {"names": list(CALLS), "action": _ALLOW, "args": [], "includes": {}, "excludes": {}}
    return profile | {
        "syscalls": [*rules, ours | {"comment": "plugcli's sandbox: user namespaces and mounts in them"}]
    }


def _are_rules(rules: object) -> bool:
    return isinstance(rules, list) and all(
        isinstance(rule, dict) and isinstance(rule.get("action"), str) and isinstance(rule.get("names"), list)
        for rule in rules
    )
