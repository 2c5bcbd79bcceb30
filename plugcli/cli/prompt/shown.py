"""The prompt of a plugin, and how it is printed: for `plugcli prompt`, and for `validate --show-prompt`."""

import io
import sys
from typing import TYPE_CHECKING

from plugcli.errors import PlugcliError, UsageError

if TYPE_CHECKING:
    from plugcli.plugin import Plugin
    from plugcli.prompt import Prompt

_MOST_LINES = 10


def made(plugin: "Plugin", host: str) -> "Prompt":
    from plugcli.dialect import openapi_dialect
    from plugcli.prompt import PROMPT_HOSTS
    from plugcli.prompt import prompt as make

    known = next((each for each in PROMPT_HOSTS if each == host), None)
    if known is None:
        raise UsageError(f"the prompt of {host!r} is not known", hint=f"one of {', '.join(PROMPT_HOSTS)}")
    hint = "`plugcli validate` shows what is wrong, and where"
    read = (
        (plugin.openapi_problem,)
        if known == "gpt-actions"
        else (plugin.manifest_problem, plugin.openapi_problem)
    )
    for problem in read:
        if problem is not None:
            place = f"{problem.file}:{problem.position.line}:{problem.position.column}"
            raise PlugcliError(f"{place}: {problem.message}", hint=hint)
    if plugin.openapi is None:
        asked = plugin.live and (plugin.live.last("openapi") or plugin.live.last("manifest"))
        failure = asked.failure if asked else None
        message = failure.message if failure else f"{plugin.name} has no OpenAPI document"
        raise PlugcliError(message, hint=hint)
    if openapi_dialect(plugin.openapi.data) not in ("openapi", "version-missing"):
        raise PlugcliError(f"{plugin.openapi.name} is not an OpenAPI 3 document", hint=hint)
    return make(plugin.openapi, plugin.manifest, known)


def print_text(text: str) -> None:
    """Print the text unchanged; for a terminal, write out the characters that would control it."""
    if sys.stdout is None:  # closed by our caller
        return
    sys.stdout.flush()
    if sys.stdout.isatty():
        from plugcli.terminal_text import printable

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        for line in text.split("\n"):
            print(printable(line))
    else:
        sys.stdout.buffer.write(f"{text}\n".encode(errors="backslashreplace"))
    sys.stdout.flush()  # before the remarks, which may go to the same file


def remarks(made: "Prompt") -> list[str]:
    from plugcli.prompt import Size
    from plugcli.terminal_text import printable

    whole = Size.of(made.text)
    lines = ["", f"{whole.characters:,} characters, about {whole.tokens:,} tokens (estimated)"]
    sized = sorted(
        ((Size.of(each.text), each) for each in made.operations), key=lambda each: -each[0].characters
    )
    for size, shown in sized[:_MOST_LINES]:
        lines.append(f"{size.characters:>9,} {size.tokens:>9,}  {shown.name} ({shown.title})")
    if len(sized) > _MOST_LINES:
        lines.append(f"  ... and {len(sized) - _MOST_LINES} smaller operations: --json lists them all")
    if made.left_out:
        lines.append("the model does not read:")
    lines += [f"  {each.what}: {each.why}" for each in made.left_out[:_MOST_LINES]]
    if len(made.left_out) > _MOST_LINES:
        lines.append(f"  ... and {len(made.left_out) - _MOST_LINES} more: --json lists them all")
    return [printable(line) for line in lines]
