"""Makes untrusted bytes harmless for a terminal.

A terminal obeys escape sequences: they can fill the clipboard (OSC 52), type answers, rename windows and hide text. Colours, tabs, line
ends, carriage returns and backspaces pass. Every other control sequence, and every character that is invisible or reorders text, is
written out instead of sent.
"""

import re

from plugcli.sandbox import gate

# Text is matched in whole characters, because a single byte of one may be a command: 0x9b is CSI to an 8-bit terminal.
_COMMAND = re.compile(
    rb"(?P<colour>\x1b\[[0-9;:]*m)|(?P<c1>\xc2[\x80-\x9f])|(?P<c0>[\x00-\x07\x0b\x0c\x0e-\x1f\x7f])"
    rb"|(?P<text>[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})|(?P<raw>[\x80-\x9f])"
)
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")
_PLAIN = (b"\x1b[0m", b"\x1b[m")
_UNFINISHED = re.compile(
    rb"(\x1b(\[[0-9;:]{0,32})?|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)


class Harmless:
    """Makes one stream of bytes harmless, piece by piece. Recognises a sequence that is split between two pieces."""

    def __init__(self) -> None:
        self._held = b""
        self._is_coloured = False

    def pass_on(self, data: bytes) -> bytes:
        """Return the part of `data` and of earlier pieces that can go to the terminal now."""
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        self._held = data[cut:]
        colours = _COLOUR.findall(data, 0, cut)
        if colours:
            self._is_coloured = colours[-1] not in _PLAIN
        return _COMMAND.sub(_show, data[:cut])

    def finish(self) -> bytes:
        """Return the bytes held back for a continuation that never came, and turn off a colour that would change our own messages."""
        held, self._held = self._held, b""
        return _COMMAND.sub(_show, held) + (_PLAIN[0] if self._is_coloured else b"")


def _show(command: re.Match[bytes]) -> bytes:
    if command["colour"]:
        return command["colour"]
    if command["text"]:
        try:
            return gate.line(command["text"].decode()).encode()
        except UnicodeDecodeError:  # an overlong encoding, or half of a surrogate pair
            return b"".join(b"\\x%02x" % byte for byte in command["text"])
    if command["c1"] or command["raw"]:
        return b"\\x%02x" % command[0][-1]
    return b"^" + bytes([command["c0"][0] ^ 0x40])
