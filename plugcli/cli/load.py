"""Load the plugin that a target names. The library leaves the event loop to its callers: commands start it here."""

from plugcli.plugin import Plugin
from plugcli.target import is_url, load_files, load_target


def plugin_of(target: str) -> Plugin:
    """The plugin that `target` names. Raises PlugcliError as `load_target` does."""
    if not is_url(target):
        return load_files(target)
    import asyncio  # 30 ms that a folder does not pay

    return asyncio.run(load_target(target))
