"""The public surface (tests/typing/api.py) is there, and nothing that we tell people to import is missing from it."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from plugcli.sandbox import Sandbox
from plugcli.serve.execute import execute_route

ROOT = Path(__file__).parents[2]
TELLING = [
    *sorted((ROOT / "templates").rglob("*.py")),
    *sorted((ROOT / "templates").rglob("*.jinja")),
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.py")),
]


def imported(code: str) -> set[tuple[str, str]]:
    """Return what the code imports of plugcli: (module, name)."""
    return {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "plugcli"
        for alias in node.names
        if node.module
    }


PUBLIC = imported((ROOT / "tests/typing/api.py").read_text())


@pytest.mark.parametrize(("module", "name"), sorted(PUBLIC))
def test_public_name_can_be_imported(module: str, name: str) -> None:
    """Plugins that were rendered years ago import it."""
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("path", TELLING, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_we_tell_people_to_import_is_public(path: Path) -> None:
    """Whoever copies it from there relies on it from then on."""
    text = path.read_text()
    told = set(re.findall(r"^\s*from (plugcli[\w.]*) import (\w+)", text, re.M))
    told |= set(re.findall(r"`(plugcli(?:\.[a-z_]+)+)\.(\w+)[`(]", text))
    assert {
        each for each in told if (ROOT / each[0].replace(".", "/")).exists() or each[0].count(".")
    } <= PUBLIC


def test_python_template_imports_what_is_held() -> None:
    """The search above finds what it is for: the lines that are in every rendered plugin."""
    told = imported((ROOT / "templates/python/plugin.py").read_text())
    assert told == {("plugcli.sandbox", "Sandbox"), ("plugcli.builtin.python", "routes")}


def test_first_plugins_get_the_route_that_they_ask_for() -> None:
    """Their plugin.py has it by name, and their document describes no other."""
    route = execute_route(Sandbox())
    assert ("/execute", {"POST"}) == (route.path, route.methods)
