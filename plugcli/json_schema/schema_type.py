"""The types that a schema may have, and the names that people write instead."""

# In alphabetical order. null is left out: an author who wrote another word did not mean it.
TYPES = ("array", "boolean", "integer", "number", "object", "string")

# Names of types seen in 35 approved documents.
_MEANT = {
    "int": "type: integer",
    "long": "type: integer",
    "float": "type: number",
    "double": "type: number",
    "decimal": "type: number",
    "date": "type: string with format: date",
    "uuid": "type: string with format: uuid",
    "datetime": "type: string with format: date-time",
    "date-time": "type: string with format: date-time",
    "uri": "type: string with format: uri",
    "url": "type: string with format: uri",
    "str": "type: string",
    "text": "type: string",
    "bool": "type: boolean",
    "list": "type: array",
    "dict": "type: object",
    "json": "type: object",
    "map": "type: object",
    "any": "leave type out",
    "file": "type: string with format: binary",
}


def meant(name: str) -> str:
    """What an author who wrote the type `name` most likely meant; empty if that is unknown."""
    return _MEANT.get(name.lower(), "")
