"""`plugcli prompt`: prints the text that the model reads on standard output, and its size and omissions on standard error."""

from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli.command import Command
from plugcli.cli.prompt.shown import made, print_text, remarks
from plugcli.cli.render import tell

if TYPE_CHECKING:
    from plugcli.prompt import Prompt


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

    shown = made(plugin_of(target), host)
    if json:
        from plugcli.cli.render import print_json

        print_json(_as_json(target, host, shown))
        return
    print_text(shown.text)
    for line in remarks(shown):
        tell(line)


def _as_json(target: str, host: str, shown: "Prompt") -> dict[str, object]:
    from plugcli.prompt import Size

    def size(text: str) -> dict[str, int]:
        found = Size.of(text)
        return {"characters": found.characters, "tokens_estimated": found.tokens}

    return {
        "version": 1,
        "target": target,
        "host": host,
        "prompt": shown.text,
        **size(shown.text),
        "operations": [
            {"operation": each.name, "title": each.title, **size(each.text)}
            for each in sorted(shown.operations, key=lambda each: -len(each.text))
        ],
        "left_out": [{"what": each.what, "why": each.why} for each in shown.left_out],
    }


COMMAND = Command(prompt)
