"""Where plugcli stands, judged from the files of each place. Those of containers, virtual machines and sandboxes are from real ones."""

import os
from pathlib import Path

import pytest

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import refusal, surroundings
from plugcli.sandbox.surroundings import Evidence, Place, judge

ID = "20a09ecdd480e8040037394a36c17e838884a62fbc21d249a61a2bf0c9d45d9f"
STATUS = "/proc/self/status"
CGROUP = "/proc/self/cgroup"
MOUNTINFO = "/proc/self/mountinfo"
APPARMOR = "/proc/self/attr/apparmor/current"
RELEASE = "/proc/sys/kernel/osrelease"
FREE, FILTERED = "NoNewPrivs:\t0\nSeccomp:\t0\n", "NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"

DEBIAN = {
    "/proc/1/comm": "systemd\n",
    "/proc/self/attr/current": "unconfined\n",
    APPARMOR: "unconfined\n",
    CGROUP: "0::/user.slice/user-1000.slice/session-c1.scope\n",
    "/proc/self/ns/user": "",
    STATUS: FREE,
    "/proc/self/uid_map": "         0          0 4294967295\n",
    RELEASE: "6.12.118+deb13-amd64\n",
    "/proc/sys/kernel/unprivileged_userns_clone": "1\n",
    "/proc/sys/kernel/yama/ptrace_scope": "0\n",
    "/proc/sys/user/max_user_namespaces": "15511\n",
    "/sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "/sys/kernel/security/lsm": "lockdown,capability,landlock,yama,apparmor,tomoyo,bpf,ipe,ima,evm",
}
PODMAN = {
    "/run/.containerenv": "",
    CGROUP: f"4:memory:/libpod_parent/libpod-{ID}\n0::/libpod_parent/libpod-{ID}\n",
    MOUNTINFO: (
        "69 45 254:0 /rootfs / rw,relatime - ext4 /dev/vda rw\n"
        f"79 69 254:0 /storage/overlay-containers/{ID}/userdata/.containerenv /run/.containerenv rw,relatime - ext4 /dev/vda rw\n"
    ),
    STATUS: FILTERED,
}
DOCKER = {
    "/.dockerenv": "",
    CGROUP: "0::/\n",
    MOUNTINFO: (
        "1040 934 0:69 / / rw,relatime master:300 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A\n"
        f"1055 1040 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n"
    ),
    STATUS: FILTERED,
}
KUBERNETES = {
    "/var/run/secrets/kubernetes.io/serviceaccount": "",
    CGROUP: "0::/\n",
    MOUNTINFO: (
        "1040 934 0:69 / / ro,relatime - overlay overlay rw\n"
        "1055 1040 8:1 /var/lib/kubelet/pods/6f3b/etc-hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw\n"
    ),
    STATUS: "NoNewPrivs:\t1\nSeccomp:\t2\n",
}


def places(
    files: dict[str, str],
    variables: dict[str, str] | None = None,
    *,
    is_root: bool = False,
    landlock: int = 6,
    may_list_root: bool = True,
    without: tuple[str, ...] = (),
) -> dict[str, Place]:
    """Return what is judged of a Debian 13 machine with these files in place of its own, by name."""
    all_files = {path: text for path, text in (DEBIAN | files).items() if path not in without}
    evidence = Evidence(all_files, variables or {}, is_root, landlock, may_list_root)
    return {place.name: place for place in judge(evidence)}


def test_plain_machine_is_no_place() -> None:
    """Nothing is guessed where there is nothing to see."""
    assert places({}) == {}


