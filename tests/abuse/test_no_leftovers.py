"""Promises 3 and 6: processes, signals, descriptors and frames of the code reach nobody but itself."""

import pytest

from tests.abuse.box import Box


@pytest.mark.row("C10")
def test_kill_everybody_kills_only_the_jail(box: Box) -> None:
    """kill(-1) means every process one may signal: inside there is nobody else."""
    code = "import os\ntry:\n    os.kill(-1, 9)\nexcept ProcessLookupError:\n    pass\nprint('alone')"
    assert box.outside(code) == {"harness": "killed"}
    result = box.inside(code, then="print('next')")
    assert result["stdout"] == "alone\n"
    assert result["bystander_lives"]
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("C11")
@pytest.mark.parametrize("number", [9, 15, 19], ids=["KILL", "TERM", "STOP"])
def test_killing_the_parent_does_nothing(box: Box, number: int) -> None:
    """The jail's init takes no signal from inside, and behind it there is no parent."""
    code = f"""
import os, time
for pid in (os.getppid(), 1):
    try: os.kill(pid, {number})
    except PermissionError: pass
time.sleep(0.2)
print('still here')
"""
    if number != 19:  # a stopped harness could not answer
        attack = f"import os\nos.kill(HOST['bystander'], {number})"
        assert not box.outside(attack)["bystander_lives"]
    result = box.inside(code, then="print('next')")
    assert (result["stdout"], result["outcome"]) == ("still here\n", "ok")
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("C17")
def test_setuid_file_gives_nothing(box: Box) -> None:
    """No new privileges and nosuid mounts: a setuid-root file runs as whoever starts it."""
    code = "import subprocess\nprint(subprocess.run([HOST['venv'] + '/bin/suid-id', '-u'], capture_output=True, text=True).stdout)"
    if not box.is_landlock:  # there the place gives no new privileges to an ordinary user either
        assert box.outside(code, with_venv=True)["stdout"].strip() == "0"
    uid = box.inside(code, with_venv=True)["stdout"].strip()
    assert uid not in ("", "0") if box.is_landlock else uid == "1000"


@pytest.mark.row("C22")
def test_crash_leaves_no_core(box: Box) -> None:
    """A core would fill the disk, or be handed to the host's crash collector with the jail's memory in it."""
    code = """
import os, resource
try:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0) if soft == 1 else (hard, hard))
except (ValueError, OSError): pass
pid = os.fork()
if pid == 0: os.abort()
print(os.WCOREDUMP(os.waitpid(pid, 0)[1]), resource.getrlimit(resource.RLIMIT_CORE)[0] == 1, os.listdir('.'))
"""
    control = box.outside(code)
    assert control["stdout"].startswith("True False"), (
        "this machine writes no cores, so the control shows nothing"
    )
    assert box.inside(code)["stdout"] == "False True []\n"


@pytest.mark.row("C23")
def test_no_descriptor_of_the_host_is_inherited(box: Box) -> None:
    """A server's listening socket, log file or another run's pipes would be the code's to use."""
    code = "import os\nprint(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])"
    assert len(box.outside(code)["stdout"].split(",")) > 6
    assert box.inside(code)["stdout"] == "[0, 1, 2]\n"


@pytest.mark.row("D10")
def test_forged_frame_changes_nothing(box: Box) -> None:
    """Only wait() in the jail's init says how the program ended, and no channel to anybody is open to it."""
    code = """
import json, os, socket
frame = json.dumps({"exited": 0, "ready": True}).encode()
errors = set()
for fd in range(3, 256):
    try:
        os.write(fd, frame)
        errors.add('written')
    except OSError as e:
        errors.add(e.errno)
print(errors, flush=True)
os._exit(7)
"""
    assert "written" in box.outside(code)["stdout"]
    result = box.inside(code)
    assert (result["stdout"], result["returncode"], result["outcome"]) == ("{9}\n", 7, "error")


@pytest.mark.row("D8")
def test_closing_the_standard_streams_still_answers(box: Box) -> None:
    """What the code does to its own descriptors is its own affair."""
    code = "import os\nprint('before')\nos.close(1)\nos.close(2)\nprint('after')"
    assert box.outside(code)["returncode"] == 120
    result = box.inside(code, then="print('next')")
    assert (result["returncode"], result["stdout"]) == (120, "before\n")
    assert result["then"]["stdout"] == "next\n"


@pytest.mark.row("D5")
def test_bytes_that_are_no_text_become_text(box: Box) -> None:
    """The reply is JSON, whatever the code writes."""
    code = r"import os; os.write(1, b'\xff\xfe ok \x00'); os.write(2, b'\x80')"
    assert box.outside(code, with_facts=False)["stdout"] == "\\xff\\xfe ok \x00"
    result = box.inside(code)
    assert (result["stdout"], result["stderr"]) == ("\ufffd\ufffd ok \x00", "\ufffd")


@pytest.mark.row("E1")
def test_nul_in_the_code_is_the_codes_error(box: Box) -> None:
    """Source that Python refuses is refused by Python, inside."""
    assert "harness" not in box.outside("print(1)\0", with_facts=False)
    result = box.inside("print(1)\0", with_facts=False)
    assert (result["outcome"], result["returncode"]) == ("error", 1)
    assert "null bytes" in result["stderr"]


@pytest.mark.row("E8")
@pytest.mark.parametrize(
    "argument",
    ["0", "None", "'message'", "300", "-1", "2**40", "True", "2**70"],
    ids=lambda value: str(value),
)
def test_exit_status_is_what_python_makes_of_it(box: Box, argument: str) -> None:
    """A program's exit status means the same inside as outside."""
    code = f"import sys\nsys.exit({argument})"
    control = box.outside(code)
    result = box.inside(code)
    assert (result["returncode"], result["stderr"]) == (control["returncode"], control["stderr"])


@pytest.mark.row("E9")
@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("import os; os._exit(7)", 7, "error"),
        ("import os; os.abort()", 134, "died"),
        ("import ctypes; ctypes.string_at(0)", 139, "died"),
        ("import os; os.kill(os.getpid(), 9)", 137, "died"),
    ],
    ids=["exit", "abort", "segfault", "kill"],
)
def test_death_of_the_interpreter_is_told(box: Box, code: str, status: int, outcome: str) -> None:
    """A crash is not an exit: the reply says by which signal, and the next run works."""
    control = box.outside(code)["returncode"]
    assert (128 - control if control < 0 else control) == status
    result = box.inside(code, then="print('next')")
    assert (result["returncode"], result["outcome"]) == (status, outcome)
    assert ("signal" in result["reason"]) == (outcome == "died")
    assert result["then"]["stdout"] == "next\n"
