"""`plugcli exec`: run code in the sandbox, here or in a session of a running server."""