@pytest.mark.parametrize(
    ("name", "files", "variables", "advice"),
    [
        ("Podman", PODMAN, {}, "podman run --security-opt seccomp="),
        ("Docker", DOCKER, {}, "docker run --security-opt seccomp="),
        (
            "Docker",
            {CGROUP: f"0::/system.slice/docker-{ID}.scope\n", "/.dockerenv": "", STATUS: FILTERED},
            {},
            "docker run",
        ),
        ("Kubernetes", KUBERNETES, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "doctor --kubernetes"),
        ("Kubernetes", DOCKER | KUBERNETES, {}, "doctor --kubernetes"),
        ("perhaps Docker", {"/.dockerenv": "", STATUS: FILTERED}, {}, "docker run"),
        (
            "a container",
            {MOUNTINFO: "1 0 0:69 / / rw - overlay overlay rw\n", STATUS: FILTERED},
            {},
            "have the engine use it",
        ),
        (
            "LXC",
            {"/run/systemd/container": "lxc\n", STATUS: FILTERED},
            {"container": "lxc"},
            "security.nesting",
        ),
    ],
)
def test_container_with_a_filter_takes_namespaces(
    name: str, files: dict[str, str], variables: dict[str, str], advice: str
) -> None:
    """Each kind by several of its signs, and how that engine is told to allow namespaces: never everything."""
    place = places(files, variables)[name]
    assert place.takes == "namespaces"
    assert "Seccomp: 2 in /proc/self/status" in place.saw
    assert advice in place.remedy
    assert all(
        word
        not in place.remedy.replace("never use --privileged", "").replace("never use `privileged: true`", "")
        for word in ("privileged", "SYS_ADMIN")
    )


def test_root_without_capabilities_is_told_to_be_an_ordinary_user() -> None:
    """A container that drops every capability: a filter is not what stands in the way."""
    status = "CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    assert list(places(PODMAN | {STATUS: status}, is_root=True))[:2] == [
        "root without capabilities",
        "Podman",
    ]
    assert "root without capabilities" not in places(PODMAN | {STATUS: status})
    assert "root without capabilities" not in places(
        {STATUS: status.replace("0000000000000000", "00000000800405fb")}, is_root=True
    )


def test_container_without_a_filter_takes_nothing() -> None:
    """A name is not a cause: namespaces are there."""
    assert places(PODMAN | {STATUS: FREE})["Podman"].takes == ""


def test_one_sign_is_not_certain() -> None:
    """A machine that was made of an image still has Docker's file."""
    (place,) = places({"/.dockerenv": ""}).values()
    assert (place.name, place.saw, place.takes) == ("perhaps Docker", ("/.dockerenv",), "")


def test_ids_of_containers_are_short() -> None:
    """Sixty-four digits tell nobody more than twelve."""
    assert (
        f"libpod-{ID[:12]}... in /proc/self/cgroup"
        in places(PODMAN | {CGROUP: f"0::/libpod-{ID}"})["Podman"].saw
    )


