"""Hints that say what belongs in each member of a manifest, for missing, empty and wrong members."""

HINTS = {
    "auth": 'for a plugin without authentication write "auth": {"type": "none"}',
    "api": 'write "api": {"type": "openapi", "url": "https://.../openapi.yaml"}',
    "name_for_human": "give the name that users see, in at most 20 characters",
    "name_for_model": "give the name that the model sees: letters, digits and _, starting with a letter",
    "description_for_human": "say what users get, in one sentence of at most 100 characters",
    "description_for_model": "say what the plugin does and when the model should use it",
    "logo_url": "give the https URL of a picture, PNG or SVG",
    "legal_info_url": "give the https URL of a page with the plugin's terms",
    "contact_email": "give an address where users and the host can reach you",
    "schema_version": 'write "schema_version": "v1"',
}
