"""The recipe by which a host or a converter turns the operations of a document into tools. Data, no logic."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tools:
    """How a host makes tools of the operations, one of each.

    `unnamed` is the name of an operation without an operationId, made of `{method}`, `{METHOD}` and `{path}`, without
    what `unnamed_drops` matches; where it is empty, such an operation becomes no tool. `texts` are the members that may
    describe the tool: the first that has text does. With `path_parameters` those of the path belong to it too. Names that
    are the same after the replacements in `folds` are one name to the host.
    """

    unnamed: str = ""
    unnamed_drops: str = ""
    texts: tuple[str, ...] = ("description", "summary")
    path_parameters: bool = True
    folds: tuple[tuple[str, str], ...] = ()
