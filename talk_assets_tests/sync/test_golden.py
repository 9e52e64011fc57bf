"""Golden is decided field by field: the newest edit wins, and what loses is kept."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.sync import golden

START = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "entity": pl.String,
    "field": pl.String,
    "value": pl.String,
    "edited_at": pl.Datetime("us", "UTC"),
    "origin": pl.String,
}


def values(*rows: tuple[str | None, int, str]) -> pl.DataFrame:
    """One entity's one field: value, seconds, origin."""
    data = [("e", "phone", value, START + timedelta(seconds=at), origin) for value, at, origin in rows]
    return pl.DataFrame(data, schema=SCHEMA, orient="row")


def winner(decision: golden.Decision) -> str | None:
    """The value that golden has now."""
    return decision.golden.select("value").item()  # type: ignore[no-any-return]


@pytest.mark.parametrize("at", [0, 2])
def test_a_blank_never_beats_a_value_when_records_meet(at: int) -> None:
    assert winner(golden.introduce(values(("1", 1, "a")), values((None, at, "b")))) == "1"
    assert winner(golden.introduce(values((None, 1, "a")), values(("2", at, "b")))) == "2"


def test_the_newest_wins_when_records_meet_and_the_other_is_a_conflict() -> None:
    decision = golden.introduce(values(("1", 1, "a")), values(("2", 2, "b")))
    assert winner(decision) == "2"
    assert decision.conflicts.select("value", "origin", "winner", "winner_origin").row(0) == ("1", "a", "2", "b")


def test_what_stands_wins_over_what_is_as_old() -> None:
    assert winner(golden.introduce(values(("1", 1, "a")), values(("2", 1, "b")))) == "1"


def test_clearing_a_field_is_an_edit() -> None:
    decision = golden.absorb(values(("1", 1, "a")), values((None, 2, "b")))
    assert winner(decision) is None
    assert decision.conflicts.is_empty()


def test_an_edit_older_than_golden_loses_and_is_kept() -> None:
    decision = golden.absorb(values(("1", 5, "a")), values(("2", 2, "b")))
    assert winner(decision) == "1"
    assert decision.conflicts["value"].to_list() == ["2"]


def test_of_two_edits_the_newer_wins_and_the_other_is_kept() -> None:
    decision = golden.absorb(values(("1", 1, "a")), values(("3", 3, "b"), ("2", 2, "c")))
    assert winner(decision) == "3"
    assert decision.conflicts["value"].to_list() == ["2"]


@given(
    st.lists(st.tuples(st.sampled_from([None, "1", "2", "3"]), st.integers(0, 5), st.sampled_from("abc")), max_size=8)
)
def test_no_proposed_value_vanishes(proposals: list[tuple[str | None, int, str]]) -> None:
    """Every edit is golden, or equal to it, or in conflicts."""
    decision = golden.absorb(values(("0", 2, "a")), values(*proposals))
    kept = {winner(decision), *decision.conflicts["value"]}
    assert {value for value, _, _ in proposals} <= kept


def test_wide_and_long_are_the_same_thing() -> None:
    wide = pl.DataFrame({
        "entity": ["e", "f"],
        "phone": ["1", None], "phone_at": [START, START], "phone_from": ["a", "b"],
        "city": [None, "Oslo"], "city_at": [START, START], "city_from": ["c", "d"],
    })  # fmt: skip
    assert golden.widen(golden.lengthen(wide, ["phone", "city"]), ["phone", "city"]).equals(wide)


@pytest.mark.parametrize(("sent", "told"), [("1", ["2"]), ("2", [])])
def test_what_an_edit_passes_over_unseen_is_a_conflict(sent: str, told: list[str]) -> None:
    """Record b was edited while it was still up to date with 1, or when it had been sent 2."""
    standing = values(("2", 5, "a"))
    decision = golden.absorb(standing, values(("3", 9, "b")))
    known = pl.DataFrame({"entity": ["e"], "field": ["phone"], "origin": ["b"], "sent": [sent]})
    passed_over = golden.passed_over(standing, decision, known)
    assert passed_over["value"].to_list() == told
    assert passed_over.columns == decision.conflicts.columns
