"""A file that the manifest names and that is not there is named as that, by `validate` and by `serve`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.plugin_server import CORS, LOGO, Answer, found, plugin, server, validate
from tests.e2e.serving import serving, write_plugin

GONE = {
    "logo.png": (
        "logo",
        "logo_url is http://localhost:5003/logo.png, but there is no logo.png in the folder",
    ),
    "legal.html": (
        "legal-info-url",
        "legal_info_url is http://localhost:5003/legal, but there is no legal.html in the folder",
    ),
    "openapi.yaml": ("openapi-missing", "the OpenAPI document is not judged: there is no openapi.yaml here"),
}
ADDRESSES: dict[str, Any] = {
    "api": {"type": "openapi", "url": "http://localhost:5003/openapi.yaml"},
    "logo_url": "http://localhost:5003/logo.png",
    "legal_info_url": "http://localhost:5003/legal",
}


@pytest.mark.parametrize("file", GONE)
def test_file_that_is_not_in_the_folder_is_named(file: str, tmp_path: Path) -> None:
    """The author sees a plugin without a picture, and no reason."""
    folder = write_plugin(tmp_path / "plugin", **ADDRESSES)
    assert [] == found(validate(str(folder))[1], GONE[file][0])
    (folder / file).unlink()
    rule, message = GONE[file]
    status, target = validate(str(folder))
    assert (0, [message]) == (status, [each["message"] for each in found(target, rule)])


def test_file_that_the_code_answers_is_not_missed(tmp_path: Path) -> None:
    """plugin.py may make the page itself."""
    code = 'PATHS = ("/legal", "/logo.png")\n\n\nasync def app(scope, receive, send):\n    pass\n'
    folder = write_plugin(tmp_path / "plugin", code, **ADDRESSES)
    (folder / "legal.html").unlink()
    (folder / "logo.png").unlink()
    _, target = validate(str(folder))
    assert [] == [*found(target, "logo"), *found(target, "legal-info-url")]


@pytest.mark.parametrize("address", ["https://shop.plugcli.dev", "http://localhost:5003"])
def test_picture_elsewhere_is_not_looked_for_in_the_folder(address: str, tmp_path: Path) -> None:
    """What stands at a public address may come from anywhere."""
    api = {"type": "openapi", "url": f"{address}/openapi.yaml"}
    folder = write_plugin(
        tmp_path / "plugin", **{**ADDRESSES, "api": api, "logo_url": "https://shop.plugcli.dev/logo.png"}
    )
    (folder / "logo.png").unlink()
    assert [] == found(validate(str(folder))[1], "logo")


def test_serve_says_at_its_start_what_is_missing_and_validate_why(tmp_path: Path) -> None:
    """The guard of `serve` answers 403 to pages of other sites where there is nothing: that is not the cause."""
    folder = write_plugin(tmp_path / "plugin", None, **ADDRESSES)
    (folder / "logo.png").unlink()
    (folder / "legal.html").unlink()
    with serving(tmp_path, folder) as running:
        assert f"warning: {GONE['logo.png'][1]}" in running.banner
        assert f"warning: {GONE['legal.html'][1]}" in running.banner
        assert 403 == running.get("/logo.png", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status
        _, target = validate(running.url)
    (finding,) = found(target, "logo")
    assert f"the logo at {running.url}/logo.png: the server answers 404 Not Found" == finding["message"]
    (finding,) = found(target, "legal-info-url")
    assert f"the legal page at {running.url}/legal: the server answers 404 Not Found" == finding["message"]


def guarded(status: int) -> dict[str, Answer]:
    """What is at /logo.png for a page of another site, and for anybody else."""
    return {"cross-site": (403, {}, b""), "": (status, {"Content-Type": "image/png"}, LOGO)}


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (200, "the server answers 403 Forbidden to pages of other sites, and 200 to everybody else"),
        (404, "the server answers 404 Not Found"),
        (500, "the server answers 500 Internal Server Error"),
        (403, "the server answers 403 Forbidden"),
    ],
)
def test_cause_behind_a_guard_is_named(status: int, cause: str) -> None:
    """Other servers have such guards too: what is behind them decides what the author has to do."""
    log: list[tuple[str, Mapping[str, str]]] = []

    def answer(path: str, port: int) -> Answer:
        if path == "/logo.png":
            return guarded(status)[log[-1][1].get("sec-fetch-site", "")]
        return plugin()(path, port)

    with server(answer, cors=CORS, log=log) as (port, _):  # type: ignore[arg-type]
        _, target = validate(f"http://localhost:{port}")
    (finding,) = found(target, "logo")
    assert f"the logo at http://localhost:{port}/logo.png: {cause}" == finding["message"]
