"""The sandbox: code run under a Policy. Standard library only; imports nothing of plugcli but its errors.

Its names are imported when they are first used: `exec` starts the launcher before it imports what drives it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugcli.sandbox.busy import Busy
    from plugcli.sandbox.policy import Policy
    from plugcli.sandbox.protection import Layer, Protection
    from plugcli.sandbox.result import RunResult
    from plugcli.sandbox.sandbox import Sandbox, diagnose
    from plugcli.sandbox.session import Session
    from plugcli.sandbox.sessions import Sessions
    from plugcli.sandbox.workspace import Download, File, FileRefused, Listing, Workspace

__all__ = [
    "Busy",
    "Download",
    "File",
    "FileRefused",
    "Layer",
    "Listing",
    "Policy",
    "Protection",
    "RunResult",
    "Sandbox",
    "Session",
    "Sessions",
    "Workspace",
    "diagnose",
]

_FILES = {
    "busy": ("Busy",),
    "policy": ("Policy",),
    "result": ("RunResult",),
    "sandbox": ("Sandbox", "diagnose"),
    "session": ("Session",),
    "sessions": ("Sessions",),
    "protection": ("Layer", "Protection"),
    "workspace": ("Download", "File", "FileRefused", "Listing", "Workspace"),
}


def __getattr__(name: str) -> object:
    for file, names in _FILES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{file}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
