"""What plugcli says and makes, recorded as one folder of text, so that two versions can be compared with `diff -r`.

`python -m tests.record FOLDER`: the findings of all hosts and the prompt of each plugin of the corpus, the JSON of every command, what
`init` renders, what `serve` shows and answers. Run it before and after a change that should change nothing that users see. What no two runs
have in common (durations, ids, ports, dates) is replaced. Only the commands are used, so that it works on any version.
"""

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest.mock
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plugcli.cli import main as main_of_plugcli
from plugcli.scaffold import templates
from tests.corpus import FOLDER, documents, plugins
from tests.e2e.serving import serving

_PLUGCLI = (sys.executable, "-m", "plugcli")
_SCRIPT = """
import sys
print("out"); print("err", file=sys.stderr)
open("made.txt", "w").write("x" * 10)
sys.exit(3)
"""
_CALLS: tuple[dict[str, Any], ...] = (
    {"code": "print(6 * 7)"},
    {"code": "6 * 7", "session": "new"},
    {"code": "open('made.csv', 'w').write('a,b\\n1,2\\n')", "session": "new"},
    {"code": "1 / 0", "session": "new"},
    {"code": "import time; time.sleep(9)", "timeout": 0.2},
    {"code": ""},
    {"cod": "1"},
)
# What no two runs have in common: (pattern, what stands in its place).
_PASSING = [
    (re.compile(pattern), text)
    for pattern, text in (
        (r'"duration_ms": ?\d+', '"duration_ms": 0'),
        (r'"seconds_left": ?\d+', '"seconds_left": 0'),
        (r"(localhost|127\.0\.0\.1):\d+", r"\1:PORT"),
        (r'"id": ?"[^"]+"', '"id": "ID"'),
        (r"/file\?[^\"]+|/files/[^\"]*[?&=][^\"]*", "/FILE"),
        (r"\b[0-9a-f]{32,64}\b|\b[A-Za-z0-9_-]{40,}\b", "TOKEN"),
        (r"\b20\d\d-\d\d-\d\d\b", "DATE"),
    )
]


def main() -> None:
    """Write the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to write; must not exist")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        for name, arguments in _of_commands(Path(work)):
            _write(folder / name, _run(arguments, Path(work)))
        for name, arguments in _of_plugins(Path(work)):
            _write(folder / name, _run_here(arguments, Path(work)))
        for template in templates():
            _render(template, Path(work) / "rendered" / template, folder / "init" / template)
        _write(folder / "serve.txt", "\n".join(_served(Path(work))))


def _of_plugins(work: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, _, files in plugins() if FOLDER.exists() else ():
        for path, content in files.items():
            target = work / "plugins" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        where = f"plugins/{name}"
        yield f"{where}/findings.json", ("validate", where, "--for", "all", "--format", "json")
        yield f"{where}/prompt.json", ("prompt", where, "--json")
        yield f"{where}/prompt-actions.json", ("prompt", where, "--json", "--for", "gpt-actions")
    for name, content in documents() if FOLDER.exists() else ():
        target = work / name
        target.write_bytes(content)
        yield f"documents/{name}.json", ("validate", name, "--for", "all", "--format", "json")


def _of_commands(work: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    (work / "script.py").write_text(_SCRIPT)
    (work / "broken").mkdir()
    (work / "broken" / "openapi.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: x}\npaths: {/a: {get: {}}}\n"
    )
    for command in ("hosts", "rules", "doctor"):
        yield f"commands/{command}.json", (command, "--json")
        yield f"commands/{command}.txt", (command,)
    for name in ("manifest", "report"):
        yield f"commands/schema-{name}.json", ("schema", name)
    yield "commands/exec.json", ("exec", "--json", "script.py")
    for form in ("text", "json", "sarif", "github"):
        yield f"commands/validate.{form}", ("validate", "broken", "--for", "all", "--format", form)
    yield "commands/explain.txt", ("explain", "operation-id")
    yield "commands/nothing.txt", ("validate", "no-such-folder")
    for command in (
        "",
        "init",
        "validate",
        "serve",
        "exec",
        "prompt",
        "doctor",
        "hosts",
        "rules",
        "explain",
        "schema",
    ):
        yield f"help/{command or 'plugcli'}.txt", (*command.split(), "--help")


def _run(arguments: tuple[str, ...], work: Path) -> str:
    """Return what a command printed, and how it ended."""
    environment = os.environ | {"COLUMNS": "100"}
    ended = subprocess.run(
        [*_PLUGCLI, *arguments], cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    return _lasting(f"{ended.stdout}\n--- stderr\n{ended.stderr}\n--- exit {ended.returncode}\n")


def _run_here(arguments: tuple[str, ...], work: Path) -> str:
    """Return what `_run` does, from this process: starting two thousand takes long."""
    said, complained = io.StringIO(), io.StringIO()
    status: object = 0
    with (
        contextlib.chdir(work),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
        unittest.mock.patch.object(sys, "argv", ["plugcli", *arguments]),
    ):
        try:
            main_of_plugcli()
        except SystemExit as ended:
            status = ended.code
    return _lasting(f"{said.getvalue()}\n--- stderr\n{complained.getvalue()}\n--- exit {status}\n")


def _render(template: str, work: Path, folder: Path) -> None:
    options = ("--template", template, "--name", "Recorded", "--email", "me@example.com", "--yes")
    work.parent.mkdir(parents=True, exist_ok=True)
    _write(folder / "init.txt", _run(("init", str(work), *options), work.parent).replace(str(work), "FOLDER"))
    for path in sorted(each for each in work.rglob("*") if each.is_file()):
        target = folder / "files" / path.relative_to(work)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


def _served(work: Path) -> Iterator[str]:
    """What the built-in plugin shows and answers."""
    with serving(work) as server:
        for path in ("/.well-known/ai-plugin.json", "/openapi.yaml", "/openapi.json", "/health", "/nothing"):
            answer = server.get(path)
            yield _lasting(f"GET {path}: {answer.status}\n{answer.body.decode()}")
        for call in _CALLS:
            answer = server.post("/execute", call)
            yield _lasting(f"POST /execute {json.dumps(call)}: {answer.status}\n{answer.body.decode()}")


def _lasting(text: str) -> str:
    for pattern, other in _PASSING:
        text = pattern.sub(other, text)
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
