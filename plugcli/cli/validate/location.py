"""The location of a finding as programs expect it: a file below the current folder, another file, or a URL."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from plugcli.finding import Finding
from plugcli.target import is_url

# RFC 3986: reserved characters, and the % of characters that are already encoded.
_OF_ADDRESSES = ":/?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True)
class Location:
    """Where a finding is. `path` is relative, with slashes, if it is below the current folder; `is_file` is false for folders and URLs."""

    path: str
    uri: str
    is_file: bool


def location_of(finding: Finding) -> Location:
    """Return the file, folder or URL that the finding is in."""
    named = finding.file
    if is_url(named):
        return Location(named, quote(named, safe=_OF_ADDRESSES), is_file=False)
    path = Path(os.path.abspath(named))  # noqa: PTH100 (resolve would leave the name that the user knows)
    is_file = not path.is_dir()
    if path.is_relative_to(here := Path.cwd()):
        relative = path.relative_to(here)
        uri = quote(os.fsencode(relative.as_posix()))
        return Location(relative.as_posix(), uri if is_file or uri == "." else f"{uri}/", is_file)
    return Location(path.as_posix(), path.as_uri() + ("" if is_file else "/"), is_file)
