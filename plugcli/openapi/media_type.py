"""Which media types are JSON, in a header and in a document."""


def is_json_media_type(media_type: str) -> bool:
    """Whether a body of this media type is JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or ("/" in essence and essence.endswith("+json"))


def allows_json(media_type: str) -> bool:
    """Whether a media type that a document offers allows JSON. A document may offer `*/*`, any type; no header names that."""
    return is_json_media_type(media_type) or media_type.partition(";")[0].strip() == "*/*"
