"""Texts that our YAML reader refuses but another accepts: a verdict for a host with that other reader would be a guess.

libyaml accepts only letters, digits, _ and - in the name of an anchor, no directives but %YAML and %TAG, no tab after a -, and no long key.
js-yaml 4, the package yaml 2 and PyYAML's own scanner were run on 12,000 texts with one mistake each. Mistakes that are not named here are
refused by the first two as well.
"""

import re

from plugcli.document.yaml_values import YamlVersion

MODERN: tuple[YamlVersion, ...] = ("1.2",)
ALL: tuple[YamlVersion, ...] = ("1.1", "1.2")

# An anchor or alias whose name has a character that only YAML 1.2 accepts there.
_NAMED = re.compile(r"(?:^|(?<=[\s\[{,]))([&*])([^\s,\[\]{}]+)", re.MULTILINE)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_DIRECTIVE = re.compile(r"%(?!(?:YAML|TAG)(?:\s|$))")
_PROPERTY = re.compile(r"[:-][ ]+[&!]\S+[ ]")
_QUESTION = re.compile(r"[\s\[{,]\?\S")
_EMPTY_ITEM = re.compile(r"-[ \t]*\n\s*\Z")
_MAX_KEY = 1024  # how many characters libyaml reads in search of the colon of a key


def doubted_by(text: str, said: str, start: int, at: int) -> tuple[YamlVersion, ...]:
    """The versions of YAML whose readers may accept what libyaml refuses from `start` to `at`; `said` is its message."""
    if "while scanning a directive" in said:
        line = text[text.rfind("\n", 0, start) + 1 :]
        return ALL if _DIRECTIVE.match(line) and re.search(r"^---(?:\s|\Z)", line, re.MULTILINE) else ()
    if "found incompatible YAML document" in said:
        return ALL if text.startswith("%YAML 1.", at) else ()
    here = text[at : at + 1]
    before = text[text.rfind("\n", 0, at) + 1 : at]
    if (
        wide_name(text, start, at) is not None
        or (here == "\t" and before.strip())
        or "found a tab character where" in said
        or ("while scanning an anchor" in said and here in ("{", "["))
        or ("mapping values are not allowed" in said and _PROPERTY.search(before))
        or ("did not find expected node content" in said and (here in (":", "?") or _QUESTION.search(before)))
        or ("did not find expected <document start>" in said and text[:1] == "%" and "---" in text)
        or (
            "did not find expected key" in said
            and here == "-"
            and _EMPTY_ITEM.search(text[max(at - 1000, 0) : at])
        )
        or "found unexpected ':'" in said
        or "found invalid Unicode character escape" in said
        or _is_behind_long_key(said, before)
    ):
        return MODERN
    return ()


def wide_name(text: str, start: int, at: int) -> re.Match[str] | None:
    """The anchor with such a name, or the alias of one, at the place where libyaml gave up."""
    first = text.rfind("\n", 0, start) + 1
    first = max(text.rfind("\n", 0, max(first - 1, 0)) + 1, at - 10_000)  # it often notices on the next line
    end = text.find("\n", at)
    named = _NAMED.finditer(text, first, end if end >= 0 else len(text))
    wide = [each for each in named if not _PLAIN_NAME.fullmatch(each[2])]
    anchors = {each[2] for each in _NAMED.finditer(text) if each[1] == "&"} if wide else set[str]()
    return next((each for each in wide if each[2] in anchors), None)


def _is_behind_long_key(said: str, before: str) -> bool:
    """Whether everything `before` on the line is one key that is too long for libyaml."""
    is_meant = "mapping values are not allowed" in said or "could not find expected ':'" in said
    return is_meant and len(before.strip()) >= _MAX_KEY and ": " not in before
