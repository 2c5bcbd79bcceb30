"""docs/rules.md says what the files of the rules and the hosts say."""

from tests.contract import table


def test_table_is_up_to_date() -> None:
    """A reader trusts the page, and nobody remembers to update it."""
    is_up_to_date = table.PAGE.read_text() == table.text()
    assert is_up_to_date, (
        "docs/rules.md is stale: run `python -m tests.contract.table` and commit what it writes"
    )
