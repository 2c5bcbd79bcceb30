"""Files that a manifest places on its author's own machine but that are not in the plugin's folder.

`plugcli serve` serves the picture, the legal page and the document from that folder. A file at a public URL may come from anywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from plugcli.address import address, from_root
from plugcli.errors import PlugcliError
from plugcli.plugin import Plugin

_LEGAL_PAGE = "legal.html"


@dataclass(frozen=True)
class Missing:
    """A missing file. `pointer` leads to the URL in the manifest that names it."""

    pointer: str
    url: str
    file: str

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        member = self.pointer.strip("/").replace("/", ".")
        return f"{member} is {self.url}, but there is no {self.file} in the folder"

    @property
    def hint(self) -> str:
        """What to do about it."""
        return f"put {self.file} in the folder, or let plugin.py answer {urlsplit(self.url).path or self.url}"


def missing_files(plugin: Plugin) -> Iterator[Missing]:
    """The missing files, in the order of the manifest's usual members. For a fetched plugin none are known."""
    if plugin.manifest is None or plugin.live is not None:
        return
    code = _text(plugin, "plugin.py") or ""
    for parts in (("api", "url"), ("logo_url",), ("legal_info_url",)):
        url = plugin.manifest.get(*parts)
        path = _path(plugin, url.strip()) if isinstance(url, str) else None
        if path is None or path in code:
            continue
        file = unquote(path).lstrip("/")
        if parts == ("api", "url") and plugin.openapi_path is not None:
            continue
        if parts == ("legal_info_url",):
            if _text(plugin, _LEGAL_PAGE) is not None:
                continue
            file = file if file.endswith(".html") else _LEGAL_PAGE
        if file and _text(plugin, file) is None:
            yield Missing(f"/{'/'.join(parts)}", url, file)


def _path(plugin: Plugin, url: str) -> str | None:
    """The path of `url` if it is on the author's own machine, else None."""
    found, home = address(url), plugin.stands_at
    if (home is not None and not home.is_local) or not (found.is_local or found.kind in ("relative", "path")):
        return None
    path = from_root(urlsplit(url).path)
    return path if path != "/" else None


def _text(plugin: Plugin, path: str) -> str | None:
    try:
        return plugin.read(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except PlugcliError:  # it exists but cannot be read
        return ""
