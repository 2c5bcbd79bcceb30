"""Nothing left: many runs of every kind, then kills at random moments, and a count of what remains.

`python -m tests.soak` (root; 2,000 runs and 50 kills, some minutes; `--level landlock` takes namespaces away first). It moves into pid,
mount and network namespaces of its own, with a /tmp of its own, so that what strangers do does not count. Exits 1 when anything is left.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.abuse.scales import own_group

KINDS = {
    "ok": "print(6*7)",
    "error": "raise SystemExit(3)",
    "timeout": "import os, time\nos.fork()\ntime.sleep(60)",
    "out_of_memory": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "died": "import os, signal\nos.fork()\nos.kill(os.getpid(), signal.SIGKILL)",
}
GROWTH_BYTES_MAX = 8 << 20  # of the host's and the launcher's memory over all runs: allocators keep something
REPOSITORY = Path(__file__).parents[1]
ENTER = ("unshare", "--pid", "--mount", "--net", "--fork", "--kill-child=KILL", "--mount-proc")
SEEN_AS = "/mnt/plugcli"
WITHOUT_NAMESPACES = f"{SEEN_AS}/tests/places/without_namespaces.py"
# The repository may lie in the /tmp that is covered.
PREPARE = f"""
set -e
mount -t tmpfs tmpfs /mnt
mkdir {SEEN_AS}
mount --bind "$REPOSITORY" {SEEN_AS}
mount -t tmpfs tmpfs /tmp
ip link set lo up
cd {SEEN_AS}
"$PYTHON" $WITHOUT "$@" || exit $?
"""


@dataclass(frozen=True)
class Count:
    """What there is to leave behind."""

    processes: int
    mounts: int
    cgroups: int
    files: int
    descriptors: int


def count() -> Count:
    """Count what this namespace and this process have now."""
    group = own_group()
    return Count(
        processes=sum(1 for path in Path("/proc").glob("[0-9]*") if is_alive(path)),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        cgroups=sum(1 for path in group.iterdir() if path.is_dir()) if group else 0,
        files=sum(1 for _ in Path("/tmp").rglob("*")),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
    )


def is_alive(process: Path) -> bool:
    """Whether a folder of /proc is that of a process that has not ended."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@dataclass(frozen=True)
class Weight:
    """What host and launcher hold, while no run is under way."""

    host_bytes: int
    launcher_bytes: int
    launcher_descriptors: int

    def __str__(self) -> str:
        host, launcher = self.host_bytes / 2**20, self.launcher_bytes / 2**20
        return f"host {host:.1f} MiB, launcher {launcher:.1f} MiB and {self.launcher_descriptors} descriptors"


def weigh() -> Weight:
    """Weigh this process and the launcher that it started."""
    launcher = next(int(path.name) for path in Path("/proc").glob("[0-9]*") if is_launcher(path))
    descriptors = sum(1 for _ in Path(f"/proc/{launcher}/fd").iterdir())
    return Weight(resident_bytes(os.getpid()), resident_bytes(launcher), descriptors)


def resident_bytes(pid: int) -> int:
    """Return the anonymous memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def is_launcher(process: Path) -> bool:
    """Whether this is the launcher itself, and not one of the jails that it forked."""
    try:
        is_ours = f"PPid:\t{os.getpid()}\n" in (process / "status").read_text()
        return is_ours and b"from jail import launcher" in (process / "cmdline").read_bytes()
    except OSError:
        return False


async def soak(runs: int) -> bool:
    """Run every kind in random order; return whether each ended as it should, and memory and descriptors stayed."""
    from plugcli.sandbox import Policy, Sandbox

    chosen = random.Random(1)
    outcomes: dict[str, int] = {}
    async with Sandbox(Policy(wall_seconds=0.5, memory_bytes=48 << 20)) as sandbox:
        for _ in range(20):  # caches and pools fill first
            await sandbox.run(KINDS["ok"])
        before = weigh()
        while sum(outcomes.values()) < runs:
            kinds = chosen.choices(list(KINDS), weights=(6, 4, 1, 1, 4), k=4)
            results = await asyncio.gather(
                *(sandbox.run(KINDS[kind], wall_seconds=0.5 if kind == "timeout" else 30) for kind in kinds)
            )
            for kind, result in zip(kinds, results, strict=True):
                if result.outcome != kind:
                    print(f"WRONG: {kind} ended as {result}")
                    return False
                outcomes[kind] = outcomes.get(kind, 0) + 1
        await asyncio.sleep(0.5)  # the last burials
        after = weigh()
    print(f"runs: {outcomes}\n  before: {before}\n  after:  {after}")
    grown = max(after.host_bytes - before.host_bytes, after.launcher_bytes - before.launcher_bytes)
    return grown < GROWTH_BYTES_MAX and abs(after.launcher_descriptors - before.launcher_descriptors) <= 1


def kill_at_random(kills: int) -> None:
    """Kill `serve` and `exec` by SIGKILL, at random moments from their start to deep in a run."""
    chosen = random.Random(2)
    code = "import os, time\nfor _ in range(3):\n    if os.fork() == 0: os.setsid()\ntime.sleep(30)"
    commands = (["exec", "--memory", "64MiB", "-c", code], ["serve", "--port", "0"])
    for number in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-m", "plugcli", *commands[number % 2]],
            cwd="/tmp",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chosen.uniform(0, 0.8))
        process.send_signal(signal.SIGKILL)
        process.wait()


def settle(before: Count, seconds: float = 15.0) -> Count:
    """Return the count when it is what it was, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        now = count()
        if now == before or time.monotonic() > deadline:
            return now
        time.sleep(0.05)


def main() -> int:
    """Soak, kill, count."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--level", choices=("namespaces", "landlock"), default="namespaces")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        python = sys.executable.replace(f"{REPOSITORY}/", f"{SEEN_AS}/")
        counts = [f"--runs={options.runs}", f"--kills={options.kills}"]
        return subprocess.run(
            [*ENTER, "sh", "-c", PREPARE, "soak", "-m", "tests.soak", "--inside", *counts],
            env={
                **os.environ,
                "REPOSITORY": str(REPOSITORY),
                "PYTHON": python,
                "WITHOUT": f"{WITHOUT_NAMESPACES} {python}" if options.level == "landlock" else "",
                "PYTHONPATH": SEEN_AS,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            check=False,
        ).returncode
    asyncio.run(soak(3))  # what the first use makes for good is not a leftover
    before = count()
    is_steady = asyncio.run(soak(options.runs))
    after_runs = settle(before)
    print(f"before: {before}\nafter {options.runs} runs: {after_runs}")
    kill_at_random(options.kills)
    after_kills = settle(before)
    print(f"after {options.kills} kills: {after_kills}")
    is_clean = before == after_runs == after_kills
    print("nothing is left" if is_clean and is_steady else "SOMETHING IS LEFT")
    return 0 if is_clean and is_steady else 1


if __name__ == "__main__":
    sys.exit(main())
