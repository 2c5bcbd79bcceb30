"""What a host does about something, how we know, and how bad it is."""

from dataclasses import dataclass

from plugcli.finding import Basis, Severity


@dataclass(frozen=True)
class Claim:
    """What a host does about something, and how we know.

    `says` is the host's own message where it is sourced; `says_on_localhost` it says only of a plugin
    there. `severity` lowers what the basis would give: an error for `enforced`, else a warning. `loses` names the
    part that the host leaves out of a plugin that it loads all the same (`operation`); with `leaves_open` nobody
    knows what it does.
    """

    basis: Basis
    source: str
    says: str | None = None
    says_on_localhost: str | None = None
    severity: Severity | None = None
    loses: str = ""
    leaves_open: bool = False

    @property
    def word(self) -> Severity:
        """How bad it is for this host."""
        return self.severity or ("error" if self.basis == "enforced" else "warning")
