"""Finds templates, and renders one into a new plugin.

A template is a folder with a `template.toml`. A file whose name ends in `.jinja` is rendered and loses that
ending; every other file is copied byte for byte. The user's answers are data, never template text, and reach a
file only through the escape for its format. This module never asks questions, prints, or runs anything.
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

# Files that are left behind when somebody runs or checks a template in place.
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
    # In a wheel, templates are beside this module. An editable install reads them from the top level, because the
    # copy that hatchling leaves in site-packages goes stale; that copy is not beside this module.
    packed = Path(__file__).with_name("_templates")
    home = packed if packed.is_dir() else Path(__file__).parent.parent / "templates"
    found = {path.parent.name: _load(path) for path in sorted(home.glob("*/template.toml"))}
    if not found:
        raise PlugcliError(f"plugcli has no templates: {home} is empty or missing", hint="reinstall plugcli")
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
            hint="a template.toml needs summary, and name under [defaults]",
        ) from error


def files(template: Template) -> list[str]:
    """Return the relative paths of the files that `template` renders to, with forward slashes, sorted."""
    return sorted(_sources(template))


def _sources(template: Template) -> dict[str, Path]:
    """Return the path of each rendered file, with the template file that it comes from."""
    relative = (path.relative_to(template.folder) for path in template.folder.rglob("*") if path.is_file())
    return {
        path.as_posix().removesuffix(".jinja"): path for path in relative if not _NOT_TEMPLATE & {*path.parts}
    }


def render(template: Template, answers: Mapping[str, str]) -> dict[str, bytes]:
    """Render `template` in memory; return the content of each file by its relative path.

    `answers` may have `name` (the plugin's name for people) and `email` (where users reach the author). A missing
    or empty answer is replaced by the template's default name or by an address for the author to edit. Raises
    UsageError for an answer that no chat host would accept.
    """
    if unknown := sorted({*answers} - {"name", "email"}):
        raise UsageError(
            f"unknown answers: {', '.join(unknown)}", hint="a template has two questions: name and email"
        )
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
            f"the template file {source} cannot be rendered: plugcli has no escape for its format",
            hint=f"these files can contain answers: {', '.join(f'*{suffix}.jinja' for suffix in _ESCAPES)}",
        )
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: escape(str(value)),  # applies to every {{ }}, so that none can be forgotten
        keep_trailing_newline=True,
    )
    try:
        return environment.from_string(content.decode()).render(values).encode()
    except (jinja2.TemplateError, UnicodeDecodeError) as error:
        line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise PlugcliError(f"the template file {source}{line} cannot be rendered: {error}") from error


def _quoted(text: str) -> str:
    # A JSON string is also a YAML double-quoted scalar, except that YAML has no surrogate pairs: so there must be
    # no \\u escapes for characters beyond U+FFFF.
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
    """Render `template` into the folder `destination`, which is created if it does not exist; return the files.

    Writes all files or none. `force` and the errors are those of `atomic.write_folder` and `render`.
    """
    return atomic.write_folder(destination, render(template, answers), force=force)


def check_free(template: Template, destination: Path, *, force: bool = False) -> None:
    """Raise PlugcliError, naming every file that already exists, if `scaffold` would refuse `destination`."""
    atomic.check_free(destination, files(template), force=force)
