"""Hosts: programs that load plugins. Each is one file here, ending in HOST = Host(...); data, no logic.

A rule judges a plugin for a host only by what the host's file says, and every word of it carries how we
know: a basis and a source. Only the basis `enforced` can make an error. To add a host, add a file;
nothing lists them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from plugcli._discover import discover
from plugcli.finding import Basis, Severity


@dataclass(frozen=True)
class Claim:
    """What a host does about something, and how we know.

    `says` is the host's own message where it is sourced; `says_on_localhost` it says only of a plugin
    there. `severity` lowers what the basis would give: an error for `enforced`, else a warning. With `is_loss` the
    host loads the plugin without the part in question; with `leaves_open` nobody knows what it does.
    """

    basis: Basis
    source: str
    says: str | None = None
    says_on_localhost: str | None = None
    severity: Severity | None = None
    is_loss: bool = False
    leaves_open: bool = False


@dataclass(frozen=True)
class Limit:
    """The most characters of a text, and what the host does about one more."""

    most: int
    claim: Claim


@dataclass(frozen=True)
class Member:
    """A member of the manifest: its JSON type, and what the host does where it is missing or empty."""

    type: Literal["text", "object"]
    missing: Claim | None
    empty: Claim | None


@dataclass(frozen=True)
class OneOf:
    """A closed set of values, and what the host does about another."""

    values: tuple[str, ...]
    otherwise: Claim


@dataclass(frozen=True)
class AuthType:
    """What one type of `auth` needs: members that must be there, and members with a closed set of values."""

    members: Mapping[str, Claim] = field(default_factory=dict)
    choices: Mapping[str, OneOf] = field(default_factory=dict)
    has_token: bool = False


@dataclass(frozen=True)
class Host:
    """One program that loads plugins.

    `members` are those of the manifest, `limits` name texts (`name_for_model`,
    `operation.description`), `claims` go by the name that the rule asks for. What a host's file does
    not mention, the host is not known to care about.
    """

    title: str
    members: Mapping[str, Member]
    ignored_members: Mapping[str, tuple[str, ...]]
    limits: Mapping[str, tuple[Limit, ...]]
    schema_version: OneOf
    api_type: OneOf
    auth_types: Mapping[str, AuthType]
    openapi_versions: OneOf
    claims: Mapping[str, Claim]


@cache
def all_hosts() -> Mapping[str, Host]:
    """Every host by its id."""
    import plugcli.hosts

    return discover(plugcli.hosts, "HOST", Host)
