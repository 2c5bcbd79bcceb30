"""The folder that goes into a place without a network: a wheel of the project, the wheels that it and the tests need, and the tests.

`install SUBJECT` in the folder makes a venv there from the wheels and nothing else. The wheels are kept in the cache between runs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
NEEDED = ("pytest", "pytest-xdist", "hypothesis")
"""What the abuse suite needs besides plugcli and its data packages."""

_INSTALL = """#!/bin/sh
# Makes VENV of the wheels that lie here: sh install VENV
set -e
here=$(cd "$(dirname "$0")" && pwd)
export UV_CACHE_DIR="$1.cache"
"$here/uv" venv -q --offline -p /usr/bin/python3 "$1"
"$here/uv" pip install -q --offline --no-index --find-links "$here/wheels" -p "$1/bin/python" 'plugcli-tool[data]' {needed}
"""


def fill(folder: Path, python_version: str) -> None:
    """Fill `folder` for a place whose Python is `python_version`, "3.11" say. Everybody may read it and write into it."""
    wheels = _wheels(python_version)
    (folder / "wheels").mkdir()
    for wheel in wheels.glob("*.whl"):
        shutil.copy(wheel, folder / "wheels")
    _build(folder / "wheels")
    shutil.copy(Path(sys.executable).with_name("uv"), folder / "uv")
    (folder / "install").write_text(_INSTALL.format(needed=" ".join(NEEDED)))
    _checkout(folder / "plugcli")
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o666))


def _wheels(python_version: str) -> Path:
    """Return the folder with the wheels of everything but the project, for that Python; fetched once for each set of requirements."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "plugcli-places")
    folder = cache / f"wheels-{python_version}"
    requirements = (REPOSITORY / "pyproject.toml").read_text()
    known = folder / "pyproject.toml"
    if known.exists() and known.read_text() == requirements:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project = _build(folder)
    command = [sys.executable, "-m", "pip", "download", "-qq", "-d", str(folder)]
    command += ["--python-version", python_version, "--only-binary=:all:", "--no-cache-dir"]
    subprocess.run([*command, f"{project}[data]", *NEEDED], check=True)
    project.unlink()
    known.write_text(requirements)
    return folder


def _build(folder: Path) -> Path:
    """Build the project's wheel in `folder` and return its path."""
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("plugcli_tool-*.whl")
    return wheel


def _checkout(folder: Path) -> None:
    """Copy what git knows of the checkout, as it lies there now."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    for name in listing.stdout.decode().split("\0"):
        if name and (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
