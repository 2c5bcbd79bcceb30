"""The sandbox: code run under a Policy. Standard library only; imports nothing of plugcli but its errors."""

from plugcli.sandbox.policy import Policy
from plugcli.sandbox.result import RunResult
from plugcli.sandbox.sandbox import Busy, Sandbox, diagnose
from plugcli.sandbox.verdict import Layer, Verdict

__all__ = ["Busy", "Layer", "Policy", "RunResult", "Sandbox", "Verdict", "diagnose"]
