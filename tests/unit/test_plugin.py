"""Plugins: which files a folder's plugin is made of."""

import json
from pathlib import Path

import pytest

from plugcli.errors import PlugcliError
from plugcli.plugin import load_plugin, plugin_from_files, plugin_of_manifest, plugin_of_openapi

OPENAPI = b"openapi: 3.1.0\n"


def manifest(url: object) -> bytes:
    return json.dumps({"schema_version": "v1", "api": {"type": "openapi", "url": url}}).encode()


@pytest.mark.parametrize(
    ("url", "files", "found"),
    [
        ("http://localhost:5003/openapi.yaml", ["openapi.yaml", "openapi.json"], "openapi.yaml"),
        ("https://x.example/openapi.json", ["openapi.yaml", "openapi.json"], "openapi.json"),
        ("/.well-known/api.yaml", [".well-known/api.yaml", "openapi.yaml"], ".well-known/api.yaml"),
        ("https://x.example/v1/spec.yml", ["spec.yml"], "spec.yml"),
        ("https://x.example/spec.yml", [".well-known/spec.yml", "spec.yml"], "spec.yml"),
        ("localhost:5003/openapi.yaml", ["openapi.yaml"], "openapi.yaml"),
        ("{{BASE}}/openapi.yaml", ["openapi.yaml"], "openapi.yaml"),
        ("https://x.example/docs", ["openapi.yml"], "openapi.yml"),
        ("https://x.example/", [".well-known/openapi.yml"], ".well-known/openapi.yml"),
        ("https://x.example/../../secret.yaml", ["openapi.yaml"], "openapi.yaml"),
        ("https://x.example/ai-plugin.json", ["openapi.yaml"], "openapi.yaml"),
        ("http://[", ["openapi.yaml"], "openapi.yaml"),
        (None, ["openapi.yaml"], "openapi.yaml"),
        (7, [], None),
    ],
)
def test_openapi_document_is_the_one_that_api_url_names(url: object, files: list[str], found: str) -> None:
    """A folder is judged offline: the file must be found without asking the server."""
    contents = {".well-known/ai-plugin.json": manifest(url), **dict.fromkeys(files, OPENAPI)}
    plugin = plugin_from_files(contents, "mine")
    assert found == plugin.openapi_path
    assert (found is not None) == (plugin.openapi is not None)


@pytest.mark.parametrize(
    ("url", "files", "found"),
    [
        ("openapi.yaml", ["appPackage/openapi.yaml", "openapi.yaml"], "appPackage/openapi.yaml"),
        (
            "apiSpecificationFile/repair.yml",
            ["appPackage/apiSpecificationFile/repair.yml", "openapi.yaml"],
            "appPackage/apiSpecificationFile/repair.yml",
        ),
        ("apiSpecificationFile/repair.yml", ["appPackage/repair.yml"], "appPackage/repair.yml"),
        ("https://x.example/v1/repair.yml", ["v1/repair.yml"], "v1/repair.yml"),
        ("https://x.example/mcp", ["openapi.json"], "openapi.json"),
        (7, [], None),
    ],
)
def test_openapi_document_is_the_one_that_a_runtime_names(url: object, files: list[str], found: str) -> None:
    """Microsoft's tools keep manifest and document in appPackage, where the manifest names it by its relative path."""
    runtimes = [None, {"type": "LocalPlugin"}, {"type": "OpenApi", "spec": {"url": url}}]
    text = json.dumps({"schema_version": "v2.4", "runtimes": runtimes}).encode()
    plugin = plugin_from_files({"appPackage/ai-plugin.json": text, **dict.fromkeys(files, OPENAPI)}, "mine")
    assert "appPackage/ai-plugin.json" == plugin.manifest_path
    assert found == plugin.openapi_path


def test_manifest_in_well_known_wins() -> None:
    """The host looks there and nowhere else."""
    plugin = plugin_from_files({"ai-plugin.json": b"{}", ".well-known/ai-plugin.json": b'{"a": 1}'}, "mine")
    assert ".well-known/ai-plugin.json" == plugin.manifest_path
    assert plugin.manifest is not None
    assert {"a": 1} == plugin.manifest.data


def test_document_that_does_not_parse_is_a_problem_not_an_error() -> None:
    """A bad plugin is a value: serve shows it and validate reports it."""
    plugin = plugin_from_files({"ai-plugin.json": b'{"a": 1,}', "openapi.yaml": b"a: b: c"}, "mine")
    assert plugin.manifest is None
    assert plugin.openapi is None
    assert plugin.manifest_problem is not None
    assert plugin.openapi_problem is not None
    assert "trailing comma" in plugin.manifest_problem.message
    assert "openapi.yaml" == plugin.openapi_problem.file


def test_folder_names_its_files_as_the_user_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """file:line:column must open in the editor from the directory where the user stands."""
    well_known = tmp_path / "mine" / ".well-known"
    well_known.mkdir(parents=True)
    (well_known / "ai-plugin.json").write_bytes(manifest("/openapi.yaml"))
    (tmp_path / "mine" / "openapi.yaml").write_bytes(OPENAPI)
    monkeypatch.chdir(tmp_path)
    for plugin in (load_plugin(Path("mine")), plugin_of_manifest(Path("mine/.well-known/ai-plugin.json"))):
        assert plugin.manifest is not None
        assert plugin.openapi is not None
        assert "mine/.well-known/ai-plugin.json" == plugin.manifest.name
        assert "mine/openapi.yaml" == plugin.openapi.name
    monkeypatch.chdir(tmp_path / "mine")
    here = load_plugin(Path())
    assert here.openapi is not None
    assert "openapi.yaml" == here.openapi.name


def test_openapi_document_alone_has_no_manifest_to_miss(tmp_path: Path) -> None:
    """An API's author may ask about the document before there is a plugin."""
    (tmp_path / "ai-plugin.json").write_bytes(b"{}")
    (tmp_path / "openapi.yaml").write_bytes(OPENAPI)
    plugin = plugin_of_openapi(tmp_path / "openapi.yaml")
    assert plugin.manifest is None
    assert "openapi" == plugin.scope


def test_read_stays_inside_the_folder(tmp_path: Path) -> None:
    """What `read` gives out is served to the world."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "logo.png").write_bytes(b"logo")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to("loop")
    plugin = load_plugin(folder)
    assert b"logo" == plugin.read("logo.png")
    for path in ("../secret", "/etc/passwd", "out", "loop", "missing", ".", "a\0b", "x" * 5000):
        with pytest.raises(FileNotFoundError):
            plugin.read(path)


def test_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """Never a traceback for a typing mistake."""
    with pytest.raises(PlugcliError, match="is not a folder"):
        load_plugin(tmp_path / "missing")


def test_unreadable_document_is_named(tmp_path: Path) -> None:
    """A pipe in place of the manifest must not hang, and the sentence says which file."""
    import os

    os.mkfifo(tmp_path / "ai-plugin.json")
    with pytest.raises(PlugcliError, match=r"ai-plugin\.json: it is neither a file nor a folder"):
        load_plugin(tmp_path)
