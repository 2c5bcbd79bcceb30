"""A small interpreter of classic BPF, for filters as data. Semantics: networking/filter.rst of the kernel's documentation."""

import struct
from typing import Literal

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

Answer = int | None | Literal["ask"]
"""An errno; None if the call is allowed."""


def run(program: bytes, architecture: int, number: int, *arguments: int) -> Answer:
    """Return what a filter answers to a call."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(*arguments, *[0] * (6 - len(arguments))))
    lines = list(struct.iter_unpack("<HBBI", program))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, constant = lines[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif operation == 0x05:
            at += constant
        elif operation == 0x54:
            accumulator &= constant
        elif operation == 0x06:
            if constant == 0x7FC00000:
                return "ask"
            assert constant in (0x7FFF0000, 0x00050000 | constant & 0xFFFF)
            return None if constant == 0x7FFF0000 else constant & 0xFFFF
        else:
            is_true = {
                0x15: accumulator == constant,
                0x25: accumulator > constant,
                0x45: accumulator & constant != 0,
            }[operation]
            at += if_true if is_true else if_false
