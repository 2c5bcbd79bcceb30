"""plugcli with cgroups of version 2, delegated in every way that we know: python -m tests.places.cgroups

In the virtual machine of ../shared/vm with Debian 12 (VM_DIR says where it is): see cgroups_inside.sh. It takes about half an hour.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places.folder import REPOSITORY, fill

_RUN = REPOSITORY.parent / "shared" / "vm" / "run"
_SECONDS = 5400
# Its output goes through a file, because the machine's console hangs up when its log-in prompt starts.
_INSIDE = """
{
    sh /job/install /opt/venv
    cp -r /job/plugcli /opt/checkout
    chmod -R go+rX /opt
    cd /opt/checkout && bash tests/places/cgroups_inside.sh /opt/venv/bin/python
    echo $? >/job/status
} >/job/said 2>&1
"""


def main() -> None:
    """Boot the machine, print what was seen, and exit with 1 if something is not as it has to be."""
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        fill(folder, "3.11")
        (folder / "run").write_text(_INSIDE)
        subprocess.run([str(_RUN), name, str(_SECONDS)], check=False, stdout=subprocess.DEVNULL)
        print((folder / "said").read_text())
        sys.exit((folder / "status").read_text().strip() != "0")


if __name__ == "__main__":
    main()
