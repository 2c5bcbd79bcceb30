"""What a value has against a JSON Schema, in plain sentences."""
