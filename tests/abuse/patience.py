"""Patience for a slow machine: PLUGCLI_TEST_PATIENCE=20 gives every time limit of an attack twenty times as long.

Seconds that an answer tells are divided by it, so that a test's own bounds stay as they are written.
"""

import os
import re
from typing import Any

PATIENCE = float(os.environ.get("PLUGCLI_TEST_PATIENCE", "1"))

_LIMITS = ("wall_seconds", "wall_seconds_max", "session_idle_seconds", "session_life_seconds")
_IN_A_PROGRAM = re.compile(
    r"\b((?:wall_seconds|wall_seconds_max|timeout|session_idle_seconds|session_life_seconds)=|time\.monotonic\(\) \+ )(\d+(?:\.\d+)?)\b"
)


def stretched(request: dict[str, Any]) -> dict[str, Any]:
    """Return what the harness is asked, with more time for it: its policy, its control, and the limits in the text of its programs."""
    if PATIENCE == 1:
        return request
    more = {key: _stretch(value) for key, value in request.items()}
    if "control_seconds" in more:
        more["control_seconds"] *= PATIENCE
    if "policy" in more:
        more["policy"] = {
            name: value * PATIENCE if name in _LIMITS else value for name, value in more["policy"].items()
        }
        more["policy"].setdefault("wall_seconds_max", 300.0 * PATIENCE)
    return more


def _stretch(value: Any) -> Any:
    match value:
        case str():
            return _IN_A_PROGRAM.sub(lambda found: f"{found[1]}{float(found[2]) * PATIENCE}", value)
        case dict():
            return {key: _stretch(each) for key, each in value.items()}
        case list() | tuple():
            return [_stretch(each) for each in value]
        case _:
            return value


def patient(answer: Any) -> Any:
    """Return an answer of the harness with its seconds as a machine of full speed would tell them."""
    match answer:
        case dict():
            return {
                key: each / PATIENCE if key == "seconds" else patient(each) for key, each in answer.items()
            }
        case list():
            return [patient(each) for each in answer]
        case _:
            return answer
