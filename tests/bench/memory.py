"""What processes hold: proportional set size, each page divided by the number of those who share it. proc_pid_smaps(5)."""

from collections.abc import Mapping
from pathlib import Path

from tests.bench.load import NotMeasured


def pss_bytes(rollup: str) -> int:
    """Return the PSS in the text of a smaps_rollup; 0 in that of a process that has ended."""
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def descendants(root: int, parents: Mapping[int, int]) -> set[int]:
    """Return `root` and all below it, where `parents` says each process's parent."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    todo = [root]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += children.get(pid, [])
    return found


def parents() -> dict[int, int]:
    """Return every process's parent, seen from here: processes in pid namespaces below ours have a number here too."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        for line in _text(status).splitlines():
            if line.startswith("PPid:"):
                found[int(status.parent.name)] = int(line[5:])
    return found


def tree_pss_bytes(root: int) -> tuple[int, int]:
    """Return the PSS of `root` and all below it, and how many processes that is."""
    pids = descendants(root, parents())
    return sum(process_pss_bytes(pid) for pid in pids), len(pids)


def process_pss_bytes(pid: int) -> int:
    """Return the PSS of one process. Raises NotMeasured when it may not be looked at, as jails may not by an ordinary user."""
    try:
        return pss_bytes(_text(Path(f"/proc/{pid}/smaps_rollup")))
    except PermissionError:
        raise NotMeasured("only root may see how much memory jails hold") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
