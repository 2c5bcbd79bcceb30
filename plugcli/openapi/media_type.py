"""Which media types are JSON, in a header and in a document."""

import re

_WORD = r"[a-z0-9!#$%&'*+.^_`|~-]+"  # a token of RFC 9110, 5.6.2, in small letters
_JSON = re.compile(rf"application/json|{_WORD}/{_WORD}\+json")


def is_json_media_type(media_type: str) -> bool:
    """Whether a body of this media type is JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    return _JSON.fullmatch(_essence(media_type)) is not None


def allows_json(media_type: str) -> bool:
    """Whether a media type in a document allows JSON. A document may offer `*/*`, which is not a valid type of an actual body."""
    return is_json_media_type(media_type) or _essence(media_type) == "*/*"


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip(" \t").lower()
