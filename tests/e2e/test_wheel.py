"""The wheel, as a user gets it: built, installed into a fresh environment, used from elsewhere."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from plugcli.scaffold import templates

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel from the checkout, the wheel from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(REPOSITORY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("plugcli_tool-*.whl"))


@pytest.fixture(scope="module")
def plugcli(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh environment and return its command."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "plugcli"


def test_wheel_holds_the_package_and_its_templates(wheel: Path) -> None:
    """Every file of templates/, and nothing of the tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "templates"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for path in tracked.stdout.split():
        assert path.replace("templates/", "plugcli/_templates/", 1) in names
    assert {name.split("/")[0] for name in names} == {
        "plugcli",
        wheel.name.rpartition("-py3")[0] + ".dist-info",
    }
    assert not [name for name in names if "__pycache__" in name]


def test_wheel_names_every_license_and_holds_its_text(wheel: Path) -> None:
    """Microsoft's schemas are under the MIT license: whoever audits licenses reads the metadata alone (PEP 639)."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        assert b"\nLicense-Expression: Apache-2.0 AND MIT\n" in archive.read(metadata)
        texts = metadata.replace("METADATA", "licenses/")
        assert b"Apache License" in archive.read(f"{texts}LICENSE")
        [of_microsoft] = [name for name in archive.namelist() if name.startswith(texts) and "m365" in name]
        assert b"Microsoft" in archive.read(of_microsoft)
        assert b"MIT License" in archive.read(of_microsoft)


def test_installed_command_does_its_jobs(plugcli: Path, tmp_path: Path) -> None:
    """init, validate and exec from a folder that knows nothing of the checkout."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(plugcli), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    assert run("--version").stdout.startswith("plugcli 0.")
    for template in templates():
        made = run("init", template, "--template", template, "--yes")
        assert made.returncode == 0, made.stderr
        verdict = json.loads(run("validate", template, "--format", "json").stdout)
        severities = {finding["severity"] for target in verdict["targets"] for finding in target["findings"]}
        assert severities <= {"note"}
    done = run("exec", "--json", "-c", "print(6*7)")
    assert json.loads(done.stdout)["stdout"] == "42\n", done.stderr


def test_installed_command_completes(plugcli: Path) -> None:
    """What the shell asks when somebody presses Tab."""
    environment = {"_PLUGCLI_COMPLETE": "complete_bash", "COMP_WORDS": "plugcli va", "COMP_CWORD": "1"}
    done = subprocess.run([str(plugcli)], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["validate"]


def test_tests_of_an_initialised_plugin_pass(plugcli: Path, tmp_path: Path) -> None:
    """The plugin that `init` renders is served and called by its own test, with the installed command."""
    subprocess.run([str(plugcli), "init", "mine", "--yes"], cwd=tmp_path, check=True, capture_output=True)
    command = [str(plugcli.with_name("python")), "-m", "unittest"]
    done = subprocess.run(command, cwd=tmp_path / "mine", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_installed_by_pipx_it_runs_code(wheel: Path, tmp_path: Path) -> None:
    """The real tool, as most will install a wheel: deep in a home folder, of which the code sees nothing else."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "diary.txt").write_text("secret")
    environment = {
        **os.environ,
        "HOME": str(home),
        "PIPX_HOME": str(home / ".local" / "pipx"),
        "PIPX_BIN_DIR": str(home / "bin"),
    }
    command = [sys.executable, "-m", "pipx", "install", "--quiet", "--python", sys.executable, str(wheel)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    code = f"import os, sys\nprint(os.listdir({str(home)!r}), sys.prefix)"
    ran = subprocess.run(
        [str(home / "bin" / "plugcli"), "exec", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == f"['.local'] {home}/.local/pipx/venvs/plugcli-tool\n", ran.stderr
