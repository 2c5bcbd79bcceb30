"""`plugcli hosts`: the chat hosts that `validate --for` knows, and what has become of each."""

from plugcli.cli.command import Command


def hosts() -> None:
    """List the chat hosts that validate can judge for."""
    from plugcli.hosts import all_hosts

    known = all_hosts()
    width = max(map(len, known))
    for host_id, host in known.items():
        print(f"{host_id:<{width}}  {host.title}{f', {host.state.says}' if host.state.says else ''}")


COMMAND = Command(hosts)
