"""`plugcli validate`: options, then load, judge, print."""

from typing import Annotated

import typer

from plugcli.cli.command import Command


def validate(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="A plugin's folder, a manifest, an OpenAPI document, or an address. [default: this folder]",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="HOST",
            help="Judge for this host, or `all`; may be repeated; `plugcli hosts` lists them. [default: the configuration's, or chatgpt]",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Judge a plugin of files as if it stood at https://..."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="How to print: text (default), json, sarif or github."
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", metavar="FORMAT:FILE", help="Write a file besides (- prints it); may be repeated."
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Fix in the files what can surely be fixed, then say what remains.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Print what --fix would change, as a unified diff, and write nothing."),
    ] = False,
    show_prompt: Annotated[
        bool,
        typer.Option("--show-prompt", help="Then show what the model reads of it, as `plugcli prompt` does."),
    ] = False,
) -> None:
    """Say what each chat host would say of a plugin, before the host says it.

    The nearest plugcli.toml, or pyproject.toml with [tool.plugcli], may say for which hosts, at which url, and what to ignore.
    Exit status, whatever the format: 0 no errors, 1 errors found, 2 usage, 3 plugcli could not do its job.
    """
    # Typer alone is most of what `--help` costs: the library is read only where it is used.
    from plugcli.cli.validate.judge import Asked, judge

    raise typer.Exit(
        judge(
            Asked(
                targets or ["."],
                host or (),
                url,
                format,
                output or (),
                strict,
                fix,
                diff,
                show_prompt,
            )
        )
    )


COMMAND = Command(validate)
