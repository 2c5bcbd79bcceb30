"""`plugcli doctor`, and the refusal of `serve` and `exec` where the sandbox cannot be had."""

import json
import subprocess
import sys

import pytest

# Takes namespaces away as a container's filter does, for the process and all that it starts.
WITHOUT_NAMESPACES = """
import os, sys
from plugcli.sandbox.jail import libc, seccomp
seccomp.RULES = (seccomp.Deny(1, "unshare setns mount pivot_root"),)
libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
libc.make([libc.seccomp_filter_call(seccomp.program(os.uname().machine))])
os.execv(sys.executable, [sys.executable, "-m", "plugcli", *sys.argv[1:]])
"""


def run(*arguments: str, is_contained: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run plugcli, where namespaces are forbidden if asked."""
    start = ["-c", WITHOUT_NAMESPACES] if is_contained else ["-m", "plugcli"]
    command = [sys.executable, *start, *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def test_doctor_names_every_layer_and_what_is_left() -> None:
    """The user sees what holds, how, and what code can do all the same."""
    done = run("doctor")
    assert done.returncode == 0
    for layer in ("namespaces", "files", "network", "privileges", "seccomp", "limits", "memory"):
        assert f"\n{layer}: on\n" in done.stdout
    assert "What code can still do:" in done.stdout


def test_doctor_json_has_the_same_verdict() -> None:
    """For programs, and the object that /health shows."""
    verdict = json.loads(run("doctor", "--json").stdout)
    assert sorted(verdict) == ["can_still", "holds", "layers", "level", "refusal"]
    assert (verdict["holds"], verdict["level"], verdict["refusal"]) == (True, "namespaces", None)
    assert all(sorted(layer) == ["name", "on", "remedy", "why"] for layer in verdict["layers"])


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_doctor_says_why_not_and_exits_4(options: tuple[str, ...]) -> None:
    """The layer that is off, the call that failed, and what to do."""
    done = run("doctor", *options, is_contained=True)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    if options:
        verdict = json.loads(done.stdout)
        assert not verdict["holds"]
        assert not verdict["layers"][0]["on"]
        assert "unshare" in verdict["refusal"]["error"]
        assert verdict["refusal"]["hint"]
    else:
        assert "namespaces: off" in done.stdout
        assert "unshare" in done.stdout
        assert "to turn it on: " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("serve", "--port", "0"), 4),
        (("exec", "-c", "print('ran')"), 125),
        (("exec", "--json", "-c", "print('ran')"), 125),
    ],
)
def test_code_is_refused_where_the_sandbox_cannot_be_had(arguments: tuple[str, ...], status: int) -> None:
    """It never runs with less: nothing is printed but a sentence and what to do."""
    done = run(*arguments, is_contained=True)
    assert (done.returncode, done.stdout) == (status, "")
    assert "the sandbox cannot be set up here" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_refuses_what_is_no_interpreter() -> None:
    """Usage, not a verdict."""
    done = run("doctor", "--python", "/bin/ls")
    assert done.returncode == 2
    assert "is not a Python interpreter" in done.stderr
