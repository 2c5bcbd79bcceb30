"""Templates, and how one becomes a new plugin: found, rendered in memory, written without overwriting.

A template is a folder with a `template.toml`. In it, a file whose name ends in `.jinja` is rendered and loses
that ending; every other file is copied byte for byte. What the user answers is data, never template text, and
reaches a file only through the escape of that file's format. Nothing here asks, prints or runs anything.
"""

import html
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from plugcli import atomic
from plugcli.errors import PlugcliError, UsageError
from plugcli.plugin_name import EMAIL_TO_EDIT, checked_email, checked_name, name_for_model

# Left behind when somebody runs or checks a template in place.
_NOT_TEMPLATE = {"template.toml", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".DS_Store"}


@dataclass(frozen=True)
class Template:
    """A folder that renders into a plugin which passes `validate` and serves."""

    id: str
    summary: str
    default_name: str
    folder: Path


def templates() -> dict[str, Template]:
    """Return every template by its id, the name of its folder, in alphabetical order."""
    # In a wheel they lie beside this module. An editable install reads the top level, live: the copy that
    # hatchling leaves in site-packages goes stale, and lies where this module does not.
    packed = Path(__file__).with_name("_templates")
    home = packed if packed.is_dir() else Path(__file__).parent.parent / "templates"
    found = {path.parent.name: _load(path) for path in sorted(home.glob("*/template.toml"))}
    if not found:
        raise PlugcliError(
            f"plugcli has no templates: {home} is empty or missing", hint="install plugcli again"
        )
    return found


def _load(description: Path) -> Template:
    try:
        data = tomllib.loads(description.read_text("utf-8"))
        return Template(
            id=description.parent.name,
            summary=str(data["summary"]),
            default_name=str(data["defaults"]["name"]),
            folder=description.parent,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlugcliError(
            f"{description} does not describe a template: {error}",
            hint="a template.toml holds summary, and name under [defaults]",
        ) from error


def files(template: Template) -> list[str]:
    """Return the paths of the files that `template` renders into, relative, with forward slashes, sorted."""
    return sorted(_sources(template))


def _sources(template: Template) -> dict[str, Path]:
    """Return each rendered file's path and the template's file that it comes from."""
    relative = (path.relative_to(template.folder) for path in template.folder.rglob("*") if path.is_file())
    return {
        path.as_posix().removesuffix(".jinja"): path for path in relative if not _NOT_TEMPLATE & {*path.parts}
    }


def render(template: Template, answers: Mapping[str, str]) -> dict[str, bytes]:
    """Return what `template` becomes, each file's relative path with its content, in memory.

    `answers` may hold `name` (the plugin's name for people) and `email` (where users reach the author); what
    is missing or empty becomes the template's default name and an address that is to be edited. Raises
    UsageError for an answer that no chat host would take.
    """
    if unknown := sorted({*answers} - {"name", "email"}):
        raise UsageError(f"a template asks for no {', '.join(unknown)}", hint="answers are name and email")
    name = checked_name(answers.get("name") or template.default_name)
    values = {
        "name": name,
        "name_for_model": name_for_model(name, fallback=template.default_name),
        "email": checked_email(answers["email"]) if answers.get("email") else EMAIL_TO_EDIT,
    }
    rendered = {}
    for target, source in sorted(_sources(template).items()):
        content = (template.folder / source).read_bytes()
        rendered[target] = _fill_in(source, content, values) if source.suffix == ".jinja" else content
    return rendered


def _fill_in(source: Path, content: bytes, values: Mapping[str, str]) -> bytes:
    escape = _ESCAPES.get(Path(source.stem).suffix)
    if escape is None:
        raise PlugcliError(
            f"the template file {source} cannot be rendered: nothing here escapes text for it",
            hint=f"these can hold answers: {', '.join(f'*{suffix}.jinja' for suffix in _ESCAPES)}",
        )
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: escape(str(value)),  # every {{ }}, so that none can be forgotten
        keep_trailing_newline=True,
    )
    try:
        return environment.from_string(content.decode()).render(values).encode()
    except (jinja2.TemplateError, UnicodeDecodeError) as error:
        line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise PlugcliError(f"the template file {source}{line} cannot be rendered: {error}") from error


def _quoted(text: str) -> str:
    # A JSON string is a YAML double-quoted scalar too, except that YAML has no surrogate pairs: so no \\u
    # escapes for what lies beyond U+FFFF.
    return json.dumps(text, ensure_ascii=False)


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|~]|&(?=[#\w]))", r"\\\1", text)


_ESCAPES: dict[str, Callable[[str], str]] = {
    ".json": _quoted,
    ".yaml": _quoted,
    ".html": html.escape,
    ".md": _markdown,
}


def scaffold(
    template: Template, answers: Mapping[str, str], destination: Path, *, force: bool = False
) -> list[Path]:
    """Render `template` into the folder `destination`, which is made if need be; return the files written.

    All or nothing, with `force` as in `atomic.write_folder`; raises PlugcliError as that does, and as `render`.
    """
    return atomic.write_folder(destination, render(template, answers), force=force)


def refuse_what_is_in_the_way(template: Template, destination: Path, *, force: bool = False) -> None:
    """Raise PlugcliError where `scaffold` would refuse `destination`; name all that is in the way."""
    atomic.check_free(destination, files(template), force=force)
