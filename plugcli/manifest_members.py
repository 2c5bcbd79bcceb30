"""What belongs in each member of a manifest, as hints for whoever left it out or filled it with something else."""

HINTS = {
    "auth": 'a plugin without authentication says "auth": {"type": "none"}',
    "api": 'write "api": {"type": "openapi", "url": "https://.../openapi.yaml"}',
    "name_for_human": "the name that users see, in at most 20 characters",
    "name_for_model": "the name that the model sees: letters, digits and _, a letter first",
    "description_for_human": "what users get, in one sentence of at most 100 characters",
    "description_for_model": "what the plugin does and when the model is to use it",
    "logo_url": "the https address of a picture, PNG or SVG",
    "legal_info_url": "the https address of a page with the plugin's terms",
    "contact_email": "an address where users and the host can reach you",
    "schema_version": 'write "schema_version": "v1"',
}
