"""What a model's code expects to find, and whether it is there."""

import re
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

from plugcli.cli.serve.data_packages import missing_packages, module_of, packages

ROOT = Path(__file__).parents[2]


def test_packages_are_those_of_the_extra() -> None:
    """One list: what `serve` misses is what the extra installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = project["optional-dependencies"]["data"]
    assert sorted(packages()) == sorted(re.split("[<>=~! ;[]", each)[0] for each in listed)


@pytest.mark.slow
def test_packages_that_are_installed_are_found_by_their_modules() -> None:
    """The tests' environment has the extra; a name that is wrong here would be called missing for ever."""
    assert missing_packages(None) == []
    with warnings.catch_warnings(action="ignore"):  # the newest and the oldest of them warn of each other
        for package in packages():
            __import__(module_of(package))


def test_bare_interpreter_misses_them(tmp_path: Path) -> None:
    """What counts is the interpreter of the code, not the one that runs plugcli."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
    (tmp_path / "venv/bin/python").symlink_to(Path(sys.executable).resolve())
    assert missing_packages(str(tmp_path / "venv")) == packages()
