"""Print the newest Python of the folder (pyenv's `versions`) that pyproject.toml allows and that is newer than this one. Or nothing."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
oldest = tuple(map(int, re.fullmatch(r">=(\d+)\.(\d+)", project["requires-python"]).groups()))
found = {
    tuple(map(int, each.parent.parent.name.split("."))): each
    for each in Path(sys.argv[1]).glob("*/bin/python")
    if re.fullmatch(r"\d+\.\d+\.\d+", each.parent.parent.name)
}
newer = [version for version in found if version[:2] > max(sys.version_info[:2], oldest)]
if newer:
    print(found[max(newer)])
