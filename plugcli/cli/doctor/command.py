"""`plugcli doctor`: which layers of the sandbox work on this machine, and profiles that turn them on."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from plugcli.cli.command import Command
from plugcli.cli.render import print_json
from plugcli.errors import SandboxUnavailable, UsageError
from plugcli.terminal_text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugcli.sandbox import Protection
    from plugcli.sandbox.surroundings import Place


def doctor(
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The interpreter or venv to use. [default: plugcli's own]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    apparmor: Annotated[
        bool,
        typer.Option("--apparmor", help="Print an AppArmor profile for the sandbox's launcher (Ubuntu)."),
    ] = False,
    seccomp: Annotated[
        str | None,
        typer.Option(
            metavar="BASE",
            help="Print the seccomp profile BASE of Docker or Podman, with what the sandbox needs. - reads it from standard input.",
        ),
    ] = None,
    levels: Annotated[
        bool, typer.Option("--levels", help="Compare what the levels of the sandbox promise.")
    ] = False,
    kubernetes: Annotated[
        bool, typer.Option("--kubernetes", help="Print a pod's securityContext for Kubernetes.")
    ] = False,
) -> None:
    """Show which layers of the sandbox work here.

    It starts a real jail, as serve and exec do, and says where this is: in a container, in another sandbox, on a restricted system. The
    exit status is 0 if the default policy holds, and 4 if serve and exec would refuse to run code. With an option that prints a profile
    or the comparison, it prints only that.
    """
    if sum((apparmor, seccomp is not None, kubernetes, levels)) > 1:
        raise UsageError(
            "--apparmor, --seccomp, --kubernetes and --levels exclude each other",
            hint="print one at a time",
        )
    if apparmor:
        from plugcli.cli.doctor.apparmor import profile

        print(profile(), end="")
    elif seccomp is not None:
        from plugcli.cli.doctor.seccomp import extended, read

        print_json(extended(read(seccomp)))
    elif kubernetes:
        from plugcli.cli.doctor.kubernetes import SECURITY_CONTEXT

        print(SECURITY_CONTEXT, end="")
    elif levels:
        _compare(is_json=json)
    else:
        _report(python, is_json=json)


def _compare(*, is_json: bool) -> None:
    from plugcli.sandbox.levels import comparison

    (_, *names), *rows = comparison()
    if is_json:
        print_json({subject: dict(zip(names, said, strict=True)) for subject, *said in rows})
        return
    for subject, *said in rows:
        print(subject)
        for name, sentence in zip(names, said, strict=True):
            print(f"  {name}: {sentence}")


def _report(python: str | None, *, is_json: bool) -> None:
    import asyncio

    from plugcli.sandbox import diagnose

    protection = asyncio.run(diagnose(python=python))
    places = _places()
    if is_json:
        print_json(protection.as_json() | {"where": [place.as_json() for place in places]})
    else:
        _print(protection, places)
    if protection.refusal is not None:
        raise typer.Exit(SandboxUnavailable.exit_code)


def _places() -> "Sequence[Place]":
    if sys.platform != "linux":
        return ()
    from plugcli.sandbox import surroundings

    return surroundings.here()


def _print(protection: "Protection", places: "Sequence[Place]") -> None:
    lines = [f"sandbox: {protection.first_line}"]
    has_namespaces = protection.level == "namespaces"
    told = {"", *(layer.remedy for layer in protection.layers)}
    for place in places:
        lines += ["", f"where: {place.name}", *(f"  saw: {sign}" for sign in place.saw)]
        if not has_namespaces and place.says:
            lines.append(f"  {place.says}")
            if place.remedy not in told:
                lines.append(f"  to turn {place.takes} on: {place.remedy}")
    for layer in protection.layers:
        lines += ["", f"{layer.name}: {'on' if layer.is_on else 'off'}", f"  {layer.why}"]
        if layer.remedy:
            lines.append(f"  {'stronger' if layer.is_on else 'to turn it on'}: {layer.remedy}")
    if protection.can_still:
        lines += ["", "What code can still do:", *(f"  - {sentence}" for sentence in protection.can_still)]
    if protection.cannot:
        lines += ["", "What code cannot do at this level:", *(f"  - {each}" for each in protection.cannot)]
    for line in lines:
        print(printable(line))  # it may contain names of folders


COMMAND = Command(doctor)
