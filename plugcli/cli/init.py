"""`plugcli init`: ask for the name of a new plugin, and create it from a template."""

import io
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from typer.core import TyperCommand, TyperOption

from plugcli.cli.command import Command
from plugcli.errors import UsageError

DEFAULT_TEMPLATE = "python"

T = TypeVar("T")


class InitCommand(TyperCommand):
    """`plugcli init`, whose help names the templates. Only the help looks for them: that costs an import of Jinja."""

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]  # typer keeps a copy of click to itself
        from plugcli.scaffold import templates

        others = [each for each in templates() if each != DEFAULT_TEMPLATE]
        *first, last = [f"{DEFAULT_TEMPLATE} (the default)", *others]
        for parameter in self.params:
            if isinstance(parameter, TyperOption) and parameter.name == "template":
                parameter.help = f"What to start from: {', '.join(first)} or {last}."
        return super().get_help(ctx)


def init(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="FOLDER",
            show_default=False,
            help="The folder to write to, created if it does not exist. '.' is the current folder. "
            "[default: a new folder named after the plugin]",
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(show_default=False, help="What to start from; python is the default."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(show_default=False, help="The plugin's name for people, at most 20 characters."),
    ] = None,
    email: Annotated[
        str | None, typer.Option(show_default=False, help="The e-mail address where users reach you.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask no questions; use the defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that already exist.")] = False,
) -> None:
    """Create a plugin that already works.

    It consists of a manifest, an OpenAPI document, a logo, code, a legal page, a test and a README. On a terminal, init asks for
    everything that the options leave open; elsewhere, and with --yes, it uses the defaults. Without --force, no file is overwritten:
    if one of the files already exists, nothing is written.
    """
    from plugcli import plugin_name, scaffold

    if folder == "":
        raise UsageError("FOLDER is an empty string", hint="name a folder; '.' is the current folder")
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        # Text that this locale cannot decode or encode must give a message or an escape, not a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    asks = not yes and bool(sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty())
    known = scaffold.templates()

    def template_called(answer: str) -> scaffold.Template:
        if answer not in known:
            raise UsageError(f"there is no template {answer[:40]!r}", hint=f"templates: {', '.join(known)}")
        return known[answer]

    if asks and template is None:
        for each in known.values():
            print(f"  {each.id:<10}{each.summary}")
        chosen = _ask("Template", DEFAULT_TEMPLATE, template_called)
    else:
        chosen = template_called(DEFAULT_TEMPLATE if template is None else template)
    if folder is not None:  # before the other questions, so that nobody answers them in vain
        scaffold.check_free(chosen, Path(folder), force=force)

    default_name = (folder and plugin_name.name_of_folder(Path(folder))) or chosen.default_name
    if name is not None:
        name = plugin_name.checked_name(name)
    elif asks:
        limit = plugin_name.NAME_FOR_HUMAN_CHARACTERS
        name = _ask(f"Name, at most {limit} characters", default_name, plugin_name.checked_name)
    else:
        name = default_name
    destination = Path(folder or plugin_name.folder_name(name, fallback=chosen.default_name))
    if folder is None:
        scaffold.check_free(chosen, destination, force=force)

    if email is not None:
        email = plugin_name.checked_email(email)
    elif asks:
        email = _ask(
            "E-mail address for users (Enter: later)", "", lambda it: it and plugin_name.checked_email(it)
        )

    written = scaffold.scaffold(chosen, {"name": name, "email": email or ""}, destination, force=force)
    print(f"Created {name} in {_shown(destination)}:")
    for path in written:
        print(f"  {path.relative_to(destination).as_posix()}")
    if not email:
        print(
            f"\nThe e-mail address is {plugin_name.EMAIL_TO_EDIT}. Replace it with yours in the manifest and legal.html."
        )
    print("\nNext:")
    for command in _next_commands(destination):
        print(f"  {command}")


def _ask(question: str, default: str, check: Callable[[str], T]) -> T:
    """Ask on the terminal until `check` accepts the answer; return the result of `check`."""
    prompt = f"{question} [{default}]: " if default else f"{question}: "
    while True:
        try:
            return check(input(prompt).strip(" ") or default)
        except UsageError as refusal:
            print(f"  {refusal.message}; {refusal.hint}")
        except EOFError:
            raise KeyboardInterrupt from None


def _next_commands(destination: Path) -> list[str]:
    """Return the next commands to type, spelled so that the user's shell runs this plugcli and its Python."""
    python = shlex.quote(sys.executable)
    for command in ("python", "python3"):
        if _is_same(shutil.which(command), sys.executable):
            python = command
            break
    started_as = sys.argv[0]
    if Path(started_as).name == "__main__.py":
        plugcli = f"{python} -m plugcli"
    else:
        plugcli = "plugcli" if _is_same(shutil.which("plugcli"), started_as) else shlex.quote(started_as)
    here = shlex.quote(_shown(destination))
    go_there = "" if destination == Path() else f"cd {here} && "
    return [f"{plugcli} serve {here}", f"{plugcli} validate {here}", f"{go_there}{python} -m unittest"]


def _is_same(found: str | None, started: str) -> bool:
    # The folder must be the same too: the python of every venv is a link to the same file.
    return (
        found is not None
        and Path(found).absolute().parent == Path(started).absolute().parent
        and Path(found).resolve() == Path(started).resolve()
    )


def _shown(path: Path) -> str:
    """Return `path` as a command accepts it, without characters that control the terminal."""
    text = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(path)
    )
    return f"./{text}" if text.startswith("-") else text


COMMAND = Command(init, form=InitCommand)
