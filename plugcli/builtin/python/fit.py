"""A RunResult as JSON short enough for a chat host, which cuts answers at 100,000 characters.

What is too long makes room in this order: texts to be shown (half an SVG or half a table's HTML is worth nothing,
so they go whole), the value of the last expression, the streams, the list of files. The start of a long text says
what ran and its end how it went: the middle goes. A mark says how much went.
"""

from collections.abc import Sequence
from typing import Any

from plugcli.respond import json_bytes

ANSWER_CHARACTERS = 100_000
ANSWER_CHARACTERS_MIN = 2_000  # room for every other field and the marks
LONG_CHARACTERS = 16_000  # what takes longer to write than to have a thread do it
_BLOCK_CHARACTERS = 2048
_MARK_CHARACTERS = 80  # a mark, and the longer number in `truncated`
_STREAMS = ("stdout", "stderr")


def fit(result: dict[str, Any], limit: int) -> bytes:
    """The JSON of `result`, shorter than `limit` characters.

    What is left out of the streams and of the files is added to `truncated`, in bytes and in files. A stream that
    the sandbox cut ends with a mark too.
    """
    truncated = result["truncated"]
    if truncated["stdout"] or truncated["stderr"]:
        result = {**result, **{name: result[name] + _end_mark(truncated[name]) for name in _STREAMS}}
    if least_characters(result) < limit:  # else it is too long anyway, and perhaps long to write
        answer = json_bytes(result)
        # Bytes are never fewer than characters, and seldom need counting.
        if len(answer) < limit or len(answer.decode()) < limit:
            return answer
    return json_bytes(_shortened(result, limit))


def fit_list(content: dict[str, Any], limit: int) -> bytes:
    """The JSON of `content`, shorter than `limit` characters: a list of `files`, and how many are `left_out`.

    `content` holds no more than `first_files`.
    """
    answer = json_bytes(content)
    if len(answer) < limit or len(answer.decode()) < limit:
        return answer
    files = content["files"]
    room = limit - 1 - _length({**content, "files": []}) - _MARK_CHARACTERS
    kept = _first(files, room)
    return json_bytes({**content, "files": kept, "left_out": content["left_out"] + len(files) - len(kept)})


def least_characters(result: dict[str, Any]) -> int:
    """Return a lower bound on the length of the JSON of `result`, which costs almost nothing."""
    texts = [*(result[name] for name in _STREAMS), result.get("result") or ""]
    texts += [text for display in result.get("displays", ()) for text in display.values()]
    texts += [file["name"] for file in result.get("files", ())]
    return sum(map(len, texts))


