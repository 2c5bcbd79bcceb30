"""The map of imports, as a test: a new edge is a design decision, and is made here first."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
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
        "terminal_text",
        "client",
        "bearer_token",
        "scaffold",
        "plugin_name",
        "plugin",
        "sandbox",
        "errors",
        "__init__",
        "missing",
        "extensions",
        *JUDGING,
    },
    # A client of a running server: it reads what a stranger sends through the sandbox's gate.
    "client": {"terminal_text", "sandbox", "errors"},
    # A stranger's text, as the sandbox's gate lets it out, in the width of a terminal.
    "terminal_text": {"sandbox", "document"},
    "serve": {
        "builtin",
        "respond",
        "terminal_text",
        "bearer_token",
        "openapi",
        "plugin",
        "document",
        "sandbox",
        "errors",
        "__init__",
    },
    # The routes of the built-in plugins, which those of others import, too.
    "builtin": {"respond", "sandbox", "errors"},
    # What plugcli itself answers over HTTP.
    "respond": {"sandbox"},
    "validate": {
        "hint",
        "ignore",
        "rules",
        "hosts",
        "plugin",
        "document",
        "dialect",
        "finding",
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
    "fetch": {"web", "plugin", "exchange", "openapi", "document", "address", "dialect", "errors"},
    # All that we ask other servers goes through here, past one guard.
    "web": {"address", "internet", "__init__"},
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
        "manifest_members",
        "server_url",
    },
    # Words that several rules have in common: no rule imports another.
    "manifest_members": set(),
    "server_url": {"address", "plugin"},
    # A hint in the syntax of its file.
    "hint": set(),
    # What a manifest names in its own folder, for those who judge it and those who serve it.
    "missing": {"plugin", "address", "errors"},
    # What is not to be heard: comments in a document, and what the configuration lists.
    "ignore": {"document", "finding"},
    "m365": {"json_schema", "document"},
    "manifest_schema": {"hosts"},
    # Which tools a host makes is told by a recipe of openapi's.
    "hosts": {"claim", "converters", "openapi", "errors", "extensions"},
    "converters": {"claim", "openapi"},
    "claim": {"finding"},
    # What any value has against any JSON Schema.
    "json_schema": {"document"},
    # What the model reads of a plugin: the operations, what each takes, and the types of that.
    "prompt": {"openapi", "document", "address"},
    # Operations, what can be sent with them, and the tools that are made of them by a recipe.
    "openapi": {"json_schema", "document"},
    "address": {"placeholder", "internet"},
    # What an unfilled place looks like, in an address and in a document.
    "placeholder": set(),
    "internet": set(),
    "dialect": set(),
    "plugin": {"address", "document", "exchange", "errors"},
    "document": {"placeholder", "errors"},
    "sandbox": {"errors"},
    "finding": {"document"},  # the line that it is about
    # Both ends of a connection read the token.
    "bearer_token": {"errors"},
    "errors": set(),
    "extensions": set(),
    "__init__": set(),
    "__main__": {"cli"},
}


def modules() -> Iterator[Path]:
    """Yield every module of the package."""
    return (path for path in sorted(ROOT.rglob("*.py")) if "_templates" not in path.parts)


@cache
def imported(path: Path) -> list[str]:
    """Return the full name of all that the file imports, anywhere in it: `a.b.c` for `from a.b import c`."""
    package = ("plugcli", *path.relative_to(ROOT).parent.parts)
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = [*package[: len(package) + 1 - node.level]] if node.level else []
            parts += [node.module] if node.module else []
            names += [".".join([*parts, alias.name]) for alias in node.names]
    return names


@cache
def part_of(name: str) -> str:
    """Return the file or folder directly under plugcli that the name `plugcli...` comes from."""
    part = name.split(".")[1] if "." in name else "__init__"
    return part if (ROOT / part).is_dir() or (ROOT / f"{part}.py").exists() else "__init__"


@cache
def edges() -> dict[str, dict[str, Path]]:
    """Return for each part the other parts that it imports, each with a file that does."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in modules():
        here = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for name in imported(path):
            if name.partition(".")[0] == "plugcli" and part_of(name) != here:
                found[here][part_of(name)] = path
    return found


