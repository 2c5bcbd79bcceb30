"""The recipe by which a host or a converter turns the operations of a document into tools. Data, no logic."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tools:
    """How a host turns each operation into a tool.

    `unnamed` is the pattern of the name for an operation without an operationId; it may contain `{method}`, `{METHOD}` and `{path}`,
    and what `unnamed_drops` matches is removed from the result. If it is empty, such an operation does not become a tool. `texts` are
    the members that may describe the tool: the first one with text is used. `path_parameters` says whether the tool takes the
    parameters of the path too. Names that are equal after the replacements in `folds` are the same name to the host.
    """

    unnamed: str = ""
    unnamed_drops: str = ""
    texts: tuple[str, ...] = ("description", "summary")
    path_parameters: bool = True
    folds: tuple[tuple[str, str], ...] = ()
