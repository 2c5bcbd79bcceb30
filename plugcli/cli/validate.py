"""`plugcli validate`: options, then load, judge, print."""

from typing import Annotated

import typer


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
            help="Judge for this host, or for `all`; may be repeated; `plugcli hosts` lists them. [default: chatgpt]",
            show_default=False,
        ),
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
) -> None:
    """Say what each chat host would say of a plugin, before the host says it.

    Exit status, whatever the format: 0 no errors, 1 errors found, 2 usage, 3 plugcli could not do its job.
    """
    # Typer alone is most of what `--help` costs: the library is read only where it is used.
    from plugcli.cli.output import deliver, outputs
    from plugcli.hosts import DEFAULT, named_hosts
    from plugcli.target import check_target, load_target
    from plugcli.validate import validate as judge

    wanted = named_hosts(host or [DEFAULT])
    to = outputs(format, output or ())
    for target in targets or ():
        check_target(target)  # all of them first: a typing mistake in the last must not follow pages of text

    reports = deliver((judge(load_target(target), wanted) for target in targets or ["."]), to)
    failing = ("error", "warning") if strict else ("error",)
    if any(report.worst in failing for report in reports):
        raise typer.Exit(1)
