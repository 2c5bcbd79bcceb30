"""What this process stands in, from evidence: a container, another sandbox, a distribution's restrictions.

`evidence` reads it, and `judge` judges it. This explains what a real launch showed; it never decides whether code runs.
"""

from plugcli.sandbox.surroundings.evidence import Evidence, read
from plugcli.sandbox.surroundings.judge import judge
from plugcli.sandbox.surroundings.place import Place

__all__ = ["Evidence", "Place", "here", "judge", "read"]


def here() -> tuple[Place, ...]:
    """Return the places that this process stands in, the one that most likely takes namespaces away first."""
    return judge(read())
