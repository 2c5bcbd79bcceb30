"""Any value is judged by any JSON Schema, in sentences that know nothing of OpenAPI."""

from typing import Any

import jsonschema_rs
import pytest

from plugcli.json_schema import faults

ORDER = {
    "type": "object",
    "properties": {
        "size": {"enum": ["small", "large"]},
        "count": {"type": "integer", "minimum": 1},
        "info": {"properties": {"note": {"type": "string"}}, "additionalProperties": False},
        "pay": {
            "oneOf": [
                {
                    "properties": {"type": {"const": "card"}, "number": {"type": "string"}},
                    "required": ["number"],
                },
                {"properties": {"type": {"const": "cash"}}, "required": ["type"]},
            ]
        },
    },
    "required": ["count"],
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"count": 1}, {}),
        ({}, {"/count": ("the top level lacks count", "add count")}),
        ({"count": "3"}, {"/count": ('count is "3", and must be a whole number', "write 3 without quotes")}),
        ({"count": 0}, {"/count": ("count is 0, and must be at least 1", "")}),
        (
            {"count": 1, "size": "Smal"},
            {"/size": ('size is "Smal", and must be one of small, large', "did you mean small?")},
        ),
        (
            {"count": 1, "info": {"servers": []}},
            {"/info/servers": ("an order has no servers in info", "remove it")},
        ),
        ({"count": 1, "pay": {"type": "card"}}, {"/pay/number": ("pay lacks number", "add number")}),
        (3, {"": ("the top level is 3, and must be an object", "")}),
    ],
)
def test_fault_has_its_place_and_sentence(value: Any, expected: dict[str, tuple[str, str]]) -> None:
    """Arguments of a call and answers of a service are judged by these words, which must not speak of OpenAPI."""
    found = faults(jsonschema_rs.validator_for(ORDER, offline=True), value, "an order")
    assert expected == {each.where: (each.message, each.hint) for each in found}
