"""plugcli in real containers: python -m tests.places.container [--abuse none|first|rest|all] [--one-user] [LIKENESS...]

Each likeness (podman, docker, kubernetes) is tried as root and as an ordinary user, in a container that ../shared/container/run makes and
throws away. The project is installed there from a wheel, without a network, and walked through (tour.py); then the abuse suite runs there.
Prints a table: likeness, user, what, and what was seen. Exits with 1 if a cell is not what it has to be.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.places.folder import REPOSITORY, fill
from tests.places.place import Place, all_good, table

RUN = REPOSITORY.parent / "shared" / "container" / "run"
LIKENESSES = ("podman", "docker", "kubernetes")
USERS = {"root": "0", "user": "1000"}
USUAL = {"podman": "user", "docker": "root", "kubernetes": "user"}


REFUSED = {("kubernetes", "root")}
"""Where plugcli has to refuse: root without CAP_SETUID cannot give a jail a uid of its own."""


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
    parser.add_argument(
        "--one-user",
        action="store_true",
        help="each likeness as the user that it most often has: docker's as root, the others' as an ordinary one",
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the folder goes
    unknown = set(asked.likeness) - set(LIKENESSES)
    if unknown:
        parser.error(f"no such likeness: {', '.join(sorted(unknown))}")
    places = [
        Place(likeness, user, refuses=(likeness, user) in REFUSED)
        for likeness in asked.likeness or LIKENESSES
        for user in ([USUAL[likeness]] if asked.one_user else USERS)
    ]
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        fill(folder, "3.11")
        for place in places:
            command = [str(RUN), "--like", place.name, "--user", USERS[place.user], str(folder)]
            inside = ["sh", "/src/plugcli/tests/places/inside.sh", "/src", "/src/venv", "here", asked.abuse]
            place.visit([*command, *inside])
    print(table(places))
    sys.exit(not all_good(places))


if __name__ == "__main__":
    main()
