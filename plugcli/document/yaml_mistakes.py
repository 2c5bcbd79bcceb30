"""The mistakes in a text that should be YAML, each named and placed where the author made it."""

import re
from typing import Any

from plugcli.document.placeholder import kind_of_page
from plugcli.document.problem import A_SERVERS_ANSWER, BadText
from plugcli.document.yaml_doubts import doubted_by, wide_name

# The characters that YAML 1.1 calls printable (section 5.1) and that libyaml accepts.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# Quotes open a string only where a value begins, and # opens a comment only after a space.
_QUOTED_OR_BRACKET = re.compile(
    r"""(?<=[\s\[{,:])(?:"(?:[^"\\]++|\\.)*+"|'(?:[^']++|'')*+')|(?<=\s)\#[^\n]*+|[\[\]{}]""", re.DOTALL
)
_NO_VALUE = ("a value is missing here", "write the value, or put text that starts with : or , in quotes")
# libyaml's messages, and plugcli's.
_IN_OTHER_WORDS = (
    (
        "mapping values are not allowed",
        "a second ': ' on a line that already has one, or a key indented wrongly",
        "put text that holds ': ' in quotes",
    ),
    (
        "did not find expected key",
        "this line does not belong to the mapping above it",
        "compare its indentation with the lines above, and the quotes before it",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not belong to the list above it",
        "compare its indentation with the lines above",
    ),
    (
        "did not find expected <document start>",
        "the document has ended before this line",
        "compare its indentation with the first line",
    ),
    (
        "could not find expected ':'",
        "a key without a colon",
        "write 'key: value', and indent text that continues on the next line",
    ),
    ("found unexpected end of stream", "a quoted text is never closed", "add the closing quote"),
    (
        "found unknown escape character",
        "a double-quoted string has an escape that YAML does not know",
        r"write \\ for a backslash, or use single quotes",
    ),
    ("found undefined alias", "an alias without an anchor", "put quotes around text that starts with *"),
    ("while scanning an alias", "text that starts with * is an alias in YAML", "put it in quotes"),
    ("found unexpected ':'", "there is a ':' where YAML does not expect one", "put the text in quotes"),
    ("found undefined tag handle", "text that starts with ! is a tag in YAML", "put it in quotes"),
    ("while scanning a tag", "text that starts with ! is a tag in YAML", "put it in quotes"),
    ("while scanning an anchor", "text that starts with & is an anchor in YAML", "put it in quotes"),
    (
        "while scanning a directive",
        "a line that starts with % is a directive, and YAML has only %YAML and %TAG",
        "remove the line, or put the text in quotes",
    ),
    (
        "found unexpected document indicator",
        "a quoted text is never closed before this line",
        "add the closing quote",
    ),
    (
        "while scanning a block scalar",
        "text after | or > starts on the next line",
        "put it in quotes, or on the next line, indented",
    ),
    ("did not find expected node content", *_NO_VALUE),
    (
        "block sequence entries are not allowed",
        "a list item starts where none is allowed",
        "start the list on a line of its own",
    ),
)


def explain(text: str, error: Exception) -> BadText:
    """Name the mistake behind `error` (a YAMLError), the place where the author made it, and which readers may accept it anyway."""
    bad = _explained(text, error)
    known: Any = error
    marks = [getattr(known, name, None) for name in ("context_mark", "problem_mark")]
    offsets = [min(each.index, len(text)) for each in marks if each]
    if offsets and not kind_of_page(text):
        said = f"{getattr(known, 'context', None) or ''} {getattr(known, 'problem', None) or ''}"
        if found := wide_name(text, offsets[0], offsets[-1]):
            bad = BadText(
                found.start(),
                f"{'the anchor' if found[1] == '&' else 'the alias'} {found[0]} has a name that not every YAML parser accepts",
                f"use only letters, digits, _ and - in it, or put text that starts with {found[1]} in quotes",
            )
        bad.doubted_by = doubted_by(text, said, offsets[0], offsets[-1])
    return bad


