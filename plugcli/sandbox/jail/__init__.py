"""The launcher's half of the sandbox: what runs outside the user's process.

Standard library only, and nothing of plugcli: the launcher runs with `-I -S` and an environment of the jail's, so whatever it could
import, untrusted code could reach. Imported as `plugcli.sandbox.jail` by the host and as `jail` by the launcher.
"""
