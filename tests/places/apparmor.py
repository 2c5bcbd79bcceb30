"""plugcli behind AppArmor, as on Ubuntu: python -m tests.places.apparmor

In the virtual machine of ../shared/vm with Debian 13 (VM_DIR says where it is), whose AppArmor knows `userns`. Ubuntu's restriction is
imitated by profiles, because its setting is missing in Debian's kernel: see apparmor_inside.sh. It takes about twenty minutes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places.folder import REPOSITORY, fill

_RUN = REPOSITORY.parent / "shared" / "vm" / "run"
_SECONDS = 3600
# Its output goes through a file, because the machine's console hangs up when its log-in prompt starts.
_INSIDE = """
make() { su - dev -c "sh /job/install $1"; }
{
    make /home/dev/venv
    make /home/dev/copied
    rm /home/dev/copied/bin/python* && cp "$(readlink -f /usr/bin/python3)" /home/dev/copied/bin/python3
    ln -s python3 /home/dev/copied/bin/python
    bash /job/plugcli/tests/places/apparmor_inside.sh /home/dev/venv /home/dev/copied
    echo $? >/job/status
} >/job/said 2>&1
"""


def main() -> None:
    """Boot the machine, print what was seen, and exit with 1 if something is not as it has to be."""
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        fill(folder, "3.13")
        (folder / "run").write_text(_INSIDE)
        subprocess.run([str(_RUN), name, str(_SECONDS)], check=False, stdout=subprocess.DEVNULL)
        print((folder / "said").read_text())
        sys.exit((folder / "status").read_text().strip() != "0")


if __name__ == "__main__":
    main()
