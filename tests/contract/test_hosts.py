"""Every host. Hosts are found, not listed. Each claim about one has a source, and some rule asks for it."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import plugcli.rules
from plugcli.hosts import Claim, Host, all_hosts
from plugcli.rules import all_rules, claims

CASES = Path(__file__).parent / "rules"
RULES = "\n".join(each.read_text() for each in Path(plugcli.rules.__path__[0]).glob("*.py"))


def claims_of(host: Host) -> Iterator[tuple[str, Claim]]:
    """Every claim in the host's file, each with a name."""
    yield from host.claims.items()
    for name, limits in host.limits.items():
        yield from ((f"{name} over {limit.most}", limit.claim) for limit in limits)
    for name, member in host.members.items():
        yield from ((name, claim) for claim in (member.missing, member.empty) if claim is not None)
    for name, forms in host.forms.items():
        yield from ((f"{name} like {form.pattern}", form.claim) for form in forms)
    for choice in (host.schema_version, host.api_type, host.openapi_versions):
        if choice is not None:
            yield ("one of " + ", ".join(choice.values), choice.otherwise)
    for kind, auth in host.auth_types.items():
        yield from ((f"{kind}.{name}", claim) for name, claim in auth.members.items())
        yield from ((f"{kind}.{name}", choice.otherwise) for name, choice in auth.choices.items())


def has_the_form_of_a_source(source: str, words: set[str]) -> bool:
    """Whether somebody else can look it up. `words` are the sources that the docstring of the host's file explains."""
    named = "|".join(re.escape(word) for word in sorted(words - {"docs"})) or "(?!)"
    if "docs" in words and re.match(r"docs, [A-Za-z]", source):  # a page's title or a date
        return True
    return any(
        re.search(form, source)
        for form in (
            rf"^({named})($|[:;,. ])",
            r"^[\w.-]+/[\w.-]+(:|, read in \d{4})",  # a repository, and what it does
            r"\b[\w.-]+/[\w.-]+(#\d+|@[0-9a-f]{7,}:)",  # an issue, or a file at a commit
            r"\b([a-z0-9-]+\.)+(com|dev|eu|org)\b",  # an address
            r"^(Fetch|MIME Sniffing|URL) Standard\b",
            r"^(JSON Schema|MCP|OpenAPI|RFC \d+|YAML 1\.2)\b",
            r"^\d+ .*\b(in public repositories|of the store)\b",  # a measurement
            r"^(measured|reported in \d{4}.*|deduced): ",
            r"^openapi-pydantic 0\.5\.1\b",
        )
    )


@pytest.mark.parametrize("host", all_hosts())
def test_every_claim_has_a_source(host: str) -> None:
    """A limit without a source is an opinion, and the user cannot argue with it.

    A source is an address, `repository#issue`, `repository@commit:path`, `docs, TITLE`, a standard, or a word that the docstring of the
    host's file explains. Or its first word says that it was `measured` or `deduced`.
    """
    explained = import_module(f"plugcli.hosts.{host.replace('-', '_')}").__doc__ or ""
    words = set(re.findall(r"`([^`\s]+)`", explained))
    unsourced = {
        name: claim.source
        for name, claim in claims_of(all_hosts()[host])
        if not has_the_form_of_a_source(claim.source, words)
    }
    assert {} == unsourced


@pytest.mark.parametrize(
    "source", ["", "docs, some page", "everybody knows", "parser.py: says so", "page 5", "see the docs"]
)
def test_what_cannot_be_looked_up_is_no_source(source: str) -> None:
    """Otherwise the test above would accept anything."""
    assert not has_the_form_of_a_source(source, {"client"})


@pytest.mark.parametrize("host", all_hosts())
def test_no_claim_is_raised_above_its_basis(host: str) -> None:
    """Only what a host enforces is an error. `severity` may lower that, but never raise it."""
    raised = [
        name
        for name, claim in claims_of(all_hosts()[host])
        if claim.severity == "error" and claim.basis != "enforced"
    ]
    assert [] == raised


@pytest.mark.parametrize("host", all_hosts())
def test_every_claim_is_asked_for_by_a_rule(host: str) -> None:
    """A claim that no rule asks for has no effect, although it looks as if it had one."""
    # Rules put `unfetched/manifest/local` together from its parts.
    unused = [
        name
        for name in all_hosts()[host].claims
        if f'"{name}"' not in RULES and not name.startswith("unfetched/")
    ]
    assert [] == unused, (
        "no rule in plugcli/rules/ asks for these claims: correct their names, or remove them"
    )


@pytest.mark.parametrize("host", all_hosts())
def test_every_claim_is_told_by_explain(host: str) -> None:
    """`plugcli explain RULE` says what each host does: a rule whose claims are not named after it lists them in `asks`."""
    told = {claim for rule in all_rules() for _, claim in claims(rule, all_hosts()[host])}
    untold = [name for name, claim in claims_of(all_hosts()[host]) if claim not in told]
    assert [] == untold, "`plugcli explain` leaves these out: list them in `asks` of the rule that uses them"


@pytest.mark.parametrize("host", all_hosts())
def test_strictest_limit_is_not_alone_an_error(host: str) -> None:
    """If a text has two limits, approved plugins exceed the smaller one, so that one is never the error."""
    for name, limits in all_hosts()[host].limits.items():
        by_size = sorted(limits, key=lambda each: each.most)
        if len(by_size) > 1:
            assert "enforced" != by_size[0].claim.basis, name


def test_rules_ask_only_for_claims_that_some_host_makes() -> None:
    """A misspelt name in a rule would silence the rule for every host."""
    asked = set(re.findall(r'"([a-z]+(?:-[a-z]+)*(?:/[a-z-]+)+)"', RULES))
    made = {name for host in all_hosts().values() for name in host.claims}
    assert set() == {
        each for each in asked - made if not each.startswith(("application/", "text/", "image/", "binary/"))
    }


@pytest.mark.parametrize("host", all_hosts())
def test_host_words_are_shown_in_some_case(host: str) -> None:
    """Host words that no case shows may have a placeholder that no rule fills, and then they are never shown."""
    title = all_hosts()[host].title
    shown = "\n".join(each.read_text() for each in CASES.glob("*/*/expected.txt"))
    missing = [
        says
        for _, claim in claims_of(all_hosts()[host])
        for says in (claim.says, claim.says_on_localhost)
        if says is not None
        and not re.search(re.sub(r"\\{[a-z_]+\\}", ".*", re.escape(f"{title} says: {says}")), shown)
    ]
    assert [] == missing, (
        f"no expected.txt shows these words: add {host} to the hosts.txt of a case that has the problem"
    )
