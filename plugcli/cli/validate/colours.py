"""The colours of a report on a terminal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Colours:
    """The codes that turn each colour on and all of them off; empty if the output is not coloured."""

    error: str = ""
    warning: str = ""
    note: str = ""
    bold: str = ""
    dim: str = ""
    off: str = ""


PLAIN = Colours()
BRIGHT = Colours("\x1b[1;31m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[2m", "\x1b[0m")
