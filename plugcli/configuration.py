"""A project's settings for `validate`: `plugcli.toml`, or `[tool.plugcli]` in `pyproject.toml`.

The nearest file counts, from the target's folder upwards, and is never mixed with another. A wrong value is the user's mistake:
UsageError, with the file, the line and the key. A file that cannot be read is PlugcliError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plugcli.document import read_file
from plugcli.errors import UsageError
from plugcli.hosts import named_hosts
from plugcli.ignore import Ignore
from plugcli.rules import all_rules

_MOST_BYTES_READ = 1024 * 1024
_MAX_BYTES = 64 * 1024
# tomllib's time grows with the square of the number of parts in a key, which is on one line: 64 KiB of `a.a.a` take 9 seconds.
_MOST_DOTS = 500
_ENTRY = 'for example ignore = [{rule = "operation-id", path = "openapi.json", reason = "people call it"}]'


@dataclass(frozen=True)
class Configuration:
    """The `hosts` to judge for, the `url` where the plugin will be deployed, and the ignores. Without a file, all are empty."""

    path: Path | None = None
    hosts: tuple[str, ...] = ()
    url: str | None = None
    ignores: tuple[Ignore, ...] = ()


def checked_url(url: str) -> str:
    """`url`, checked: a plugin is judged as if it were there. Raises UsageError."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or re.search(r"\s", url):
        raise UsageError(f"{url!r} is not a valid URL", hint="for example https://shop.example.com")
    return url


def configuration_for(folder: Path, known: dict[Path, Configuration]) -> Configuration:
    """The nearest configuration, from `folder` upwards to the root of its repository, or to the user's home.

    `known` remembers it for each folder on the way: many targets share their upper folders.
    """
    passed = []
    found = None
    for each in (folder, *folder.parents):
        found = known.get(each) or _in(each)
        passed.append(each)
        if found is not None or each == _home() or _is_there(each / ".git"):
            break
    found = found or Configuration()
    known |= dict.fromkeys(passed, found)
    return found


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # an unknown user
        return None


def _in(folder: Path) -> Configuration | None:
    for name, header in (("plugcli.toml", ""), ("pyproject.toml", "tool.plugcli")):
        path = folder / name
        if not _is_there(path):
            continue
        data = read_file(path, _MOST_BYTES_READ)
        if header and b"plugcli" not in data:
            continue
        values = _parsed(path, data)
        for part in header.split(".") if header else ():
            values = values.get(part) if isinstance(values, dict) else None
        if values is not None:
            return _Reader(path, data.decode("utf-8"), header).read(values)
    return None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder above that may not be entered
        return False


def _parsed(path: Path, data: bytes) -> Any:
    import tomllib  # only where there is a file

    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than 64 KiB", hint="put plugcli's settings in a plugcli.toml")
    if any(line.count(b".") > _MOST_DOTS for line in data.split(b"\n")):
        raise UsageError(
            f"{path} has a line with more than {_MOST_DOTS} dots", hint="split it into several lines"
        )
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", hint="save it as UTF-8, which TOML requires") from error
    except RecursionError as error:
        raise UsageError(f"{path} is nested too deeply to be read") from error
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error


class _Reader:
    """Reads the values of one file, and says where a wrong value is."""

    def __init__(self, path: Path, text: str, header: str) -> None:
        self._path = path
        self._text = text
        self._header = header

    def read(self, values: Any) -> Configuration:
        if not isinstance(values, dict):
            raise self._wrong(self._header, "is not a table", "write [tool.plugcli]")
        read: dict[str, Any] = {"hosts": (), "url": None, "ignore": ()}
        readers: Mapping[str, Callable[[Any], Any]] = {
            "hosts": self._hosts,
            "url": self._url,
            "ignore": self._ignores,
        }
        for key, value in values.items():
            if key not in readers:
                raise self._wrong(key, "is not a key that plugcli knows", f"use one of {', '.join(readers)}")
            read[key] = readers[key](value)
        return Configuration(self._path, read["hosts"], read["url"], read["ignore"])

    def _hosts(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
            raise self._wrong("hosts", "is not a list of names", 'for example hosts = ["chatgpt"]')
        try:
            return tuple(named_hosts(value))
        except UsageError as error:
            raise self._wrong("hosts", f"names an {error.message}", error.hint) from error

    def _url(self, value: Any) -> str:
        hint = 'for example url = "https://shop.example.com"'
        if not isinstance(value, str):
            raise self._wrong("url", "is not a string", hint)
        try:
            return checked_url(value)
        except UsageError as error:
            raise self._wrong("url", f"is not a valid URL: {value!r}", hint) from error

    def _ignores(self, value: Any) -> tuple[Ignore, ...]:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._wrong("ignore", "is not a list of tables", _ENTRY)
        return tuple(self._ignore(number, each) for number, each in enumerate(value))

    def _ignore(self, number: int, entry: dict[str, Any]) -> Ignore:
        name = f"ignore[{number}]"
        for key, text in entry.items():
            if key not in ("rule", "reason", "path", "pointer"):
                raise self._wrong(name, f"has an unknown key {key!r}", _ENTRY)
            if not isinstance(text, str) or not text.strip():
                raise self._wrong(f"{name}.{key}", "is not a string", _ENTRY)
        for key in ("rule", "reason"):
            if key not in entry:
                raise self._wrong(name, f"has no {key}", _ENTRY)
        if entry["rule"] not in all_rules():
            close = get_close_matches(entry["rule"], all_rules(), n=1)
            hint = f"did you mean {close[0]}?" if close else "`plugcli rules` lists them"
            raise self._wrong(f"{name}.rule", f"is not a rule: {entry['rule']!r}", hint)
        if not entry.get("pointer", "/").startswith("/"):
            raise self._wrong(f"{name}.pointer", "does not start with /", "for example /paths/~1todos/get")
        return Ignore(**entry, folder=self._path.parent)

    def _wrong(self, key: str, what: str, hint: str) -> UsageError:
        return UsageError(f"{self._path}{self._line_of(key)}: {key} {what}", hint=hint)

    def _line_of(self, key: str) -> str:
        """`:7`, the line where `key` seems to be, which tomllib does not tell; empty if it is not found."""
        entry = re.match(r"ignore\[(\d+)\]", key)
        name, index = ("ignore", int(entry[1])) if entry else (key, 0)
        lines = list(enumerate(self._text.splitlines(), start=1))
        if self._header:
            lines = lines[next((at for at, (_, line) in enumerate(lines) if "plugcli" in line), 0) :]
        quoted = rf"[\"']?{re.escape(name.removeprefix('tool.'))}[\"']?"
        found = [
            line
            for line, text in lines
            if re.match(rf"\s*(\[+\s*)?(tool\.)?(plugcli\.)?{quoted}\s*[\].=]", text)
        ]
        return f":{found[min(index, len(found) - 1)]}" if found else ""
