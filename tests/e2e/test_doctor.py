"""`plugcli doctor`, and the refusal of `serve` and `exec` where the sandbox cannot be had."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugcli.sandbox.jail.folders import closed_above

NAMESPACES = "unshare setns mount pivot_root"
EVERYTHING = f"{NAMESPACES} landlock_create_ruleset"

# Takes calls away as a container's filter does, for the process and all that it starts.
WITHOUT = """
import os, sys
from plugcli.sandbox.jail import libc, seccomp
seccomp.RULES = (seccomp.Deny(1, sys.argv[1]),)
libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
libc.make([libc.seccomp_filter_call(seccomp.program(os.uname().machine))])
os.execv(sys.executable, [sys.executable, "-m", "plugcli", *sys.argv[2:]])
"""


def run(*arguments: str, without: str = "") -> "subprocess.CompletedProcess[str]":
    """Run plugcli, where the calls in `without` are refused."""
    start = ["-c", WITHOUT, without] if without else ["-m", "plugcli"]
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
    assert sorted(verdict) == ["can_still", "cannot", "holds", "layers", "level", "refusal", "where"]
    assert (verdict["holds"], verdict["level"], verdict["refusal"]) == (True, "namespaces", None)
    assert all(sorted(layer) == ["name", "on", "remedy", "why"] for layer in verdict["layers"])


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_doctor_says_why_not_and_exits_4(options: tuple[str, ...]) -> None:
    """The layer that is off, the call that failed, and what to do."""
    done = run("doctor", *options, without=EVERYTHING)
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
    done = run(*arguments, without=EVERYTHING)
    assert (done.returncode, done.stdout) == (status, "")
    assert "the sandbox cannot be set up here" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_where_it_stands_and_what_it_saw() -> None:
    """The filter of this test is a place: without a container's signs it is another sandbox."""
    verdict = json.loads(run("doctor", "--json", without=NAMESPACES).stdout)
    [filtered] = [each for each in verdict["where"] if "Seccomp: 2 in /proc/self/status" in each["saw"]]
    if os.geteuid() == 0 and closed_above(sys.base_prefix):  # as for root's own Python
        assert "is closed to the uids that root's jails have" in verdict["refusal"]["error"]
        return
    assert verdict["level"] == "landlock"
    assert filtered["remedy"] == verdict["layers"][0]["remedy"]
    text = run("doctor", without=NAMESPACES).stdout
    assert f"where: {filtered['name']}\n" in text
    assert "  saw: Seccomp: 2 in /proc/self/status\n" in text
    assert text.count(filtered["remedy"]) == 1


def test_doctor_prints_an_apparmor_profile_for_the_launcher_alone() -> None:
    """It is attached to no file that other programs use, and gives no netlink, which is what most of the kernel's faults need."""
    done = run("doctor", "--apparmor")
    launcher, _, container = done.stdout.partition("\nprofile plugcli-container ")
    rules = [line.strip() for line in launcher.splitlines() if line and not line.startswith("#")]
    assert done.returncode == 0
    assert "profile plugcli flags=(attach_disconnected, mediate_deleted) {" in rules
    assert "userns," in rules
    assert not [rule for rule in rules if "netlink" in rule or rule in ("network,", "capability,")]
    assert "mount," in container
    assert "deny @{PROC}/sys/kernel/** wklx," in container


def test_doctor_extends_the_engine_s_own_seccomp_profile(tmp_path: Path) -> None:
    """What the engine refuses stays refused, but for the calls that the sandbox makes."""
    base: dict[str, Any] = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "syscalls": [
            {"names": ["read", "clone3"], "action": "SCMP_ACT_ALLOW"},
            {
                "names": ["mount", "setns", "bpf"],
                "action": "SCMP_ACT_ERRNO",
                "excludes": {"caps": ["CAP_SYS_ADMIN"]},
            },
            {"names": ["unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
            {
                "names": ["clone"],
                "action": "SCMP_ACT_ALLOW",
                "args": [{"index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ"}],
            },
        ],
    }
    file = tmp_path / "default.json"
    file.write_text(json.dumps(base))
    printed = json.loads(run("doctor", "--seccomp", str(file)).stdout)
    assert {name: value for name, value in printed.items() if name != "syscalls"} == {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
    }
    *rules, ours = printed["syscalls"]
    assert rules == [
        base["syscalls"][0],
        {"names": ["setns", "bpf"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
        base["syscalls"][3],
    ]
    assert {"unshare", "clone", "mount", "pivot_root"} < set(ours["names"])
    assert not {"setns", "bpf", "clone3", "keyctl", "ptrace"} & set(ours["names"])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [1]}', "\x7fELF"]
)
def test_doctor_refuses_what_is_no_seccomp_profile(text: str, tmp_path: Path) -> None:
    """Usage, and where to find one."""
    file = tmp_path / "default.json"
    file.write_text(text)
    done = run("doctor", "--seccomp", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "/usr/share/containers/seccomp.json" in done.stderr


def test_doctor_prints_a_security_context_without_privileges() -> None:
    """Valid YAML, with the strictest settings but two."""
    context = yaml.safe_load(run("doctor", "--kubernetes").stdout)["spec"]
    [container] = context["containers"]
    assert context["hostUsers"] is False
    assert context["securityContext"]["seccompProfile"] == {
        "type": "Localhost",
        "localhostProfile": "plugcli.json",
    }
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in container["securityContext"]


def test_doctor_prints_one_profile_at_a_time() -> None:
    """Usage: two on one output are none."""
    assert run("doctor", "--apparmor", "--kubernetes").returncode == 2


def test_doctor_refuses_what_is_no_interpreter() -> None:
    """Usage, not a verdict."""
    done = run("doctor", "--python", "/bin/ls")
    assert done.returncode == 2
    assert "is not a Python interpreter" in done.stderr
