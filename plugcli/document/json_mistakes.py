"""The mistakes in a text that should be JSON, each named and placed where the author made it."""

import json
import re

from plugcli.document.placeholder import kind_of_page, unfilled
from plugcli.document.problem import A_SERVERS_ANSWER, BadText
from plugcli.placeholder import TEMPLATE

_WORD = re.compile(r"[A-Za-z_$][\w$.@+-]*")
_YAML_LINE = re.compile(r"\s*(#[^\n]*\n\s*|---\s*\n\s*)*[A-Za-z_][\w-]*:(\s|$)")
_CURLY_QUOTES = "\u201c\u201d\u2018\u2019\u00ab\u00bb"
_NOT_JSON = {"None": "null", "nil": "null", "undefined": "null", "True": "true", "False": "false"}

_LOOK_BEFORE = "check the quotes and commas before it"


def explain(text: str, error: json.JSONDecodeError) -> BadText:
    """Name the mistake behind `error`, at the place where the author made it."""
    at = error.pos
    if error.msg.startswith("Illegal trailing comma"):
        # Python 3.13 and later give the place of the comma, earlier versions that of what follows it.
        at += 1 + len(text[at + 1 :]) - len(text[at + 1 :].lstrip())
    return (
        _not_json_at_all(text)
        or _in_string(text, error)
        or _comma(text, at)
        or _wrong_token(text, at)
        or _missing(text, error)
        or BadText(at, f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}", _LOOK_BEFORE)
    )


def _not_json_at_all(text: str) -> BadText | None:
    if not text.strip():
        return BadText(0, "the file is empty", "write one JSON object")
    start = len(text) - len(text.lstrip())
    if page := kind_of_page(text):
        return BadText(
            start,
            f"this is {page}, not JSON",
            A_SERVERS_ANSWER,
        )
    if text[start] in "{[":
        return None
    if _YAML_LINE.match(text):
        return BadText(start, "this is YAML, but only JSON is read here", "write it as JSON")
    if text[start] in "\"'" or _WORD.match(text, start) or text[start].isdigit():
        return BadText(start, f"this is plain text, not JSON: {excerpt(text)}", "write one JSON object")
    return None


def excerpt(text: str) -> str:
    """The first words of `text`, in quotes and in printable ASCII."""
    words = " ".join(text.split())
    return ascii(words if len(words) <= 40 else f"{words[:40]}...")


def _in_string(text: str, error: json.JSONDecodeError) -> BadText | None:
    at = error.pos
    if error.msg.startswith("Unterminated string"):
        return BadText(at, "this string has no closing quote", 'close it with "')
    if error.msg.startswith("Invalid control character"):
        if text[at] in "\r\n":
            return BadText(
                at,
                "a string continues on the next line, or has no closing quote",
                r"write \n for a line break inside a string",
            )
        name = "a tab" if text[at] == "\t" else f"the control character U+{ord(text[at]):04X}"
        return BadText(at, f"{name} is not escaped in a string", rf"write \u{ord(text[at]):04x} instead")
    if error.msg.startswith("Invalid \\"):
        # For \uXXXX the error's place is that of the digits.
        slash = text.rfind("\\", 0, at + 1)
        return BadText(slash, f"JSON has no escape {text[slash : slash + 2]}", r"write \\ for a backslash")
    return None


def _comma(text: str, at: int) -> BadText | None:
    before = len(text[:at].rstrip()) - 1
    if before < 0 or text[before] != ",":
        return None
    closer = text[at : at + 1]
    if closer in ("}", "]"):
        return BadText(before, f"trailing comma before {closer}", "remove the comma")
    if closer == ",":
        return BadText(at, "two commas in a row", "remove one")
    return None


def _wrong_token(text: str, at: int) -> BadText | None:
    """A token at `at` that other languages have but JSON does not."""
    rest = text[at : at + 200]
    if rest.startswith(("//", "/*", "#")):
        return BadText(at, "JSON has no comments", "remove the comment")
    if rest.startswith("'"):
        return BadText(at, "JSON strings need double quotes, not single quotes", 'write "..."')
    if rest[:1] and rest[0] in _CURLY_QUOTES:
        return BadText(at, f"{rest[0]} is not a JSON quote", 'write a straight "')
    start = text.rfind("\n", 0, at) + 1
    for found in TEMPLATE.finditer(text, start, at + 200):
        if found.start() <= at < found.end():
            return unfilled(found)
    word = _WORD.match(rest)
    if word is None or rest[:1] == '"':
        return None
    name = word[0]
    if name in _NOT_JSON:
        return BadText(at, f"{name} is not JSON", f"write {_NOT_JSON[name]}")
    if re.match(r"\s*:(?!//)", rest[word.end() :]):
        return BadText(at, f"the key {name} has no quotes", f'write "{name}"')
    if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", name):
        return unfilled(word, at)
    return BadText(at, f"the value {name} has no quotes", f'write "{name}"')


def _missing(text: str, error: json.JSONDecodeError) -> BadText | None:
    at = error.pos
    last = len(text.rstrip())
    if at >= last:
        return BadText(
            max(last - 1, 0),
            "the text ends too early: a closing } or ] is missing",
            "close the bracket that is open here",
        )
    if error.msg.startswith("Expecting ',' delimiter"):
        before = len(text[:at].rstrip())
        return BadText(before, "a comma is missing here", "put a comma between two members")
    if error.msg.startswith("Expecting ':' delimiter"):
        return BadText(at, "a colon is missing between a key and its value", 'write "key": value')
    if error.msg.startswith("Extra data"):
        return BadText(
            at, f"the JSON ends before this: {excerpt(text[at : at + 200])}", "keep one value in the file"
        )
    if text[at] in "}]":
        return BadText(at, f"a value is missing before {text[at]}", "write the value, or remove its key")
    return None
