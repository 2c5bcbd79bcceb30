"""What the file of a command ends in: COMMAND = Command(...). The name of the file is the name of the command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from typer.core import TyperCommand


@dataclass(frozen=True)
class Command:
    """One command of the command line.

    `run` takes the options as its parameters, and its docstring is the help; its first sentence stands in the list of commands. `form` and
    `settings` are for a command that Typer's own class and its usual settings do not suit.
    """

    run: Callable[..., None]
    form: type[TyperCommand] = TyperCommand
    settings: Mapping[str, Any] = field(default_factory=dict)
