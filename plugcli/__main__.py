"""`python -m plugcli`."""

from plugcli.cli import main

main()
