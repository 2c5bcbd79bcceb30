"""Judges the evidence: every place that is recognised. It is a function of the evidence alone."""

from plugcli.sandbox.surroundings import apparmor, containers, kernel, sandboxes
from plugcli.sandbox.surroundings.evidence import Evidence
from plugcli.sandbox.surroundings.place import Judge, Place

JUDGES: tuple[Judge, ...] = (
    *kernel.BEFORE,
    *sandboxes.BEFORE,
    *containers.JUDGES,
    *apparmor.JUDGES,
    *kernel.JUDGES,
    *sandboxes.JUDGES,
)
"""What most likely takes namespaces away comes first."""


def judge(evidence: Evidence) -> tuple[Place, ...]:
    """Return every place that the evidence shows, the one that most likely takes namespaces away first."""
    return tuple(place for each in JUDGES if (place := each(evidence)) is not None)
