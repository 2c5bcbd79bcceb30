"""The served documents against the server: schemathesis calls every operation, right and wrong, and finds nothing.

`python -m tests.conformance [NAME ...] [--seconds N] [--seeds N ...]`: the built-in plugin, as it is and with other
options, and each template, at each seed for so long; half an hour by default. tests/e2e/test_conformance.py is the short run.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plugcli.scaffold import scaffold, templates
from tests.e2e.serving import serving

# In a venv of its own: it allows only some versions of what plugcli depends on. These three together, because a seed gives the same
# calls only then; schemathesis 4.24, the last one without such limits, fails with the hypothesis of today.
PACKAGES = ("schemathesis==4.32.5", "hypothesis==6.170.17", "jsonschema-rs==0.60.3")
VENV = Path(__file__).parents[1] / ".conformance"
# Every call of /execute runs code; these keep it small.
SMALL = (
    *("--memory", "128MiB", "--workspace", "16MiB", "--timeout", "2", "--timeout-max", "4.5"),
    *("--sessions", "4", "--jails", "4", "--preload", "none"),
)


@dataclass(frozen=True)
class Off:
    """A check that is switched off, of one operation or of all, and why it cannot be right here."""

    check: str
    operation: str | None
    why: str


BYTES = Off(
    "negative_data_rejection", "uploadFiles", "a form carries bytes: `false` is a file of five of them"
)
LISTS = Off("use_after_free", None, "DELETE removes one todo; the list at that address stays")


@dataclass(frozen=True)
class Served:
    """What is served and called: a template (None: the built-in plugin) with options of `serve`."""

    template: str | None = None
    options: tuple[str, ...] = SMALL
    off: tuple[Off, ...] = (BYTES,)
    token: str | None = None


OFF: dict[str, tuple[Off, ...]] = {"python": (BYTES,), "todo": (LISTS,)}
SHORT = {
    "built-in": Served(),
    **{template: Served(template, off=OFF.get(template, ())) for template in templates()},
}
ALL = {
    **SHORT,
    "stateless": Served(options=(*SMALL, "--stateless")),
    "token": Served(token="q8Zr1-vK5_tW3xYb7Ld9"),
}


@dataclass(frozen=True)
class Outcome:
    """What schemathesis said: whether it found nothing, how many calls it made, and its report."""

    is_clean: bool
    calls: int
    report: str


def installed() -> Path:
    """Make the venv of schemathesis, or find it made of these packages by this interpreter; return its command."""
    stamp, made_of = VENV / "made-of", f"{sys.version}\n{' '.join(PACKAGES)}\n"
    if not stamp.exists() or stamp.read_text() != made_of:
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        fill = [str(VENV / "bin/python"), "-m", "pip", "install", "-q", *PACKAGES]
        for command in (make, fill):
            subprocess.run(command, check=True, stdout=sys.stderr)
        stamp.write_text(made_of)
    return VENV / "bin/schemathesis"


def call_all(served: Served, folder: Path, *options: str) -> Outcome:
    """Serve it and have schemathesis call it, with all its checks but those that are off. `folder` is empty."""
    plugin: list[Path] = []
    if served.template is not None:
        plugin = [folder / "plugin"]
        scaffold(templates()[served.template], {}, plugin[0])
    token: list[str | Path] = []
    if served.token is not None:
        token = ["--token-file", folder / "token"]
        (folder / "token").write_text(served.token)
        options = ("-H", f"Authorization: Bearer {served.token}", *options)
    with serving(folder, *plugin, *served.options, *token) as server:
        return schemathesis(f"{server.url}/openapi.json", folder, served.off, *options)


def schemathesis(url: str, folder: Path, off: Sequence[Off], *options: str) -> Outcome:
    """Have schemathesis call what the document at `url` describes."""
    settings = folder / "schemathesis.toml"
    settings.write_text("\n".join(map(_setting, sorted(off, key=lambda each: each.operation or ""))))
    command = [str(installed()), "--config-file", str(settings), "run", url, "--no-color"]
    fixed = ("--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off")
    done = subprocess.run(
        [*command, *fixed, *options], cwd=folder, capture_output=True, text=True, check=False
    )
    report = done.stdout + done.stderr
    calls = re.search(r"(\d+) generated", report)
    return Outcome(done.returncode == 0, int(calls[1]) if calls else 0, report)


def _setting(off: Off) -> str:
    if off.operation is None:
        return f"checks.{off.check}.enabled = false  # {off.why}"
    return f'[[operations]]\ninclude-operation-id = "{off.operation}"\nchecks.{off.check}.enabled = false  # {off.why}'


def main() -> int:
    """Run what the arguments name; the exit status is 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(ALL)}; default: all")
    parser.add_argument("--seconds", type=int, default=120, help="of each run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    asked = parser.parse_args()
    if unknown := {*asked.names} - {*ALL}:
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(ALL)}")
    is_clean = True
    for name in asked.names or ALL:
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                options = ("--max-time", str(asked.seconds), "--seed", str(seed))
                outcome = call_all(ALL[name], Path(folder), *options)
            found = "nothing found" if outcome.is_clean else outcome.report
            print(f"{name}, seed {seed}: {outcome.calls} calls, {found}", flush=True)
            is_clean = is_clean and outcome.is_clean
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
