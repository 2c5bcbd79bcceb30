"""Recognises containers. Two signs of a kind are certain; one alone may be left from the image that a machine was made of."""

import re
from dataclasses import dataclass

from plugcli.sandbox.surroundings.evidence import Evidence
from plugcli.sandbox.surroundings.place import FILTERED, Judge, Place, is_filtered

_SECCOMP = "`plugcli doctor --seccomp default.json > plugcli.json`, where default.json is the engine's own profile, then"


@dataclass(frozen=True)
class _Kind:
    """A kind of container: by which files, texts in files and variables it is known, and how it is started with namespaces."""

    name: str
    files: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    """Files with the regular expression that finds a sign in each."""
    variables: tuple[tuple[str, str], ...] = ()
    """Variables with the values that are a sign, as regular expressions."""
    remedy: str = ""


_HEX = "[0-9a-f]{12,64}"
_KINDS = (
    _Kind(
        "Kubernetes",
        files=("/var/run/secrets/kubernetes.io/serviceaccount",),
        texts=(
            ("/proc/self/cgroup", r"kubepods[^\s:]{0,40}"),
            (
                "/proc/self/mountinfo",
                r"/var/lib/kubelet/pods/|/kubernetes\.io~[a-z-]+/|/containers/kubernetes/pods/",
            ),
        ),
        variables=(("KUBERNETES_SERVICE_HOST", ".+"),),
        remedy="`plugcli doctor --kubernetes` prints the securityContext; never use `privileged: true`",
    ),
    _Kind(
        "Podman",
        files=("/run/.containerenv",),
        texts=(
            ("/proc/self/cgroup", rf"libpod-{_HEX}|libpod_parent"),
            ("/proc/self/mountinfo", rf"/overlay-containers/{_HEX}/userdata/"),
        ),
        variables=(("container", "podman"),),
        remedy=f"{_SECCOMP} `podman run --security-opt seccomp=plugcli.json`; never use --privileged",
    ),
    _Kind(
        "Docker",
        files=("/.dockerenv",),
        texts=(
            ("/proc/self/cgroup", rf"/docker/{_HEX}|docker-{_HEX}\.scope"),
            ("/proc/self/mountinfo", rf"/docker/containers/{_HEX}/"),
            ("/run/systemd/container", "^docker$"),
        ),
        remedy=f"{_SECCOMP} `docker run --security-opt seccomp=plugcli.json`; never use --privileged",
    ),
    _Kind(
        "LXC",
        texts=(
            ("/proc/self/cgroup", r"/lxc(\.payload[./]|/)\S{0,40}"),
            ("/proc/self/mountinfo", r" lxcfs "),
            ("/run/systemd/container", "^lxc"),
        ),
        variables=(("container", "lxc.*"),),
        remedy="allow nesting: `lxc config set NAME security.nesting true`",
    ),
    _Kind(
        "systemd-nspawn",
        texts=(
            ("/run/systemd/container", "^systemd-nspawn$"),
            ("/proc/self/cgroup", r"machine-[^\s/]+\.scope/payload"),
        ),
        variables=(("container", "systemd-nspawn"),),
    ),
)
_OTHER_SIGNS = _Kind(
    "a container",
    texts=(
        ("/proc/self/mountinfo", r"(?m)^\S+ \S+ \S+ / / \S+ .*- overlay "),
        ("/proc/self/mountinfo", r"/io\.containerd[.\w-]*/"),
        ("/proc/self/attr/current", r"\bcontainer_t\b"),
        ("/run/systemd/container", r"^(?!docker$|podman$|wsl$|lxc|systemd-nspawn$|flatpak$).+"),
    ),
    variables=(("container", "(?!flatpak).+"),),
    remedy=f"{_SECCOMP} have the engine use it; never use --privileged",
)


def container(evidence: Evidence) -> Place | None:
    """Return the container around this process. The kind that orders the others, Kubernetes, comes before the engine that it uses."""
    found = [(kind, signs) for kind in _KINDS if (signs := _signs(kind, evidence))]
    certain = next((one for one in found if len(one[1]) > 1), None)
    if certain is not None:
        return _place(certain[0].name, certain[1], certain[0].remedy, evidence)
    if found:
        kind, signs = found[0]
        return _place(f"perhaps {kind.name}", signs, kind.remedy, evidence)
    signs = _signs(_OTHER_SIGNS, evidence)
    return _place("a container", signs, _OTHER_SIGNS.remedy, evidence) if signs else None


def _signs(kind: _Kind, evidence: Evidence) -> tuple[str, ...]:
    signs = [path for path in kind.files if path in evidence.files]
    for path, pattern in kind.texts:
        found = re.search(pattern, evidence.text(path))
        if found:
            signs.append(f"{_short(found[0])} in {path}")
    signs += [
        f"{name}={evidence.variables[name]}"
        for name, pattern in kind.variables
        if re.fullmatch(pattern, evidence.variables.get(name, ""))
    ]
    return tuple(signs)


def _short(text: str) -> str:
    return re.sub(r"([0-9a-f]{12})[0-9a-f]+", r"\1...", " ".join(text.split()))


def _place(name: str, signs: tuple[str, ...], remedy: str, evidence: Evidence) -> Place:
    if not is_filtered(evidence):
        return Place(name, signs)
    says = "a container's seccomp filter is on, and the usual ones refuse namespaces and mounts"
    return Place(name, (*signs, FILTERED), says, "namespaces", remedy)


JUDGES: tuple[Judge, ...] = (container,)
