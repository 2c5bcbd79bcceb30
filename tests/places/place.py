"""A place without a network, a container or a virtual machine, and what was seen of plugcli there."""

import json
import subprocess
import time
from dataclasses import dataclass, field

WALK = ("doctor", "exec", "serve", "session", "files", "plot")
"""What tour.py tries."""


@dataclass
class Place:
    """One place and user. Where plugcli `refuses`, a refusal is what has to be seen, and nothing else."""

    name: str
    user: str
    refuses: bool = False
    seen: list[tuple[str, bool, str]] = field(default_factory=list)
    _last: str = ""

    def visit(self, command: list[str]) -> None:
        """Run a command that runs inside.sh there, and show its words as they come."""
        started = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    print(f"{self.name} {self.user}: {line}", end="", flush=True)
                    self._hear(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            self.seen.append(("the place itself", False, f"exit {process.returncode}"))
        missing = set(WALK[:3] if self.refuses else WALK) - {what for what, _, _ in self.seen}
        self.seen += [(what, False, "not seen") for what in WALK if what in missing]
        self.seen.append(("time", True, f"{time.monotonic() - started:.0f} s"))

    def _hear(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "PLACE":
            told = json.loads(rest)
            self.seen.append((told["what"], told["is_good"] is not self.refuses, told["seen"]))
        elif word == "ABUSE":
            self.seen.append(("abuse suite", rest.strip() == "0", self._last))
        elif line.strip():
            self._last = line.strip().strip("= ")


def table(places: list[Place]) -> str:
    """Return what was seen, a line for each cell."""
    lines = ["| place | user | what | seen |", "|---|---|---|---|"]
    for place in places:
        for what, is_good, seen in place.seen:
            words = seen if is_good else f"**failed** {seen}"
            lines.append(f"| {place.name} | {place.user} | {what} | {words} |")
    return "\n".join(lines)


def all_good(places: list[Place]) -> bool:
    """Whether everything was seen that has to be."""
    return all(is_good for place in places for _, is_good, _ in place.seen)
