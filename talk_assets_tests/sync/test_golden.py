"""Golden is decided field by field: the newest edit wins, and what loses is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.sync.merge import golden

START = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "entity_id": pl.String,
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


FIELDS = ("phone", "city")
SIDE = st.tuples(st.sampled_from([None, "1", "2"]), st.integers(0, 3) | st.none())
RECORD = st.tuples(st.sampled_from([None, "1", "2"]), st.sampled_from([None, "1", "2"]), st.integers(0, 3))


def instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else START + timedelta(seconds=seconds)


def wide_frame(rows: dict[str, list[object]]) -> pl.DataFrame:
    times = {name: pl.Datetime("us", "UTC") for name in rows if name.endswith("_at")}
    return pl.DataFrame(rows, schema={name: times.get(name, pl.String) for name in rows})


def plainly(stood: tuple[str | None, int | None], new: str | None, at: int) -> tuple[str | None, int | None, str]:
    """What the reference says of one field: the newest wins, a blank never beats a value."""
    value, stood_at = stood
    newer = stood_at is None or at > stood_at
    return (new, at, "b") if new is not None and (value is None or newer) else (value, stood_at, "a")


@given(st.lists(st.tuples(SIDE, SIDE, RECORD), min_size=1, max_size=6))
def test_records_that_meet_are_merged_as_the_reference_says(meetings: list[tuple[Any, Any, Any]]) -> None:
    """Each field by itself, and what lost to another value is a conflict."""
    columns: dict[str, list[object]] = {"entity_id": [f"e{n}" for n in range(len(meetings))]}
    for place, field in enumerate(FIELDS):
        columns[field] = [sides[place][0] for sides in meetings]
        columns[f"{field}_at"] = [instant(sides[place][1]) for sides in meetings]
        columns[f"{field}_from"] = ["a"] * len(meetings)
        columns[f"new_{field}"] = [record[place] for _, _, record in meetings]
    columns |= {"new_at": [instant(r[2]) for _, _, r in meetings], "new_from": ["b"] * len(meetings)}
    met = wide_frame(columns)
    decision = golden.introduce(*golden.contested(met, FIELDS))
    found = golden.merge(golden.agree(met, FIELDS), decision.golden)
    for place, field in enumerate(FIELDS):
        right = [plainly(meeting[place], meeting[2][place], meeting[2][2]) for meeting in meetings]
        assert found.select(field, f"{field}_at", f"{field}_from").rows() == [(v, instant(at), o) for v, at, o in right]
        values_met = [{meeting[place][0], meeting[2][place]} - {None} for meeting in meetings]
        lost = decision.conflicts.filter(pl.col("field") == field)
        assert lost.height == sum(len(both) == 2 for both in values_met)


def test_of_golden_only_what_is_proposed_is_looked_at_and_replaced() -> None:
    wide = wide_frame({
        "entity_id": ["e", "f"],
        "phone": ["1", "2"], "phone_at": [START, START], "phone_from": ["a", "b"],
        "city": [None, "Oslo"], "city_at": [START, START], "city_from": ["c", "d"],
    })  # fmt: skip
    proposals = values((None, 5, "c"))
    stands = golden.lengthen(wide, proposals)
    assert stands.rows() == [("e", "phone", "1", START, "a")]
    merged = golden.merge(wide, golden.absorb(stands, proposals).golden)
    assert merged.row(0)[:4] == ("e", None, START + timedelta(seconds=5), "c")
    assert merged.row(1) == wide.row(1)
    assert merged.select("city").equals(wide.select("city"))


@pytest.mark.parametrize(("sent", "told"), [("1", ["2"]), ("2", [])])
def test_what_an_edit_passes_over_unseen_is_a_conflict(sent: str, told: list[str]) -> None:
    """Record b was edited while it was still up to date with 1, or when it had been sent 2."""
    standing = values(("2", 5, "a"))
    decision = golden.absorb(standing, values(("3", 9, "b")))
    known = pl.DataFrame({"entity_id": ["e"], "field": ["phone"], "origin": ["b"], "sent": [sent]})
    passed_over = golden.passed_over(standing, decision, known)
    assert passed_over["value"].to_list() == told
    assert passed_over.columns == decision.conflicts.columns
