"""The half of the sandbox that runs outside the user's process, in the launcher and its forks.

It uses only the standard library and nothing of plugcli. The launcher runs with `-I -S` and the jail's environment, because untrusted code
could reach whatever the launcher imports. The host imports this package as `plugcli.sandbox.jail`, the launcher as `jail`.
"""
