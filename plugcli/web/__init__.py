"""One bounded outbound exchange with an HTTP server, for all who ask one: plugins are loaded, called and browsed through here.

Whom we ask is decided in one place, `client`. Nothing here knows what a plugin or a host is.
"""
