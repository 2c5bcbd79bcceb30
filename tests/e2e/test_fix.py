"""`plugcli validate --fix` and `--diff` as a user runs them: real files, their modes and links, and the status that is left."""

import json
import os
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from plugcli.fix import fix
from plugcli.hosts import all_hosts
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate
from tests.corpus import FOLDER, plugins
from tests.e2e.validating import BAD as COMMA
from tests.e2e.validating import validate as plugcli

DOCUMENT = """# Ours
openapi: 3.0.1
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
FIXED = """# Ours
openapi: 3.0.1
info:
  title: Things
  version: "1"
servers:
- url: https://things.dev
paths:
  /things:
    get:
      operationId: getThings
      summary: Read the list
      responses:
        "200":
          description: The list
"""


@pytest.mark.skipif(not FOLDER.exists(), reason="no ../shared/corpus beside this repository")
def test_real_plugins_are_fixed_once_and_for_all() -> None:
    """Strangers' files: no crash, no fix that has to be taken back, nothing left for a second run, no host with more errors."""
    hosts = {"chatgpt": all_hosts()["chatgpt"]}
    kinds = Counter[str]()
    for name, _, files in plugins():
        plugin = plugin_from_files(files, name)
        report = validate(plugin, hosts)
        done = fix(plugin, report, hosts)
        kinds.update(each.rule for each in done.fixes)
        assert () == done.refused, name
        assert done.report.verdicts[0].errors <= report.verdicts[0].errors, name
        assert () == fix(done.plugin, done.report, hosts).fixes, name
    assert {"openapi-schema", "servers", "operation-id", "openapi-syntax"} == kinds.keys()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document that has two faults with a safe fix."""
    path = tmp_path / "openapi.yaml"
    path.write_text(DOCUMENT)
    return path


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_fix_writes_the_file_and_says_what_it_did(document: Path) -> None:
    """On standard error: the report on standard output is of what remains, and so is the status."""
    done = plugcli("--fix", "openapi.yaml", cwd=document.parent)
    assert FIXED == document.read_text()
    assert [
        "fixed openapi.yaml:6: servers is now at the top level [servers]",
        "fixed openapi.yaml:10: GET /things now has the operationId getThings [operation-id]",
    ] == done.stderr.splitlines()
    assert 0 == done.returncode
    assert "no errors, no warnings" in done.stdout
    again = plugcli("--fix", "openapi.yaml", cwd=document.parent)
    assert "openapi.yaml: nothing to fix\n" == again.stderr
    assert ["openapi.yaml"] == names(document.parent)


def test_diff_prints_what_patch_takes_and_writes_nothing(document: Path) -> None:
    """Who trusts no tool with the files looks first, and applies it with another."""
    done = plugcli("--diff", "openapi.yaml", cwd=document.parent)
    assert DOCUMENT == document.read_text()
    assert done.stdout.startswith("--- openapi.yaml\n+++ openapi.yaml\n@@ -3,11 +3,12 @@\n")
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["would", "would"]
    assert done.stdout == plugcli("--fix", "--diff", "openapi.yaml", cwd=document.parent).stdout
    subprocess.run(
        ["git", "apply", "-p0", "-"],
        input=done.stdout,
        text=True,
        cwd=document.parent,
        check=True,
        timeout=60,
    )
    assert FIXED == document.read_text()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_diff_can_be_applied_whatever_the_bytes(
    tmp_path: Path, mark: bytes, newline: bytes, end: bytes
) -> None:
    """A mark at the start, Windows' line ends, no line break at the end: the diff has them as the file has."""
    data = mark + DOCUMENT.rstrip("\n").encode().replace(b"\n", newline) + end.replace(b"\n", newline)
    path = tmp_path / "openapi.yaml"
    path.write_bytes(data)
    command = [sys.executable, "-m", "plugcli", "validate", "--diff", "openapi.yaml"]
    printed = subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=60, check=False).stdout
    subprocess.run(["git", "apply", "-p0", "-"], input=printed, cwd=tmp_path, check=True, timeout=60)
    expected = mark + FIXED.rstrip("\n").encode().replace(b"\n", newline) + end.replace(b"\n", newline)
    assert expected == path.read_bytes()
    path.write_bytes(data)
    plugcli("--fix", "openapi.yaml", cwd=tmp_path)
    assert expected == path.read_bytes()


