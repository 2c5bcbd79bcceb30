"""What the end of a run means: outcome, exit status and a sentence, the same for one-shot runs and sessions."""

import codecs
import signal

from plugcli.sandbox.amounts import spell_bytes, spell_seconds
from plugcli.sandbox.aside import Aside, computing
from plugcli.sandbox.file import Listing
from plugcli.sandbox.handle import Capture, Ending
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.result import OUT_OF_MEMORY, TIMED_OUT, Outcome, RunResult
from plugcli.sandbox.workspace import Workspace

_PIECE_BYTES = 32 * 1024

Conclusion = tuple[Outcome, int, str]
"""Outcome, returncode and reason."""


def conclude(ending: Ending, limits: Limits, limit: float) -> Conclusion:
    """Return the conclusion for a run whose jail has ended. `limit` was its time limit in seconds."""
    if ending.is_timeout:
        return "timeout", TIMED_OUT, f"stopped after {spell_seconds(limit)}: the time limit of a run"
    if ending.is_out_of_memory:
        if ending.held:
            why = f"out of kernel memory: the code held more than {ending.held}"
            return "out_of_memory", OUT_OF_MEMORY, why
        if ending.full:
            return "out_of_memory", OUT_OF_MEMORY, _spell_full(ending.full, ending.most)
        limit_text = spell_bytes(limits.memory_bytes)
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
    return conclude_status(ending.exited)


def _spell_full(what: str, most: int) -> str:
    """Say which files of the code were more than they may be."""
    if what == "files":
        return f"out of space: the code made more than {most} files"
    where = "in the workspace" if what == "workspace" else "outside the workspace"
    return f"out of space: the files of the code {where} took more than {spell_bytes(most)}"


def conclude_status(status: int) -> Conclusion:
    """Return the conclusion for code that ended with the exit status `status`."""
    if status:
        return "error", status, f"the code exited with status {status}"
    return "ok", 0, ""


async def collect(
    conclusion: Conclusion, capture: Capture, files: Workspace | None, limits: Limits, aside: Aside
) -> RunResult:
    """Return the result of a run: its output, the files that it changed, and whether it filled the workspace `files`."""
    outcome, returncode, reason = conclusion
    listing = await files.look_for_changes() if files is not None else Listing((), 0)
    if outcome == "error" and files is not None and files.is_full:
        reason += f"; the workspace is full: {spell_bytes(limits.workspace_bytes_held)} is the limit of {files.path}"
    return RunResult(
        stdout=await _text(capture.stdout.kept, aside),
        stderr=await _text(capture.stderr.kept, aside),
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


async def _text(data: bytearray, aside: Aside) -> str:
    """Decode `data` as UTF-8, with U+FFFD for invalid bytes. This alone can take 40 ms per megabyte."""
    if len(data) <= _PIECE_BYTES:
        return data.decode(errors="replace")
    return await aside.do(_decode, data)


def _decode(data: bytearray) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = []
    with computing() as thread:
        for start in range(0, len(data), _PIECE_BYTES):
            pieces.append(decoder.decode(data[start : start + _PIECE_BYTES]))
            thread.rest()
    return "".join([*pieces, decoder.decode(b"", final=True)])


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
