"""plugcli in real containers: python -m tests.places.container [--abuse none|first|rest|all] [LIKENESS...]

Each likeness (podman, docker, kubernetes) is tried as root and as an ordinary user, in a container that ../shared/container/run makes and
throws away. The project is installed there from a wheel, without a network, and walked through (tour.py); then the abuse suite runs there.
Prints a table: likeness, user, what, and what was seen. Exits with 1 where something fails, or a container fits no expectation.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.places.folder import REPOSITORY, fill

RUN = REPOSITORY.parent / "shared" / "container" / "run"
LIKENESSES = ("podman", "docker", "kubernetes")
USERS = {"root": "0", "user": "1000"}


@dataclass
class Place:
    """A container or a virtual machine, and what was seen in it."""

    name: str
    user: str
    seen: list[tuple[str, bool, str]] = field(default_factory=list)

    def visit(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        """Run a command that runs inside.sh there, and show its words as they come."""
        started = time.monotonic()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(f"{self.name} {self.user}: {line}", end="", flush=True)
                self._hear(line)
        if process.returncode != 0:
            self.seen.append(("the place itself", False, f"exit {process.returncode}"))
        self.seen.append(("time", True, f"{time.monotonic() - started:.0f} s"))

    def _hear(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "PLACE":
            told = json.loads(rest)
            self.seen.append((told["what"], told["is_good"], told["seen"]))
        elif word == "ABUSE":
            self.seen.append(("abuse suite", rest.strip() == "0", self._last))
        elif line.strip():
            self._last = line.strip().strip("= ")

    _last = ""


def main() -> None:
    """Visit the places that the command line names, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "likeness", nargs="*", metavar="LIKENESS", help="podman, docker or kubernetes; default: all"
    )
    parser.add_argument(
        "--abuse",
        choices=("none", "first", "rest", "all"),
        default="first",
        help="which tests of the abuse suite run there",
    )
    asked = parser.parse_args()
    unknown = set(asked.likeness) - set(LIKENESSES)
    if unknown:
        parser.error(f"no such likeness: {', '.join(sorted(unknown))}")
    places = [Place(likeness, user) for likeness in asked.likeness or LIKENESSES for user in USERS]
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        fill(folder, "3.11")
        for place in places:
            command = [str(RUN), "--like", place.name, "--user", USERS[place.user], str(folder)]
            inside = ["sh", "/src/plugcli/tests/places/inside.sh", "/src", "/src/venv", "here", asked.abuse]
            place.visit([*command, *inside])
    print(table(places))
    sys.exit(not all(is_good for place in places for _, is_good, _ in place.seen))


def table(places: list[Place]) -> str:
    """Return what was seen, a line for each cell."""
    lines = ["| place | user | what | seen |", "|---|---|---|---|"]
    for place in places:
        for what, is_good, seen in place.seen:
            lines.append(
                f"| {place.name} | {place.user} | {what} | {'' if is_good else '**failed** '}{seen} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
