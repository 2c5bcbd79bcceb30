"""`plugcli validate` in a process of its own, for the tests of this folder."""

import os
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).parents[1] / "contract" / "rules"
GOOD = CASES / "manifest-syntax" / "good-json"
BAD = CASES / "manifest-syntax" / "bad-trailing-comma"
WARNED = CASES / "openapi-schema" / "bad-required-true"

OPERATION = """\
openapi: 3.1.0
info:
  title: Things
  version: "1"
servers:
  - url: https://things.dev
paths:
  /things:
    get:
      summary: Read the list
      responses:
        "200":
          description: The list
"""
"""One warning: the operation has no operationId."""


def validate(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it; what the tests' own terminal is like does not matter."""
    quiet = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "plugcli", "validate", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**quiet, **environment},
        timeout=60,
        check=False,
    )
