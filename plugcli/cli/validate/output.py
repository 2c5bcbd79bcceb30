"""Where reports go: one format to standard output, and one to each file that `--output FORMAT:FILE` names."""

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugcli.cli.render import is_coloured, stop_printing
from plugcli.cli.validate.formats import DEFAULT, Paper, Render, format_called
from plugcli.errors import UsageError
from plugcli.finding import Report

STDOUT = "-"


@dataclass(frozen=True)
class Outputs:
    """How to print, and what to write besides."""

    to_stdout: Render
    to_files: tuple[tuple[str, Render], ...]


def outputs(form: str | None, named: Sequence[str]) -> Outputs:
    """What `--format` and each `--output` ask for. Raises UsageError."""
    printed = None if form is None else format_called(form)
    written: dict[str, Render] = {}
    for each in named:
        name, colon, file = each.partition(":")
        if not colon or not file:
            raise UsageError(
                f"--output {each} names no file", hint=f"for example --output {name}:report.{name}"
            )
        render = format_called(name)
        if file == STDOUT:
            if printed is not None:
                raise UsageError(
                    f"--output {each}: standard output has a format already", hint="name a file for the other"
                )
            printed = render
        elif Path(file).absolute() in map(Path.absolute, map(Path, written)):
            raise UsageError(f"--output {each}: {file} gets another report already", hint="name another file")
        else:
            written[file] = render
    return Outputs(printed or format_called(DEFAULT), tuple(written.items()))


def deliver(reports: Iterable[Report], to: Outputs, *, prints: bool = True) -> list[Report]:
    """Write the reports, and print them as they come unless `prints` says not to; return them.

    Raises PlugcliError for a file that cannot be written.
    """
    seen: list[Report] = []

    def noted() -> Iterable[Report]:
        for report in reports:
            seen.append(report)
            yield report

    if to.to_files:  # first: whoever reads standard output may go before the end
        from plugcli.cli.validate.write import write_whole

        seen = list(reports)
        for file, render in to.to_files:
            write_whole(file, "".join(render(seen, Paper())))
        if prints:
            _print(to.to_stdout, seen)
    elif prints:
        _print(to.to_stdout, noted())
    else:
        seen = list(reports)
    return seen


def _print(render: Render, reports: Iterable[Report]) -> None:
    """Print the reports. Where the reader (head, less) goes before the end, the rest is judged all the same, for the exit status."""
    paper = Paper()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
        is_terminal = sys.stdout.isatty()
        paper = Paper(_terminal_width() if is_terminal else paper.width, is_terminal, is_coloured(sys.stdout))
    try:
        for text in render(reports, paper):
            print(text, end="")
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        stop_printing()
        for _ in reports:
            pass


def _terminal_width() -> int:
    import shutil  # 2 ms that a pipe does not pay

    return shutil.get_terminal_size().columns
