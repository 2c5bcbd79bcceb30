"""`plugcli serve`: serve a plugin the way a chat host needs it."""
