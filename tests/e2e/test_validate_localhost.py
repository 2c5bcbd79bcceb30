"""`plugcli validate http://localhost:PORT` sees what the host's page in a browser sees, and names what the host calls CORS."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from plugcli.scaffold import scaffold, templates
from tests.e2e.plugin_server import (
    CORS,
    CORS_OF_HOST,
    LOGO,
    PAGE,
    Answer,
    errors,
    found,
    plugin,
    raw_server,
    server,
    validate,
)
from tests.e2e.serving import serving

MANIFEST_PATH = "/.well-known/ai-plugin.json"


@pytest.mark.parametrize("template", sorted(templates()))
def test_own_server_is_judged_clean(tmp_path: Path, template: str) -> None:
    """What `init` makes and `serve` serves must be what a host takes: no error, no warning, the whole way through."""
    scaffold(templates()[template], {}, tmp_path / "mine")
    with serving(tmp_path, tmp_path / "mine") as running:
        status, target = validate(running.url)
        # What a public host demands of addresses comes later for the others too.
        assert 0 == validate(running.url, "--for", "gpt-actions")[0]
    assert (0, 0, "accepts") == (
        status,
        target["verdicts"][0]["warnings"],
        target["verdicts"][0]["verdict"],
    )
    # A note on browsers, one on localhost, one on the address that the author has not written yet.
    assert ["browser", "localhost", "placeholder"] == [each["rule"] for each in target["findings"]]


def test_requests_are_those_of_the_host_in_its_order() -> None:
    """What is judged must be what the browser is told, so it must be asked the same."""
    log: list[tuple[str, dict[str, str]]] = []
    with server(plugin(), log=log) as (port, _):
        validate(f"http://localhost:{port}")
    assert [
        f"OPTIONS {MANIFEST_PATH}",
        f"GET {MANIFEST_PATH}",
        "OPTIONS /openapi.yaml",
        "GET /openapi.yaml",
        "OPTIONS /todos/plugcli",
        "GET /logo.png",
    ] == [line for line, _ in log]
    for line, headers in log[:-1]:
        assert PAGE == headers["origin"]
        if line.startswith("OPTIONS"):
            assert "GET" == headers["access-control-request-method"]
            assert "true" == headers["access-control-request-private-network"]
        else:
            assert "application/json" == headers["content-type"]
    assert "content-type" == log[0][1]["access-control-request-headers"]
    wanted = "content-type,openai-conversation-id,openai-ephemeral-user-id"
    assert wanted == log[4][1]["access-control-request-headers"]
    assert "image" == log[-1][1]["sec-fetch-dest"]


def without(*names: str) -> Mapping[str, str]:
    return {name: value for name, value in CORS.items() if name not in names}


@pytest.mark.parametrize(
    ("cors", "cause"),
    [
        ({}, "the answer to OPTIONS has no Access-Control-Allow-Origin"),
        (CORS | {"Access-Control-Allow-Origin": "https://chatgpt.com"}, "is https://chatgpt.com, not"),
        (CORS | {"Access-Control-Allow-Origin": f"{PAGE}/"}, f"is {PAGE}/, not {PAGE}"),
        (without("Access-Control-Allow-Headers"), "Access-Control-Allow-Headers does not allow content-type"),
    ],
)
def test_cause_behind_cors_is_named(cors: Mapping[str, str], cause: str) -> None:
    """The host says the same words for all of them."""
    with server(plugin(), cors=cors) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    (finding,) = [each for each in found(target, "cors") if each["severity"] == "error"]
    assert 1 == status
    assert cause in finding["message"]
    assert CORS_OF_HOST == finding["host_says"]


@pytest.mark.parametrize("status", [405, 404, 501, 307])
def test_preflight_that_is_not_answered_is_named(status: int) -> None:
    """Most frameworks answer OPTIONS with an error until they are told otherwise; an https redirect answers it with 307."""

    def preflight(path: str) -> Answer:
        return status, {**CORS, "Location": path}, b""

    with server(plugin(), preflight=preflight) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "cors")
    assert ("error", CORS_OF_HOST) == (finding["severity"], finding["host_says"])
    assert ("is redirected" if status == 307 else f"is answered with {status}") in finding["message"]


def test_private_network_is_a_warning_with_its_own_words() -> None:
    """Chrome wanted it from 2022 to 2025, and most servers have never heard of it."""
    with server(plugin(), cors=without("Access-Control-Allow-Private-Network")) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "cors")
    assert (0, "warning") == (status, finding["severity"])
    assert "Access-Control-Allow-Private-Network: true" in finding["message"]


def test_header_missing_on_the_get_alone_is_named() -> None:
    """A route added beside the middleware: the preflight passes, and the page gets nothing."""
    with server(plugin(), cors={}, preflight=lambda path: (204, CORS, b"")) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "cors")
    assert "the answer to GET has no Access-Control-Allow-Origin" in finding["message"]


def test_document_alone_has_the_words_for_the_document() -> None:
    """The host reads the manifest first and then says something else."""

    def preflight(path: str) -> Answer:
        return (204, CORS, b"") if path == MANIFEST_PATH else (405, {}, b"")

    with server(plugin(), preflight=preflight) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    first = next(each for each in found(target, "cors") if each["severity"] == "error")
    assert ("/api/url", "Failed to fetch localhost OpenAPI spec.") == (first["pointer"], first["host_says"])


def test_method_that_calls_may_not_have_is_a_warning() -> None:
    """The plugin installs, and fails when the model adds the first entry."""
    cors = CORS | {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "content-type"}
    with server(plugin(), cors=cors) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "cors")
    assert (0, "warning") == (status, finding["severity"])
    assert finding["pointer"].startswith("/paths/")
    assert "openai-conversation-id, openai-ephemeral-user-id" in finding["message"]


def test_server_that_hangs_up_on_options_is_named() -> None:
    """A handler that crashes on a method that it does not know; the document itself is there."""

    def preflight(path: str) -> Answer:
        raise ConnectionError

    with server(plugin(), preflight=preflight) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    (finding,) = [each for each in found(target, "cors") if each["severity"] == "error"]
    assert "the preflight (OPTIONS) fails: localhost:" in finding["message"]


def test_trailing_comma_is_named_and_not_cors() -> None:
    """The most reported mistake of all (openai/plugins-quickstart#40, #45, #46, #47)."""

    def answer(path: str, port: int) -> Answer:
        status, headers, body = plugin()(path, port)
        return status, headers, body.replace(b'"}}', b'",}}').replace(b'"}', b'",}')

    with server(answer) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert (1, []) == (status, found(target, "cors"))
    (finding,) = found(target, "manifest-syntax")
    assert "comma" in finding["message"]
    assert CORS_OF_HOST == finding["host_says"]


def test_loopback_by_number_is_not_localhost() -> None:
    """The host sends 127.0.0.1 to its own server, which is not the author's machine (openai/plugins-quickstart#22)."""
    log: list[tuple[str, dict[str, str]]] = []
    with server(plugin(), log=log) as (port, _):
        _, target = validate(f"http://127.0.0.1:{port}")
    said = {
        each["host_says"]
        for each in target["findings"]
        if "as the developer's own machine" in each["message"]
    }
    assert {"Couldn't find manifest."} == said
    assert not any(line.startswith("OPTIONS") for line, _ in log)


def test_redirect_to_another_port_loses_the_origin() -> None:
    """A browser asks for `null` after it, and a server that allows the page by name refuses."""
    with server(plugin()) as (second, _):

        def answer(path: str, port: int) -> Answer:
            return 302, {"Location": f"http://localhost:{second}{path}"}, b""

        with server(answer) as (port, _):
            _, target = validate(f"http://localhost:{port}")
    assert any("after a redirect to another origin" in each["message"] for each in found(target, "cors"))


def logo(
    body: bytes, mime: str = "image/png", status: int = 200, **headers: str
) -> Callable[[str, int], Answer]:
    """The good plugin with another logo."""

    def answer(path: str, port: int) -> Answer:
        if path != "/logo.png":
            return plugin()(path, port)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return status, {"Content-Type": mime, **more}, body

    return answer


@pytest.mark.parametrize(
    ("answer", "severity", "message"),
    [
        (logo(b"", status=404), "warning", "the server answers 404 Not Found"),
        (logo(b"<!doctype html><p>start page", "text/html"), "warning", "is not a picture (text/html)"),
        (logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"), "warning", "SVG but is sent as text/plain"),
        (logo(LOGO, Cross_Origin_Resource_Policy="same-origin"), "warning", "Cross-Origin-Resource-Policy"),
        (logo(b"GIF89a\x00\x02\x00\x02\x00\x00\x00", "image/gif"), "warning", "the logo is a GIF"),
        (logo(b"GIF89a" + b"\x00" * 6 * 1024 * 1024), "note", "larger than 5 MiB"),
        (logo(b"", status=302, Location="/logo.png"), "warning", "more than 5 redirects"),
    ],
)  # fmt: skip
def test_logo_that_nobody_sees_is_named(
    answer: Callable[[str, int], Answer], severity: str, message: str
) -> None:
    """The host shows an empty frame and says nothing."""
    with server(answer) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "logo")
    assert (0, severity, "/logo_url") == (status, finding["severity"], finding["pointer"])
    assert message in finding["message"]


def test_logo_elsewhere_is_not_asked_for() -> None:
    """A plugin on localhost is written offline: nobody else hears of it."""
    with server(logo(LOGO)) as (elsewhere, asked):
        urls = [
            f"http://127.0.0.1:{elsewhere}/logo.png",
            f"http://[::1]:{elsewhere}/",
            "https://plugcli.dev/l.png",
        ]
        for url in urls:
            with server(plugin(logo_url=url)) as (port, _):
                status, target = validate(f"http://localhost:{port}")
            assert (0, []) == (status, found(target, "logo"))
    assert [] == asked


def test_reference_to_another_server_is_not_followed() -> None:
    """A `$ref` over the network would let a stranger's document make us ask anybody."""
    with server(lambda path, port: (200, {}, b"{}")) as (elsewhere, asked):

        def answer(path: str, port: int) -> Answer:
            if path != "/openapi.yaml":
                return plugin()(path, port)
            schema = {"$ref": f"http://localhost:{elsewhere}/schema.json"}
            responses = {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}}
            operation = {"operationId": "x", "responses": responses}
            info = {"title": "x", "version": "1"}
            document = {"openapi": "3.0.1", "info": info, "paths": {"/x": {"get": operation}}}
            return 200, {}, json.dumps(document).encode()

        with server(answer) as (port, _):
            _, target = validate(f"http://localhost:{port}")
    assert [] != found(target, "references")
    assert [] == asked


