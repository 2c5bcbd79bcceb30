"""Numbers as they are written in a text: `1e-3` is one in JSON and in YAML 1.2, and text to a reader of YAML 1.1."""

import json
import re

_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def written(number: float) -> str:
    """`number` as JSON and every version of YAML take it: YAML 1.1 wants a dot, and the sign of an exponent."""
    text = json.dumps(number)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{exponent}" if e else text


def number_in(text: str) -> float | None:
    """The number that somebody meant by the text `text`, None where it is none: `1e-3`, `.5`, `+7`, `1_000`."""
    digits = text.strip().replace("_", "")
    if len(digits) > 300 or not _NUMBER.fullmatch(digits):
        return None
    return float(digits) if re.search(r"[.eE]", digits) else int(digits)
