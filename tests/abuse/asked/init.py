"""Runs a script as a jail's interpreter whose filter asks, and answers as the jail's init: `python -m tests.abuse.asked.init JSON`.

Of the landlock level it has all that the answers are about: the init and the code with one uid, Landlock around the code, and both
programs of the filter. The jail itself is not made, so that each answer can be tried by what it lets the code do.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from plugcli.sandbox.jail import landlock, landlock_filter, libc
from plugcli.sandbox.jail.descendants import Descendants
from plugcli.sandbox.jail.mappings import Mappings
from plugcli.sandbox.jail.questions import Questions
from plugcli.sandbox.jail.syscall_plan import make
from plugcli.sandbox.jail.unnamed import Mapped

_MEMORY_BYTES = 1 << 30
_PYTHON = str(
    Path(sys.executable).resolve()
)  # without a venv, which an ordinary user may not be able to read


def main() -> None:
    """Run what the first argument says, and exit as the script did; the last line of stderr is what the init says of it."""
    facts = {
        "abi": landlock.abi().version,
        "most": 64,
        "freezes_after": 1 << 30,
        "has_filter": True,
    } | json.loads(sys.argv[1])
    kernel = landlock.Abi(facts["abi"])
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(*[facts["uid"]] * 3)
        os.setresuid(*[facts["uid"]] * 3)
    libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.prctl(libc.PR_SET_DUMPABLE, 0)
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _run_script(facts, kernel, theirs)
    theirs.close()
    status = _answer(facts, ours, pid)
    sys.exit(status if status >= 0 else 128 - status)


def _run_script(facts: dict[str, Any], kernel: landlock.Abi, init: socket.socket) -> NoReturn:
    os.setsid()
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(libc.PR_SET_DUMPABLE, 1)
    os.chdir(f"{facts['folder']}/data")
    os.environ["TMPDIR"] = f"{facts['folder']}/tmp"
    rules = landlock.Ruleset(kernel)
    rules.allow("/", landlock.READ)
    rules.allow("/dev/null", landlock.READ_FILE | landlock.WRITE_FILE)
    rules.allow(facts["folder"], landlock.EVERYTHING)
    rules.restrict_self()
    rules.close()
    machine = os.uname().machine
    if facts["has_filter"]:
        program = landlock_filter.asking(machine, kernel, counts_memory=True)
        socket.send_fds(init, [b"listener"], [libc.seccomp_listener(program, is_killable_only=True)])
        make([libc.seccomp_filter_call(landlock_filter.denying(machine, kernel))])
    init.close()
    os.closerange(3, 1 << 16)
    os.execv(_PYTHON, [_PYTHON, "-I", "-c", facts["script"]])


def _answer(facts: dict[str, Any], code: socket.socket, pid: int) -> int:
    """Answer until the script has ended; return its status."""
    _, descriptors, _, _ = socket.recv_fds(code, 100, 1)
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    census = Descendants(lambda: questions.births.allowed)
    if descriptors:
        folder = os.open(facts["folder"], os.O_PATH)
        mappings, mapped = Mappings(_MEMORY_BYTES, descriptors[0]), Mapped(facts["folder"])
        questions = Questions(descriptors[0], folder, census, mappings, facts["most"], mapped.hold)
        poll.register(descriptors[0], select.POLLIN)
    answers, longest = 0, 0.0
    while (ended, select.POLLIN) not in (events := poll.poll()):
        if events[0][1] != select.POLLIN:
            continue  # whoever could ask has ended
        began = time.monotonic()
        questions.births.is_frozen = questions.births.allowed >= facts["freezes_after"]
        questions.answer()
        longest = max(longest, time.monotonic() - began)
        answers += 1
        with contextlib.suppress(ChildProcessError):
            while (
                found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ) and found.si_pid != pid:
                os.waitpid(found.si_pid, 0)
    _, status = os.waitpid(pid, 0)
    census.kill_all()
    with contextlib.suppress(ChildProcessError):  # when nobody is left
        while True:
            os.waitpid(-1, 0)
    births = questions.births.allowed if descriptors else 0
    said = {"answers": answers, "births": births, "longest_ms": longest * 1000}
    print(json.dumps(said), file=sys.stderr)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