def _explained(text: str, error: Exception) -> BadText:
    if page := kind_of_page(text):
        return BadText(
            len(text) - len(text.lstrip()),
            f"this is {page}, neither JSON nor YAML",
            A_SERVERS_ANSWER,
        )
    if bad := _UNPRINTABLE.search(text):
        return BadText(
            bad.start(),
            f"YAML allows no character U+{ord(bad[0]):04X}",
            "remove it; such characters often come from a text decoded as the wrong encoding",
        )
    known: Any = error
    mark = getattr(known, "problem_mark", None) or getattr(known, "context_mark", None)
    at = min(mark.index, len(text)) if mark else 0
    said = f"{getattr(known, 'context', None) or ''} {getattr(known, 'problem', None) or error}"
    if "did not find expected ',' or" in said:
        opener = min(known.context_mark.index, len(text))  # the author's mistake; the parser gives up later
        return _placeholder(text, at) or _in_brackets(text, opener, at)
    if "did not find expected node content" in said and not text[at:].strip():
        open_ = _open_brackets(text, 0)
        at = open_[-1] if open_ else at
        return _in_brackets(text, at, at) if open_ else BadText(at, *_NO_VALUE)
    return (
        _tab(text, at)
        or _placeholder(text, at)
        or _reserved(text, at)
        or _indented_first_line(text, said)
        or _in_other_words(said, at)
        or BadText(
            at,
            f"this is not YAML: {said.strip()}",
            "check its quotes, brackets and colons, and the line above",
        )
    )


def _in_brackets(text: str, opener: int, at: int) -> BadText:
    """What is wrong between the bracket at `opener` and `at`, where the parser wants a comma or the closing bracket."""
    if not _is_closed(text, opener):
        return BadText(
            opener,
            f"this {text[opener : opener + 1]} is never closed",
            "close it, or put text that starts with [ or { in quotes",
        )
    if text[at : at + 1] == ":":
        return BadText(
            at,
            "this ':' has no key: inside brackets a key must be on the same line as its colon",
            "put both on one line, or put a comma before the key",
        )
    return BadText(at, "a comma is missing before this", "put a comma between two entries")


def _is_closed(text: str, opener: int) -> bool:
    return opener not in _open_brackets(text, opener)


def _open_brackets(text: str, start: int) -> list[int]:
    """The brackets from `start` on that are never closed. If there is a bracket at `start`, the search ends where it is closed."""
    found: list[int] = []
    for match in _QUOTED_OR_BRACKET.finditer(text, start):
        if match[0] in ("[", "{"):
            found.append(match.start())
        elif match[0] in ("]", "}") and found:
            found.pop()
            if not found and text[start] in "[{":
                break
    return found


def _line_around(text: str, at: int) -> tuple[int, str]:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return start, text[start : len(text) if end < 0 else end]


def _tab(text: str, at: int) -> BadText | None:
    start, line = _line_around(text, at)
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        return BadText(
            start + indentation.index("\t"),
            "a tab is used as indentation",
            "use spaces: YAML allows no tabs here",
        )
    if text[at : at + 1] == "\t":
        return BadText(
            at, "there is a tab where a list or a mapping begins", "use spaces: YAML allows no tabs here"
        )
    return None


def _placeholder(text: str, at: int) -> BadText | None:
    start, line = _line_around(text, at)
    # The parser often notices on the next line.
    for offset, candidate in ((start, line), _line_around(text, max(start - 1, 0))):
        if found := re.search(r"\{\{[^{}]{0,80}\}\}|\{%[^%]{0,80}%\}|<%[^%]{0,80}%>", candidate):
            return BadText(
                offset + found.start(),
                f"the placeholder {found[0]} is not filled in",
                "render the template first, or fill it in",
            )
    return None


def _reserved(text: str, at: int) -> BadText | None:
    if text[at : at + 1] in ("@", "`", "%"):
        return BadText(at, f"YAML text cannot start with {text[at]}", "put it in quotes")
    return None


def _indented_first_line(text: str, said: str) -> BadText | None:
    first = re.match(r"(?:[ \t]*(?:#.*)?\n)*([ ]+)\S", text)
    if "<document start>" not in said or first is None:
        return None
    return BadText(
        first.start(1),
        "the first line is indented but the following lines are not",
        "remove the space at its start",
    )


def _in_other_words(said: str, at: int) -> BadText | None:
    for theirs, message, hint in _IN_OTHER_WORDS:
        if theirs in said:
            return BadText(at, message, hint)
    return None
