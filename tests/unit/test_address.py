"""Addresses: the forms that hosts tell apart, as they stand in real manifests."""

import subprocess
import sys
from pathlib import Path

import pytest

from plugcli.address import address, from_root, is_shared, protocol_of

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests/contract/rules/manifest-syntax/good-json"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://shop.plugcli.dev/openapi.yaml", "https"),
        ("HTTPS://Shop.Plugcli.dev/openapi.yaml", "https"),
        ("https://10.2.3.4/openapi.yaml", "https"),
        ("https://api.mydomain.dev/openapi.yaml", "https"),
        ("https://theapp.dev/openapi.yaml", "https"),
        ("http://shop.plugcli.dev/openapi.yaml", "http"),
        ("http://localhost:5003/openapi.yaml", "localhost"),
        ("https://localhost/openapi.yaml", "localhost"),
        ("http://127.0.0.1:5003/openapi.yaml", "loopback"),
        ("http://0.0.0.0:5003/openapi.yaml", "loopback"),
        ("http://[::1]:5003/openapi.yaml", "loopback"),
        ("http://todo.localhost:5003/", "loopback"),
        ("/openapi.yaml", "relative"),
        ("/.well-known/openapi.json", "relative"),
        ("openapi.yaml", "path"),
        ("logo.png", "path"),
        ("docs/openapi.yaml", "path"),
        ("localhost:5003/openapi.yaml", "no-scheme"),
        ("127.0.0.1:5003/openapi.yaml", "no-scheme"),
        ("shop.plugcli.dev/openapi.yaml", "no-scheme"),
        ("smlxl.io", "no-scheme"),
        ("data:image/png;base64,AAAA", "data"),
        ("ftp://plugcli.dev/openapi.yaml", "other"),
        ("mailto:me@plugcli.dev", "other"),
        ("http://[", "other"),
        ("http://", "other"),
        ("https://a b.dev/", "other"),
        ("see the docs", "other"),
        ("PLUGIN_HOSTNAME/openapi.yaml", "placeholder"),
        ("$PLUGIN_HOSTNAME/openapi.yaml", "placeholder"),
        ("$host/openapi.yaml", "placeholder"),
        ("THEURL/openapi.yaml", "placeholder"),
        ("{{BASE}}/openapi.yaml", "placeholder"),
        ("https://{APPNAME}.fly.dev/.well-known/openapi.yaml", "placeholder"),
        ("https://<this-whole-url-is-replaced-dynamically>/openapi.yaml", "placeholder"),
        ("https://your-app-url.com/openapi.yaml", "placeholder"),
        ("https://your-host/openapi.yaml", "placeholder"),
        ("https://your-domain.com/openapi.yaml", "placeholder"),
        ("https://your-username.github.io/openapi.yaml", "placeholder"),
        ("https://yourdomain.com/openapi.yaml", "placeholder"),
        ("https://example.com/openapi.yaml", "example"),
        ("http://www.example.com/legal", "example"),
        ("https://shop.test/openapi.yaml", "example"),
    ],
)
def test_address_has_the_form_that_a_host_sees(text: str, kind: str) -> None:
    """One wrong form is a false alarm, or a plugin that fails without a word."""
    assert kind == address(text).kind


def test_port_and_host_are_told() -> None:
    """ChatGPT takes localhost only with a port."""
    found = address("http://LocalHost:5003/openapi.yaml")
    assert ("localhost", 5003) == (found.host, found.port)
    assert address("http://localhost/").port is None
    assert "other" == address("http://localhost:port/").kind


