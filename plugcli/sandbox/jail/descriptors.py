"""Closing descriptors that a forked process must not keep."""

import os


def close_all_but(*kept: int) -> None:
    """Close every descriptor above the standard ones, except `kept`."""
    lowest = 3
    for descriptor in sorted(kept):
        os.closerange(lowest, descriptor)
        lowest = descriptor + 1
    os.closerange(lowest, 1 << 20)
