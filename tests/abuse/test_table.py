"""The table in README.md says what the tests show, no more and no less."""

import re

from tests.abuse import left_out, table

COUNTS = {"A": 19, "B": 18, "C": 27, "D": 17, "E": 15, "F": 31, "G": 17, "H": 25, "I": 21}
"""How many cases each part of the catalogue has."""


def test_every_row_is_shown_or_says_what_it_waits_for() -> None:
    """A case that nobody tries, and nobody misses, is a hole that nobody looks for."""
    _, rows, in_progress = table.catalogue()
    assert list(rows) == [f"{letter}{n}" for letter, count in COUNTS.items() for n in range(1, count + 1)]
    shown = table.shown()
    assert set(shown) <= set(rows), "a mark names a row that the catalogue does not have"
    missing = [
        row.id for row in rows.values() if row.id not in shown and not row.waits and row.id not in in_progress
    ]
    assert missing == []
    assert sorted(in_progress & set(shown)) == [], (
        "these are shown now: take them out of in_progress in catalogue.toml"
    )


def test_outcomes_begin_with_a_word_of_the_contract() -> None:
    """Or say that the case is not held."""
    for row in table.catalogue()[1].values():
        assert re.match(r"([NDLTXCR]([:,. ]|$)|not held$)", row.outcome), row


def test_tests_that_are_left_out_exist_and_their_rows_say_so() -> None:
    """A name that nobody has any more leaves nothing out, and a row whose test is left out at a level is not the same there."""
    _, rows, _ = table.catalogue()
    rows_of: dict[str, set[str]] = {}
    for id, tests in table.shown().items():
        for test in tests:
            rows_of.setdefault(test.name, set()).add(id)
    reasons = left_out.by_reason()
    names = {name.partition(" ")[0] for part in reasons.values() for name in part}
    text = "".join(path.read_text() for path in table.HERE.glob("test_*.py"))
    assert {name for name in names if f"def {name}(" not in text} == set()
    silent = {
        id
        for name in reasons["landlock"]
        for id in rows_of.get(name.partition(" ")[0], ())
        if not rows[id].landlock
    }
    assert silent == set()


def test_table_is_up_to_date() -> None:
    """Run `python -m tests.abuse.table` and commit what it writes."""
    assert table.README.read_text() == table.text()
