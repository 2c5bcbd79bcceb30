"""What `validate --show-prompt` prints after the report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from plugcli.cli.prompt.shown import made, print_text, remarks
from plugcli.errors import PlugcliError, UsageError

if TYPE_CHECKING:
    from plugcli.finding import Report
    from plugcli.plugin import Plugin


def print_panel(plugin: "Plugin", report: "Report", hosts: Sequence[str]) -> None:
    """Print what ChatGPT's developer panel showed for a plugin: the state of its documents, and the prompt.

    The headings are the panel's own. The panel knew one host; here, each host with a known prompt has a panel.
    """
    from plugcli.prompt import PROMPT_HOSTS
    from plugcli.terminal_text import printable

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
            shown = made(plugin, host)
        except PlugcliError as error:  # the report has already shown it
            print(f"none: {printable(error.message)}")
            continue
        print_text(shown.text)
        for line in remarks(shown):
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
