"""localhost is two addresses, 127.0.0.1 and ::1: a browser tries both, and an author rarely knows at which the server listens."""

import pytest

from tests.e2e.plugin_server import errors, found, plugin, server, validate


@pytest.mark.parametrize("number", ["127.0.0.1", "::1"])
def test_server_at_either_loopback_is_reached_by_localhost(number: str) -> None:
    """Node listens on ::1 alone where it is told localhost; to a browser that is as good."""
    with server(plugin(), number=number) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert (0, []) == (status, errors(target))


@pytest.mark.parametrize(
    ("number", "named", "other"), [("::1", "127.0.0.1", "[::1]"), ("127.0.0.1", "[::1]", "127.0.0.1")]
)
@pytest.mark.parametrize("host", ["chatgpt", "mcp"])
def test_server_at_the_other_loopback_is_named(number: str, named: str, other: str, host: str) -> None:
    """Who is told that nothing listens looks at a server that runs, and does not believe it."""
    with server(plugin(), number=number) as (port, _):
        status, target = validate(f"http://{named}:{port}/openapi.yaml", "--for", host)
        (finding,) = (each for each in target["findings"] if each["severity"] == "error")
        assert 1 == status
        assert (
            f"nothing listens at {named}:{port}, and a server listens at {other}:{port}" in finding["message"]
        )
        assert finding["hint"].startswith(f"name http://localhost:{port}/openapi.yaml")
        assert 0 == validate(f"http://localhost:{port}/openapi.yaml", "--for", "mcp")[0]


def test_nothing_at_localhost_says_where_was_asked() -> None:
    """Both are asked, and so both are named."""
    with server(plugin()) as (port, _):
        pass
    _, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "unfetched")
    assert f"nothing listens at localhost:{port}, neither on 127.0.0.1 nor on ::1" in finding["message"]


@pytest.mark.parametrize(
    "url", ["openapi.yaml", "./openapi.yaml", "../openapi.yaml", "//localhost:{port}/openapi.yaml"]
)
def test_relative_document_does_not_move_the_plugin(url: str) -> None:
    """A plugin on localhost stays there, whatever its `api.url` looks like: its logo and servers are no stranger's."""

    def changed(path: str, port: int) -> tuple[int, dict[str, str], bytes]:
        api = {"type": "openapi", "url": url.format(port=port)}
        legal = f"http://localhost:{port}/legal"
        status, headers, body = plugin(api=api, legal_info_url=legal)(path, port)
        return status, dict(headers), body

    with server(changed) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    (error,) = (each for each in target["findings"] if each["severity"] == "error")
    assert "api-url" == error["rule"]
    assert [] == [each["message"] for each in target["findings"] if "your own machine" in each["message"]]


@pytest.mark.parametrize(
    "url", ["openapi.yaml", "./openapi.yaml", "../openapi.yaml", "//localhost:{port}/openapi.yaml"]
)
def test_hint_for_a_relative_document_works(url: str) -> None:
    """The hint is typed as it stands."""
    with server(lambda path, port: plugin(api={"url": url.format(port=port)})(path, port)) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "api-url")
    hinted = finding["hint"].removeprefix("write ").partition(",")[0]
    with server(lambda path, now: plugin(api={"url": hinted.replace(str(port), str(now))})(path, now)) as (
        now,
        _,
    ):
        status, target = validate(f"http://localhost:{now}")
    assert (0, []) == (status, errors(target))
