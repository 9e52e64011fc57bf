"""What can be reached on the sets: levels that fit them, and weights that a regression learnt on other seeds."""

from collections.abc import Callable, Iterator
from functools import cache

import duckdb
import polars as pl

from talk_assets_tests.evidence_sets import companies, persons, products
from talk_assets_tests.evidence_sets.labelled import TRAINING, Labelled
from talk_assets_tests.evidence_sets.levels import LEVELS, NULL
from talk_assets_tests.evidence_sets.regression import Pattern, Weights, count, fit
from talk_assets_tests.evidence_sets.score import scored

MAKERS: dict[str, Callable[[int, int], Labelled]] = {
    "company": companies.make,
    "product": products.make,
    "person": persons.make,
}
SEEDS, COUNT = range(TRAINING, TRAINING + 3), 3000
LINKED, SUGGESTED = 0.999, 0.5


def learnt(labelled: Labelled) -> pl.DataFrame:
    """Weigh every pair that blocking yields; link what is all but certain."""
    weights = trained(labelled.entity)
    weighed = ((*pair, weights.probability(pattern)) for pair, pattern in compared(labelled))
    return scored((left, right, one, one >= LINKED) for left, right, one in weighed if one > SUGGESTED)


@cache
def trained(entity_type: str) -> Weights:
    """Return the weights that are learnt from sets of other seeds."""
    return fit(count(labelled for seed in SEEDS for labelled in _labelled(MAKERS[entity_type](COUNT, seed))))


def _labelled(one: Labelled) -> Iterator[tuple[Pattern, bool]]:
    same = frozenset(one.pairs.iter_rows())
    yield from ((pattern, pair in same) for pair, pattern in compared(one))


def compared(labelled: Labelled) -> Iterator[tuple[tuple[str, str], Pattern]]:
    """Yield the pairs that blocking finds, each with what its comparisons found."""
    levels = LEVELS[labelled.entity]
    with duckdb.connect() as connection:
        for side, name in (("left", "l"), ("right", "r")):
            connection.register(f"{side}_side", labelled.side(side).to_arrow())
            connection.execute(f"CREATE TABLE {name} AS {levels.clean.format(f'{side}_side')}")
        pairs = " UNION ".join(f"SELECT l.id AS a, r.id AS b FROM l JOIN r ON {rule}" for rule in levels.block)
        found = connection.execute(
            f"SELECT a, b, {levels.selected()} FROM ({pairs}) JOIN l ON l.id = a JOIN r ON r.id = b ORDER BY a, b"
        ).fetchall()
    for left, right, *values in found:
        pattern = tuple((name, level) for name, level in zip(levels.compare, values, strict=True) if level != NULL)
        yield (left, right), pattern
