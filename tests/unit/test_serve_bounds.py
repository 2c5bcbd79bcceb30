"""What the served document says of a call, as the server was started."""

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml

from plugcli.scaffold import render, templates
from plugcli.serve.bounds import Bounds, bounded_openapi, without_path

DOCUMENT: dict[str, Any] = yaml.safe_load(render(templates()["python"], {})["openapi.yaml"])


def fields(document: Any) -> Any:
    return document["components"]["schemas"]["RunRequest"]["properties"]


@pytest.mark.parametrize(
    ("longest", "said"), [(120.0, "120"), (0.5, "0.5"), (86400.0, "86400"), (2.0, "2"), (1e-05, "1e-05")]
)
def test_longest_time_is_the_servers(longest: float, said: str) -> None:
    """A model that asks for a time within the document's bound must not be refused for it."""
    before = deepcopy(DOCUMENT)
    served = bounded_openapi(DOCUMENT, Bounds(longest))
    assert repr(fields(served)["timeout"]["maximum"]) == said
    assert before == DOCUMENT
    fields(served)["timeout"]["maximum"] = 60
    assert served == DOCUMENT


def test_defaults_leave_the_document_as_it_is() -> None:
    """The author's own text goes out, comments included."""
    assert bounded_openapi(DOCUMENT, Bounds(60.0)) is DOCUMENT


def test_stateless_server_promises_no_sessions() -> None:
    """It refuses `session` and every call below /files; nothing of that is offered to a model."""
    served = bounded_openapi(DOCUMENT, Bounds(60.0, is_stateless=True))
    assert sorted(fields(served)) == ["code", "timeout"]
    assert sorted(served["paths"]) == ["/execute"]
    assert "session" in fields(DOCUMENT)


def test_server_without_mounts_names_no_mnt_data() -> None:
    """Each session has its files elsewhere there; a model that is told of /mnt/data would write to a folder that does not exist."""
    rendered = render(templates()["python"], {})
    manifest = json.loads(rendered[".well-known/ai-plugin.json"])
    served = bounded_openapi(DOCUMENT, Bounds(60.0, has_mounts=False))
    operation = served["paths"]["/execute"]["post"]
    assert "/mnt/data" in json.dumps(manifest)
    assert "/mnt/data" not in json.dumps([served, without_path(manifest)])
    assert "Files: the working folder." in operation["description"]
    assert len(operation["description"]) <= 200, "longer ones are cut or refused by hosts"
    assert "The working folder has the files" in without_path(manifest)["description_for_model"]


def test_schema_in_the_operation_itself_is_bounded_too() -> None:
    """Authors rewrite their documents, and frameworks generate them."""
    schema = {"properties": {"timeout": {"type": "number"}}}
    document = deepcopy(DOCUMENT)
    body = document["paths"]["/execute"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"] = schema
    served = bounded_openapi(document, Bounds(7.0))
    body = served["paths"]["/execute"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["timeout"] == {"type": "number", "maximum": 7}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"paths": None},
        {"paths": {"/execute": []}},
        {
            "paths": {
                "/execute": {"post": {"requestBody": {"content": {"application/json": {"schema": True}}}}}
            }
        },
        {
            "paths": {
                "/execute": {
                    "post": {
                        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/nowhere"}}}}
                    }
                }
            }
        },
        {
            "paths": {
                "/execute": {
                    "post": {
                        "requestBody": {
                            "content": {"application/json": {"schema": {"$ref": "other.yaml#/x"}}}
                        }
                    }
                }
            }
        },
        {"paths": {"/run": {"post": {}}}},
    ],
)
def test_document_that_describes_no_call_is_sent_as_it_is(document: Any) -> None:
    """Whatever an author wrote, the server serves it."""
    assert bounded_openapi(document, Bounds(7.0, is_stateless=True)) is document
