"""The built-in plugins: routes that the templates import, so that a fix reaches plugins already made."""
