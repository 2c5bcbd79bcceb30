"""Hosts: programs that load plugins. Each is one file here, ending in HOST = Host(...); data, no logic.

A rule judges a plugin for a host only by the host's file, in which every claim says how we know it: a basis and a
source. Only the basis `enforced` can make an error. To add a host, add a file; nothing lists them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from plugcli.claim import Claim
from plugcli.errors import UsageError
from plugcli.extensions import discover, ids, load
from plugcli.openapi.recipe import Tools

__all__ = [
    "ALL",
    "DEFAULT",
    "AuthType",
    "Claim",
    "Form",
    "Host",
    "Limit",
    "Member",
    "OneOf",
    "State",
    "Tools",
    "Yaml",
    "all_hosts",
    "named_hosts",
]

# The host that `validate` judges for by default: the one that the manifest was made for.
DEFAULT = "chatgpt"
ALL = "all"


@dataclass(frozen=True)
class State:
    """The state of a host: `says` follows its name, as in "closed in April 2024"; empty if it is open."""

    source: str
    says: str = ""


@dataclass(frozen=True)
class Yaml:
    """The YAML version of a host's parser, and how we know: the values of unquoted scalars depend on it."""

    version: Literal["1.1", "1.2"]
    source: str


@dataclass(frozen=True)
class Limit:
    """The most characters in a text, or the most of something that is counted, and what the host does about more."""

    most: int
    claim: Claim


@dataclass(frozen=True)
class Form:
    """The form of a text: a pattern that all of it must match, the same in words, and what the host does about other texts."""

    pattern: str
    words: str
    claim: Claim


@dataclass(frozen=True)
class Member:
    """A member of the manifest: its JSON type, and what the host does if it is missing or empty."""

    type: Literal["text", "object"]
    missing: Claim | None
    empty: Claim | None


@dataclass(frozen=True)
class OneOf:
    """A closed set of values, and what the host does about other values."""

    values: tuple[str, ...]
    otherwise: Claim

    @property
    def words(self) -> str:
        """The values in a sentence: `"bearer" or "basic"`."""
        return " or ".join(f'"{value}"' for value in self.values)


@dataclass(frozen=True)
class AuthType:
    """What one type of `auth` needs: required members, and members with a closed set of values."""

    members: Mapping[str, Claim] = field(default_factory=dict)
    choices: Mapping[str, OneOf] = field(default_factory=dict)
    has_token: bool = False


@dataclass(frozen=True, eq=False)
class Host:
    """One program that loads plugins.

    `manifests` are the manifest formats that it reads; none for a host that is given only the OpenAPI document.
    `members` are those of the manifest. `limits` and `forms` are by the name of a text (`name_for_model`,
    `operation.description`), `limits` also by the name of a count or a depth. `claims` are by the name that a rule
    asks for. `structure` is the JSON Schema, beside the host's file, of the documents that its parser accepts.
    `tools` is set if the model is given a list of tools. `yaml` is its YAML parser; if it is not known, the
    document is read as YAML 1.1.
    If a host's file does not mention something, it is not known whether the host cares about it.
    """

    title: str
    state: State
    claims: Mapping[str, Claim]
    manifests: tuple[str, ...] = ()
    members: Mapping[str, Member] = field(default_factory=dict)
    ignored_members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    forms: Mapping[str, tuple[Form, ...]] = field(default_factory=dict)
    schema_version: OneOf | None = None
    api_type: OneOf | None = None
    auth_types: Mapping[str, AuthType] = field(default_factory=dict)
    openapi_versions: OneOf | None = None
    structure: Path | None = None
    yaml: Yaml | None = None
    tools: Tools | None = None


@cache
def all_hosts() -> Mapping[str, Host]:
    """Every host by its id: first the default, then the others that use the API as it is, then those that make tools of it."""
    import plugcli.hosts

    found = discover(plugcli.hosts, "HOST", Host)
    in_order = sorted(found, key=lambda each: (each != DEFAULT, found[each].tools is not None, each))
    return {host_id: found[host_id] for host_id in in_order}


def named_hosts(names: Sequence[str]) -> dict[str, Host]:
    """The hosts that the user names, each once; `all` means every host. Raises UsageError for an unknown name.

    The files of other hosts are not read: each costs a millisecond.
    """
    import plugcli.hosts

    known = ids(plugcli.hosts)
    for name in names:
        if name not in known and name != ALL:
            close = get_close_matches(name.lower(), known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise UsageError(f"unknown host {name!r}", hint=f"{hint}use one of {', '.join(known)}, or {ALL}")
    if ALL in names:
        return dict(all_hosts())
    return {name: load(plugcli.hosts, name, "HOST", Host) for name in names}
