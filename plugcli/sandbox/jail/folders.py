"""The folders of jails that have no mounts of their own: on the host's disk, made and removed by the launcher.

What the code leaves in its folder is hostile: names, links, modes, depths. Nothing here follows a link, and nothing here runs while a
process of the jail is alive.
"""

import contextlib
import fcntl
import os
import stat

from .plan import Places

_OWN = ("data", "tmp", "home", "shm")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PREFIX = "plugcli-"


def places(folder: str) -> Places:
    """Return where a jail has what, in its folder."""
    return Places(f"{folder}/data", f"{folder}/tmp", f"{folder}/home")


FILES = {
    "/etc/fonts/fonts.conf": (".config/fonts.conf", ("FONTCONFIG_FILE",)),
    "/etc/ssl/certs/ca-certificates.crt": (
        ".config/ca-certificates.crt",
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"),
    ),
}
"""Of the files that the Plan makes up, those that a variable can name instead: where they are in the home folder, and the variables."""


def environment(where: Places) -> dict[str, str]:
    """Return the variables that name a jail's folders, and files in them."""
    named = {variable: f"{where.home}/{path}" for path, variables in FILES.values() for variable in variables}
    return {"HOME": where.home, "TMPDIR": where.scratch} | named


def write(path: str, text: str) -> None:
    """Write a file, and make the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def make_top(root: str, name: str) -> tuple[str, int]:
    """Make the folder of a launcher, and remove those of launchers that have ended.

    Return its path, and a descriptor that locks it until the last process has ended that has the descriptor.
    """
    _sweep(root)
    top = f"{root}/{name}"
    os.mkdir(top, 0o700)
    os.chmod(top, 0o711)  # whatever the umask is: the uids of jails must find their folders
    descriptor = os.open(top, _FOLDER)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return top, descriptor


def make(top: str, name: str, uid: int, gid: int, *, is_private: bool = True) -> str:
    """Make the folder of a jail, with the folders in it, for this uid and gid; return its path."""
    mode = 0o700 if is_private else 0o755
    folder = f"{top}/{name}"
    for path in (folder, *(f"{folder}/{each}" for each in _OWN)):
        os.mkdir(path)
        os.chmod(path, mode)
        if uid != os.geteuid():
            os.chown(path, uid, gid)
    return folder


def remove(folder: str) -> None:
    """Remove a folder with everything below it: one level at a time, so that neither a depth nor a length of names stops us."""
    with contextlib.suppress(FileNotFoundError):
        top = os.open(folder, _FOLDER)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(folder)


def _empty(top: int) -> None:
    """Remove what is in the folder `top`. Folders in it are emptied into it first, until there are none."""
    serial = 0
    while True:
        inner = []
        for name in os.listdir(top):
            status = os.stat(name, dir_fd=top, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                inner.append(name)
            else:
                os.unlink(name, dir_fd=top)
        if not inner:
            return
        for name in inner:
            os.chmod(name, 0o700, dir_fd=top)  # it is no link: nobody is left who could replace it
            folder = os.open(name, _FOLDER, dir_fd=top)
            try:
                for each in os.listdir(folder):
                    status = os.stat(each, dir_fd=folder, follow_symlinks=False)
                    if not stat.S_ISDIR(status.st_mode):
                        os.unlink(each, dir_fd=folder)
                        continue
                    os.chmod(each, 0o700, dir_fd=folder)  # to move it, its own entry for .. is written
                    serial += 1
                    os.rename(
                        each, f".moved-{serial}-{os.urandom(4).hex()}", src_dir_fd=folder, dst_dir_fd=top
                    )
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)


def _sweep(root: str) -> None:
    """Remove the folders of our launchers that were killed before they could."""
    for name in os.listdir(root):
        path = f"{root}/{name}"
        if not name.startswith(_PREFIX):
            continue
        with contextlib.suppress(OSError):
            descriptor = os.open(path, _FOLDER)
            try:
                if os.fstat(descriptor).st_uid != os.geteuid():
                    continue
                fcntl.flock(
                    descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB
                )  # fails while one of its processes lives
                remove(path)
            finally:
                os.close(descriptor)