def first_files(files: Sequence[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Return the first of `files` that can fit in an answer of `limit` characters. The rest need no address."""
    kept: list[dict[str, Any]] = []
    for file in files:
        limit -= len(file["name"])
        if limit < 0:
            break
        kept.append(file)
    return kept


def _shortened(result: dict[str, Any], limit: int) -> dict[str, Any]:
    displays, value, files = result.get("displays", []), result.get("result") or "", result.get("files", [])
    streams = [result[name] for name in _STREAMS]
    marks = sum(map(bool, (displays, value, *streams, files))) * _MARK_CHARACTERS
    value_needs, *needs = (_needed(text, limit) for text in (value, *streams))
    whole = _length(displays) + _length(files) + value_needs + sum(needs)
    empty: dict[str, Any] = {**dict.fromkeys((*_STREAMS, "result"), ""), "displays": [], "files": []}
    rest = _length({name: empty.get(name, part) for name, part in result.items()})
    over = rest + whole - (limit - 1) + marks
    least = max(0, whole - over) // 8  # of the room, for each text, however much comes after it

    fewer = _without_texts(displays, max(least, _length(displays) - over))
    over -= _length(displays) - _length(fewer)
    share = max(least, value_needs - over)
    shorter, _ = _without_middle(value, share)
    over -= max(0, value_needs - share)
    share = max(2 * least, sum(needs) - over)
    over -= max(0, sum(needs) - share)
    texts, truncated = {}, dict(result["truncated"])
    for name, text, part in zip(_STREAMS, streams, _share(share, *needs), strict=True):
        texts[name], left_out = _without_middle(text, part)
        truncated[name] += left_out
    kept = _first(files, _length(files) - over)
    if len(kept) < len(files):
        truncated["files"] = truncated.get("files", 0) + len(files) - len(kept)
    parts = {**texts, "result": shorter or None, "displays": fewer, "files": kept, "truncated": truncated}
    return {name: parts.get(name, whole) for name, whole in result.items()}


def _without_texts(displays: list[dict[str, str]], room: int) -> list[dict[str, str]]:
    """Shorten `displays` to `room` characters: marks replace the longest texts first, and then the last displays."""
    kept, used = list(displays), _length(displays)
    for index in sorted(range(len(kept)), key=lambda index: -len(kept[index].get("text", ""))):
        if used <= room:
            return kept
        if len(kept[index].get("text", "")) > _MARK_CHARACTERS:
            left_out = len(kept[index]["text"].encode("utf-8", "surrogatepass"))
            marked = kept[index] | {"text": f"[... {left_out} bytes left out ...]"}
            used -= _length(kept[index]) - _length(marked)
            kept[index] = marked
    if used <= room:
        return kept
    first = _first(kept, room - _MARK_CHARACTERS)
    mark = {"mime": "text/plain", "text": f"[... {len(kept) - len(first)} more left out ...]"}
    return [*first, mark]


def _first(items: Sequence[Any], room: int) -> list[Any]:
    """Return the first of `items` that fit in `room` characters as a JSON list."""
    kept, used = [], 2
    for item in items:
        used += _length(item) + 1
        if used > room:
            break
        kept.append(item)
    return kept


def _end_mark(left_out: int) -> str:
    return f"\n[... {left_out} more bytes left out ...]\n" if left_out else ""


def _share(room: int, one: int, other: int) -> tuple[int, int]:
    """Split `room` between two that need `one` and `other`: each gets half, and what the other does not need."""
    half = room // 2
    if one <= half:
        return one, room - one
    if other <= half:
        return room - other, other
    return half, half


def _without_middle(text: str, room: int) -> tuple[str, int]:
    """Return `text` with its middle replaced by a mark, so that its JSON takes `room` characters, and the number of bytes left out."""
    if len(text) <= room and _written(text) <= room:
        return text, 0
    half = max(0, room // 2)
    head = _longest(text[:half], half)
    tail = _longest(text[max(head, len(text) - half) :][::-1], half)
    left_out = len(text[head : len(text) - tail].encode("utf-8", "surrogatepass"))
    return f"{text[:head]}\n[... {left_out} bytes left out ...]\n{text[len(text) - tail :]}", left_out


def _longest(text: str, room: int) -> int:
    """Return how many of the first characters of `text` fit in `room` as JSON."""
    taken = 0
    while taken < len(text) and (written := _written(text[taken : taken + _BLOCK_CHARACTERS])) <= room:
        taken += _BLOCK_CHARACTERS
        room -= written
    return min(taken, len(text)) + _longest_of_block(text[taken : taken + _BLOCK_CHARACTERS], room)


def _longest_of_block(text: str, room: int) -> int:
    low, high = 0, min(len(text), max(room, 0))
    while low < high:
        middle = (low + high + 1) // 2
        if _written(text[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _needed(text: str, limit: int) -> int:
    """Return the number of characters that `text` takes in JSON, or `limit` if it takes more."""
    return limit if len(text) >= limit else min(limit, _written(text))


def _written(text: str) -> int:
    """Return the number of characters that `text` takes in JSON, without its quotes."""
    return _length(text) - 2


def _length(content: object) -> int:
    """Return the number of characters that `content` takes as JSON."""
    return len(json_bytes(content).decode())
