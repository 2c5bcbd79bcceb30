"""Every command says what it does, and `plugcli --help` shows it. Commands are found, not listed."""

import inspect
import subprocess
import sys

import pytest
import typer.main

from plugcli.cli.app import FIRST, app, commands


@pytest.mark.parametrize("name", commands())
def test_command_says_what_it_does(name: str) -> None:
    """The first sentence is what `plugcli --help` and the README show."""
    first, _, _ = inspect.cleandoc(commands()[name].run.__doc__ or "").partition("\n")
    assert first.endswith("."), f"the docstring of `plugcli {name}` needs a first line that is a sentence"


@pytest.mark.parametrize("name", commands())
def test_every_option_says_what_it_does(name: str) -> None:
    """Without help, people can only find out what an option does by trying it."""
    command = typer.main.get_group(app).commands[name]
    silent = [each.name for each in command.params if not getattr(each, "help", None)]
    assert not silent, f"`plugcli {name} --help` says nothing about {silent}: give each a help="


def test_help_shows_every_command_in_order() -> None:
    """The commands that most people want come first. A new one does not have to be added to a list."""
    done = subprocess.run(
        [sys.executable, "-m", "plugcli", "--help"], capture_output=True, text=True, check=True
    )
    _, _, listed = done.stdout.partition("\nCommands:\n")
    shown = [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "]
    assert list(commands()) == shown
    missing = {*FIRST} - {*shown}
    assert not missing, f"FIRST in plugcli/cli/app.py names commands that do not exist: {missing}"
