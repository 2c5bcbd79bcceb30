"""`plugcli validate URL` against real servers on this machine: what a server does wrong is named, never a traceback."""

import asyncio
import socket

import pytest

from plugcli.fetch import fetch_plugin
from tests.e2e.plugin_server import Answer, errors, found, plugin, raw_server, server, validate, why_not


def test_good_plugin_passes_by_its_domain() -> None:
    """The author names what a user would type into the host."""
    with server(plugin()) as (port, asked):
        status, target = validate(f"http://localhost:{port}")
    assert (0, []) == (status, errors(target))
    assert "accepts" == target["verdicts"][0]["verdict"]
    assert ["/.well-known/ai-plugin.json", "/openapi.yaml", "/logo.png"] == asked


def test_relative_api_url_is_taken_against_the_domain() -> None:
    """29 approved plugins have one."""
    with server(plugin(api={"type": "openapi", "url": "/openapi.yaml"})) as (port, asked):
        status, target = validate(f"http://localhost:{port}/")
    assert (0, []) == (status, errors(target))
    assert "/openapi.yaml" in asked


def test_openapi_document_is_judged_alone() -> None:
    """Its address asks for nothing else, and no manifest is missed."""
    with server(plugin()) as (port, asked):
        status, target = validate(f"http://localhost:{port}/openapi.yaml")
    assert (0, []) == (status, target["findings"])
    assert ["/openapi.yaml"] == asked


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        (404, "404 Not Found", "serve it at this very address"),
        (401, "401 Unauthorized", "without authentication"),
        (500, "500 Internal Server Error", "the server's log"),
    ],
)
def test_server_that_answers_something_else_is_named(code: int, words: str, hint: str) -> None:
    """The host says only that it could not find or fetch it, and what to do depends on the answer."""
    with server(lambda path, port: (code, {}, b"")) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    (finding,) = target["findings"]
    assert f"the server answers {words}" in finding["message"]
    assert hint in finding["hint"]
    assert "Failed to fetch localhost manifest." in finding["host_says"]


def test_missing_openapi_document_points_at_api_url() -> None:
    """The line to look at is the one with the address."""
    with server(plugin(api={"type": "openapi", "url": "/nothing.yaml"})) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    (finding,) = [each for each in target["findings"] if each["severity"] == "error"]
    assert "/api/url" == finding["pointer"]
    assert "the server answers 404 Not Found" in finding["message"]


def test_html_in_place_of_the_manifest_is_named() -> None:
    """A catch-all route of a web application answers 200 with its start page."""
    with server(lambda path, port: (200, {}, b"<!doctype html><title>Shop</title>")) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert (1, [("manifest-syntax", "this is an HTML page, not JSON")]) == (status, errors(target))


def test_port_where_nobody_listens_is_named() -> None:
    """The most common mistake of all: the server is not running."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert f"nothing listens at localhost:{port}" in target["findings"][0]["message"]


def test_api_url_at_another_port_is_named() -> None:
    """The server moved to another port and the manifest did not: the host says only that it could not fetch it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other = free.getsockname()[1]
        api = {"type": "openapi", "url": f"http://localhost:{other}/openapi.yaml"}
        with server(plugin(api=api)) as (port, _):
            status, target = validate(f"http://localhost:{port}")
    ((rule, message),) = errors(target)
    assert (1, "unfetched") == (status, rule)
    assert f"nothing listens at localhost:{other}" in message


def test_https_to_a_port_that_speaks_http_is_named() -> None:
    """A traceback of the TLS library would tell the author nothing."""
    with server(plugin()) as (port, _):
        status, target = validate(f"https://localhost:{port}")
    assert 1 == status
    assert f"localhost:{port} does not speak TLS" in target["findings"][0]["message"]


def test_answer_that_is_not_http_is_named() -> None:
    """Another program may have the port."""
    with raw_server(b"SSH-2.0-OpenSSH_9.6\r\n") as port:
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert (
        f"localhost:{port} closes the connection without an answer in HTTP"
        in target["findings"][0]["message"]
    )


def test_server_that_never_answers_ends_in_time() -> None:
    """The host gives up after 15 seconds, and so do we."""
    with raw_server(b"") as port:
        plugin = asyncio.run(fetch_plugin(f"http://localhost:{port}", wall_seconds=0.2))
    assert "no answer to OPTIONS within 0.2 seconds" == why_not(plugin)


def test_answer_without_end_is_cut_off() -> None:
    """A stream must fill neither the memory nor the time."""
    huge = b" " * (33 * 1024 * 1024)
    with server(lambda path, port: (200, {}, huge)) as (port, _):
        plugin = asyncio.run(fetch_plugin(f"http://localhost:{port}"))
    assert "the answer is larger than 32 MiB" == why_not(plugin)


def test_redirect_on_the_same_host_is_followed() -> None:
    """www, a trailing slash, a versioned path: the host follows those."""

    def answer(path: str, port: int) -> Answer:
        if path == "/.well-known/ai-plugin.json":
            return 307, {"Location": "/moved.json"}, b""
        return plugin()(path.replace("/moved.json", "/.well-known/ai-plugin.json"), port)

    with server(answer) as (port, asked):
        status, target = validate(f"http://localhost:{port}")
    assert (0, []) == (status, errors(target))
    assert "/moved.json" in asked