@pytest.mark.parametrize(
    ("text", "sign"),
    [("1\n", "apparmor_restrict_unprivileged_userns is 1"), ("", "only root may read it")],
)
def test_restriction_of_ubuntu_is_answered_with_a_profile(text: str, sign: str) -> None:
    """Not with the setting that takes it from every program."""
    files = {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": text}
    place = places(files)["Ubuntu's restriction of user namespaces"]
    assert sign in place.saw[0]
    assert "doctor --apparmor" in place.remedy
    assert "sysctl" not in place.remedy
    assert not places({"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "0\n"})


def test_apparmor_profiles_are_named() -> None:
    """An engine's profile refuses mounts behind a filter that allows them: the next wall, told before one runs into it."""
    found = places(DOCKER | {APPARMOR: "docker-default (enforce)\n"})
    assert list(found)[:2] == ["Docker", "the AppArmor profile docker-default"]
    assert "--security-opt apparmor=plugcli-container" in found["the AppArmor profile docker-default"].remedy
    assert "the AppArmor profile work" in places({APPARMOR: "work (enforce)\n"})
    assert places({APPARMOR: "code (unconfined)\n"}) == {}
    assert places({APPARMOR: "work (complain)\n"}) == {}


@pytest.mark.parametrize(
    ("release", "name", "takes"),
    [
        ("5.15.153.1-microsoft-standard-WSL2\n", "WSL2", ""),
        ("4.4.0-19041-Microsoft\n", "WSL1", "namespaces"),
    ],
)
def test_windows_subsystem(release: str, name: str, takes: str) -> None:
    """The second has a Linux kernel, the first has none: only Windows can mend that."""
    place = places({RELEASE: release, "/proc/sys/fs/binfmt_misc/WSLInterop": "enabled\n"})[name]
    assert place.takes == takes
    assert "/proc/sys/fs/binfmt_misc/WSLInterop" in place.saw
    assert ("wsl --set-version" in place.remedy) == (name == "WSL1")


def test_hardened_kernels() -> None:
    """Each setting with the command that turns it, and what that gives away."""
    none = places({"/proc/sys/user/max_user_namespaces": "0\n"})[
        "a kernel without user namespaces for anybody"
    ]
    assert "sysctl -w user.max_user_namespaces=" in none.remedy
    files = {"/proc/sys/kernel/unprivileged_userns_clone": "0\n"}
    root_alone = places(files)["a kernel with user namespaces for root alone"]
    assert "sysctl -w kernel.unprivileged_userns_clone=1" in root_alone.remedy
    assert places(files, is_root=True) == {}
    assert "a kernel built without user namespaces" in places({}, without=("/proc/self/ns/user",))
    assert places({"/proc/sys/kernel/yama/ptrace_scope": "2\n"})["Yama"].takes == ""
    assert "a kernel in lockdown" in places(
        {"/sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}
    )


def test_missing_landlock_is_told_by_what_is_missing() -> None:
    """A boot parameter, or another kernel."""
    files = {"/sys/kernel/security/lsm": "capability,yama,apparmor"}
    place = places(files, landlock=0)["a kernel without Landlock"]
    assert place.takes == "landlock"
    assert "lsm=landlock,capability,yama,apparmor" in place.remedy
    assert "CONFIG_SECURITY_LANDLOCK" in places({}, landlock=0)["a kernel without Landlock"].remedy


def test_other_sandboxes() -> None:
    """Flatpak, Snap, bubblewrap, a unit, an unknown filter, a user namespace, and Landlock, which shows only in what it refuses."""
    assert "flatpak-spawn" in places({"/.flatpak-info": ""}, {"FLATPAK_ID": "org.x"})["Flatpak"].remedy
    assert "Snap" in places({APPARMOR: "snap.code.code (enforce)\n"})
    assert "--disable-userns" in places({"/proc/1/comm": "bwrap\n"})["bubblewrap"].remedy
    unit = places({STATUS: FILTERED, CGROUP: "0::/system.slice/chat.service\n"})["a service with a filter"]
    assert "systemctl edit chat.service" in unit.remedy
    assert places({STATUS: FILTERED})["another sandbox"].takes == "namespaces"
    uids = {"/proc/self/uid_map": "         0       1000          1\n"}
    assert "outside of it" in places(uids, is_root=True)["a user namespace"].remedy
    assert places({"/proc/self/uid_map": "1000 0 1\n"})["a user namespace"].takes == ""
    wide = {"/proc/self/uid_map": "0 1000 1\n1 100000 65536\n"}
    assert places(wide, is_root=True)["a user namespace"].takes == ""
    assert "a Landlock sandbox" in places({}, may_list_root=False)
    assert "a process without new privileges" in places({STATUS: "NoNewPrivs:\t1\nSeccomp:\t0\n"})


def test_evidence_is_what_is_there() -> None:
    """The files of this very process."""
    evidence = surroundings.read()
    assert evidence.text(RELEASE) == os.uname().release
    assert evidence.text(STATUS).startswith("Name:")
    assert evidence.files["/proc/self/ns/user"] == ""
    assert ("/.dockerenv" in evidence.files) == Path("/.dockerenv").exists()
    assert evidence.may_list_root


def test_failure_that_is_no_refusal_blames_no_place() -> None:
    """A jail that was too slow has nothing to do with where it is."""
    error = refusal.failed_step("start", "no jail after 30 s", None)
    assert isinstance(error, SandboxUnavailable)
    assert str(error) == "the sandbox cannot be set up here: start: no jail after 30 s"
