"""What a host does about something, how we know, and how bad it is."""

from dataclasses import dataclass

from plugcli.finding import Basis, Severity


@dataclass(frozen=True)
class Claim:
    """What a host does about something, and how we know.

    `says` is the host's own message if it is sourced; `says_on_localhost` is its message for plugins on localhost
    only. `severity` lowers the severity of the basis, which is an error for `enforced` and otherwise a warning.
    `loses` names the part (`operation`) that the host leaves out while it loads the rest of the plugin. With
    `leaves_open` nobody knows what the host does.
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
