"""Where reports go: one format to standard output, and one to each file named by `--output FORMAT:FILE`."""

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
    """The format to print, and the files to write as well."""

    to_stdout: Render
    to_files: tuple[tuple[str, Render], ...]


def outputs(form: str | None, named: Sequence[str]) -> Outputs:
    """Return the outputs that `--format` and `--output` ask for. Raises UsageError."""
    printed = None if form is None else format_called(form)
    written: dict[str, Render] = {}
    for each in named:
        name, colon, file = each.partition(":")
        if not colon or not file:
            raise UsageError(
                f"--output {each} does not name a file", hint=f"for example --output {name}:report.{name}"
            )
        render = format_called(name)
        if file == STDOUT:
            if printed is not None:
                raise UsageError(
                    f"--output {each}: another format is already printed", hint="name a file for one of them"
                )
            printed = render
        elif Path(file).absolute() in map(Path.absolute, map(Path, written)):
            raise UsageError(
                f"--output {each}: another report is already written to {file}", hint="name another file"
            )
        else:
            written[file] = render
    return Outputs(printed or format_called(DEFAULT), tuple(written.items()))


def deliver(reports: Iterable[Report], to: Outputs, *, prints: bool = True) -> list[Report]:
    """Write the reports, print each as soon as it is ready if `prints` is true, and return them.

    Raises PlugcliError for a file that cannot be written.
    """
    seen: list[Report] = []

    def noted() -> Iterable[Report]:
        for report in reports:
            seen.append(report)
            yield report

    if to.to_files:  # files first, because the reader of standard output may leave early
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
    """Print the reports. If the reader (head, less) leaves early, the rest is still judged, for the exit status."""
    paper = Paper()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal cannot show must not stop the report.
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
    import shutil  # imported here to save 2 ms when printing to a pipe

    return shutil.get_terminal_size().columns
