"""`routes`, for plugins that were made when it was here. It is plugcli.builtin.python.routes."""

from plugcli.builtin.python import routes

__all__ = ["routes"]
