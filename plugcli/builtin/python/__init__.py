"""The plugin that runs Python: `POST /execute`, and the files of its conversations."""

from plugcli.builtin.python.execute import routes
from plugcli.builtin.python.terms import Terms

__all__ = ["Terms", "routes"]
