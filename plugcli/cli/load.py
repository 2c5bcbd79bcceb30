"""Loads the plugin that a target names. Commands start the event loop here, because the library leaves it to its callers."""

from plugcli.plugin import Plugin
from plugcli.target import is_url, load_files, load_target


def plugin_of(target: str) -> Plugin:
    """Return the plugin that `target` names. Raises PlugcliError as `load_target` does."""
    if not is_url(target):
        return load_files(target)
    import asyncio  # imported here to save 30 ms for a folder

    return asyncio.run(load_target(target))
