"""What the end of a run is called, where no test of the sandbox itself gets there on every machine."""

import pytest

from plugcli.sandbox.handle import Ending
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.outcome import conclude

MIB = 1 << 20


@pytest.mark.parametrize(
    ("what", "most", "reason"),
    [
        (
            "workspace",
            512 * MIB,
            "out of space: the files of the code in the workspace took more than 512 MiB",
        ),
        (
            "scratch",
            256 * MIB,
            "out of space: the files of the code outside the workspace took more than 256 MiB",
        ),
        ("files", 32768, "out of space: the code made more than 32768 files"),
    ],
)
def test_too_many_files_name_their_limit(what: str, most: int, reason: str) -> None:
    """Files on a disk are not memory, so the limit on memory would be the wrong one to raise."""
    ending = Ending(is_out_of_memory=True, full=what, most=most)
    assert conclude(ending, Limits(), 30.0) == ("out_of_memory", 137, reason)
