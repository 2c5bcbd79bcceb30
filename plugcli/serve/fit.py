"""A RunResult as JSON short enough for a chat host, which cuts answers at 100,000 characters.

The start of a long text says what ran and its end how it went: the middle goes, and a mark says how much.
"""

import json
from typing import Any

from plugcli.serve.answer import json_bytes

ANSWER_CHARACTERS = 100_000
ANSWER_CHARACTERS_MIN = 2_000  # room for every other field and the marks
_MARK_CHARACTERS = 80  # a mark, and the longer number in `truncated`
_STREAMS = ("stdout", "stderr")


def fit(result: dict[str, Any], limit: int) -> bytes:
    """The JSON of `result`, shorter than `limit` characters: the middles of stdout and stderr make room.

    What is left out is added to `truncated`, in bytes. A stream that the sandbox cut ends with a mark too.
    """
    truncated = dict(result["truncated"])
    texts = {name: result[name] + _end_mark(truncated[name]) for name in _STREAMS}
    answer = json_bytes({**result, **texts})
    # Bytes are never fewer than characters, and seldom need counting.
    if len(answer) < limit or len(answer.decode()) < limit:
        return answer
    bare = json_bytes({**result, "stdout": "", "stderr": ""})
    room = limit - 1 - len(bare.decode()) - len(_STREAMS) * _MARK_CHARACTERS
    shares = _share(room, *(_written(texts[name]) for name in _STREAMS))
    for name, share in zip(_STREAMS, shares, strict=True):
        texts[name], left_out = _without_middle(texts[name], share)
        truncated[name] += left_out
    return json_bytes({**result, **texts, "truncated": truncated})


def _end_mark(left_out: int) -> str:
    return f"\n[... {left_out} more bytes left out ...]\n" if left_out else ""


def _share(room: int, one: int, other: int) -> tuple[int, int]:
    """How much of `room` each of two gets that need so much: half, and what the other does not need."""
    half = room // 2
    if one <= half:
        return one, room - one
    if other <= half:
        return room - other, other
    return half, half


def _without_middle(text: str, room: int) -> tuple[str, int]:
    """`text`, its middle replaced by a mark so that its JSON takes `room` characters; and the bytes lost."""
    if _written(text) <= room:
        return text, 0
    head = _longest(text, room // 2)
    tail = _longest(text[::-1], room // 2)
    left_out = len(text[head : len(text) - tail].encode("utf-8", "surrogatepass"))
    return f"{text[:head]}\n[... {left_out} bytes left out ...]\n{text[len(text) - tail :]}", left_out


def _longest(text: str, room: int) -> int:
    """How many characters of the start of `text` fit in `room` once written as JSON."""
    low, high = 0, min(len(text), max(room, 0))
    while low < high:
        middle = (low + high + 1) // 2
        if _written(text[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _written(text: str) -> int:
    """The characters `text` takes in JSON, its quotes not counted."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()) - 2
