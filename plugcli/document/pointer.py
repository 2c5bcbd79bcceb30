"""JSON pointers (RFC 6901): `/paths/~1todos/get` names the value of `get` in `/todos` in `paths`."""


def join(*parts: str | int) -> str:
    """The pointer that leads through `parts`; the empty pointer is the whole document."""
    return "".join(["/" + _escaped(part) for part in map(str, parts)])


def split(pointer: str) -> list[str]:
    """The parts of `pointer`, unescaped. Indices of lists stay text."""
    if not pointer:
        return []
    parts = pointer.removeprefix("/").split("/")
    return [unescaped(part) for part in parts] if "~" in pointer else parts


def unescaped(part: str) -> str:
    """One part of a pointer as the key that it is."""
    return part.replace("~1", "/").replace("~0", "~") if "~" in part else part


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1") if "~" in part or "/" in part else part