def test_folder_whose_name_is_no_text_has_a_diff_and_a_fix(tmp_path: Path) -> None:
    """Names are bytes, and the diff has those of the folder."""
    folder = tmp_path / os.fsdecode(b"n\xff")
    folder.mkdir()
    (folder / "openapi.yaml").write_text(DOCUMENT)
    command = [sys.executable, "-m", "plugcli", "validate", "--diff", f"{folder.name}/openapi.yaml"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert 0 == done.returncode
    assert done.stdout.startswith(b"--- n\xff/openapi.yaml\n")
    assert 0 == plugcli("--fix", f"{folder.name}/openapi.yaml", cwd=tmp_path).returncode
    assert FIXED == (folder / "openapi.yaml").read_text()


def test_file_with_the_longest_name_is_fixed(tmp_path: Path) -> None:
    """A name has at most 255 bytes: the file that takes the place of the old one must not have a longer one."""
    name = "字" * 83 + ".yaml"
    (tmp_path / name).write_text(DOCUMENT)
    assert 0 == plugcli("--fix", name, cwd=tmp_path).returncode
    assert (FIXED, [name]) == ((tmp_path / name).read_text(), names(tmp_path))


def test_status_is_that_of_what_remains(tmp_path: Path) -> None:
    """A manifest whose only error is a trailing comma passes after --fix, and with --diff would pass."""
    for path in ("openapi.yaml", ".well-known/ai-plugin.json"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes((COMMA / path).read_bytes())
    assert [1, 0, 0, 0] == [
        plugcli(*arguments, cwd=tmp_path).returncode for arguments in ((), ("--diff",), ("--fix",), ())
    ]


def test_json_report_is_of_what_remains(document: Path) -> None:
    """For programs that fix and read on: what was done is on standard error."""
    done = plugcli("--fix", "--format", "json", "openapi.yaml", cwd=document.parent)
    assert [] == json.loads(done.stdout)["targets"][0]["findings"]
    assert 2 == done.stderr.count("fixed ")


def test_mode_stays_and_a_link_stays_a_link(document: Path) -> None:
    """Only the text changes: not who may read it, and not where it is."""
    real = document.rename(document.parent / "real.yaml")
    document.symlink_to("real.yaml")
    real.chmod(0o640)
    assert 0 == plugcli("--fix", "openapi.yaml", cwd=document.parent).returncode
    assert document.is_symlink()
    assert (FIXED, 0o640) == (real.read_text(), stat.S_IMODE(real.stat().st_mode))
    assert ["openapi.yaml", "real.yaml"] == names(document.parent)


def test_read_only_file_is_a_sentence(document: Path) -> None:
    """Its owner has said that it is not to be changed; root could, and does not."""
    document.chmod(0o444)
    done = plugcli("--fix", "openapi.yaml", cwd=document.parent)
    assert (3, "") == (done.returncode, done.stdout)
    assert "error: cannot change openapi.yaml: it is read-only\n" in done.stderr
    assert DOCUMENT == document.read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fix", "https://things.dev"),
        ("--diff", "http://localhost:5003"),
        ("--diff", "--format", "json"),
        ("--diff", "--show-prompt"),
    ],
)
def test_what_cannot_be_fixed_is_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Said before anything is asked of an address or written to a file."""
    done = plugcli(*arguments, cwd=tmp_path)
    assert (2, "") == (done.returncode, done.stdout)


def test_plugin_without_a_fault_is_not_touched(tmp_path: Path) -> None:
    """Not even its time of change: tools that watch the file would start."""
    path = tmp_path / "openapi.yaml"
    path.write_text(FIXED)
    before = path.stat()
    assert 0 == plugcli("--fix", "openapi.yaml", cwd=tmp_path).returncode
    assert (before.st_mtime_ns, before.st_ino) == (path.stat().st_mtime_ns, path.stat().st_ino)
