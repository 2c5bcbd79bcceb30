"""Signatures: what can be sent with an operation, read once for everyone who asks."""

import json
from typing import Any

import pytest

from plugcli.document import Document
from plugcli.openapi.media_type import allows_json, is_json_media_type
from plugcli.openapi.signature import Signature, json_body, signatures


def signature(operation: dict[str, Any], **members: Any) -> Signature:
    """The signature of one operation, with `members` of its path."""
    document = Document.parse(
        json.dumps({"paths": {"/todos": {"post": operation, **members}}}), "openapi.json"
    )
    return signatures(document)[0]


def query(name: str, **members: Any) -> dict[str, Any]:
    """A Parameter Object."""
    return {"name": name, "in": "query", **members}


@pytest.mark.parametrize(
    ("members", "style", "explodes"),
    [
        ({"in": "query"}, "form", True),
        ({"in": "cookie"}, "form", True),
        ({"in": "path"}, "simple", False),
        ({"in": "header"}, "simple", False),
        ({"in": "query", "style": "pipeDelimited"}, "pipeDelimited", False),
        ({"in": "query", "style": "deepObject", "explode": True}, "deepObject", True),
        ({"in": "query", "explode": False}, "form", False),
        ({"in": "query", "style": 1, "explode": "no"}, "form", True),
    ],
)
def test_style_and_explode_have_the_defaults_of_the_standard(
    members: dict[str, Any], style: str, explodes: bool
) -> None:
    """Most documents do not say how a list is sent, and the default is another in each location."""
    (argument,) = signature({"parameters": [{"name": "day", **members}]}).parameters
    assert (style, explodes) == (argument.style, argument.explodes)


def test_argument_keeps_its_parameter_object() -> None:
    """Whoever builds a request needs what only the document says: reserved characters, an example, an extension."""
    written = query("day", allowReserved=True, example="today", schema={"type": "string"})
    (argument,) = signature({"parameters": [written]}).parameters
    assert argument.allows_reserved
    assert written == argument.parameter
    assert "" == argument.media_type


def test_parameter_with_content_is_sent_in_its_media_type() -> None:
    """Its value is a text in that media type, not a value in a style."""
    schema = {"type": "object"}
    content = {"text/plain": {}, "application/json": {"schema": schema}}
    (argument,) = signature({"parameters": [query("filter", content=content)]}).parameters
    assert ("application/json", schema) == (argument.media_type, argument.schema)
    assert argument.schema_where.endswith("/content/application~1json/schema")


def test_operation_overrides_a_parameter_of_its_path() -> None:
    """Name and location identify a parameter; rules still see both declarations."""
    own, shared, other = query("day", required=True), query("day"), query("user")
    found = signature({"parameters": [own]}, parameters=[shared, other])
    assert [("day", True)] == [(each.name, each.is_required) for each in found.parameters]
    assert ["user"] == [each.name for each in found.path_parameters]
    assert [own, shared, other] == [each.parameter for each in found.declared]


def test_parameter_given_twice_is_one_argument() -> None:
    """A model cannot fill in both, and a service reads one."""
    found = signature({"parameters": [query("day"), query("day", required=True)]})
    assert [True] == [each.is_required for each in found.parameters]
    assert 2 == len(found.declared)


@pytest.mark.parametrize("parameter", [{"in": "query"}, {"name": "a", "in": "body"}, {"name": "a"}, {}])
def test_parameter_without_name_or_location_is_declared_and_not_sent(parameter: dict[str, Any]) -> None:
    """Rules report it; a request has no place for it."""
    found = signature({"parameters": [parameter]})
    assert () == found.parameters
    assert [("", parameter)] == [(each.location, each.parameter) for each in found.declared]


def test_json_is_the_body_to_send_and_the_others_are_kept() -> None:
    """Converters send JSON; a service may offer more, and what it says about each is needed to write it."""
    form = {"schema": {"properties": {"file": {}}}, "encoding": {"file": {"contentType": "image/png"}}}
    found = signature({"requestBody": {"content": {"multipart/form-data": form, "application/x+json": {}}}})
    assert found.body is found.bodies[1]
    assert form == found.bodies[0].media
    assert None is found.body.schema
    assert None is found.whole_body


def test_body_without_json_is_the_first_media_type() -> None:
    """Some services take a form alone."""
    content = {"text/csv": {"schema": {"type": "string"}}, "text/plain": {}}
    found = signature({"requestBody": {"content": content, "required": True}})
    assert found.body is found.bodies[0]
    assert found.whole_body is not None
    assert ("body", True) == (found.whole_body.location, found.whole_body.is_required)


def test_json_body_is_that_of_application_json_alone() -> None:
    """GPT Actions reads no other media type, not even one that is JSON too."""
    content = {
        "application/vnd.x+json": {"schema": {"title": "x"}},
        "application/json": {"schema": {"title": "y"}},
    }
    document = Document.parse(
        json.dumps({"paths": {"/": {"put": {"requestBody": {"content": content}}, "get": {}}}}),
        "openapi.json",
    )
    put, get = signatures(document)
    assert ("/paths/~1/put/requestBody/content/application~1json/schema", {"title": "y"}) == json_body(
        document, put
    )
    assert None is json_body(document, get)


@pytest.mark.parametrize(
    ("media_type", "is_json"),
    [
        ("application/json", True),
        ("Application/JSON ; charset=utf-8", True),
        ("application/problem+json", True),
        ("model/gltf+json", True),
        ("text/json", False),
        ("+json", False),
        ("text/plain, application/x+json", False),
        ("application/jsonl", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_media_type_is_json_or_not(media_type: str, is_json: bool) -> None:
    """A form or a plain text can be sent by any web page unasked, so it must never count as JSON."""
    assert is_json == is_json_media_type(media_type)
    assert (is_json or media_type == "*/*") == allows_json(media_type)
