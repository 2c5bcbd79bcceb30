"""What an ending means: outcome, exit status and a sentence, the same for one-shots and sessions."""

import signal

from plugcli.sandbox.handle import Ending
from plugcli.sandbox.policy import Policy, spell_bytes, spell_seconds
from plugcli.sandbox.result import OUT_OF_MEMORY, TIMED_OUT, Outcome

Judgement = tuple[Outcome, int, str]
"""Outcome, returncode and reason."""


def judge(ending: Ending, policy: Policy, limit: float) -> Judgement:
    """Return what became of a run whose jail ended; `limit` was its time in seconds."""
    if ending.is_timeout:
        return "timeout", TIMED_OUT, f"stopped after {spell_seconds(limit)}: the time limit of a run"
    if ending.is_out_of_memory:
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


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
