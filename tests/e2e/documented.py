"""Whether an answer is one that the served OpenAPI document tells of: its status, media type, headers and content."""

from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from tests.e2e.serving import Answer, Server


@dataclass(frozen=True)
class Documented:
    """The document of a server, as it is served."""

    document: dict[str, Any]

    @classmethod
    def of(cls, server: Server) -> "Documented":
        return cls(server.get("/openapi.json").json())

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Fail unless the operation, by its path in the document, may answer so."""
        responses = self.document["paths"][path][method.lower()]["responses"]
        status = str(answer.status)
        assert status in responses or f"{status[0]}XX" in responses, (status, answer.body)
        response = responses.get(status) or responses[f"{status[0]}XX"]
        for name, header in response.get("headers", {}).items():
            given = answer.headers.get(name.lower())
            assert given is not None or not header.get("required"), (name, answer.headers)
            assert given is None or self.is_valid(header["schema"], given), (name, given)
        if "content" not in response:
            assert answer.body == b""
            return
        mime = answer.headers["content-type"].partition(";")[0]
        content = response["content"].get(mime) or response["content"].get("*/*")
        assert content is not None, (mime, [*response["content"]])
        if mime == "application/json":
            assert self.is_valid(content["schema"], answer.json()), answer.body

    def is_valid(self, schema: dict[str, Any], value: object) -> bool:
        whole = {**schema, "components": self.document["components"]}
        return jsonschema_rs.validator_for(whole).is_valid(value)
