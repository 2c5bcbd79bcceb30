"""Fixes: changes to a plugin's files that are certainly right and leave the rest of the text as it is.

Each fixer offers edits for findings of `validate`. Before an edit counts, the text is read again: its values must be exactly what the
fix says, and no host may find more errors. An edit that fails this is refused and reported. Nothing is written here.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from plugcli.dialect import openapi_dialect
from plugcli.document import Document, ParseProblem, read_file
from plugcli.document.file import decode
from plugcli.document.problem import BadText, Lines
from plugcli.errors import PlugcliError
from plugcli.finding import Finding, Report
from plugcli.fix import operation_id, required_flag, servers_in_info
from plugcli.fix.edit import Edit, Unsure, apply, way_back
from plugcli.fix.offer import Offer
from plugcli.fix.trailing_comma import trailing_commas
from plugcli.hosts import Host
from plugcli.ignore import Ignore
from plugcli.plugin import Plugin, with_files
from plugcli.validate import validate

_Judge = Callable[[Plugin], Report]
Fixer = Callable[[Document, Iterable[Finding]], Iterator[Offer]]

_FIXERS: tuple[Fixer, ...] = (servers_in_info.offers, required_flag.offers, operation_id.offers)
# A nested object gets its list of names in the round after the outer object has lost its flag.
_MOST_ROUNDS = 20
# Fixes that are tried one by one if they fail together.
_MOST_ALONE = 50


@dataclass(frozen=True)
class Fix:
    """One change of a file: the rule that asked for it, its line in the file as it was, and what is so now, or why nothing is."""

    rule: str
    file: str
    line: int
    message: str


@dataclass(frozen=True)
class Fixed:
    """A plugin with its fixes, what is still to be said of it, and the texts of the changed files: before and after."""

    plugin: Plugin
    report: Report
    fixes: tuple[Fix, ...] = ()
    refused: tuple[Fix, ...] = ()
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    edits: Mapping[str, tuple[tuple[Edit, ...], ...]] = field(default_factory=dict)
    """What made the second text of each file of the first, in rounds: each is of the text that the one before it left."""


def fix(plugin: Plugin, report: Report, hosts: Mapping[str, Host], listed: Sequence[Ignore] = ()) -> Fixed:
    """Fix the findings of `report` for `hosts` that can certainly be fixed in `plugin`, except ignored ones."""
    judge = partial(validate, hosts=hosts, listed=listed)
    fixed = Fixed(plugin, report)
    for path, file, problem in _unreadable(plugin):
        fixed = _without_commas(fixed, path, file, problem, judge)
    for _ in range(_MOST_ROUNDS):
        before = fixed
        for fixer in _FIXERS:
            fixed = _with_offers(fixed, fixer, hosts, judge)
        if len(fixed.fixes) == len(before.fixes):
            break
    return fixed


def _unreadable(plugin: Plugin) -> Iterator[tuple[str, str, ParseProblem]]:
    if plugin.manifest_problem and plugin.manifest_path:
        yield plugin.manifest_path, plugin.manifest_problem.file, plugin.manifest_problem
    problem = plugin.openapi_problem or (plugin.openapi.slip if plugin.openapi else None)
    if problem and plugin.openapi_path:
        yield plugin.openapi_path, problem.file, problem


def _without_commas(fixed: Fixed, path: str, file: str, problem: ParseProblem, judge: _Judge) -> Fixed:
    try:
        text = decode(_bytes(fixed.plugin, path, file))
    except BadText:
        return fixed
    edits = trailing_commas(text, file)
    if not edits:
        return fixed
    after = apply(text, edits)
    plugin = with_files(fixed.plugin, {path: after.encode()})
    rule = "manifest-syntax" if path == plugin.manifest_path else "openapi-syntax"
    number = "the trailing comma is" if len(edits) == 1 else f"{len(edits)} trailing commas are"
    return replace(
        fixed,
        plugin=plugin,
        report=judge(plugin),
        fixes=(*fixed.fixes, Fix(rule, file, problem.position.line, f"{number} gone")),
        texts={**fixed.texts, file: (text, after)},
        edits={**fixed.edits, file: (tuple(edits),)},
    )


def _bytes(plugin: Plugin, path: str, file: str) -> bytes:
    try:
        return plugin.read(path)
    except FileNotFoundError:  # a document that the user named through a link out of its folder
        return read_file(Path(file))


def _with_offers(fixed: Fixed, fixer: Fixer, hosts: Mapping[str, Host], judge: _Judge) -> Fixed:
    document = fixed.plugin.openapi
    if document is None or openapi_dialect(document.data) not in ("openapi", "version-missing"):
        return fixed
    offers = list(_offers(document, fixer, fixed.report))
    if not (offers := _sound(document, offers)):
        return fixed
    edits = tuple(edit for offer in offers for edit in offer.edits)
    after = apply(document.text, edits)
    plugin = with_files(fixed.plugin, {fixed.plugin.openapi_path or "": after.encode()})
    report = judge(plugin)
    before, _ = fixed.texts.get(document.name, (document.text, ""))
    done = fixed.edits.get(document.name, ())
    ways, lines = [way_back(each) for each in reversed(done)], Lines(before)
    fixes = tuple(_told(document, offer, ways, lines) for offer in offers)
    if worse := _worse(fixed.report, report):
        why = f"not done, because {hosts[worse].title} would then find more errors: "
        refused = tuple(replace(each, message=why + each.message) for each in fixes)
        return replace(fixed, refused=tuple(dict.fromkeys((*fixed.refused, *refused))))
    return replace(
        fixed,
        plugin=plugin,
        report=report,
        fixes=(*fixed.fixes, *fixes),
        texts={**fixed.texts, document.name: (before, after)},
        edits={**fixed.edits, document.name: (*done, edits)},
    )


def _offers(document: Document, fixer: Fixer, report: Report) -> Iterator[Offer]:
    if document.duplicates():  # a pointer to one of two equal keys is ambiguous
        return
    try:
        yield from fixer(document, (each for each in report.findings if each.file == document.name))
    except Unsure:
        return


def _sound(document: Document, offers: Sequence[Offer]) -> list[Offer]:
    """The `offers` after which the text has exactly the values that they say."""
    if not offers or _is_sound(document, offers):
        return list(offers)
    alone = [offer for offer in offers[:_MOST_ALONE] if len(offers) > 1 and _is_sound(document, [offer])]
    return alone if alone and _is_sound(document, alone) else []


def _is_sound(document: Document, offers: Sequence[Offer]) -> bool:
    expected = copy.deepcopy(document.data)
    for offer in offers:
        offer.change(expected)
    try:
        text = apply(document.text, (edit for offer in offers for edit in offer.edits))
        text.encode()
        after = Document.parse(text, document.name)
    except (Unsure, PlugcliError, UnicodeEncodeError):
        return False
    return after.data == expected and after.is_json == document.is_json


def _told(document: Document, offer: Offer, ways: Iterable[Callable[[int], int]], lines: Lines) -> Fix:
    """`offer` with its line in the text before all edits: `lines` are the lines of that text, `ways` lead back to it."""
    (offset,) = document.order(position=document.position(offer.where, of_key=True))
    for before in ways:
        offset = before(offset)
    return Fix(offer.rule, document.name, lines.position(offset).line, offer.message)


def _worse(before: Report, after: Report) -> str | None:
    """The first host that finds more errors than before."""
    errors = {each.host: each.errors for each in before.verdicts}
    return next((each.host for each in after.verdicts if each.errors > errors[each.host]), None)
