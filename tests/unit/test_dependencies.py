"""What pyproject.toml asks for: all that is imported, each from a version that is known to work."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = PROJECT["dependencies"]
EXTRAS = PROJECT["optional-dependencies"]
ELSEWHERE = {"jupyter_client", "plugin"}
"""Modules of another environment: that of tests/bench's peers, and a plugin's own."""


@pytest.mark.parametrize("requirement", [*NEEDED, *EXTRAS["data"], *EXTRAS["dev"]])
def test_dependency_has_a_lower_bound(requirement: str) -> None:
    """A version that has never been tried is no promise. CI installs the lowest of all and runs the tests with them."""
    name = _name(requirement)
    assert name == PROJECT["name"] or re.match(rf"{re.escape(name)}(>=|==)\d", requirement), requirement


@pytest.mark.parametrize(
    ("folders", "requirements"),
    [
        (["plugcli", "templates"], NEEDED),
        (["tests"], [*NEEDED, *EXTRAS["data"], *EXTRAS["dev"]]),
    ],
    ids=["user", "developer"],
)
def test_imported_package_is_asked_for(folders: list[str], requirements: list[str]) -> None:
    """What comes only with another package goes when that one no longer needs it."""
    asked = {_canonical(_name(each)) for each in requirements}
    homes = packages_distributions()
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert files
    unasked = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files
        for module in _imported(path)
        if module not in {*sys.stdlib_module_names, "plugcli", "tests", *ELSEWHERE}
        and not asked & {_canonical(home) for home in homes.get(module, [])}
    }
    assert unasked == set()


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=~! ;]", requirement)[0]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported(path: Path) -> set[str]:
    """The top-level modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
