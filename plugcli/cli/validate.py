"""`plugcli validate`: parse, judge, print."""

from typing import Annotated

import typer

from plugcli.errors import UsageError

FORMATS = ("text", "json")


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
    format: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print.")] = "text",
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

    Exit status: 0 no errors, 1 errors found, 2 usage, 3 plugcli could not do its job.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}", hint=f"one of {', '.join(FORMATS)}")
    # Typer alone is most of what `--help` costs: the library is read only where it is used.
    from plugcli.cli.report import print_json, print_report
    from plugcli.hosts import DEFAULT, named_hosts
    from plugcli.target import check_target, load_target
    from plugcli.validate import validate as judge

    wanted = named_hosts(host or [DEFAULT])
    if fix or diff:
        from plugcli.cli.fix import check_fixable, fixed

        check_fixable(targets or (), format, is_dry=diff, has_prompt=show_prompt)
    if show_prompt:
        from plugcli.cli.prompt import check_panel, print_panel

        check_panel(list(wanted), format)
    for target in targets or ():
        check_target(target)  # all of them first: a typing mistake in the last must not follow pages of text

    reports = []
    for target in targets or ["."]:
        plugin = load_target(target)
        report = judge(plugin, wanted)
        if fix or diff:
            plugin, report = fixed(plugin, report, wanted, is_dry=diff)
        reports.append(report)
        if format == "text" and not diff:
            print_report(report, wanted)
        if show_prompt:
            print_panel(plugin, report, list(wanted))
    if format == "json":
        print_json({"version": 1, "targets": [report.as_json() for report in reports]})
    if any(report.has_errors for report in reports):
        raise typer.Exit(1)
