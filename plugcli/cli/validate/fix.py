"""`validate --fix` and `--diff`. Lists the fixes on standard error, because standard output is the report or the diff."""

import codecs
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plugcli.cli.render import tell
from plugcli.cli.validate.diff import diff
from plugcli.errors import UsageError
from plugcli.terminal_text import printable

if TYPE_CHECKING:
    from plugcli.finding import Report
    from plugcli.hosts import Host
    from plugcli.ignore import Ignore
    from plugcli.plugin import Plugin


def check_fixable(targets: Sequence[str], form: str | None, *, is_dry: bool, has_prompt: bool) -> None:
    """Raise UsageError for targets that cannot be fixed, and for options that would print two things to standard output."""
    from plugcli.target import is_url

    for target in targets:
        if is_url(target):
            raise UsageError(
                f"{target} is a URL, and only files can be fixed", hint="name the folder that is served there"
            )
    if is_dry and (form not in (None, "text") or has_prompt):
        other = "--show-prompt" if has_prompt else f"--format {form}"
        raise UsageError(
            f"--diff and {other} both print to standard output", hint="run plugcli twice, once with each"
        )


def fixed(
    plugin: "Plugin",
    report: "Report",
    hosts: Mapping[str, "Host"],
    ignores: Sequence["Ignore"],
    *,
    is_dry: bool,
) -> tuple["Plugin", "Report"]:
    """Fix the files of `plugin`, or print the diff if `is_dry`; return the fixed plugin and the report on it."""
    from plugcli.fix import fix
    from plugcli.fix.write import check_writable, write

    done = fix(plugin, report, hosts, ignores)
    if is_dry:
        for file, (before, after) in done.texts.items():
            _print_diff(file, before, after)
    else:
        for file in done.texts:
            check_writable(file)  # check all of them first, so that a fix is never half done
        for file, (before, after) in done.texts.items():
            write(file, before, after)
    for each in done.fixes:
        tell(
            printable(
                f"{'would fix' if is_dry else 'fixed'} {each.file}:{each.line}: {each.message} [{each.rule}]"
            )
        )
    for each in done.refused:
        tell(printable(f"{each.file}:{each.line}: {each.message} [{each.rule}]"))
    if not done.fixes:
        tell(printable(f"{plugin.name}: nothing to fix"))
    return done.plugin, done.report


def _print_diff(file: str, before: str, after: str) -> None:
    """Print the unified diff, as `patch -p0` accepts it; on a terminal, write out control characters."""
    if sys.stdout is None:  # closed by our caller
        return
    mark = "\ufeff" if Path(file).read_bytes()[:3] == codecs.BOM_UTF8 else ""
    for line in diff(file, mark + before, mark + after):
        text = f"{printable(line.removesuffix(chr(10)))}\n" if sys.stdout.isatty() else line
        sys.stdout.buffer.write(text.encode(errors="surrogateescape"))  # the bytes of the file's name
    sys.stdout.buffer.flush()
