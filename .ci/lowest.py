"""Check that this environment has the lowest version of each dependency: one that another dependency raises is a bound that is not true."""

import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
wrong = []
for text in [
    *project["dependencies"],
    *project["optional-dependencies"]["data"],
    *project["optional-dependencies"]["dev"],
]:
    requirement = Requirement(text)
    if requirement.name == project["name"]:
        continue
    lowest = [Version(each.version) for each in requirement.specifier if each.operator in (">=", "==")]
    if lowest != [Version(installed := version(requirement.name))]:
        wrong.append(f"pyproject.toml says {text}, and the lowest that installs is {installed}")
sys.exit("\n".join(wrong) or None)
