"""Enters the AppArmor profile that `plugcli doctor --apparmor` prints, where an administrator has installed it.

Ubuntu gives user namespaces only to programs with a profile that has `userns`. See aa_change_profile(2).
"""

import contextlib
import os

PROFILE = "plugcli"
FILE = "/etc/apparmor.d/plugcli"

_CURRENT = "/proc/self/attr/apparmor/current"


def enter() -> None:
    """Change this process to the profile, if it is installed. The launch shows whether that helps."""
    # Without the file there is no attempt, because AppArmor logs every one that fails.
    if not os.path.exists(FILE):
        return
    with contextlib.suppress(OSError):  # no AppArmor here, or the profile is not loaded
        descriptor = os.open(_CURRENT, os.O_RDWR | os.O_CLOEXEC)
        try:
            # The launcher may restart itself. The kernel takes a write at the start of this file only, so the read must not move on.
            if os.pread(descriptor, 4096, 0).split()[:1] != [PROFILE.encode()]:
                os.write(descriptor, b"changeprofile " + PROFILE.encode())
        finally:
            os.close(descriptor)
