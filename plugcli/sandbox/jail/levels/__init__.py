"""The levels: one module each, found by its name in the Plan."""