@pytest.mark.parametrize(
    ("text", "protocol"),
    [
        ("https://todo.plugcli.dev/v1", "https"),
        (" HTTP://TODO.plugcli.dev:8080?x", "http"),
        ("https:/todo.plugcli.dev", "https"),
        ("https://me:secret@todo.plugcli.dev", "https"),
        ("https://{host}/v1", "https"),
        ("http://[::1]:5003/", "http"),
        ("localhost:5003", "localhost"),
        ("mailto:me", "mailto"),
        ("/v1", None),
        ("//todo.plugcli.dev", None),
        ("todo.plugcli.dev/v1", None),
        ("{{BASE}}/v1", None),
        ("https://", None),
        ("https://a b/", None),
        ("https://<host>/", None),
        ("https://todo.plugcli.dev:99999", None),
        ("https://todo.plugcli.dev:port", None),
        (f"https://todo.plugcli.dev:{'0' * 5000}80", "https"),
        (f"https://todo.plugcli.dev:1{'0' * 5000}", None),
        ("", None),
    ],
)
def test_protocol_is_what_a_parser_in_javascript_reads(text: str, protocol: str | None) -> None:
    """Microsoft's checker refuses a server by it; each answer here is one of Node's own."""
    assert protocol == protocol_of(text)


@pytest.mark.parametrize(
    "host", ["dev", "co.uk", "CO.UK", "com.pl", "fly.dev", "github.io.", "localhost", "a..b"]
)
def test_strangers_share_what_nobody_registered(host: str) -> None:
    """What a plugin at `www.fly.dev` may do must not reach to every other customer of fly.dev."""
    assert is_shared(host)


@pytest.mark.parametrize("host", ["shop.dev", "shop.co.uk", "mine.fly.dev", "www.dev", "127.0.0.1"])
def test_strangers_do_not_share_a_registered_domain(host: str) -> None:
    """Its subdomains are one owner's."""
    assert not is_shared(host)


def test_plugin_on_one_host_is_judged_without_the_list_of_suffixes() -> None:
    """It takes longer to read than such a plugin does to judge."""
    code = """
import sys
from pathlib import Path
from plugcli.hosts import all_hosts
from plugcli.plugin import load_plugin
from plugcli.validate import validate
report = validate(load_plugin(Path(sys.argv[1])), all_hosts())
print(len(report.verdicts) > 5, "publicsuffixlist" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(GOOD)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "True False\n" == done.stdout


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://plugcli.dev/", "plugcli.dev"),
        ("https://api.eu.plugcli.dev/", "plugcli.dev"),
        ("https://api.shop.co.uk/", "shop.co.uk"),
        ("https://shop.co.uk/", "shop.co.uk"),
        ("http://localhost:5003/", "localhost"),
        ("https://192.0.2.1/", "192.0.2.1"),
        ("/openapi.yaml", ""),
        ("https://api.mine.fly.dev/", "mine.fly.dev"),
        ("https://mine.github.io/", "mine.github.io"),
        ("https://a.b.city.kawasaki.jp/", "city.kawasaki.jp"),
        ("https://www.shop.com.pl./", "shop.com.pl"),
        ("https://b\u00fccher.co.uk/", "b\u00fccher.co.uk"),
        ("https://a..b.dev/", "a..b.dev"),
    ],
)
def test_domain_is_what_somebody_registered(text: str, domain: str) -> None:
    """Hosts let a log-in page stand on another host of the same owner, and `co.uk` is nobody's."""
    assert domain == address(text).domain


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("localhost:5003/openapi.yaml", "http://localhost:5003/openapi.yaml"),
        ("//localhost:5003/openapi.yaml", "http://localhost:5003/openapi.yaml"),
        ("127.0.0.1:5003/logo.png", "http://127.0.0.1:5003/logo.png"),
        ("[::1]:5003/logo.png", "http://[::1]:5003/logo.png"),
        ("//[::1]:5003/logo.png", "http://[::1]:5003/logo.png"),
        ("//shop.plugcli.dev/openapi.yaml", "https://shop.plugcli.dev/openapi.yaml"),
        ("shop.plugcli.dev/openapi.yaml", "https://shop.plugcli.dev/openapi.yaml"),
    ],
)
def test_address_without_a_scheme_gets_one_that_works(text: str, whole: str) -> None:
    """The hint is to be typed as it stands: http for the own machine, https for all others."""
    assert ("no-scheme", whole) == (address(text).kind, address(text).with_scheme)


@pytest.mark.parametrize(
    "path", ["logo.png", "./logo.png", "../logo.png", "/logo.png", "/./logo.png", "//./logo.png"]
)
def test_path_is_meant_from_the_top_of_the_domain(path: str) -> None:
    """`/./logo.png` is what nobody would write."""
    assert "/logo.png" == from_root(path)
