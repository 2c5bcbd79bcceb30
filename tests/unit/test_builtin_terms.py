"""On which terms the routes of a sandbox answer, whoever serves them."""

from typing import Any

import pytest
from starlette.routing import Route
from starlette.types import Scope

from plugcli.builtin.python.execute import routes
from plugcli.builtin.python.terms import Terms, served_on, terms_of
from plugcli.sandbox import Sandbox


def asked(host: str) -> Scope:
    """A request as another server than `plugcli serve` hands it on."""
    return {"type": "http", "scheme": "https", "path": "/", "headers": [(b"host", host.encode())]}


def held(routes: list[Route]) -> list[Terms]:
    """The terms that each of `routes` answers on."""
    return [getattr(route.endpoint, "terms") for route in routes]  # noqa: B009 (an endpoint may be any callable)


class Counting:
    """A sandbox of an author's own around another. It has slots, as a small class may: no weak reference leads to it."""

    __slots__ = ("calls", "inner")

    def __init__(self, inner: Sandbox) -> None:
        self.inner, self.calls = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.mark.parametrize("sandbox", [Sandbox(), Counting(Sandbox())], ids=["sandbox", "wrapped"])
def test_terms_that_serve_sets_are_those_of_the_routes(sandbox: Any) -> None:
    """A plugin's routes know of no terms: `--answer-characters` and `--stateless` hold all the same, whatever its sandbox."""
    terms = Terms(2_000, is_stateless=True)
    with served_on(terms):
        assert [terms] * 3 == held(routes(sandbox))


def test_terms_of_a_service_end_with_it() -> None:
    """What is served next in this process, or without `serve`, has its own key."""
    first, second = Terms(2_000), Terms(3_000)
    with served_on(first):
        with served_on(second):
            assert [second] * 3 == held(routes(Sandbox()))
        assert [first] * 3 == held(routes(Sandbox()))
    assert all(terms == Terms(links=terms.links) for terms in held(routes(Sandbox())))


def test_terms_that_are_given_are_those_of_the_routes() -> None:
    """For an author who serves the routes elsewhere."""
    sandbox, terms = Sandbox(), Terms(2_000)
    assert [terms] * 3 == held(routes(sandbox, terms))
    with served_on(Terms(3_000)):
        assert [terms] * 3 == held(routes(sandbox, terms))


def test_all_routes_of_a_sandbox_share_one_key() -> None:
    """What one of them writes another must read, also without `plugcli serve`."""
    sandbox = Sandbox()
    key, *others = (terms.links for terms in (*held(routes(sandbox)), *held(routes(sandbox))))
    assert all(other is key for other in others)
    assert terms_of(Sandbox()).links is not key


def test_address_of_a_file_begins_with_what_the_client_typed() -> None:
    """Without `plugcli serve` nobody has checked the Host; the server's own scheme is what there is."""
    url = Terms().url(asked("example.com:8443"), "handle", "a b.txt")
    assert url.startswith("https://example.com:8443/files/handle.")
    assert url.endswith("/a%20b.txt")


def test_origin_is_the_one_that_serve_has_checked() -> None:
    """So that a proxy's address can be said in one place."""
    terms = Terms(origin=lambda scope: "https://public.example")
    assert terms.url(asked("localhost"), "handle", "a").startswith("https://public.example/files/handle.")