def test_proxy_is_not_asked_for_localhost() -> None:
    """It could not reach this machine."""
    with raw_server(b"HTTP/1.1 502 Bad Gateway\r\n\r\n") as proxy, server(plugin()) as (port, _):
        status, target = validate(f"http://localhost:{port}", HTTP_PROXY=f"http://127.0.0.1:{proxy}")
    assert (0, []) == (status, errors(target))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\1\2",
        '{"name_for_model": "a",}',
        "<html></html>",
        "root:x:0:0\n",
        '{"api": {}}',
        '{"api": {"url": 5}}',
    ],
)
def test_words_about_localhost_are_said_only_of_a_plugin_that_stands_there(text: str, tmp_path: Path) -> None:
    """`Failed to fetch localhost manifest ... CORS` under a syntax error of a file on a disk is noise, and not what the host would say."""
    file = tmp_path / "ai-plugin.json"
    file.write_text(text)
    for target in (file, tmp_path):
        for each in validate(str(target), "--for", "all")[1]["findings"]:
            assert "localhost" not in (each["host_says"] or "").lower(), each
    with server(lambda path, port: (200, {}, text.encode())) as (port, _):
        said = [each["host_says"] for each in validate(f"http://localhost:{port}")[1]["findings"]]
    assert any("localhost" in (each or "").lower() for each in said)
