"""Which format a document has: several formats share the file name `ai-plugin.json`, and files get mixed up."""

import re
from typing import Any, Literal

ManifestDialect = Literal["plugin", "baidu", "m365-copilot", "agent-plugin", "openapi", "other"]
OpenapiDialect = Literal["openapi", "swagger", "manifest", "version-missing", "other"]

MANIFEST_DIALECTS: dict[ManifestDialect, str] = {
    "plugin": "this is a manifest in the format of ChatGPT",
    "baidu": "this is a manifest in the format of Baidu Yiyan",
    "m365-copilot": "this is a manifest of Microsoft 365 Copilot, another format with the same file name",
    "agent-plugin": "this is a plugin.json of the Agent Plugins format, not the manifest of a chat plugin",
    "openapi": "this is an OpenAPI document, not a manifest",
    "other": "this is not a plugin's manifest: it has none of a manifest's members",
}
"""What the file of a manifest really is, in a sentence."""

_CORE = (
    "name_for_model", "name_for_human", "description_for_model", "description_for_human", "auth", "api",
)  # fmt: skip

_OPENAPI_KEY = re.compile(rb"(?:^|[{,])[ \t]*[\"']?(?:openapi|swagger)[\"']?\s*:", re.MULTILINE)
_MANIFEST_KEY = re.compile(
    rb"(?:^|[{,])[ \t]*[\"']?(?:schema_version|(?:name|description)_for_(?:model|human))[\"']?\s*:",
    re.MULTILINE,
)
_COPILOT_MEMBER = re.compile(rb"/copilot/plugin/|[\"']runtimes[\"']\s*:")


def is_copilot(data: bytes) -> bool:
    """Whether a text that may not even parse was meant as a manifest of Microsoft 365 Copilot."""
    return bool(_COPILOT_MEMBER.search(data))


def manifest_dialect(data: dict[str, Any]) -> ManifestDialect:
    """Which format a manifest file has; `plugin` even if members are missing."""
    schema = str(data.get("$schema", ""))
    if "agent-plugins.org" in schema:
        return "agent-plugin"
    if "/copilot/" in schema or ("api" not in data and ("runtimes" in data or "functions" in data)):
        return "m365-copilot"
    if not any(member in data for member in _CORE):
        return "openapi" if {"openapi", "swagger", "paths"} & data.keys() else "other"
    return "baidu" if isinstance(data.get("examples"), dict) else "plugin"


def openapi_dialect(data: dict[str, Any]) -> OpenapiDialect:
    """Which format the file of an OpenAPI document has."""
    if "openapi" in data:
        return "openapi"
    if "swagger" in data:
        return "swagger"
    if "name_for_model" in data or "name_for_human" in data or "description_for_model" in data:
        return "manifest"
    return "version-missing" if isinstance(data.get("paths"), dict) else "other"


def is_openapi(name: str, data: bytes) -> bool:
    """Whether a file is judged as an OpenAPI document; otherwise it is judged as a manifest.

    The usual names decide, then the content, then the ending of the name, so that a document that does not parse is
    still judged as what it was meant to be.
    """
    stem, _, ending = name.lower().rpartition(".")
    if name.lower() == "ai-plugin.json":
        return False
    if stem in ("openapi", "swagger"):
        return True
    start = data[:65536]
    has_openapi, has_manifest = bool(_OPENAPI_KEY.search(start)), bool(_MANIFEST_KEY.search(start))
    if has_openapi != has_manifest:
        return has_openapi
    return ending in ("yaml", "yml") or "openapi" in stem
