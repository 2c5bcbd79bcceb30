"""What the user names to `validate`: a folder, a manifest, an OpenAPI document, or an address."""

import re
from pathlib import Path

from plugcli.dialect import is_openapi
from plugcli.document import read_file
from plugcli.errors import PlugcliError, UsageError
from plugcli.plugin import Plugin, load_plugin, plugin_of_manifest, plugin_of_openapi


def is_url(target: str) -> bool:
    return target.startswith(("http://", "https://"))


def check_target(target: str) -> None:
    """Raise UsageError where there is nothing that `target` names. Addresses are not asked here."""
    if is_url(target):
        return
    try:
        is_there = bool(target) and Path(target).exists()
    except (OSError, ValueError) as error:  # a folder that may not be entered; a NUL in the name
        raise UsageError(f"{target!r} cannot be looked up: {error}") from error
    if not is_there:
        hint = "name a folder, a manifest, an OpenAPI document, or an address that starts with https://"
        if re.fullmatch(r"[\w-]+(\.[\w-]+)*(:\d+)?(/.*)?", target) and re.search(r":\d|\.\w", target):
            scheme = "http" if target.startswith(("localhost", "127.")) else "https"
            hint = f"for the address write {scheme}://{target}"
        raise UsageError(f"{target!r} does not exist", hint=hint)


def load_target(target: str) -> Plugin:
    """The plugin that `target` names.

    Raises UsageError where there is nothing, and PlugcliError where what is there cannot be read. An address
    that does not answer is a plugin whose `live` says why.
    """
    check_target(target)
    if is_url(target):
        from plugcli.fetch import fetch_plugin  # 60 ms that a folder does not pay

        return fetch_plugin(target)
    path = Path(target)
    try:
        if path.is_dir():
            return load_plugin(path)
    except OSError as error:
        raise PlugcliError(f"cannot read {target}: {error}") from error
    if is_openapi(path.name, read_file(path)):
        return plugin_of_openapi(path)
    return plugin_of_manifest(path)
