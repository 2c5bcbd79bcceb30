"""What an ending means: outcome, exit status and a sentence, the same for one-shots and sessions."""

import signal

from plugcli.sandbox.handle import Capture, Ending
from plugcli.sandbox.jail.plan import WORKSPACE
from plugcli.sandbox.policy import Policy, spell_bytes, spell_seconds
from plugcli.sandbox.result import OUT_OF_MEMORY, TIMED_OUT, Outcome, RunResult
from plugcli.sandbox.workspace import Listing, Workspace

Judgement = tuple[Outcome, int, str]
"""Outcome, returncode and reason."""


def judge(ending: Ending, policy: Policy, limit: float) -> Judgement:
    """Return what became of a run whose jail ended; `limit` was its time in seconds."""
    if ending.is_timeout:
        return "timeout", TIMED_OUT, f"stopped after {spell_seconds(limit)}: the time limit of a run"
    if ending.is_out_of_memory:
        if ending.held:
            why = f"out of memory of the kernel: the code held more than {ending.held}"
            return "out_of_memory", OUT_OF_MEMORY, why
        limit_text = spell_bytes(policy.memory_bytes)
        return (
            "out_of_memory",
            OUT_OF_MEMORY,
            f"out of memory: the code and its files used more than the limit of {limit_text}",
        )
    if ending.exited is None:
        return (
            "died",
            128 + signal.SIGKILL,
            "the jail was killed from outside: perhaps this machine ran out of memory",
        )
    if ending.exited < 0:
        return "died", 128 - ending.exited, f"the interpreter was killed by {_signal_name(-ending.exited)}"
    return judge_status(ending.exited)


def judge_status(status: int) -> Judgement:
    """Return what became of code that came to its end with an exit status."""
    if status:
        return "error", status, f"the code exited with status {status}"
    return "ok", 0, ""


def collect(judgement: Judgement, capture: Capture, files: Workspace | None, policy: Policy) -> RunResult:
    """Return what a run brought: what it printed, the files that it changed, and whether it filled the workspace `files`."""
    outcome, returncode, reason = judgement
    listing = files.changed() if files is not None else Listing((), 0)
    if outcome == "error" and files is not None and files.is_full:
        reason += (
            f"; the workspace is full: {spell_bytes(policy.workspace_bytes_held)} is the limit of {WORKSPACE}"
        )
    return RunResult(
        stdout=capture.stdout.kept.decode(errors="replace"),
        stderr=capture.stderr.kept.decode(errors="replace"),
        returncode=returncode,
        outcome=outcome,
        reason=reason,
        duration_ms=0,
        files=[{**file.as_json(), "name": file.name} for file in listing.files],
        truncated={
            "stdout": capture.stdout.left_out,
            "stderr": capture.stderr.left_out,
            "files": listing.left_out,
        },
    )


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
