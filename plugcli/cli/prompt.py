"""`plugcli prompt`: prints the text that the model reads on standard output, and its size and omissions on standard error."""

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli.render import tell
from plugcli.errors import PlugcliError, UsageError

if TYPE_CHECKING:
    from plugcli.finding import Report
    from plugcli.plugin import Plugin
    from plugcli.prompt import Prompt

_MOST_LINES = 10


def prompt(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A plugin folder, a manifest, an OpenAPI document or a URL. [default: the current folder]",
            show_default=False,
        ),
    ] = ".",
    host: Annotated[
        str,
        typer.Option(
            "--for", metavar="HOST", help="The host whose prompt to show: `chatgpt` or `gpt-actions`."
        ),
    ] = "chatgpt",
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object with the text, its sizes and what is left out."),
    ] = False,
) -> None:
    """Show the text that the model reads about a plugin, and its size.

    The text has the form that ChatGPT used for plugins, or uses for GPT Actions, as known from captured prompts. The number of tokens
    is an estimate: one token for four ASCII characters, and one for each other character.
    """
    from plugcli.cli.load import plugin_of

    made = _made(plugin_of(target), host)
    if json:
        from plugcli.cli.render import print_json

        print_json(_as_json(target, host, made))
        return
    _print_text(made.text)
    for line in _remarks(made):
        tell(line)


def print_panel(plugin: "Plugin", report: "Report", hosts: Sequence[str]) -> None:
    """Print what ChatGPT's developer panel showed for a plugin: the state of its documents, and the prompt.

    The headings are the panel's own. The panel knew one host; here, each host with a known prompt has a panel.
    """
    from plugcli.cli.text import printable
    from plugcli.prompt import PROMPT_HOSTS

    for host in [each for each in PROMPT_HOSTS if each in hosts]:
        print()
        sections = [("OpenAPI spec", plugin.openapi, plugin.openapi_problem)]
        if host == "chatgpt":
            manifest = plugin.manifest.data if plugin.manifest else {}
            for words in (manifest.get("name_for_human"), manifest.get("description_for_human")):
                if isinstance(words, str):
                    print(printable(words))
            sections.insert(0, ("manifest", plugin.manifest, plugin.manifest_problem))
        for noun, document, problem in sections:
            file = document.name if document else problem.file if problem else None
            if file is not None:
                found = {each.severity for each in report.findings if each.file == file and each.host == host}
                state = (
                    "Errors in" if "error" in found else "Warnings in" if "warning" in found else "Validated"
                )
                print(f"{state} {noun}: {printable(file)}")
        print(f"Prompt for {'ChatGPT' if host == 'chatgpt' else 'GPT Actions'}\n")
        try:
            made = _made(plugin, host)
        except PlugcliError as error:  # the report has already shown it
            print(f"none: {printable(error.message)}")
            continue
        _print_text(made.text)
        for line in _remarks(made):
            print(line)


def check_panel(hosts: Sequence[str], form: str) -> None:
    """Raise UsageError if `--show-prompt` has nothing to show or nowhere to show it."""
    from plugcli.prompt import PROMPT_HOSTS

    if form != "text":
        raise UsageError(
            f"--show-prompt is for people, and --format {form} is for programs",
            hint="programs get the same from plugcli prompt --json",
        )
    if not set(hosts).intersection(PROMPT_HOSTS):
        raise UsageError(
            f"plugcli does not know how {', '.join(hosts)} shows a plugin to the model",
            hint=f"--show-prompt works for {' and '.join(PROMPT_HOSTS)}",
        )


def _made(plugin: "Plugin", host: str) -> "Prompt":
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


def _print_text(text: str) -> None:
    """Print the text unchanged; for a terminal, write out the characters that would control it."""
    if sys.stdout is None:  # closed by our caller
        return
    sys.stdout.flush()
    if sys.stdout.isatty():
        from plugcli.cli.text import printable

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        for line in text.split("\n"):
            print(printable(line))
    else:
        sys.stdout.buffer.write(f"{text}\n".encode(errors="backslashreplace"))
    sys.stdout.flush()  # before the remarks, which may go to the same file


def _remarks(made: "Prompt") -> list[str]:
    from plugcli.cli.text import printable
    from plugcli.prompt import Size

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


def _as_json(target: str, host: str, made: "Prompt") -> dict[str, object]:
    from plugcli.prompt import Size

    def size(text: str) -> dict[str, int]:
        found = Size.of(text)
        return {"characters": found.characters, "tokens_estimated": found.tokens}

    return {
        "version": 1,
        "target": target,
        "host": host,
        "prompt": made.text,
        **size(made.text),
        "operations": [
            {"operation": each.name, "title": each.title, **size(each.text)}
            for each in sorted(made.operations, key=lambda each: -len(each.text))
        ],
        "left_out": [{"what": each.what, "why": each.why} for each in made.left_out],
    }
