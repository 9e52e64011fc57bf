"""The best assignment of one record to one other."""

from itertools import permutations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.sync.link.evidence import assignment

SCHEMA = {"left_id": pl.String, "right_id": pl.String, "probability": pl.Float64}

PROBABILITIES = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), st.sampled_from([0.55, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
)


def best(odds: dict[tuple[int, int], float]) -> set[tuple[int, int]]:
    rows = [(str(left), str(right), one) for (left, right), one in odds.items()]
    found = assignment.best(pl.DataFrame(rows, SCHEMA, orient="row"))
    return {(int(left), int(right)) for left, right in found.select("left_id", "right_id").iter_rows()}


def test_the_likeliest_pair_does_not_take_what_fits_better_all_in_all() -> None:
    assert best({(0, 0): 0.99, (0, 1): 0.98, (1, 0): 0.98}) == {(0, 1), (1, 0)}


def test_pairs_that_share_no_record_all_stand() -> None:
    assert best({(0, 1): 0.6, (1, 0): 0.7, (2, 3): 0.51}) == {(0, 1), (1, 0), (2, 3)}


@given(PROBABILITIES)
def test_no_record_is_in_two_pairs_and_no_other_choice_has_more_pairs(odds: dict[tuple[int, int], float]) -> None:
    found = best(odds)
    assert found <= set(odds)
    assert len({left for left, _ in found}) == len({right for _, right in found}) == len(found)
    most = max(sum((n, one) in odds for n, one in enumerate(order)) for order in permutations(range(4)))
    assert len(found) >= most - 1
