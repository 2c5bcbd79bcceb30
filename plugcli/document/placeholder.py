"""Recognizes texts that are not documents: a template that was not filled in, or a page."""

import re

from plugcli.document.problem import BadText

_PAGE = re.compile(r"\s*(<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)
_XML = re.compile(r"\s*<(\?xml|[A-Za-z])", re.IGNORECASE)


def unfilled(found: re.Match[str], at: int | None = None) -> BadText:
    """Say that the placeholder `found` was not filled in."""
    hint = "render the template first, or fill it in"
    return BadText(found.start() if at is None else at, f"the placeholder {found[0]} is not filled in", hint)


def kind_of_page(text: str) -> str:
    """`an HTML page` or `XML` where `text` is one, else an empty text."""
    if _PAGE.match(text):
        return "an HTML page"
    return "XML" if _XML.match(text) else ""
