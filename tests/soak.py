"""Nothing left: many runs of every kind, then kills at random moments, and a count of what remains.

`python -m tests.soak` (root; 2,000 runs and 50 kills, some minutes). It moves into pid, mount and network namespaces of its own first, with a
/tmp of its own, so that what strangers do does not count. Exits 1 when anything is left.
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

KINDS = {
    "ok": "print(6*7)",
    "error": "raise SystemExit(3)",
    "timeout": "import os, time\nos.fork()\ntime.sleep(60)",
    "out_of_memory": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "died": "import os, signal\nos.fork()\nos.kill(os.getpid(), signal.SIGKILL)",
}
EXPECTED_GROWTH_BYTES = (
    8 << 20
)  # of the host's and the launcher's memory over all runs: allocators keep something
REPOSITORY = Path(__file__).parents[1]


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
    own = next(
        line.split(":", 2)[2]
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if ":memory:" in f"{line}:" or "memory" in line
    )
    group = Path("/sys/fs/cgroup/memory") / own.lstrip("/")
    return Count(
        processes=sum(1 for path in Path("/proc").glob("[0-9]*") if is_alive(path)),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        cgroups=sum(1 for path in group.iterdir() if path.is_dir()) if group.is_dir() else 0,
        files=sum(1 for _ in Path("/tmp").rglob("*")),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
    )


def is_alive(process: Path) -> bool:
    """Whether a folder of /proc is that of a process that has not ended."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def resident_bytes(pid: int) -> int:
    """Return the anonymous memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


async def soak(runs: int) -> bool:
    """Run every kind in random order; return whether memory and descriptors stayed."""
    from plugcli.sandbox import Policy, Sandbox

    chosen = random.Random(1)
    outcomes: dict[str, int] = {}
    async with Sandbox(Policy(wall_seconds=0.2, memory_bytes=48 << 20)) as sandbox:
        for _ in range(20):  # caches and pools fill first
            await sandbox.run(KINDS["ok"])
        launcher = next(int(path.name) for path in Path("/proc").glob("[0-9]*") if is_launcher(path))
        before = (
            resident_bytes(os.getpid()),
            resident_bytes(launcher),
            len(os.listdir(f"/proc/{launcher}/fd")),
        )
        while sum(outcomes.values()) < runs:
            kinds = chosen.choices(list(KINDS), weights=(6, 4, 1, 1, 4), k=4)
            for kind, result in zip(
                kinds, await asyncio.gather(*(sandbox.run(KINDS[kind]) for kind in kinds)), strict=True
            ):
                if result.outcome != kind:
                    print(f"WRONG: {kind} ended as {result}")
                    return False
                outcomes[kind] = outcomes.get(kind, 0) + 1
        await asyncio.sleep(0.5)  # the last burials
        after = (
            resident_bytes(os.getpid()),
            resident_bytes(launcher),
            len(os.listdir(f"/proc/{launcher}/fd")),
        )
    print(f"runs: {outcomes}")
    print(
        f"memory of host and launcher, MiB: {before[0] / 2**20:.1f}, {before[1] / 2**20:.1f} -> {after[0] / 2**20:.1f}, {after[1] / 2**20:.1f}"
    )
    print(f"descriptors of the launcher: {before[2]} -> {after[2]}")
    grown = max(after[0] - before[0], after[1] - before[1])
    return grown < EXPECTED_GROWTH_BYTES and abs(after[2] - before[2]) <= 1


def is_launcher(process: Path) -> bool:
    """Whether this is the launcher itself, and not one of the jails that it forked."""
    try:
        return (
            b"from jail import launcher" in (process / "cmdline").read_bytes()
            and f"PPid:\t{os.getpid()}\n" in (process / "status").read_text()
        )
    except OSError:
        return False


def kill_at_random(kills: int) -> None:
    """Kill `serve` and `exec` by SIGKILL, at random moments from their start to deep in a run."""
    chosen = random.Random(2)
    code = "import os, time\nfor _ in range(3):\n    if os.fork() == 0: os.setsid()\ntime.sleep(30)"
    commands = (
        ["exec", "--memory", "64MiB", "-c", code],
        ["serve", "--port", "0"],
    )
    for number in range(kills):
        command = commands[number % 2]
        process = subprocess.Popen(
            [sys.executable, "-m", "plugcli", *command],
            cwd="/tmp",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chosen.uniform(0, 0.6))
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
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        enter = ["unshare", "--pid", "--mount", "--net", "--fork", "--kill-child=KILL", "--mount-proc"]
        again = [
            sys.executable,
            "-m",
            "tests.soak",
            "--inside",
            f"--runs={options.runs}",
            f"--kills={options.kills}",
        ]
        script = 'mount -t tmpfs tmpfs /tmp; ip link set lo up; "$@"; exit $?'
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [*enter, "sh", "-c", script, "soak", *again], cwd=REPOSITORY, env=environment, check=False
        ).returncode
    asyncio.run(soak(3))  # what the first use makes for good (byte code, locale) is not a leftover
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
