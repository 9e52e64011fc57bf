"""Which pairs are compared at all."""

from collections.abc import Sequence

import polars as pl

from talk_assets.store.scratch import scratch
from talk_assets.sync.link.evidence import blocking
from talk_assets.sync.link.evidence.model import Key, Model

NAMED = Model("person", {"name": "name"}, {"name": Key(("name",))}, "", ())


def pairs(left: Sequence[int | None], right: Sequence[int | None], *, within: bool = False) -> set[tuple[int, int]]:
    """Return the pairs of records that agree in one key, as the numbers of both."""
    with scratch() as database:
        for letter, keys in (("l", left), ("r", right)):
            frame = pl.DataFrame({"k_name": keys}, schema={"k_name": pl.UInt64}).with_row_index("n")
            database.register("frame", frame)
            database.execute(f"CREATE TABLE keys_{letter} AS FROM frame")
        count = blocking.block(database, NAMED, (len(left), len(right)), within=within)
        found = set(database.execute("SELECT l, r FROM candidates").fetchall())
    assert len(found) == count
    return found


def test_records_that_agree_in_a_key_are_compared_and_those_without_a_value_are_not() -> None:
    assert pairs([1, 2, None], [2, 1, None]) == {(0, 1), (1, 0)}


def test_a_value_that_too_many_have_yields_no_pairs() -> None:
    many = [7] * (int(blocking.LARGEST**0.5) + 1)
    assert pairs([*many, 1], [*many, 1]) == {(len(many), len(many))}


def test_a_pair_within_one_relation_is_compared_once() -> None:
    assert pairs([1, 1, 2], [1, 1, 2], within=True) == {(0, 1)}


def test_the_rarest_values_use_a_budget_first() -> None:
    """All of them would be too many: what is left out is what most records have."""
    few, each = blocking.BUDGETS[True]
    often = [value for value in range(100) for _ in range(45)]
    rare = list(range(1000, 1500))
    found = pairs([*often, *rare], [*often, *rare])
    assert len(found) <= few + each * (len(often) + len(rare))
    assert {(4500 + n, 4500 + n) for n in range(500)} <= found
