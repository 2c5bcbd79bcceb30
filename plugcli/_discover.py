"""One file, one extension: rules and hosts are found, never listed."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def discover(package: ModuleType, constant: str, kind: type[T]) -> dict[str, T]:
    """`constant` of every module in `package`, by file name with hyphens.

    The file name is the id, so no two extensions can claim the same one. Raises TypeError for a module
    without it.
    """
    found: dict[str, T] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        value = getattr(module, constant, None)
        if not isinstance(value, kind):
            raise TypeError(f"{module.__name__} must define {constant}: {kind.__name__}")
        found[info.name.replace("_", "-")] = value
    return found
