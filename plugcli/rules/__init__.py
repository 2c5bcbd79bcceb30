"""Rules: one check each, one file each, ending in RULE = Rule(...). The file name is the rule's id.

To add one, add a file whose docstring is the rule's documentation: a sentence that says what it finds, why it matters and
who says so, then `Bad:` and `Good:`, each with an indented example that tests hold it to. Then add
`tests/contract/rules/<id>/good-<case>/` and `bad-<case>/`. Nothing lists the rules.

A rule reads the plugin and yields Problems; what a host thinks of it comes from the host's file, and `claims` says where
there.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from plugcli import dialect
from plugcli.document import Document, ParseProblem, Place
from plugcli.extensions import discover
from plugcli.hosts import Claim, Host, Limit
from plugcli.openapi.specification import family
from plugcli.plugin import Plugin

__all__ = [
    "Documentation", "Place", "Problem", "Problems", "Rule", "all_rules", "documentation", "manifest_for", "rules_for",
]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What a rule found.

    `claim` is what the host does about it, or the name of that in the host's file: a host that does not
    mention it does not care, and there is no finding. `words` fill the places in the host's own
    message. `where` is None for a problem of the plugin as a whole.
    """

    where: Place | ParseProblem | None
    message: str
    claim: Claim | str
    hint: str = ""
    words: Mapping[str, object] = field(default_factory=dict)


Problems = Iterator[Problem]


@dataclass(frozen=True)
class Rule:
    """One check, of exactly one of these.

    `plugin` looks at the plugin as a whole, also where a document is missing or does not parse.
    `manifest` and `openapi` look at a document of the right kind; whether it is one is a rule about the
    plugin. `dialects` are those of the manifests that `manifest` looks at. `asks` tells which of a host's claims it
    goes by beside those that are named after the rule: the parts of the plugin that each is about, and the claim. With
    `is_ours` it goes by a claim of plugcli's own, whatever the host says; with `is_same_for_all` it does not look at the
    host, and is run once for all of them. What it finds in an OpenAPI document of a version that a host does not take is told only
    where it `is_of_any_version`.
    """

    plugin: Callable[[Plugin, Host], Problems] | None = None
    manifest: Callable[[Document, Host], Problems] | None = None
    openapi: Callable[[Document, Host], Problems] | None = None
    dialects: tuple[str, ...] = ("plugin", "baidu")
    asks: Callable[[Host], Iterator[tuple[str, Claim]]] | None = None
    is_ours: bool = False
    is_same_for_all: bool = False
    is_of_any_version: bool = False


@cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    import plugcli.rules

    return discover(plugcli.rules, "RULE", Rule)


@cache
def rules_for(host: Host) -> Mapping[str, Rule]:
    """The rules that can find something which `host` minds: to run the others would be in vain."""
    return {each: rule for each, rule in all_rules().items() if rule.is_ours or claims(each, host)}


def claims(rule_id: str, host: Host) -> list[tuple[str, Claim]]:
    """What `host` does about that which a rule finds: each claim with the case that it is about, empty where there is one only."""
    asks = all_rules()[rule_id].asks
    named = [
        (name.removeprefix(rule_id).removeprefix("/").replace("/", ", "), claim)
        for name, claim in host.claims.items()
        if name == rule_id or name.startswith(f"{rule_id}/")
    ]
    return named + (list(asks(host)) if asks is not None else [])


def named(*names: str) -> Callable[[Host], Iterator[tuple[str, Claim]]]:
    """What a rule asks for that goes by claims which are not named after it."""

    def asks(host: Host) -> Iterator[tuple[str, Claim]]:
        yield from ((name, host.claims[name]) for name in names if name in host.claims)

    return asks


def measured(*names: str) -> Callable[[Host], Iterator[tuple[str, Claim]]]:
    """What a rule asks for that goes by the host's limits and forms of `names`."""

    def asks(host: Host) -> Iterator[tuple[str, Claim]]:
        for name in names:
            for limit in host.limits.get(name, ()):
                yield f"{name} over {limit.most:,}", limit.claim
            for form in host.forms.get(name, ()):
                yield f"{name} other than {form.words}", form.claim

    return asks


def exceeded(limits: Sequence[Limit], number: int) -> Limit | None:
    """The largest of `limits` that `number` is over, None for none: it matters most, and one thing is one finding."""
    return max((each for each in limits if number > each.most), key=lambda each: each.most, default=None)


def manifest_for(plugin: Plugin, host: Host) -> Document | None:
    """The plugin's manifest, where it is one of a plugin and `host` reads such: what a rule of the `plugin` as a whole looks at."""
    if plugin.manifest is None:
        return None
    found = dialect.manifest_dialect(plugin.manifest.data)
    return plugin.manifest if found in Rule.dialects and found in host.manifests else None


def is_version_judged(document: Document, host: Host) -> bool:
    """Whether the form of the document is judged for the host: not where its version is unknown, or newer than all that it takes."""
    version = family(document)
    if version != "3.2" or host.openapi_versions is None:
        return version is not None
    return any(each.startswith(version) for each in host.openapi_versions.values)


@dataclass(frozen=True)
class Documentation:
    """What a rule's file says of it: `what` it finds in one sentence, and the whole `text`."""

    what: str
    text: str


def documentation(rule_id: str) -> Documentation:
    """The documentation of the rule `rule_id`, which must be one of `all_rules`."""
    all_rules()
    text = inspect.cleandoc(sys.modules[f"{__name__}.{rule_id.replace('-', '_')}"].__doc__ or "")
    return Documentation(" ".join(text.partition("\n\n")[0].split()), text)
