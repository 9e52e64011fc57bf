"""Canonical values survive being stored as JSON objects."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.jsonframes import objects

FIELDS = ("email", "last_name", "lines")
text = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just('"email":')
rows = st.lists(st.tuples(text, text, text, st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=5)


@given(rows)
def test_what_was_masked_in_comes_back_and_nothing_else(
    given_rows: list[tuple[str | None, str | None, str | None, bool, bool, bool]],
) -> None:
    values = pl.DataFrame([row[:3] for row in given_rows], schema=dict.fromkeys(FIELDS, pl.String), orient="row")
    mask = pl.DataFrame([row[3:] for row in given_rows], schema=dict.fromkeys(FIELDS, pl.Boolean), orient="row")
    encoded = objects.encode(values, mask)
    assert objects.present(encoded, FIELDS).equals(mask)
    expected = values.select(pl.when(mask[name]).then(pl.col(name)).alias(name) for name in FIELDS)
    assert objects.decode(encoded, FIELDS).equals(expected)


def test_without_a_mask_blanks_are_left_out() -> None:
    values = pl.DataFrame(
        {"email": ["a@example.com", None], "last_name": [None, None]}, schema=dict.fromkeys(FIELDS[:2], pl.String)
    )
    assert objects.encode(values).to_list() == ['{"email":"a@example.com"}', "{}"]
