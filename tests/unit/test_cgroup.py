"""What is ours of a hierarchy, and what the kernel's files say."""

import os
from pathlib import Path

import pytest

from plugcli.sandbox.jail import cgroup_v2
from plugcli.sandbox.jail.cgroup import Member

USERS = "/user.slice/user-1000.slice"


@pytest.mark.parametrize(
    ("own", "unit"),
    [
        ("/system.slice/plugcli.service", "/system.slice/plugcli.service"),
        # systemd's DelegateSubgroup=, and the leaf that another launcher of the same unit has moved us to
        ("/system.slice/plugcli.service/main", "/system.slice/plugcli.service"),
        # the manager of a user is delegated its own unit, but what we are in is a unit of that manager
        (f"{USERS}/user@1000.service/app.slice/a.scope", f"{USERS}/user@1000.service/app.slice/a.scope"),
        (f"{USERS}/session-1.scope", f"{USERS}/session-1.scope"),
        ("/docker/0123456789ab", ""),
        ("", ""),
    ],
)
def test_unit_is_the_innermost_one(own: str, unit: str) -> None:
    """Everything above it belongs to a service manager, and is not ours to change."""
    assert cgroup_v2._unit("/sys/fs/cgroup", own) == (f"/sys/fs/cgroup{unit}" if unit else "")


EVENTS_1 = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"
EVENTS_2 = "low 0\nhigh 0\nmax 107\noom 1\noom_kill {}\noom_group_kill 0\n"


@pytest.mark.parametrize(("form", "version"), [(EVENTS_1, 1), (EVENTS_2, 2)])
@pytest.mark.parametrize("kills", [0, 1, 10])
def test_kills_of_either_version_are_noticed(tmp_path: Path, form: str, version: int, kills: int) -> None:
    """A limit that was reached is no kill, and ten kills are not none."""
    (tmp_path / "events").write_text(form.format(kills))
    descriptor = os.open(tmp_path / "events", os.O_RDONLY)
    try:
        member = Member(-1, descriptor, -1)
        assert (member.version, member.was_exceeded()) == (version, kills > 0)
    finally:
        os.close(descriptor)
