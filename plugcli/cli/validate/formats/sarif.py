"""`--format sarif`, version 2.1.0 (OASIS): for GitHub's code scanning, editors, and other collectors of findings.

A problem is one result, however many hosts report it. It must be recognised when the lines above it move: see `_fingerprint`.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from plugcli import __version__
from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.location import location_of
from plugcli.cli.validate.plain_finding import plain_finding
from plugcli.finding import Finding, Report, problems
from plugcli.rules import documentation
from plugcli.sandbox import gate
from plugcli.terminal_text import printable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "problem/v1"


def render(reports: Iterable[Report], paper: Paper) -> Iterator[str]:
    """Yield one run with the problems of all targets, in ASCII."""
    seen = list(reports)
    value = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(seen)]}
    yield gate.json_text(value, indent=2) + "\n"


def _run(reports: list[Report]) -> dict[str, Any]:
    known: Counter[tuple[str, str]] = Counter()
    results = [result for report in reports for result in _results(report, known)]
    if any(
        "suppressions" in result for result in results
    ):  # SARIF 3.27.23: either all results of a run have them, or none
        for result in results:
            result.setdefault("suppressions", [])
    used = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = used.index(result["ruleId"])
    verdicts = [
        {"target": printable(report.target), **verdict.as_json(), "losses": list(verdict.losses)}
        for report in reports
        for verdict in report.verdicts
    ]
    return {
        "tool": {"driver": {"name": "plugcli", "semanticVersion": __version__, "rules": [*map(_rule, used)]}},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"verdicts": verdicts},
    }


def _rule(rule_id: str) -> dict[str, Any]:
    said = documentation(rule_id)
    return {
        "id": rule_id,
        "shortDescription": {"text": said.what},
        "fullDescription": {"text": said.text.partition("\n\nBad:")[0]},
        "help": {"text": said.text},
    }


def _results(report: Report, known: Counter[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for alike in problems(report.findings):
        yield _result(alike, known)
    for ignored in report.ignored:
        kind = "inSource" if ignored.is_comment else "external"
        why = {"kind": kind, "justification": printable(ignored.reason)}
        yield _result(ignored.findings, known) | {"suppressions": [why]}


def _result(alike: Sequence[Finding], known: Counter[tuple[str, str]]) -> dict[str, Any]:
    finding, uri = alike[0], location_of(alike[0]).uri
    fingerprint = _fingerprint(finding)
    known[uri, fingerprint] += 1
    return {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": plain_finding(alike)},
        "locations": [_location(finding, uri)],
        "partialFingerprints": {_FINGERPRINT: f"{fingerprint}:{known[uri, fingerprint]}"},
        "properties": {"hosts": [_host(each) for each in alike]},
    }


def _location(finding: Finding, uri: str) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if finding.source is not None:
        physical["region"] = {"startLine": finding.line, "startColumn": finding.column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.pointer:
        pointer = printable(finding.pointer)
        location["logicalLocations"] = [{"fullyQualifiedName": pointer, "kind": "member"}]
    return location


def _host(finding: Finding) -> dict[str, Any]:
    said = {} if finding.host_says is None else {"hostSays": printable(finding.host_says)}
    return {"host": finding.host, "severity": finding.severity, "basis": finding.basis, **said}


def _fingerprint(finding: Finding) -> str:
    """Hash what stays the same when lines move and numbers change: rule, pointer, message without numbers, else the line's text."""
    line = finding.source.text.strip() if finding.source is not None and not finding.pointer else ""
    what = (finding.rule, finding.pointer, re.sub(r"\d+", "#", finding.message), line)
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]
