"""`plugcli validate https://...`: TLS as a host wants it, redirects as it takes them, and nobody asked whom it would not ask.

Public plugins are reached through a proxy on this machine, which answers for all of them: no name is looked up.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from plugcli.exchange import Exchange
from plugcli.fetch.bounds import NotFollowed, redirected
from plugcli.fetch.wire import ask as ask_as_host
from plugcli.internet import is_public
from plugcli.web.client import Bounds, Client
from tests.e2e.certificates import certificate, tls
from tests.e2e.plugin_server import Answer, errors, found, plugin, server, validate

HOME = "https://todo.plugcli.dev"
MANIFEST_PATH = "/.well-known/ai-plugin.json"


def test_https_on_localhost_with_a_trusted_certificate_passes(tmp_path: Path) -> None:
    """Some authors have one, made by an authority of their own."""
    own = certificate(tmp_path / "own", "localhost")

    def answer(path: str, port: int) -> Answer:
        status, headers, body = plugin()(path, port)
        return status, headers, body.replace(b"http://localhost", b"https://localhost")

    with server(answer, tls=tls(own)) as (port, asked):
        status, target = validate(f"https://localhost:{port}", SSL_CERT_FILE=str(own))
    assert (0, []) == (status, errors(target))
    assert [MANIFEST_PATH, "/openapi.yaml", "/logo.png"] == asked


@pytest.mark.parametrize(
    ("name", "days", "is_trusted", "cause"),
    [
        ("localhost", 2, False, "self-signed certificate"),
        ("todo.plugcli.dev", 2, True, "not valid for 'localhost'"),
        ("localhost", -1, True, "certificate has expired"),
    ],
)
def test_certificate_that_is_refused_is_named(
    tmp_path: Path, name: str, days: int, is_trusted: bool, cause: str
) -> None:
    """The host says that it found no manifest."""
    own = certificate(tmp_path / "own", name, days=days)
    other = certificate(tmp_path / "other", "other.plugcli.dev")
    trusted = own if is_trusted else other
    with server(plugin(), tls=tls(own)) as (port, asked):
        status, target = validate(f"https://localhost:{port}", SSL_CERT_FILE=str(trusted))
    (finding,) = found(target, "unfetched")
    assert (1, []) == (status, asked)
    assert f"the certificate of localhost:{port} is refused: " in finding["message"]
    assert cause in finding["message"]


def test_tls_older_than_1_2_is_named(tmp_path: Path) -> None:
    """Old proxies and appliances speak nothing else; the host's documentation wants 1.2."""
    own = certificate(tmp_path / "own", "localhost")
    with server(plugin(), tls=tls(own, is_old=True)) as (port, _):
        _, target = validate(f"https://localhost:{port}", SSL_CERT_FILE=str(own))
    (finding,) = found(target, "unfetched")
    assert f"localhost:{port} speaks only TLS older than 1.2" in finding["message"]


def public(url: str, port: int) -> Answer:
    """The good plugin at HOME, as a proxy hears of it."""
    if not url.startswith(f"{HOME}/"):
        return 404, {}, b"not found"
    status, headers, body = plugin()(urlsplit(url).path, 5003)
    return status, headers, body.replace(b"http://localhost:5003", HOME.encode())


