"""plugcli on an aarch64 kernel: python -m tests.places.aarch64 [--tests FILES] [--hours 2]

Boots Debian's arm64 kernel in qemu with a root file system in its memory, and there, as an ordinary user, with namespaces and without:
`doctor`, the walk of tour.py, and the abuse tests that FILES name, one of each row. Nothing is configured or run while it is made, so it
needs neither a foreign system nor root's binfmt; it takes packages from the configured mirror and the wheels of that machine.
Emulation is some twenty times slower than hardware. Prints the table.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places.folder import NEEDED, fill
from tests.places.place import Place, all_good, table

_PACKAGES = "python3,libpython3-stdlib,linux-image-arm64,coreutils,dash,bash,util-linux,mount,iproute2,login,passwd,procps,grep,sed,tar"
_PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64")
_TESTS = "tests/abuse/test_no_privileges.py tests/abuse/test_no_host_files.py tests/abuse/test_no_network.py tests/abuse/test_terminal.py"

# A jail changes its root with pivot_root, which the kernel's first root does not allow: so everything goes into a tmpfs.
_INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin LANG=C.UTF-8
if [ ! -e /started ]; then
    mkdir -p /new
    mount -t tmpfs -o size=90% none /new
    for name in *; do [ "$name" = new ] || cp -a "$name" /new/; done
    mkdir -p /new/proc /new/sys /new/dev /new/tmp /new/run
    touch /new/started
    exec switch_root /new /init
fi
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts none /dev/pts; mount -t tmpfs none /dev/shm; chmod 1777 /dev/shm /tmp
exec >/dev/ttyAMA0 2>&1 </dev/null
ip link set lo up
uname -a
sh /job
echo "END $?"
echo o >/proc/sysrq-trigger
sleep 60
"""
_JOB = """
as_user() { setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/dev PLUGCLI_TEST_PATIENCE=40 PLUGCLI_ABUSE_HERE=1 "$@"; }
cd /home/dev/checkout
python=/home/dev/venv/bin/python
look() { # look LEVEL WITHOUT...
    level=$1; shift
    echo "LEVEL $level"
    as_user "$@" $python tests/places/tour.py /home/dev/venv/bin/plugcli | sed 's/^/PLACE /'
    status=0
    as_user "$@" env PLUGCLI_ABUSE_LEVELS=$level PLUGCLI_ABUSE_ROWS=first \\
        $python -m pytest -n0 --color=no -p no:cacheprovider -v --tb=short TESTS || status=$?
    echo "ABUSE $status"
}
look namespaces env
look landlock python3 tests/places/without_namespaces.py
"""


def main() -> None:
    """Make the machine, boot it, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tests", default=_TESTS, help="the abuse tests, as for pytest")
    parser.add_argument("--hours", type=float, default=2, help="the most that it may take")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the folder goes
    with tempfile.TemporaryDirectory(prefix="place-") as name:
        folder = Path(name)
        root = folder / "root"
        _make(root, folder / "filled")
        (root / "job").write_text(_JOB.replace("TESTS", asked.tests))
        [kernel] = root.glob("boot/vmlinuz-*")
        kernel.rename(folder / "kernel")
        archive = folder / "root.cpio"
        with archive.open("wb") as output:
            names = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True)
            subprocess.run(
                ["cpio", "--null", "-o", "-H", "newc", "--quiet", "--owner", "+0:+0"],
                cwd=root,
                input=names.stdout,
                stdout=output,
                check=True,
            )
        shutil.rmtree(root)
        command = ["timeout", "--foreground", str(round(asked.hours * 3600)), "qemu-system-aarch64"]
        command += [
            "-M",
            "virt",
            "-cpu",
            "max,pauth=off",
            "-m",
            "6144",
            "-smp",
            "2",
            "-accel",
            "tcg,thread=multi",
        ]
        command += ["-nographic", "-no-reboot", "-nic", "none"]
        command += [
            "-kernel",
            str(folder / "kernel"),
            "-initrd",
            str(archive),
            "-append",
            "console=ttyAMA0 quiet",
        ]
        place = Place("aarch64", "user")
        place.visit(command)
    print(table([place]))
    sys.exit(not all_good([place]))


def _make(root: Path, filled: Path) -> None:
    """Make a root file system with plugcli, its tests and what they need, for an ordinary user."""
    hook = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=extract",
        "--architectures=arm64",
        "--skip=check/qemu",
        hook,
    ]
    subprocess.run([*command, f"--include={_PACKAGES}", "bookworm", str(root)], check=True)
    shutil.rmtree(next(root.glob("usr/lib/modules")))  # what the kernel has built in is enough
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\ndev:x:1000:\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "init").write_text(_INIT)
    (root / "init").chmod(0o755)
    filled.mkdir()
    fill(filled, "3.11")
    home = root / "home/dev"
    home.mkdir(parents=True)
    shutil.copytree(filled / "plugcli", home / "checkout")
    site = home / "venv/lib/python3.11/site-packages"
    [wheel] = (filled / "wheels").glob("plugcli_tool-*.whl")
    install = [sys.executable, "-m", "pip", "install", "-qq", "--target", str(site), "--only-binary=:all:"]
    install += [word for platform in _PLATFORMS for word in ("--platform", platform)]
    install += ["--python-version", "3.11", "--implementation", "cp", "--no-compile"]
    subprocess.run([*install, f"{wheel}[data]", *NEEDED], check=True)
    binaries = home / "venv/bin"
    binaries.mkdir()
    (binaries / "python").symlink_to("/usr/bin/python3")
    (binaries / "python3").symlink_to("python")
    (home / "venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11\n")
    (binaries / "plugcli").write_text("#!/home/dev/venv/bin/python\nfrom plugcli.cli import main\nmain()\n")
    (binaries / "plugcli").chmod(0o755)
    shutil.rmtree(filled)


if __name__ == "__main__":
    main()
