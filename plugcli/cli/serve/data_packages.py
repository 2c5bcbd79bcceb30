"""The packages that a model's code expects to be installed: those of plugcli's extra `data`."""

import re
from importlib import metadata

from plugcli.sandbox import interpreter

DISTRIBUTION = "plugcli-tool"
# Packages whose module has another name.
_MODULES = {
    "beautifulsoup4": "bs4",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pymupdf": "pymupdf",
    "python-docx": "docx",
    "python-pptx": "pptx",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}


def missing_packages(python: str | None) -> list[str]:
    """Return the packages of the extra that the interpreter `python` (None: plugcli's own) does not have."""
    found = interpreter.own() if python is None else interpreter.find(python)
    return [package for package in packages() if not found.has(module_of(package))]


def packages() -> list[str]:
    """Return the packages of the extra; none if plugcli is not installed but runs from its folder."""
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = re.compile(r"""([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*["']data["']""")
    return [match[1] for match in map(wanted.match, required) if match]


def module_of(package: str) -> str:
    """Return the module that code imports to use `package`."""
    return _MODULES.get(package.lower(), package.replace("-", "_"))
