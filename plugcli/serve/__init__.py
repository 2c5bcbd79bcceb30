"""The plugin, served the way a chat host needs it: an ASGI application and the server under it."""
