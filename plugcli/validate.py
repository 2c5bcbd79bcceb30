"""Judge a plugin for each host: every rule, every finding with its place, and a verdict.

Rules say what they found, hosts say how bad it is. Nothing is printed and nothing fetched here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import overload

from plugcli.address import address
from plugcli.dialect import manifest_dialect, openapi_dialect
from plugcli.document import Document, ParseProblem
from plugcli.finding import Finding, Report, Verdict
from plugcli.hosts import Claim, Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Rule, all_rules

# Rules that look at the form of everything, the one that matters more first. What they find is dropped where a rule before them has
# spoken of the same place, for it knows better why; only an error is not dropped for a warning.
_GENERAL_RULES = ("openapi-structure", "openapi-schema")

# Where a host's message has a word that differs from plugin to plugin: `{path}`.
_WORD = re.compile(r"\{([a-z_]+)\}")


def validate(plugin: Plugin, hosts: Mapping[str, Host]) -> Report:
    """What each of `hosts` (by id) would say of `plugin`. Findings come in the order of the text."""
    findings: list[Finding] = []
    verdicts = []
    is_public = _is_public(plugin)
    for host_id, host in hosts.items():
        judged = list(_judge(plugin, host))
        found = [_finding(plugin, host_id, each, is_public=is_public) for each in judged]
        verdicts.append(_verdict(plugin, host_id, judged, found))
        findings += found
    openapi = plugin.openapi or plugin.openapi_problem
    last = (openapi.name if isinstance(openapi, Document) else openapi.file) if openapi else None
    findings.sort(key=lambda each: (each.file == last, each.order, each.rule, each.host))
    return Report(plugin.name, tuple(verdicts), tuple(findings))


@dataclass(frozen=True)
class _Judged:
    """A problem with the rule that found it and what the host does about it."""

    rule: str
    problem: Problem
    claim: Claim


def _judge(plugin: Plugin, host: Host) -> Iterator[_Judged]:
    judged = []
    for rule_id, rule in all_rules().items():
        for problem in _run(rule, plugin, host):
            claim = host.claims.get(problem.claim) if isinstance(problem.claim, str) else problem.claim
            if claim is not None:
                judged.append(_Judged(rule_id, problem, claim))
    spoken = [each for each in judged if each.rule not in _GENERAL_RULES]
    for general in _GENERAL_RULES:
        explained = {_key(each.problem) for each in spoken}
        refused = {_key(each.problem) for each in spoken if each.claim.word == "error"}
        if general == "openapi-schema":  # it complains of the whole for a fault inside
            explained |= _around(refused)
        for each in judged:
            places = refused if each.claim.word == "error" else explained
            if each.rule == general and _key(each.problem) not in places:
                spoken.append(each)
    yield from spoken


def _around(places: set[object]) -> set[object]:
    """The places that hold those of `places`."""
    found: set[object] = set()
    for place in places:
        name, where = place if isinstance(place, tuple) else ("", "")
        while where:
            where = where.rpartition("/")[0]
            found.add((name, where))
    return found


def _run(rule: Rule, plugin: Plugin, host: Host) -> Iterator[Problem]:
    manifest, openapi = plugin.manifest, plugin.openapi
    if rule.plugin is not None:
        yield from rule.plugin(plugin, host)
    elif rule.manifest is not None and manifest is not None:
        dialect = manifest_dialect(manifest.data)
        if dialect in rule.dialects and dialect in host.manifests:
            yield from rule.manifest(manifest, host)
    elif (
        rule.openapi is not None
        and openapi is not None
        and openapi_dialect(openapi.data) in ("openapi", "version-missing")
    ):
        yield from rule.openapi(openapi, host)


def _key(problem: Problem) -> object:
    where = problem.where
    return (where.document.name, where.pointer) if isinstance(where, Place) else where


def _finding(plugin: Plugin, host_id: str, judged: _Judged, *, is_public: bool) -> Finding:
    problem, claim = judged.problem, judged.claim
    says = claim.says or (None if is_public else claim.says_on_localhost)
    return Finding(
        rule=judged.rule,
        host=host_id,
        severity=claim.word,
        basis=claim.basis,
        file=_file(plugin, problem.where),
        where=problem.where,
        message=_short(problem.message),
        host_says=_short(_filled(says, problem.words) if says else says),
        hint=_short(problem.hint),
        loses=claim.loses,
    )


def _filled(says: str, words: Mapping[str, object]) -> str | None:
    """The host's message with `words` in the places that it keeps for them; None where a word is not known."""
    names = set(_WORD.findall(says))
    if not names <= words.keys():
        return None
    return _WORD.sub(lambda found: str(words[found[1]]), says)


def _is_public(plugin: Plugin) -> bool:
    """Whether the plugin is known to stand elsewhere than on its author's machine."""
    url = plugin.url or (plugin.manifest.get("api", "url") if plugin.manifest else None)
    return isinstance(url, str) and address(url).kind in ("https", "http")


@overload
def _short(text: str) -> str: ...
@overload
def _short(text: None) -> None: ...
def _short(text: str | None) -> str | None:
    """`text`, without the middle of one that quotes a very long value."""
    return text if text is None or len(text) <= 500 else f"{text[:300]} ... {text[-100:]}"


def _file(plugin: Plugin, where: Place | ParseProblem | None) -> str:
    if where is None:
        return plugin.name
    return where.document.name if isinstance(where, Place) else where.file


def _verdict(plugin: Plugin, host_id: str, judged: list[_Judged], findings: list[Finding]) -> Verdict:
    errors = sum(each.severity == "error" for each in findings)
    warnings = sum(each.severity == "warning" for each in findings)
    losses = _losses(findings)
    if errors:
        return Verdict(host_id, "refuses", errors, warnings, losses)
    # Without an OpenAPI document, the half of it that the model would see is not here.
    if plugin.openapi is None or any(each.claim.leaves_open for each in judged):
        return Verdict(host_id, "not_judged", errors, warnings, losses)
    return Verdict(host_id, "accepts_with_losses" if losses else "accepts", errors, warnings, losses)


def _losses(findings: list[Finding]) -> tuple[str, ...]:
    counts = Counter(each.loses for each in findings if each.loses)
    return tuple(
        noun if noun.startswith("every ") else f"{number} {noun}{'' if number == 1 else 's'}"
        for noun, number in counts.items()
    )
