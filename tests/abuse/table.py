"""Makes README.md: which case of the catalogue is shown by which test, as whom, and what is seen. `python -m tests.abuse.table`."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.abuse.kernel_objects import ROWS

HERE = Path(__file__).parent
README = HERE / "README.md"
_TESTS = HERE.parent
_WHO = {"box": "root, user", "weigher": "root, user", "root_box": "root"}
"""What a fixture of the abuse tests runs as; the others go through plugcli's commands, as whoever runs the tests."""

_HEAD = """# What the sandbox is held to

Made by `python -m tests.abuse.table` from `catalogue.toml` and from the marks of the tests; a test holds it up to date.

Every test shows its attack outside first, where this machine allows it, and says where it does not. *root, user*: inside and outside, as
root and as an ordinary user. *one user*: through `plugcli serve` or `exec`, as whoever runs the tests. *-*: nothing is run. *At level
landlock*: with namespaces and mounts taken away as Docker's default does; what is left out there, and why, is in `left_out.toml`.

| word | what it means |
|---|---|
| N | an ordinary Python error |
| D | denied: the call fails with an ordinary errno, never SIGSYS |
| L | limited: the resource runs out inside; the answer names the limit |
| T | time-out: the answer comes in time, with what was printed; every process is gone |
| X | the interpreter died: 128 + signal, and the reason |
| C | contained: it works, and nothing of it is seen outside or afterwards |
| R | refused before anything runs |

macOS (J1 to J7 of the catalogue) is out of scope: there is no sandbox there yet, and plugcli refuses to run code.
"""

_KERNEL_HEAD = """## What code can make or hold in the kernel

From `kernel_objects/`. *Groups*: the memory controllers, version 1 and 2. Each row is one test, with a control outside, as root with a
version 1 group for each jail, as root without, and as an ordinary user. e2e/cgroup_v2.py has version 2.

| what | who counts it | what bounds it as root | as an ordinary user, or without a group | test |
|---|---|---|---|---|"""


@dataclass(frozen=True)
class Row:
    """One case of the catalogue."""

    id: str
    case: str
    outcome: str
    landlock: str
    """The outcome at level landlock, or why that level cannot; empty: the same."""
    waits: str
    """What it, or the rest of it, waits for; empty: nothing."""


@dataclass(frozen=True)
class Shown:
    """A test that shows a row."""

    name: str
    path: Path
    who: str
    """As whom it runs."""


def catalogue() -> tuple[dict[str, str], dict[str, Row], set[str]]:
    """Return the titles by letter, the rows by id, and the ids whose tests are being written."""
    data: dict[str, Any] = tomllib.loads((HERE / "catalogue.toml").read_text())
    in_progress = set(data.pop("in_progress"))
    titles = {letter: part.pop("title") for letter, part in data.items()}
    rows = {
        id: Row(id, row["case"], row["outcome"], row.get("landlock", ""), row.get("waits", ""))
        for part in data.values()
        for id, row in part.items()
    }
    return titles, rows, in_progress


def shown() -> dict[str, list[Shown]]:
    """Return the tests by the row that they are marked with: read, not run, so that nothing needs to be installed."""
    found: dict[str, list[Shown]] = {}
    for path in sorted(_TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                whos = [_WHO[argument.arg] for argument in node.args.args if argument.arg in _WHO]
                who = whos[0] if whos else "-" if path.parent == HERE else "one user"
                for id in dict.fromkeys(_marks(node)):
                    found.setdefault(id, []).append(Shown(node.name, path, who))
    return found


def _marks(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the ids of its `pytest.mark.row(...)`, those of single parameters too."""
    for decorator in function.decorator_list:
        for node in ast.walk(decorator):
            match node:
                case ast.Call(func=ast.Attribute(attr="row", value=ast.Attribute(attr="mark")), args=ids):
                    yield from (ast.literal_eval(id) for id in ids)


def text() -> str:
    """Return what README.md has to be."""
    titles, rows, in_progress = catalogue()
    tests = shown()
    parts = [_HEAD]
    for letter, title in titles.items():
        parts.append(
            f"## {letter}. {title}\n\n| row | case | test | who | outcome | at level landlock |\n|---|---|---|---|---|---|"
        )
        parts += [
            _line(row, tests.get(row.id, []), in_progress) for row in rows.values() if row.id[0] == letter
        ]
        parts.append("")
    parts.append(_KERNEL_HEAD)
    for each in ROWS.values():
        test = each.elsewhere or f"test_kernel_objects.py::test_jail_holds_no_more_than_it_may[{each.id}]"
        file, _, name = test.partition("::")
        parts.append(f"| {each.what} | {each.counted} | {each.root} | {each.user} | [{name}]({file}) |")
    return "\n".join([*parts, ""])


def _line(row: Row, tests: list[Shown], in_progress: set[str]) -> str:
    links = [f"[{test.name}]({_link(test.path)})" for test in tests]
    if row.waits:
        links.append(f"waits for {row.waits}" if not links else f"the rest waits for {row.waits}")
    elif not links and row.id in in_progress:
        links.append("in progress")
    who = "; ".join(sorted({test.who for test in tests} - {"-"}, reverse=True)) or "-"
    return f"| {row.id} | {row.case} | {'<br>'.join(links)} | {who} | {row.outcome} | {row.landlock or 'the same'} |"


def _link(path: Path) -> str:
    return path.name if path.parent == HERE else f"../{path.relative_to(_TESTS)}"


if __name__ == "__main__":
    README.write_text(text())
