"""How the launcher asks for its AppArmor profile. A file stands for the kernel's; tests.places.apparmor shows it with the real one."""

from pathlib import Path

import pytest

from plugcli.sandbox.jail import apparmor


@pytest.fixture
def current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that stands for /proc/self/attr/apparmor/current, on a machine where the profile is installed."""
    installed, current = tmp_path / "plugcli", tmp_path / "current"
    installed.write_text("profile plugcli {}")
    current.write_text("unconfined\n")
    monkeypatch.setattr(apparmor, "FILE", str(installed))
    monkeypatch.setattr(apparmor, "_CURRENT", str(current))
    return current


def test_installed_profile_is_asked_for_at_the_start_of_the_file(current: Path) -> None:
    """The kernel refuses a write at any other offset (proc_pid_attr_write in fs/proc/base.c)."""
    apparmor.enter()
    assert current.read_text() == "changeprofile plugcli"


def test_profile_is_asked_for_once(current: Path) -> None:
    """A launcher that restarts itself is in it already, and a profile that may not change would be logged as a violation."""
    current.write_text("plugcli (enforce)\n")
    apparmor.enter()
    assert current.read_text() == "plugcli (enforce)\n"


def test_profile_that_is_not_installed_is_not_asked_for(
    current: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """AppArmor would log every launch."""
    monkeypatch.setattr(apparmor, "FILE", str(tmp_path / "missing"))
    apparmor.enter()
    assert current.read_text() == "unconfined\n"


def test_machine_without_apparmor_is_as_before(current: Path) -> None:
    """A profile's file without AppArmor in the kernel stops nothing."""
    current.unlink()
    apparmor.enter()
