"""Judge a plugin for each host: every rule, every finding with its place, and a verdict.

Rules say what they found, hosts say how bad it is. This module prints nothing and fetches nothing.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, compress
from typing import NamedTuple, overload

from plugcli.dialect import manifest_dialect
from plugcli.document import Document, ParseProblem
from plugcli.finding import Finding, Report, Verdict
from plugcli.hint import in_json
from plugcli.hosts import Claim, Host, all_hosts
from plugcli.ignore import Ignore, Ignores, ignore_comments
from plugcli.plugin import Plugin
from plugcli.rules import (
    Place,
    Problem,
    Rule,
    all_rules,
    ignore_comment,
    is_version_judged,
    nothing_judged,
    rules_for,
)

# General rules, which check the form of everything, the most important first. Their findings are dropped if an earlier rule has
# reported the same place, because that rule knows the reason better; but an error is never dropped for a warning.
_GENERAL_RULES = ("openapi-structure", "openapi-schema")

# A placeholder in a host's message, for a word that depends on the plugin: `{path}`.
_WORD = re.compile(r"\{([a-z_]+)\}")


def validate(plugin: Plugin, hosts: Mapping[str, Host], listed: Sequence[Ignore] = ()) -> Report:
    """What each of `hosts` (by id) would say of `plugin`. Findings come in the order of the text.

    Findings ignored by a comment in the document or by an entry in `listed` do not count, not even for a verdict.
    """
    ignores = Ignores(ignore_comments(plugin.openapi) if plugin.openapi else (), listed)
    shared: _Shared = {}
    judged = {host_id: _judge(plugin, host, shared) for host_id, host in hosts.items()}
    refusing = {
        host_id
        for host_id in hosts
        if any(
            each.claim.word == "error"
            and not (ignores and ignores.of(_finding(plugin, host_id, each)) is not None)
            for each in judged[host_id]
        )
    }
    reading = {host_id for host_id, host in hosts.items() if nothing_judged.reads_openapi(plugin, host)}
    _tell_what_is_not_judged(judged, refusing, reading)
    found = {host_id: [_finding(plugin, host_id, each) for each in judged[host_id]] for host_id in hosts}
    for idle in _idle(plugin, ignores, found):
        for host_id in hosts:
            judged[host_id].append(idle)
            found[host_id].append(_finding(plugin, host_id, idle))
    verdicts, findings, ignored = [], list[Finding](), list[Finding]()
    for host_id in hosts:
        left, open_ = found[host_id], judged[host_id]
        if ignores:
            heard = [
                nothing_judged.is_ours(one.claim) or ignores.of(each) is None
                for one, each in zip(open_, left, strict=True)
            ]
            ignored += (each for each, is_heard in zip(left, heard, strict=True) if not is_heard)
            left, open_ = list(compress(left, heard)), list(compress(open_, heard))
        verdicts.append(_verdict(plugin, host_id, hosts[host_id], open_, left))
        findings += left
    openapi = plugin.openapi or plugin.openapi_problem
    last = (openapi.name if isinstance(openapi, Document) else openapi.file) if openapi else None
    for each in (findings, ignored):
        each.sort(key=lambda each: (each.file == last, each.order, each.rule, each.host))
    return Report(plugin.name, tuple(verdicts), tuple(findings), ignores.ignored(ignored))


class _Judged(NamedTuple):
    """A problem with the rule that found it and what the host does about it."""

    rule: str
    problem: Problem
    claim: Claim


def _tell_what_is_not_judged(
    judged: dict[str, list[_Judged]], refusing: Container[str], reading: Container[str]
) -> None:
    """Keep one reason for each host that judges nothing, and none for the hosts in `refusing`.

    The reason is an error if no other host has a verdict either, that is, if none is in `reading`, which read the OpenAPI document.
    """
    reasons = {
        host_id: next((each for each in found if each.rule == nothing_judged.ID), None)
        for host_id, found in judged.items()
        if host_id not in refusing
    }
    is_all = len(reasons) == len(judged) and all(
        reason is not None or host_id not in reading for host_id, reason in reasons.items()
    )
    for host_id, found in judged.items():
        reason = reasons.get(host_id)
        others = [each for each in found if each.rule != nothing_judged.ID]
        if reason is not None:
            said = [each for each in others if _says_why(each)]
            better = [each for each in said if not is_all or each.rule in nothing_judged.KNOW_BETTER]
            others = [each for each in others if each not in said]
            others += [each if not is_all else _as_error(each) for each in better or [reason]]
        judged[host_id] = others


def _says_why(judged: _Judged) -> bool:
    """Whether it says why something is not judged. A small mistake in JSON does not, although the same rule reports it."""
    is_open = judged.rule != "openapi-syntax" or judged.claim.leaves_open
    return is_open and judged.rule in nothing_judged.SAY_WHY


def _as_error(reason: _Judged) -> _Judged:
    claim = replace(nothing_judged.ERROR, says=reason.claim.says)
    return _Judged(reason.rule, nothing_judged.in_full(reason.problem), claim)


# The findings of rules that find the same for every host, by rule and by the document as the host's YAML parser reads it.
_Shared = dict[tuple[str, int], tuple[Problem, ...]]


def _idle(plugin: Plugin, ignores: Ignores, found: Mapping[str, list[Finding]]) -> Iterator[_Judged]:
    """Ignore comments that match no finding of any known host. A comment that only a host outside this run needs is not reported."""
    idle = ignores.idle(chain.from_iterable(found.values()))
    others = {host_id: host for host_id, host in all_hosts().items() if host_id not in found} if idle else {}
    named = {rule for _, rule in idle}
    for host_id, host in others.items():
        theirs = [_finding(plugin, host_id, each) for each in _judge(plugin, host, {}) if each.rule in named]
        still = {(comment.line, rule) for comment, rule in ignores.idle(theirs)}
        idle = [(comment, rule) for comment, rule in idle if (comment.line, rule) in still]
    for comment, rule in idle:
        if rule in all_rules():
            yield _Judged("ignore-comment", ignore_comment.idle(comment, rule), ignore_comment.OURS)


def _judge(plugin: Plugin, host: Host, shared: _Shared) -> list[_Judged]:
    plugin = _read_by(plugin, host)
    judged = []
    is_taken = (
        plugin.openapi is None or host.openapi_versions is None or is_version_judged(plugin.openapi, host)
    )
    for rule_id, rule in rules_for(host).items():
        for problem in _run(rule_id, rule, plugin, host, shared):
            if not (is_taken or rule.is_of_any_version) and _document(problem) is plugin.openapi:
                continue
            claim = host.claims.get(problem.claim) if isinstance(problem.claim, str) else problem.claim
            if claim is not None:
                judged.append(_Judged(rule_id, problem, claim))
    spoken = [each for each in judged if each.rule not in _GENERAL_RULES]
    for general in _GENERAL_RULES:
        found = [each for each in judged if each.rule == general]
        if not found:
            continue
        explained = {_key(each.problem) for each in spoken}
        refused = {_key(each.problem) for each in spoken if each.claim.word == "error"}
        if general == "openapi-schema":  # it reports the whole for a fault inside
            explained |= _around(refused)
        for each in found:
            places = refused if each.claim.word == "error" else explained
            if _key(each.problem) not in places:
                spoken.append(each)
    return spoken


def _read_by(plugin: Plugin, host: Host) -> Plugin:
    """`plugin` with the values that the host's YAML parser reads."""
    if plugin.openapi is None or host.yaml is None:
        return plugin
    openapi = plugin.openapi.read_as(host.yaml.version)
    return plugin if openapi is plugin.openapi else replace(plugin, openapi=openapi)


