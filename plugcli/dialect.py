"""What kind of document this is: formats share the file name `ai-plugin.json`, and files get mixed up."""

from typing import Any, Literal

ManifestDialect = Literal["plugin", "baidu", "m365-copilot", "agent-plugin", "openapi", "other"]
OpenapiDialect = Literal["openapi", "swagger", "manifest", "version-missing", "other"]

_CORE = (
    "name_for_model", "name_for_human", "description_for_model", "description_for_human", "auth", "api",
)  # fmt: skip


def manifest_dialect(data: dict[str, Any]) -> ManifestDialect:
    """Which format a file in the place of a manifest has; `plugin` also where members are missing."""
    schema = str(data.get("$schema", ""))
    if "agent-plugins.org" in schema:
        return "agent-plugin"
    if "/copilot/" in schema or ("api" not in data and ("runtimes" in data or "functions" in data)):
        return "m365-copilot"
    if "openapi" in data or "swagger" in data or "paths" in data:
        return "openapi"
    if not any(member in data for member in _CORE):
        return "other"
    return "baidu" if isinstance(data.get("examples"), dict) else "plugin"


def openapi_dialect(data: dict[str, Any]) -> OpenapiDialect:
    """Which format a file in the place of an OpenAPI document has."""
    if "openapi" in data:
        return "openapi"
    if "swagger" in data:
        return "swagger"
    if "name_for_model" in data or "name_for_human" in data or "description_for_model" in data:
        return "manifest"
    return "version-missing" if isinstance(data.get("paths"), dict) else "other"
