"""The Policy: every number of the sandbox, with its default."""

from dataclasses import dataclass

from plugcli.errors import UsageError
from plugcli.sandbox.amounts import spell_bytes
from plugcli.sandbox.limits import Capacity, Limits


@dataclass(frozen=True)
class Policy(Capacity, Limits):  # in this order the numbers of Limits come first
    """What untrusted code may use on one machine: the Limits of one jail, and the Capacity for all of them."""

    def __post_init__(self) -> None:
        Limits.__post_init__(self)
        Capacity.__post_init__(self)
        if self.session_memory_bytes is not None and self.session_memory_bytes < self.memory_bytes:
            raise UsageError(
                f"the limit of all sessions together is {spell_bytes(self.session_memory_bytes)}, less than that of one",
                hint=f"use {spell_bytes(self.memory_bytes)} or more",
            )
