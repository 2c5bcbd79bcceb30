"""The documentation lists exactly what exists: rules, hosts, commands and templates."""

from tests.contract import table


def test_documentation_lists_what_there_is() -> None:
    """A reader trusts these lists, and nobody remembers to update them."""
    stale = [path.name for path, text in table.pages().items() if path.read_text() != text]
    assert not stale, f"{', '.join(stale)}: run `python -m tests.contract.table` and commit what it writes"
