"""One file, one extension: rules, hosts and formats of a report are found, never listed."""

import importlib
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def ids(package: ModuleType) -> list[str]:
    """The ids of the extensions in `package`: their file names with hyphens, so no two can claim the same one."""
    import pkgutil  # 1 ms that a command without rules and hosts does not pay

    return [info.name.replace("_", "-") for info in pkgutil.iter_modules(package.__path__)]


def load(package: ModuleType, extension_id: str, constant: str, kind: type[T]) -> T:
    """`constant` of the module whose id is `extension_id`. Raises TypeError if it does not define one."""
    module = importlib.import_module(f"{package.__name__}.{extension_id.replace('-', '_')}")
    value = getattr(module, constant, None)
    if not isinstance(value, kind):
        raise TypeError(f"{module.__name__} must define {constant}: {kind.__name__}")
    return value


def discover(package: ModuleType, constant: str, kind: type[T]) -> dict[str, T]:
    """`constant` of every module in `package`, by id. Raises TypeError if it does not define one."""
    return {each: load(package, each, constant, kind) for each in ids(package)}
