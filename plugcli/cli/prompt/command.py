"""`plugcli prompt`: the text on standard output as the model reads it, its size and what is not in it on standard error."""

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
            help="A plugin's folder, a manifest, an OpenAPI document, or an address. [default: this folder]",
            show_default=False,
        ),
    ] = ".",
    host: Annotated[
        str, typer.Option("--for", metavar="HOST", help="As this host shows it: `chatgpt` or `gpt-actions`.")
    ] = "chatgpt",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: text, sizes, left out.")
    ] = False,
) -> None:
    """Show what the model reads of a plugin, and how much of its memory that takes.

    The text is as ChatGPT built it for plugins, or builds it for GPT Actions, known from captured prompts.
    Tokens are estimated: four characters of English each, and one for each character beyond ASCII.
    """
    from plugcli.target import load_target

    shown = made(load_target(target), host)
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
