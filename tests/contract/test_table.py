"""README.md's table of rules says what the rules' and hosts' files say."""

from tests.contract import table


def test_table_is_up_to_date() -> None:
    """Run `python -m tests.contract.table` and commit what it writes."""
    assert table.with_table(table.README.read_text()) == table.README.read_text()