def _around(places: set[object]) -> set[object]:
    """The places around those in `places`."""
    found: set[object] = set()
    for place in places:
        name, where = place if isinstance(place, tuple) else ("", "")
        while where:
            where = where.rpartition("/")[0]
            found.add((name, where))
    return found


def _run(rule_id: str, rule: Rule, plugin: Plugin, host: Host, shared: _Shared) -> Iterable[Problem]:
    manifest, openapi = plugin.manifest, plugin.openapi
    key = rule_id, id(openapi)
    if key in shared:
        return shared[key]
    found: Iterable[Problem] = ()
    if rule.plugin is not None:
        found = rule.plugin(plugin, host)
    elif rule.manifest is not None and manifest is not None:
        dialect = manifest_dialect(manifest.data)
        if dialect in rule.dialects and dialect in host.manifests:
            return rule.manifest(manifest, host)
    elif rule.openapi is not None and openapi is not None and nothing_judged.is_api(openapi):
        found = rule.openapi(openapi, host)
    if rule.is_same_for_all:
        found = shared[key] = tuple(found)
    return found


def _document(problem: Problem) -> Document | None:
    return problem.where.document if isinstance(problem.where, Place) else None


def _key(problem: Problem) -> object:
    where = problem.where
    return (where.document.name, where.pointer) if isinstance(where, Place) else where


