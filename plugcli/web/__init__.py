"""Bounded outbound HTTP exchanges, for all of plugcli: plugins are loaded, called and browsed through here.

One place, `client`, decides which servers may be asked. Nothing here knows what a plugin or a host is.
"""
