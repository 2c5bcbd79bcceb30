"""The refusal of a sandbox that has no room now."""

from plugcli.errors import PlugcliError


class Busy(PlugcliError):
    """Too much is running or waiting already. Try again in a few seconds."""
