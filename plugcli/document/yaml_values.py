"""The value of an unquoted YAML scalar: for readers of YAML 1.1, as PyYAML reads it, and for readers of YAML 1.2, as js-yaml 4 does.

`no`, `12:30`, `012` and `1_000` are not what they look like in YAML 1.1; `1e-3`, `08` and `0o14` are numbers only in YAML 1.2. Dates stay
text for both, because JSON has none. Sources: PyYAML's own tables; YAML 1.2.2, section 10.3.2, the core schema; js-yaml 4.3.2, which was
run.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import yaml

YamlVersion = Literal["1.1", "1.2"]

TAGS = "tag:yaml.org,2002:"
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_CONSTRUCT = {
    f"{TAGS}null": _CONSTRUCTOR.construct_yaml_null,
    f"{TAGS}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{TAGS}int": _CONSTRUCTOR.construct_yaml_int,
    f"{TAGS}float": _CONSTRUCTOR.construct_yaml_float,
}
# The first characters of all texts that can be a number, a date or a word in one of the two.
_FIRST = frozenset("0123456789+-.~=<yYnNoOtTfF")
_STARTS_A_NUMBER = frozenset("0123456789+-.")
_WORDS_1_2 = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BASES = {"0o": 8, "0x": 16}
_INTEGER_1_2 = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT_1_2 = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ENDLESS_1_2 = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Where js-yaml goes its own way: binary numbers, a sign before a base, and none before a dot.
_BASED_JS = re.compile(r"([-+]?)0([box])([0-9a-fA-F]+)")
_SIGNED_DOT = re.compile(r"[-+]\.[0-9]")


def tag_1_1(text: str) -> str:
    """The tag that PyYAML gives the plain scalar `text`."""
    found = _RESOLVERS.get(text[:1], ())
    return next((tag for tag, pattern in found if pattern.match(text)), f"{TAGS}str")


def construct(tag: str, text: str) -> Any:
    """The value of a scalar with `tag`; its text if it does not fit the tag, or if the tag is not that of a JSON value."""
    make = _CONSTRUCT.get(tag)
    if make is None:
        return text
    try:
        return make(yaml.ScalarNode(tag, text))
    except (ValueError, LookupError, OverflowError):  # `!!int many`, `!!bool ""`, thousands of digits
        return text


def read_1_1(text: str) -> Any:
    """The value of the plain scalar `text` for PyYAML."""
    return construct(tag_1_1(text), text)


def standard_1_2(text: str) -> Any:
    """The value of the plain scalar `text` by the core schema of YAML 1.2."""
    if text in _WORDS_1_2:
        return _WORDS_1_2[text]
    if text[0] not in _STARTS_A_NUMBER:
        return text
    try:
        if _INTEGER_1_2.fullmatch(text):
            return int(text[2:], _BASES[text[:2]]) if text[:2] in _BASES else int(text)
        if _FLOAT_1_2.fullmatch(text):
            return _number(text)
    except (ValueError, OverflowError):  # thousands of digits
        return text
    return construct(f"{TAGS}float", text) if _ENDLESS_1_2.fullmatch(text) else text


def read_1_2(text: str) -> Any:
    """The value of the plain scalar `text` for js-yaml: that of the standard, except for a few numbers."""
    if based := _BASED_JS.fullmatch(text):
        try:
            return int(based[1] + based[3], {"b": 2, "o": 8, "x": 16}[based[2]])
        except ValueError:  # 0b2, 0o8
            return text
    value = standard_1_2(text)
    is_no_number = _SIGNED_DOT.match(text) or (value in (float("inf"), float("-inf")) and text[-1].isdigit())
    return text if is_no_number else value


READERS: dict[YamlVersion, Callable[[str], Any]] = {"1.1": read_1_1, "1.2": read_1_2}


@dataclass(frozen=True)
class Scalar:
    """A plain scalar that readers read differently: how it is written, and its value in two versions of YAML.

    PyYAML, which reads YAML 1.1, turns one that `is_date` into a date, and refuses one that `is_refused`. If `is_only_js`,
    only js-yaml differs, and `in_1_2` is its value.
    """

    text: str
    in_1_1: Any
    in_1_2: Any
    is_date: bool
    is_refused: bool
    is_only_js: bool = False


def scalar(text: str) -> Scalar:
    """What readers make of the plain scalar `text`."""
    tag = tag_1_1(text)
    old, new = construct(tag, text), standard_1_2(text)
    is_only_js = same(old, new) and not same(old, read_1_2(text))
    return Scalar(
        text,
        old,
        read_1_2(text) if is_only_js else new,
        is_date=tag == f"{TAGS}timestamp",
        is_refused=tag in (f"{TAGS}value", f"{TAGS}merge"),  # its safe reader cannot construct these
        is_only_js=is_only_js,
    )


def is_ambiguous(text: str) -> bool:
    """Whether readers read the plain scalar `text` differently, or some of them as something that JSON does not have."""
    if text[:1] not in _FIRST:
        return False
    tag = tag_1_1(text)
    if tag in (f"{TAGS}timestamp", f"{TAGS}value", f"{TAGS}merge"):
        return True
    old = construct(tag, text)
    if not same(old, standard_1_2(text)):
        return True
    return text[0] in _STARTS_A_NUMBER and not same(old, read_1_2(text))


def same(one: Any, other: Any) -> bool:
    """Whether two scalars are the same JSON value: true is not 1, but 1.0 is 1."""
    return isinstance(one, bool) == isinstance(other, bool) and (
        one == other or (one != one and other != other)
    )


def _number(text: str) -> float | int:
    """The number in `text`: 1e3 is whole, as in JavaScript, and 1.0 stays as it is written."""
    value = float(text)
    is_whole = text[-1:].isdigit() and "e" in text.lower() and value.is_integer() and abs(value) < 2**53
    return int(value) if is_whole else value
