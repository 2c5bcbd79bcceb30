"""`plugcli hosts`: the chat hosts that `validate --for` knows, with the state of each."""

from plugcli.cli.command import Command


def hosts() -> None:
    """List the chat hosts that validate knows."""
    from plugcli.hosts import all_hosts

    known = all_hosts()
    width = max(map(len, known))
    for host_id, host in known.items():
        print(f"{host_id:<{width}}  {host.title}{f', {host.state.says}' if host.state.says else ''}")


COMMAND = Command(hosts)