def test_redirect_to_another_domain_is_refused() -> None:
    """The host disallows it, and so nobody is asked there."""

    def answer(path: str, port: int) -> Answer:
        return 302, {"Location": f"http://127.0.0.1:{port}/elsewhere.json"}, b""

    with server(answer) as (port, asked):
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert "redirects to 127.0.0.1: only the same domain" in target["findings"][0]["message"]
    assert ["/.well-known/ai-plugin.json"] == asked


def test_redirects_in_a_circle_end() -> None:
    """A log-in page that redirects to itself is common."""
    with server(lambda path, port: (302, {"Location": path}, b"")) as (port, asked):
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert "more than 5 redirects" in target["findings"][0]["message"]
    assert 6 == len(asked)


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://["])
def test_redirect_to_no_address_is_named(location: str) -> None:
    """Never a file of this machine, never a traceback."""
    with server(lambda path, port: (302, {"Location": location}, b"")) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert "which is not a valid URL" in target["findings"][0]["message"]


def test_manifest_cannot_make_us_ask_another_host() -> None:
    """A stranger's manifest could name a service inside the user's network; the host would not go there either."""
    with server(lambda path, port: (200, {}, b"secret")) as (inner, inner_asked):
        api = {"type": "openapi", "url": f"http://127.0.0.1:{inner}/openapi.yaml"}
        with server(plugin(api=api)) as (port, _):
            status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert ("domain", "api.url is at 127.0.0.1, but the plugin is at localhost") in errors(target)
    assert [] == inner_asked


@pytest.mark.parametrize(
    "url", ["http://[", "https://:99999/", "//", "http://" + "a" * 70 + ".dev/x", "\x00", " "]
)
def test_api_url_that_is_no_address_is_a_finding(url: str) -> None:
    """It is a stranger's text, and joined to the plugin's address."""
    with server(plugin(api={"type": "openapi", "url": url}, logo_url=url)) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert 1 == status
    assert [] != errors(target)


@pytest.mark.parametrize("member", ["api", "logo_url"])
def test_address_that_looks_like_a_placeholder_leads_nowhere_else(member: str) -> None:
    """`{{x}}` costs a stranger nothing, in the plugin's own address as in those that it names."""
    with server(lambda path, port: (200, {}, b"secret")) as (inner, inner_asked):
        inside = f"http://127.0.0.1:{inner}/latest?{{{{x}}}}"
        named = {member: {"type": "openapi", "url": inside} if member == "api" else inside}

        def answer(path: str, port: int) -> Answer:
            if path == "/.well-known/ai-plugin.json":
                return 302, {"Location": f"{path}?{{{{x}}}}"}, b""
            return plugin(**named)(path.partition("?")[0], port)

        with server(answer) as (port, asked):
            validate(f"http://localhost:{port}")
    assert "/.well-known/ai-plugin.json?{{x}}" in asked
    assert [] == inner_asked


def test_api_url_with_a_template_in_its_query_is_asked_at_home() -> None:
    """What looks like a placeholder is still an address, and the plugin's own server may know it."""

    def answer(path: str, port: int) -> Answer:
        api = {"type": "openapi", "url": f"http://localhost:{port}/openapi.yaml?{{{{x}}}}"}
        return plugin(api=api)(path.partition("?")[0], port)

    with server(answer) as (port, asked):
        validate(f"http://localhost:{port}")
    assert "/openapi.yaml?{{x}}" in asked


def test_port_that_cannot_be_is_a_finding_behind_a_placeholder_too() -> None:
    """Nobody looks at the number before the system does."""

    def answer(path: str, port: int) -> Answer:
        if path == "/.well-known/ai-plugin.json":
            return 302, {"Location": f"{path}?{{{{x}}}}"}, b""
        api = {"type": "openapi", "url": "http://localhost:99999/openapi.yaml?{{x}}"}
        return plugin(api=api)(path.partition("?")[0], port)

    with server(answer) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "unfetched")
    assert 1 == status
    assert "is not a valid URL" in finding["message"]


@pytest.mark.parametrize("proxy", ["http://a:b", "http://127.0.0.1:99999", "http://["])
def test_proxy_that_is_no_address_is_a_finding(proxy: str) -> None:
    """The slip is in the user's own environment, and no fault of plugcli's."""
    proxies = {name: proxy for name in ("http_proxy", "HTTP_PROXY")}
    status, target = validate("http://plugcli.invalid", **proxies, no_proxy="", NO_PROXY="")
    (finding,) = found(target, "unfetched")
    assert 1 == status
    assert "the proxy set in the environment is not a valid URL" in finding["message"]


@pytest.mark.parametrize("name", ["a" * 70, "a..b"])
def test_name_that_no_name_server_could_know_is_a_finding(name: str) -> None:
    """Python fails on such a name before it asks anybody."""
    status, target = validate(f"http://{name}.localhost:1")
    assert 1 == status
    assert [] != errors(target)
