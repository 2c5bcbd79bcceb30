"""The sandbox: code run under a Policy. Standard library only; imports nothing of plugcli but its errors.

Its names are imported when they are first used: `exec` starts the launcher before it imports what drives it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugcli.sandbox.busy import Busy
    from plugcli.sandbox.engine import Conversation, Engine, Files, Incoming, Key, OpenFile, Status, Stored
    from plugcli.sandbox.file import File, FileRefused, Listing
    from plugcli.sandbox.limits import Capacity, Limits
    from plugcli.sandbox.policy import Policy
    from plugcli.sandbox.protection import Layer, Protection
    from plugcli.sandbox.result import RunResult
    from plugcli.sandbox.sandbox import Sandbox, diagnose

__all__ = [
    "Busy",
    "Capacity",
    "Conversation",
    "Engine",
    "File",
    "FileRefused",
    "Files",
    "Incoming",
    "Key",
    "Layer",
    "Limits",
    "Listing",
    "OpenFile",
    "Policy",
    "Protection",
    "RunResult",
    "Sandbox",
    "Status",
    "Stored",
    "diagnose",
]

_FILES = {
    "busy": ("Busy",),
    "engine": ("Conversation", "Engine", "Files", "Incoming", "Key", "OpenFile", "Status", "Stored"),
    "file": ("File", "FileRefused", "Listing"),
    "limits": ("Capacity", "Limits"),
    "policy": ("Policy",),
    "protection": ("Layer", "Protection"),
    "result": ("RunResult",),
    "sandbox": ("Sandbox", "diagnose"),
}


def __getattr__(name: str) -> object:
    for file, names in _FILES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{file}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