def test_imports_follow_the_map() -> None:
    """Imports run downwards only, so that each part can be read without the parts above it."""
    extra = [
        f"{path.relative_to(ROOT)} imports {there}: {here} -> {there} is not in ALLOWED"
        for here, used in edges().items()
        for there, path in used.items()
        if there not in ALLOWED.get(here, set())
    ]
    assert extra == []


def test_map_has_no_edge_that_nobody_uses() -> None:
    """An edge that nothing uses would let the next import in without a decision."""
    used = edges()
    unused = [
        f"{here} -> {there}: nothing imports it, take it out of ALLOWED"
        for here, allowed in ALLOWED.items()
        for there in sorted(allowed - used[here].keys())
    ]
    assert unused == []


def test_map_has_no_part_that_is_gone() -> None:
    """A part that moved leaves its line behind otherwise."""
    parts = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in modules()}
    assert parts == ALLOWED.keys()


def test_no_rule_imports_another() -> None:
    """A rule is one file: whoever removes or changes one must not break a second."""
    rules = {path.stem for path in ROOT.joinpath("rules").glob("*.py")} - {"__init__"}
    for rule in sorted(rules):
        tree = ast.parse(ROOT.joinpath("rules", f"{rule}.py").read_text())
        others = [
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plugcli.rules")
            for name in ((node.module or "").rpartition(".")[2], *(alias.name for alias in node.names))
            if name in rules
        ]
        message = f"rules/{rule}.py imports {others}: put what rules share into rules/__init__.py or a file outside rules/"
        assert not others, message


def test_only_the_command_line_knows_typer_and_rich() -> None:
    """Library code never prints: whoever calls it decides what is shown."""
    for path in modules():
        where = path.relative_to(ROOT)
        names = {name.partition(".")[0] for name in imported(path)}
        assert where.parts[0] == "cli" or not names & {"typer", "rich"}, where


def foreign(path: Path, allowed: tuple[str, ...]) -> list[str]:
    """Return what the file imports beyond the standard library and what is below the names `allowed`."""
    return [
        name
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(f"{name}.".startswith(f"{each}.") for each in allowed)
    ]


def test_sandbox_imports_only_the_standard_library() -> None:
    """What the sandbox imports is what has to be trusted, and what starts with every `exec`. Imports inside functions count too."""
    paths = sorted((ROOT / "sandbox").rglob("*.py"))
    assert len(paths) > 30
    for path in paths:
        allowed = ("plugcli.sandbox",) if "jail" in path.parts else ("plugcli.sandbox", "plugcli.errors")
        assert foreign(path, allowed) == [], path.relative_to(ROOT)


def test_sandbox_loads_without_any_package() -> None:
    """Every module of it is imported, with no installed package in reach: nothing that it imports may need one either."""
    names = [
        f"plugcli.{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}"
        for path in sorted((ROOT / "sandbox").glob("*.py"))
        if path.stem != "__init__"
    ]
    code = """
import sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    __import__(name)
tops = {name.partition(".")[0] for name in sys.modules}
print(sorted(tops - sys.stdlib_module_names - {"plugcli", "__main__"}))
print(sorted(n for n in sys.modules if n.startswith("plugcli.") and not n.startswith(("plugcli.sandbox", "plugcli.errors"))))
"""
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT.parent), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


def test_launcher_imports_nothing_of_plugcli() -> None:
    """The launcher is forked into every jail: what it holds, untrusted code could read."""
    for path in sorted((ROOT / "sandbox/jail").rglob("*.py")):
        assert foreign(path, ("plugcli.sandbox.jail",)) == [], path.relative_to(ROOT)
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
