"""Plugins loaded by their address by a program that has an event loop of its own."""

import asyncio
from pathlib import Path

import pytest

from plugcli.errors import UsageError
from plugcli.plugin import Plugin
from plugcli.target import load_target
from tests.e2e.plugin_server import GOOD, plugin, server


def test_running_event_loop_loads_plugins_by_their_addresses() -> None:
    """A server that loads plugins (MCP, chat) has a loop, and loads several of them at once."""

    async def load(*urls: str) -> list[Plugin]:
        return await asyncio.gather(*map(load_target, urls))

    with (
        server(plugin(name_for_human="One")) as (first, _),
        server(plugin(name_for_human="Two")) as (second, _),
    ):
        found = asyncio.run(load(f"http://localhost:{first}", f"http://localhost:{second}"))
    assert ["One", "Two"] == [each.manifest.get("name_for_human") for each in found if each.manifest]
    assert all(each.openapi is not None for each in found)


def test_running_event_loop_loads_a_folder() -> None:
    """Whoever has an address or a folder calls the same function."""
    found = asyncio.run(load_target(str(GOOD)))
    assert found.manifest is not None
    assert found.openapi is not None


def test_target_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    """The thread that reads files hands the error on as it is."""
    with pytest.raises(UsageError, match="does not exist"):
        asyncio.run(load_target(str(tmp_path / "nothing")))
