"""The refusal of a sandbox that has no room now."""

from plugcli.errors import PlugcliError


class Busy(PlugcliError):
    """Too much runs or waits already. Try again in a few seconds."""
