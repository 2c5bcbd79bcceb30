"""Whose requests a server takes: Host, Origin, Sec-Fetch-Site."""

import pytest

from plugcli.errors import UsageError
from plugcli.respond import Refusal
from plugcli.serve.site import Site, exact_origin, site

LOCAL = site("127.0.0.1", 5003, is_loopback=True)
EVERYWHERE = site("0.0.0.0", 5003, is_loopback=False)


def refused(place: Site, **headers: bytes) -> int:
    """The status with which a request with these headers is refused; 200 if it is not."""
    as_sent = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    try:
        place.may_only_look(as_sent, place.here(as_sent))
    except Refusal as refusal:
        return refusal.status
    return 200


@pytest.mark.parametrize("host", [b"localhost:5003", b"LOCALHOST:5003", b"127.0.0.1:5003", b"[::1]:5003"])
def test_own_host_is_taken(host: bytes) -> None:
    """Every name of this machine reaches the plugin, in any spelling."""
    assert refused(LOCAL, host=host) == 200


def test_forwarded_port_is_taken() -> None:
    """`ssh -L 8080:localhost:5003` shows the server on another port, and documents must say that port."""
    assert LOCAL.here({b"host": b"localhost:8080"}) == "http://localhost:8080"


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example:5003",
        b"localhost.evil.example",
        b"192.168.1.5:5003",
        b"0.0.0.0:5003",
        b"",
        b"localhost:",
        b"localhost:5003@evil.example",
        b"\xff\xfe",
        b"[::1",
        b"a b",
    ],
)
def test_foreign_host_is_refused(host: bytes) -> None:
    """DNS rebinding gives an attacker's page our address under the attacker's name."""
    assert refused(LOCAL, host=host) == 421


def test_any_address_is_taken_where_other_machines_may_call() -> None:
    """An address, unlike a name, cannot be rebound; which ones a machine has, changes."""
    assert refused(EVERYWHERE, host=b"192.168.1.5:5003") == 200
    assert refused(EVERYWHERE, host=b"evil.example:5003") == 421


@pytest.mark.parametrize(
    "origin",
    [b"https://chat.openai.com", b"https://chatgpt.com", b"http://localhost:5003", b"http://127.0.0.1:5003"],
)
def test_own_and_chat_origins_are_taken(origin: bytes) -> None:
    """The chat host calls a local plugin from the user's browser."""
    assert refused(LOCAL, host=b"localhost:5003", origin=origin) == 200


@pytest.mark.parametrize(
    "origin",
    [
        b"https://evil.example",
        b"null",
        b"",
        b"http://chat.openai.com",
        b"https://chat.openai.com.evil.example",
        b"http://localhost:3000",
        b"https://chat.openai.com:8443",
        b"\xff",
    ],
)
def test_foreign_origin_is_refused(origin: bytes) -> None:
    """A page elsewhere must not run code here, and that includes other servers on this machine."""
    assert refused(LOCAL, host=b"localhost:5003", origin=origin) == 403


@pytest.mark.parametrize("relation", [b"cross-site", b"same-site"])
def test_foreign_page_without_origin_is_refused(relation: bytes) -> None:
    """<script src> and no-cors requests send no Origin, only Sec-Fetch-Site."""
    headers = {"host": b"localhost:5003", "sec_fetch_site": relation, "sec_fetch_mode": b"no-cors"}
    assert refused(LOCAL, **headers, sec_fetch_dest=b"script") == 403


@pytest.mark.parametrize("relation", [b"none", b"same-origin"])
def test_own_page_without_origin_is_taken(relation: bytes) -> None:
    """An address typed by the user, and a GET of the server's own page."""
    assert refused(LOCAL, host=b"localhost:5003", sec_fetch_site=relation) == 200


def test_foreign_picture_and_link_may_only_look() -> None:
    """The host shows the logo with <img> and links the legal page; neither may run anything."""
    link = {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"navigate", b"sec-fetch-dest": b"document"}
    picture = {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"no-cors", b"sec-fetch-dest": b"image"}
    assert LOCAL.may_only_look(link, "http://localhost:5003")
    assert LOCAL.may_only_look(picture, "http://localhost:5003")
    assert not LOCAL.may_only_look({}, "http://localhost:5003")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("https://chat.example.com", "https://chat.example.com"),
        ("https://Chat.Example.com/", "https://chat.example.com"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_origin_is_spelled_as_browsers_send_it(given: str, sent: str) -> None:
    """An origin that is spelled otherwise would never match, and nothing would say so."""
    assert exact_origin(given) == sent


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "",
        "null",
        "chat.example.com",
        "https://chat.example.com/path",
        "https://*.example.com",
        "file://",
    ],
)
def test_what_is_no_origin_is_refused(given: str) -> None:
    """Above all `*`: every page on the web could run code here."""
    with pytest.raises(UsageError) as caught:
        exact_origin(given)
    assert caught.value.hint