def _finding(plugin: Plugin, host_id: str, judged: _Judged) -> Finding:
    problem, claim = judged.problem, judged.claim
    says = claim.says
    if not says and claim.says_on_localhost and plugin.is_on_localhost:
        says = claim.says_on_localhost
    return Finding(
        rule=judged.rule,
        host=host_id,
        severity=claim.word,
        basis=claim.basis,
        file=_file(plugin, problem.where),
        where=problem.where,
        message=_short(problem.message),
        host_says=_short(_filled(says, problem.words) if says else says),
        hint=_short(_hint(problem)),
        loses=claim.loses,
    )


def _hint(problem: Problem) -> str:
    """The hint, in the syntax of the document that it is about."""
    where = problem.where
    is_json = isinstance(where, Place) and where.document.text.lstrip()[:1] == "{"
    return in_json(problem.hint) if is_json else problem.hint


def _filled(says: str, words: Mapping[str, object]) -> str | None:
    """The host's message with `words` in its placeholders; None if a word is not known."""
    parts = _parts(says)
    try:
        return "".join([str(words[part]) if at % 2 else part for at, part in enumerate(parts)])
    except KeyError:
        return None


@cache
def _parts(says: str) -> list[str]:
    """A host's message: its text and the names of its words, alternating."""
    return _WORD.split(says)


@overload
def _short(text: str) -> str: ...
@overload
def _short(text: None) -> None: ...
def _short(text: str | None) -> str | None:
    """`text`; if it quotes a very long value, without its middle."""
    return text if text is None or len(text) <= 500 else f"{text[:300]} ... {text[-100:]}"


def _file(plugin: Plugin, where: Place | ParseProblem | None) -> str:
    if where is None:
        return plugin.name
    return where.document.name if isinstance(where, Place) else where.file


def _verdict(
    plugin: Plugin, host_id: str, host: Host, judged: list[_Judged], findings: list[Finding]
) -> Verdict:
    errors = sum(each.severity == "error" for each in findings)
    warnings = sum(each.severity == "warning" for each in findings)
    losses = _losses(findings)
    if any(each.claim.word == "error" and not nothing_judged.is_ours(each.claim) for each in judged):
        return Verdict(host_id, "refuses", errors, warnings, losses)
    # Without an OpenAPI document, the half that the model would see is missing.
    if not nothing_judged.reads_openapi(plugin, host) or any(each.claim.leaves_open for each in judged):
        return Verdict(host_id, "not_judged", errors, warnings, losses)
    return Verdict(host_id, "accepts_with_losses" if losses else "accepts", errors, warnings, losses)


def _losses(findings: list[Finding]) -> tuple[str, ...]:
    counts = Counter(each.loses for each in findings if each.loses)
    return tuple(
        noun if noun.startswith("every ") else f"{number} {noun}{'' if number == 1 else 's'}"
        for noun, number in counts.items()
    )
