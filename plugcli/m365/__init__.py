"""The manifest of a Microsoft 365 Copilot plugin: its functions, and the runtimes that run them.

It has the file name ai-plugin.json in common with ChatGPT's manifest, but hardly any member. Values with an unexpected form are left
out here; `m365.schema` reports them. Nothing is fetched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugcli.document import Document, pointer

_EVERY = "*"


@dataclass(frozen=True)
class Function:
    """One function that the manifest describes. `where` is the pointer that leads to it."""

    name: str
    where: str


@dataclass(frozen=True)
class Runtime:
    """One runtime. `runs` has the names in `run_for_functions` and their indices; None if it runs every function."""

    where: str
    type: str
    spec: dict[str, Any]
    auth_type: str
    runs: Mapping[str, int] | None

    @property
    def openapi_url(self) -> str:
        """Where its OpenAPI document is; empty if there is none beside the manifest."""
        url = self.spec.get("url")
        is_beside = self.type == "OpenApi" and "api_description" not in self.spec
        return url if is_beside and isinstance(url, str) else ""


def functions(manifest: Document) -> Iterator[Function]:
    """The functions in the order of the text."""
    for where, data in _objects(manifest, "functions"):
        if isinstance(name := data.get("name"), str):
            yield Function(name, where)


def runtimes(manifest: Document) -> Iterator[Runtime]:
    """The runtimes in the order of the text."""
    for where, data in _objects(manifest, "runtimes"):
        spec, auth, names = data.get("spec"), data.get("auth"), data.get("run_for_functions")
        is_every = not isinstance(names, list) or names == [_EVERY]
        runs = {
            each: index
            for index, each in enumerate(names if isinstance(names, list) else ())
            if isinstance(each, str)
        }
        yield Runtime(
            where,
            str(data.get("type", "")),
            spec if isinstance(spec, dict) else {},
            str(auth.get("type", "")) if isinstance(auth, dict) else "",
            None if is_every else runs,
        )


def _objects(manifest: Document, member: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = manifest.data.get(member)
    for index, data in enumerate(found if isinstance(found, list) else ()):
        if isinstance(data, dict):
            yield pointer.join(member, index), data
