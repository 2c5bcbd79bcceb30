"""`.pre-commit-hooks.yaml`: what pre-commit runs at a commit, and for which files."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.validating import BAD, GOOD

HOOKS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
)
HOOK = HOOKS[0]


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        (".well-known/ai-plugin.json", True),
        ("ai-plugin.json", True),
        ("plugins/shop/openapi.yaml", True),
        ("openapi.yml", True),
        ("openapi.json", True),
        ("my-ai-plugin.json", False),
        ("openapi.yaml.j2", False),
        ("openapi-python-client.yaml", False),
        ("package.json", False),
    ],
)
def test_hook_is_called_for_the_documents_of_a_plugin(path: str, is_ours: bool) -> None:
    """Every other JSON file of a repository would be an error to us."""
    assert is_ours == bool(re.search(HOOK["files"], path))


@pytest.mark.parametrize(("plugin", "status"), [(GOOD, 0), (BAD, 1)])
def test_hook_judges_the_files_that_it_is_given(plugin: Path, status: int) -> None:
    """pre-commit appends the names of the files that are committed, and reads the exit status."""
    files = [
        path
        for path in (
            each.relative_to(plugin).as_posix() for each in sorted(plugin.rglob("*")) if each.is_file()
        )
        if re.search(HOOK["files"], path)
    ]
    assert files
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [*shlex.split(HOOK["entry"]), *files],
        cwd=plugin, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (status, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("ChatGPT (closed in April 2024) ")