def through_proxy(
    tmp_path: Path, url: str, answer: Callable[[str, int], Answer], *, beside: str = ""
) -> tuple[int, dict[str, object], list[str]]:
    """Judge the public plugin at `url`: the exit status, what is said, and all addresses that the proxy was asked for.

    For hosts in `beside` the proxy is not used.
    """
    names = ("plugcli.dev", "*.plugcli.dev", "*.todo.plugcli.dev")
    own = certificate(tmp_path / "own", *names)
    with server(answer, cors={}, tls=tls(own), is_proxy=True) as (port, asked):
        proxy = f"http://127.0.0.1:{port}"
        proxies = {name: proxy for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")}
        status, target = validate(url, **proxies, no_proxy=beside, NO_PROXY=beside, SSL_CERT_FILE=str(own))
    return status, target, asked


def test_public_plugin_passes_and_no_browser_asks(tmp_path: Path) -> None:
    """The host's own server asks it: CORS is none of its business."""
    status, target, asked = through_proxy(tmp_path, HOME, public)
    assert (0, [], "accepts") == (status, target["findings"], target["verdicts"][0]["verdict"])  # type: ignore[index]
    assert [f"{HOME}{MANIFEST_PATH}", f"{HOME}/openapi.yaml", f"{HOME}/logo.png"] == asked


@pytest.mark.parametrize(
    "url", ["http://localhost:{}/x", "http://127.0.0.1:{}/x", "https://2130706433:{}/x", "https://10.0.0.1/x"]
)
@pytest.mark.parametrize("member", ["api", "logo_url"])
@pytest.mark.parametrize("is_beside", [False, True])
def test_public_manifest_cannot_make_us_ask_inside(
    tmp_path: Path, url: str, member: str, is_beside: bool
) -> None:
    """A stranger's manifest is judged on a developer's machine, behind the firewall."""
    with server(lambda path, port: (200, {}, b"secret")) as (inner, inner_asked):
        address = url.format(inner)

        def answer(asked: str, port: int) -> Answer:
            status, headers, body = public(asked, port)
            if asked.endswith(MANIFEST_PATH):
                value = {"type": "openapi", "url": address} if member == "api" else address
                body = json.dumps({**json.loads(body), member: value}).encode()
            return status, headers, body

        beside = "2130706433,10.0.0.1" if is_beside else ""
        _, _, asked = through_proxy(tmp_path, HOME, answer, beside=beside)
    assert [] == inner_asked
    assert {"todo.plugcli.dev"} == {urlsplit(each).hostname for each in asked}


def test_logo_inside_a_private_network_is_named(tmp_path: Path) -> None:
    """Nobody but the author sees it."""

    def answer(url: str, port: int) -> Answer:
        status, headers, body = public(url, port)
        return status, headers, body.replace(f"{HOME}/logo.png".encode(), b"https://10.0.0.1/logo.png")

    _, target, _ = through_proxy(tmp_path, HOME, answer, beside="10.0.0.1")
    (finding,) = found(target, "logo")
    assert "10.0.0.1 is in a private network, which hosts do not reach" in finding["message"]


def ask(url: str) -> Exchange:
    """Ask for `url` as once a public plugin has answered."""

    async def run() -> Exchange:
        async with Client("public") as client:
            exchange, _ = await ask_as_host(client, Exchange("logo", url), {}, Bounds.from_now(5, 1000))
        return exchange

    return asyncio.run(run())


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]"]
)
def test_name_that_leads_inside_is_not_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name under the plugin's own domain may have any address; what counts is the one that is connected to."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with server(lambda path, port: (200, {}, b"secret")) as (port, asked):
        exchange = ask(f"http://{host}:{port}/logo.png")
    assert exchange.failure is not None
    assert "in a private network, which hosts do not reach" in exchange.failure.message
    assert [] == asked


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),  # shared by a provider's customers
        ("169.254.169.254", False),  # a cloud's own secrets
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),  # 10.0.0.1 through NAT64
        ("2002:7f00:1::", False),  # 127.0.0.1 as 6to4
        ("::127.0.0.1", False),  # IPv4-compatible
        ("::ffff:0:127.0.0.1", False),  # translated
        ("fec0::1", False),  # site-local
        ("no number", False),
    ],
)
def test_public_addresses_are_told_from_others(number: str, expected: bool) -> None:
    """Whatever an address is wrapped in."""
    assert expected == is_public(number)


@pytest.mark.parametrize(
    ("old", "new", "is_allowed"),
    [
        ("https://plugcli.dev", "https://plugcli.dev/moved", True),
        ("https://plugcli.dev", "https://www.plugcli.dev/", True),
        ("https://www.plugcli.dev", "https://plugcli.dev/", True),
        ("https://plugcli.dev", "https://todo.plugcli.dev/", True),
        ("https://todo.plugcli.dev", "https://plugcli.dev/", False),
        ("https://todo.plugcli.dev", "https://list.plugcli.dev/", False),
        ("https://plugcli.dev", "https://evilplugcli.dev/", False),
        ("https://plugcli.dev", "https://plugcli.dev.evil.dev/", False),
        ("https://plugcli.dev", "http://plugcli.dev/", False),
        ("http://localhost:5003", "https://localhost:5003/", True),
        ("https://plugcli.dev", "//evil.dev/", False),
        ("https://plugcli.dev", "https://plugcli.dev:99999/", False),
        ("https://plugcli.dev", "ftp://plugcli.dev/", False),
        ("https://www.dev", "https://evil.dev/", False),
        ("https://www.dev.", "https://evil.dev./", False),
        ("https://www.co.uk", "https://evil.co.uk/", False),
        ("https://www.fly.dev", "https://evil.fly.dev/", False),
        ("https://www.com.pl", "https://evil.com.pl/", False),
        ("https://www.shop.co.uk", "https://api.shop.co.uk/", True),
    ],
)
def test_redirects_are_those_of_the_documentation(old: str, new: str, is_allowed: bool) -> None:
    """Production: to a child only, from www too, and never to a parent, a sibling or a stranger."""
    if is_allowed:
        assert new == redirected(old, new, "the manifest")
    else:
        with pytest.raises(NotFollowed):
            redirected(old, new, "the manifest")


def test_redirect_off_https_is_refused(tmp_path: Path) -> None:
    """A host asks no plugin over http, and whoever listens could change the answer."""

    def answer(url: str, port: int) -> Answer:
        return 302, {"Location": url.replace("https://", "http://")}, b""

    status, target, asked = through_proxy(tmp_path, HOME, answer)
    (finding,) = found(target, "unfetched")
    assert (1, 1) == (status, len(asked))
    assert "the manifest redirects from https to http" in finding["message"]


def test_redirect_to_a_subdomain_is_followed(tmp_path: Path) -> None:
    """The plugin then stands there."""

    def answer(url: str, port: int) -> Answer:
        if url.startswith("https://plugcli.dev/"):
            return 302, {"Location": url.replace("plugcli.dev", "todo.plugcli.dev")}, b""
        return public(url, port)

    status, target, asked = through_proxy(tmp_path, "https://plugcli.dev", answer)
    assert (0, []) == (status, errors(target))
    assert f"{HOME}{MANIFEST_PATH}" == asked[1]
