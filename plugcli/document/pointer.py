"""JSON pointers (RFC 6901): `/paths/~1todos/get` names the value of `get` in `/todos` in `paths`."""


def join(*parts: str | int) -> str:
    """The pointer that leads through `parts`; the empty pointer is the whole document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def split(pointer: str) -> list[str]:
    """The parts of `pointer`, unescaped. Indices of lists stay text."""
    if not pointer:
        return []
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/")]
