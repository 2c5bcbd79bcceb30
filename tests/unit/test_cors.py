"""A browser's judgement, held to the Fetch Standard case by case."""

import pytest

from plugcli.exchange import PAGE, Exchange
from plugcli.exchange.cors import obstacles

ALLOW = {
    "access-control-allow-origin": PAGE,
    "access-control-allow-methods": "PUT",
    "access-control-allow-headers": "Content-Type, X-Other",
    "access-control-allow-private-network": "true",
}


def preflight(method: str = "GET", *headers: str, status: int = 204, **changes: str | None) -> list[str]:
    """What stops a browser that asked for `method` and `headers`, at an answer that is good but for `changes`."""
    sent = {
        **ALLOW,
        **{f"access-control-allow-{name.replace('_', '-')}": value for name, value in changes.items()},
    }
    answer = {name: value for name, value in sent.items() if value is not None}
    url = "http://localhost:5003/"
    asked = Exchange(
        "manifest", url, "OPTIONS", "", PAGE, method, headers or ("content-type",), status, "", answer
    )
    return [each.message for each in obstacles(asked)]


@pytest.mark.parametrize("status", [200, 204, 299])
def test_any_ok_status_will_do(status: int) -> None:
    """CORS-preflight fetch, step 7: an ok status is 200 to 299."""
    assert [] == preflight(status=status)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 405, 500])
def test_other_status_stops_the_browser(status: int) -> None:
    """All of the headers do not help then."""
    assert [] != preflight(status=status)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://chat.openai.com",
        f"{PAGE}/",
        f"{PAGE}:443",
        PAGE.upper(),
        f"{PAGE}, *",
        "*, *",
    ],
)
def test_origin_is_compared_byte_by_byte(origin: str | None) -> None:
    """CORS check, step 4."""
    assert [] != preflight(origin=origin)


def test_any_origin_may_be_allowed() -> None:
    """The host's page sends no cookies."""
    assert [] == preflight(origin="*")


@pytest.mark.parametrize(
    ("method", "allowed", "is_free"),
    [
        ("POST", None, True),  # safelisted
        ("PUT", "PUT", True),
        ("PUT", "*", True),
        ("PUT", "put", False),  # methods are case-sensitive
        ("DELETE", "GET, POST", False),
        ("DELETE", None, False),
        ("GET", "GET; POST", False),  # no list: the whole preflight fails
    ],
)
def test_methods(method: str, allowed: str | None, is_free: bool) -> None:
    """CORS-preflight fetch, steps 7.1 to 7.5."""
    assert is_free == (not preflight(method, methods=allowed))


@pytest.mark.parametrize(
    ("wanted", "allowed", "is_free"),
    [
        ("content-type", "CONTENT-TYPE", True),
        ("content-type", "*", True),
        ("content-type", None, False),
        ("authorization", "*", False),
        ("authorization", "*, Authorization", True),
        ("content-type", "content-type authorization", False),
    ],
)
def test_headers(wanted: str, allowed: str | None, is_free: bool) -> None:
    """CORS-preflight fetch, steps 7.6 and 7.7: the wildcard does not cover Authorization."""
    assert is_free == (not preflight("GET", wanted, headers=allowed))


@pytest.mark.parametrize("allowed", [None, "false", "TRUE", "1"])
def test_private_network_must_be_allowed_by_its_word(allowed: str | None) -> None:
    """Private Network Access, 3.1.2: only `true` is a yes."""
    assert 1 == len(preflight(private_network=allowed))


def test_server_that_no_browser_asks_is_not_judged() -> None:
    """The host's own server knows nothing of CORS."""
    assert [] == list(obstacles(Exchange("manifest", "https://shop.plugcli.dev/", status=200)))
