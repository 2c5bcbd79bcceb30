"""How much memory a whole jail uses: its processes, its shared memory and its tmpfs, as its init sees them.

The soft form of the memory limit, for machines without a memory cgroup: measured many times a second, from inside the pid namespace, by
a process that the code cannot signal, trace or starve.
"""

import os

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TMPFS = (
    "/tmp",
    "/mnt/data",
)  # /tmp stands for all that shares its tmpfs: /var/tmp, /dev/shm, the home folder
_SHARED_NOWHERE = b"/dev/zero (deleted)"  # MAP_SHARED | MAP_ANONYMOUS: pages on no tmpfs of ours, alive even when not resident


def used_bytes(limit: int) -> int:
    """Return what the jail uses now, in bytes: an upper bound while that is within `limit`, else the proportional sum.

    The upper bound counts pages that a fork shares once for each process; only when it is over the limit are the shares looked at, which
    costs milliseconds. Shared anonymous mappings count with their whole size, because nothing tells what they hold.
    """
    processes = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    shared: dict[bytes, int] = {}
    fixed = sum(_tmpfs_bytes(path) for path in _TMPFS)
    resident = 0
    for pid in processes:
        try:
            shared |= _shared_mappings(pid)
            resident += _statm_bytes(pid, 1)
        except PermissionError:
            fixed += _statm_bytes(
                pid, 0
            )  # it runs a file it may not read, and so hides its mappings: all of its size counts
    fixed += sum(shared.values())
    if fixed + resident <= limit:
        return fixed + resident
    return fixed + sum(_proportional_bytes(pid) for pid in processes)


def _tmpfs_bytes(path: str) -> int:
    usage = os.statvfs(path)
    return (usage.f_blocks - usage.f_bfree) * usage.f_frsize


def _statm_bytes(pid: str, field: int) -> int:
    """Return a field of /proc/PID/statm (0 size, 1 resident) in bytes; 0 for a process that has ended."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[field]) * _PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _shared_mappings(pid: str) -> dict[bytes, int]:
    """Return inode -> bytes of the shared anonymous mappings of one process."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            lines = file.read().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    found: dict[bytes, int] = {}
    for line in lines:
        if line.endswith(_SHARED_NOWHERE):
            addresses, _, _, _, inode, _ = line.split(None, 5)
            start, end = (int(address, 16) for address in addresses.split(b"-"))
            found[inode] = found.get(inode, 0) + end - start
    return found


def _proportional_bytes(pid: str) -> int:
    """Return one process's share of the anonymous memory it maps, in bytes."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss_Anon:"):
                    return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0
