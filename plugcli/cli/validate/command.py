"""`plugcli validate`: its options."""

from typing import Annotated

import typer

from plugcli.cli.command import Command


def validate(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="Plugin folders, manifests, OpenAPI documents or URLs. [default: the current folder]",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="HOST",
            help="Judge for this host, or `all`. Repeatable; `plugcli hosts` lists them. [default: as configured, else chatgpt]",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="URL", help="Judge a plugin in files as if it were deployed at https://..."
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="The format to print: text (default), json, sarif or github."
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", metavar="FORMAT:FILE", help="Also write a report to FILE (- prints it). Repeatable."
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Fix what can be fixed safely in the files, then report the rest.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Print what --fix would change, as a unified diff. Write nothing."),
    ] = False,
    show_prompt: Annotated[
        bool,
        typer.Option(
            "--show-prompt", help="Also show the text that the model reads, as `plugcli prompt` does."
        ),
    ] = False,
) -> None:
    """Check a plugin as chat hosts do, before they do.

    The nearest plugcli.toml, or pyproject.toml with [tool.plugcli], can set the hosts, the url, and the findings to ignore. The exit
    status is the same for every format: 0 for no errors, 1 for errors, 2 for wrong usage, 3 if plugcli could not do its job.
    """
    # Imported here, so that `--help` does not load the library.
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
