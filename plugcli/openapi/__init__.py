"""OpenAPI documents: operations, what can be sent with them, and the tools that hosts make of them. Judges nothing, fetches nothing."""
