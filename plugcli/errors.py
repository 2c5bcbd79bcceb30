"""What plugcli raises when it could not do its job, each with the exit code it ends in.

A bad plugin is a Finding and bad untrusted code is a RunResult: neither is an error of plugcli.
"""

from typing import ClassVar


class PlugcliError(Exception):
    """plugcli could not do its job: `message` says what happened, `hint` what to do next. Exit code 3."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PlugcliError):
    """The command line names something that does not exist or does not fit. Exit code 2."""

    exit_code = 2


class SandboxUnavailable(PlugcliError):
    """This machine cannot hold the Policy, and plugcli refuses rather than hold less. Exit code 4.

    `step` names the step of the set-up that failed, where one did.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", step: str = "") -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.before: list[SandboxUnavailable] = []
        """Why this machine does not hold the stronger levels either, the strongest first."""
