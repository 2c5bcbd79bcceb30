"""Interpreters are found without being run."""

import sys
from pathlib import Path

import pytest

from plugcli.errors import UsageError
from plugcli.sandbox import interpreter


def make(folder: Path, *, version: str = "3.12", name: str = "python3.12") -> Path:
    """Make what looks like an installation in `folder`: its executable would fail if it were run."""
    (folder / "bin").mkdir(parents=True)
    (folder / "lib" / f"python{version}").mkdir(parents=True)
    (folder / "lib" / f"python{version}" / "os.py").touch()
    executable = folder / "bin" / name
    executable.write_text("#!/bin/false\n")
    executable.chmod(0o755)
    return executable


def test_venv_shows_itself_and_what_it_stands_on(tmp_path: Path) -> None:
    """Both folders, and neither's parent."""
    base = make(tmp_path / "opt" / "python")
    venv = tmp_path / "project" / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    (venv / "bin" / "python").symlink_to(base)
    for given in (venv, venv / "bin" / "python"):
        found = interpreter.find(str(given))
        assert found.executable == str(venv / "bin" / "python")
        assert set(found.folders) == {str(base.parent.parent), str(venv)}
        assert not found.is_our_own


def test_own_interpreter_is_recognised() -> None:
    """Forking it saves a start."""
    assert interpreter.find(sys.executable).is_our_own


@pytest.mark.parametrize(
    ("version", "name", "words"),
    [
        ("3.10", "python3.10", "is Python 3.10"),
        ("3.12", "pypy3.12", "is not a Python interpreter"),
        ("3.12", "python-shim", "is not a Python interpreter"),
        ("3.12", "python3.13", "has no standard library beside it"),
    ],
)
def test_what_a_jail_cannot_run_is_refused(tmp_path: Path, version: str, name: str, words: str) -> None:
    """With what it is, and before anything starts."""
    with pytest.raises(UsageError, match=words):
        interpreter.find(str(make(tmp_path / "opt" / "python", version=version, name=name)))


@pytest.mark.parametrize("given", ["/bin/ls", "/etc/passwd", "/dev/null", "/", "", "/nowhere", "a\0b"])
def test_nonsense_is_refused(given: str) -> None:
    """Whatever somebody types after --python."""
    with pytest.raises(UsageError):
        interpreter.find(given)


def test_installation_in_a_home_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder would show the code everything in there."""
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "me"))
    executable = make(tmp_path / "home" / "me")
    with pytest.raises(UsageError, match="would show all of it"):
        interpreter.find(str(executable))


def test_installed_modules_are_found_by_their_files(tmp_path: Path) -> None:
    """A package, a module, an extension; in the venv or in what it stands on; and not by a part of the name."""
    base = make(tmp_path / "opt" / "python")
    packages = base.parent.parent / "lib" / "python3.12" / "site-packages"
    (packages / "numpy").mkdir(parents=True)
    (packages / "six.py").touch()
    (packages / "fast.cpython-312-x86_64-linux-gnu.so").touch()
    found = interpreter.find(str(base))
    assert [found.has(name) for name in ("numpy", "six", "fast", "num", "si", "pandas")] == [True] * 3 + [
        False
    ] * 3
