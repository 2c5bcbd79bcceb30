"""The map of imports, as a test: a new edge is a design decision, and is made here first."""

import ast
import subprocess
import sys
from pathlib import Path

import plugcli

ROOT = Path(plugcli.__file__).parent

JUDGING = {
    "validate",
    "rules",
    "hosts",
    "configuration",
    "ignore",
    "target",
    "fetch",
    "finding",
    "dialect",
    "prompt",
    "fix",
    "manifest_schema",
    "atomic",
}
ALLOWED = {
    "cli": {
        "serve",
        "scaffold",
        "plugin_name",
        "plugin",
        "document",
        "sandbox",
        "errors",
        "__init__",
        "missing",
        "extensions",
        *JUDGING,
    },
    "serve": {"plugin", "document", "sandbox", "errors", "__init__"},
    "validate": {
        "hint",
        "ignore",
        "rules",
        "hosts",
        "plugin",
        "document",
        "address",
        "dialect",
        "finding",
        "errors",
    },
    # What `validate` found is changed in the text and judged again.
    "fix": {
        "validate",
        "hosts",
        "ignore",
        "plugin",
        "document",
        "dialect",
        "openapi",
        "finding",
        "atomic",
        "errors",
    },
    "atomic": {"errors"},
    "scaffold": {"plugin_name", "atomic", "errors"},
    "plugin_name": {"sandbox", "errors"},  # what must not be hidden in a name: the sandbox's gate
    # How a project wants its plugins judged.
    "configuration": {"rules", "ignore", "hosts", "document", "errors"},
    # What is judged: a target's plugin, from a folder or an address.
    "target": {"fetch", "plugin", "document", "dialect", "errors"},
    # What its server answers becomes facts, which rules judge as a browser and as a host would.
    "fetch": {
        "plugin",
        "exchange",
        "openapi",
        "document",
        "address",
        "internet",
        "dialect",
        "errors",
        "__init__",
    },
    "exchange": set(),
    # Rules read hosts and plugins, through words of their own for addresses, operations and the OpenAPI schemas.
    "rules": {
        "ignore",
        "hosts",
        "missing",
        "plugin",
        "exchange",
        "openapi",
        "m365",
        "document",
        "address",
        "dialect",
        "json_schema",
        "extensions",
    },
    # A hint in the syntax of its file.
    "hint": set(),
    # What a manifest names in its own folder, for those who judge it and those who serve it.
    "missing": {"plugin", "address", "errors"},
    # What is not to be heard: comments in a document, and what the configuration lists.
    "ignore": {"document", "finding"},
    "m365": {"json_schema", "document"},
    "manifest_schema": {"hosts"},
    "hosts": {"finding", "errors", "extensions"},
    # What any value has against any JSON Schema.
    "json_schema": {"document"},
    # What the model reads of a plugin: the operations, what each takes, and the types of that.
    "prompt": {"openapi", "document", "address"},
    # Operations, what can be sent with them, and the tools that are made of them, as a host's data tells.
    "openapi": {"hosts", "json_schema", "document"},
    "address": {"document", "internet"},
    "internet": set(),
    "dialect": set(),
    "plugin": {"address", "document", "exchange", "errors"},
    "document": {"errors"},
    "sandbox": {"errors"},
    "finding": {"document"},  # the line that it is about
    "errors": set(),
    "extensions": set(),
    "__init__": set(),
    "__main__": {"cli"},
}


def imports(path: Path) -> set[str]:
    """Return the names directly under plugcli that the file imports, anywhere in it."""
    seen = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "plugcli":
            parts = (alias.name for alias in node.names)
            seen |= {
                part if (ROOT / part).exists() or (ROOT / f"{part}.py").exists() else "__init__"
                for part in parts
            }
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plugcli."):
            seen.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            seen |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("plugcli.")}
    return seen


def test_imports_follow_the_map() -> None:
    """Imports run downwards only, so that each part can be read without those above it."""
    for path in ROOT.rglob("*.py"):
        if "_templates" in path.parts:
            continue
        here = path.relative_to(ROOT).parts[0].removesuffix(".py")
        extra = imports(path) - ALLOWED[here] - {here}
        assert not extra, f"{path} may not import {sorted(extra)}"


def test_only_the_command_line_knows_typer_and_rich() -> None:
    """Library code never prints: whoever calls it decides what is shown."""
    for path in ROOT.rglob("*.py"):
        names = {
            name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        where = path.relative_to(ROOT)
        assert "typer" not in names or where.parts[0] == "cli", where


def test_sandbox_imports_only_the_standard_library() -> None:
    """What the sandbox imports is what has to be trusted, and what starts with every `exec`."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import plugcli.sandbox
tops = {name.partition(".")[0] for name in sys.modules}
print(sorted(tops - sys.stdlib_module_names - {"plugcli", "__main__"}))
print(sorted(n for n in sys.modules if n.startswith("plugcli.") and not n.startswith(("plugcli.sandbox", "plugcli.errors"))))
"""
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


def test_launcher_imports_nothing_of_plugcli() -> None:
    """The launcher is forked into every jail: what it holds, untrusted code could read."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from jail import launcher
tops = {name.partition(".")[0] for name in sys.modules}
print(sorted(tops - sys.stdlib_module_names - {"__main__"}))
"""
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT / "sandbox")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "['jail']\n"
