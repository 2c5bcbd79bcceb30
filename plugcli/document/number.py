"""Numbers as written in a text: `1e-3` is a number in JSON and in YAML 1.2, but a string in YAML 1.1."""

import json
import re

_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def written(number: float) -> str:
    """`number` in a form that JSON and every version of YAML read as a number: YAML 1.1 requires a dot, and a sign in the exponent."""
    text = json.dumps(number)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{exponent}" if e else text


def number_in(text: str) -> float | None:
    """The number that the author meant by `text`, such as `1e-3`, `.5`, `+7`, `1_000`; None if it is not a number."""
    digits = text.strip().replace("_", "")
    if len(digits) > 300 or not _NUMBER.fullmatch(digits):
        return None
    return float(digits) if re.search(r"[.eE]", digits) else int(digits)
