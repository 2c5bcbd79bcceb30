"""The file of a command ends with COMMAND = Command(...). The name of the file is the name of the command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from typer.core import TyperCommand


@dataclass(frozen=True)
class Command:
    """One command of the command line.

    The parameters of `run` are the options, and its docstring is the help; the list of commands shows its first sentence. `form` and
    `settings` are for commands that need another class or other settings than Typer's defaults.
    """

    run: Callable[..., None]
    form: type[TyperCommand] = TyperCommand
    settings: Mapping[str, Any] = field(default_factory=dict)
