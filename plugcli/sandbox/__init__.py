"""The sandbox: code run under a Policy. Standard library only; imports nothing of plugcli but its errors."""

from plugcli.sandbox.busy import Busy
from plugcli.sandbox.policy import Policy
from plugcli.sandbox.result import RunResult
from plugcli.sandbox.sandbox import Sandbox, diagnose
from plugcli.sandbox.session import Session
from plugcli.sandbox.sessions import Sessions
from plugcli.sandbox.verdict import Layer, Verdict
from plugcli.sandbox.workspace import Download, File, FileRefused, Listing, Workspace

__all__ = [
    "Busy",
    "Download",
    "File",
    "FileRefused",
    "Layer",
    "Listing",
    "Policy",
    "RunResult",
    "Sandbox",
    "Session",
    "Sessions",
    "Verdict",
    "Workspace",
    "diagnose",
]
