"""Weights from labelled sets: pairs that blocking finds, by pattern of levels, and a regression over them."""

from collections.abc import Iterable, Sequence

import duckdb
import polars as pl

from talk_assets.model.entities import ENTITIES
from talk_assets.store.database import Store
from talk_assets.store.scratch import scratch
from talk_assets.sync.link.evidence import blocking
from talk_assets.sync.link.evidence.model import NULL, OTHER, Comparison, Model
from talk_assets.sync.link.evidence.models import MODELS
from talk_assets.sync.link.evidence.weights import Weights
from talk_assets_tests.evidence_sets.labelled import Labelled
from talk_assets_tests.evidence_training.regression import Pattern, fit

LARGEST_BITS = 18.0
"""No single comparison is proof."""


BY_HAND = {
    "person": {"beside the name": {"nothing": -8.0}, "telephone": {"same": 3.0}},
    "product": {"name": {"variant": -10.0}},
}
"""Weights of what the sets don't have, in bits.

In them, who has the same telephone without being the same is a colleague or of the same family, and hardly anybody else
has one; and the variants of an article also differ in their description.
"""


def learn(entity_type: str, sets: Sequence[Labelled], origin: str) -> Weights:
    """Return the weights that make what the sets say the most likely."""
    model = MODELS[entity_type]
    counts: dict[Pattern, tuple[int, int]] = {}
    for labelled in sets:
        for pattern, every, same in patterns(model, labelled):
            before = counts.get(pattern, (0, 0))
            counts[pattern] = before[0] + every, before[1] + same
    fitted = fit(counts)
    bits: dict[str, dict[str, float]] = {one.name: {} for one in model.comparisons}
    for (name, level), weight in fitted.bits.items():
        bits[name][level] = max(-LARGEST_BITS, min(LARGEST_BITS, weight))
    for name, levels in BY_HAND.get(entity_type, {}).items():
        bits[name] |= levels
    records = round(sum(max(one.left.height, one.right.height) for one in sets) / len(sets))
    return Weights(fitted.prior, records, bits, _chances(model, counts.items()), origin)


def _chances(model: Model, counts: Iterable[tuple[Pattern, tuple[int, int]]]) -> dict[str, dict[str, float]]:
    """The share of each level among the pairs that are not the same and have both values."""
    met = {one.name: dict.fromkeys(one.labels, 0.5) for one in model.comparisons}
    for pattern, (every, same) in counts:
        for name, level in pattern:
            met[name][level] += every - same
    return {name: {level: one / sum(levels.values()) for level, one in levels.items()} for name, levels in met.items()}


def patterns(model: Model, labelled: Labelled) -> list[tuple[Pattern, int, int]]:
    """Return the patterns of the pairs that blocking yields, how many have each, and how many of those are the same."""
    with scratch() as database:
        _blocked(database, model, labelled)
        names = [one.name for one in model.comparisons]
        rows = database.execute(
            f"""
            WITH compared AS (
                SELECT {", ".join(_level(one) for one in model.comparisons)}, s.left_id IS NOT NULL AS same
                FROM candidates c JOIN l ON l.n = c.l JOIN r ON r.n = c.r
                LEFT JOIN same s ON s.left_id = l.left_id AND s.right_id = r.right_id)
            SELECT * EXCLUDE (same), count(*), count(*) FILTER (same) FROM compared GROUP BY ALL
            """
        ).fetchall()
    return [
        (tuple((name, level) for name, level in zip(names, levels, strict=True) if level != NULL), every, same)
        for *levels, every, same in rows
    ]


def _level(one: Comparison) -> str:
    whens = " ".join(f"WHEN {condition} THEN '{label}'" for label, condition in one.levels.items())
    return f"CASE {whens} ELSE '{OTHER}' END AS {one.column}"


def _blocked(database: duckdb.DuckDBPyConnection, model: Model, labelled: Labelled) -> None:
    """Fill the tables `candidates`, `same`, and the cleaned sides `l` and `r`."""
    with Store(None).transaction() as transaction:
        names = [
            transaction.temporary(f"side_{letter}", "SELECT * FROM frame", frame=frame)
            for letter, frame in (("l", labelled.left), ("r", labelled.right))
        ]
        keys = blocking.sides(transaction, model, {names[0]: labelled.left.height, names[1]: labelled.right.height})
    for letter, side, frame, keyed in zip("lr", ("left", "right"), (labelled.left, labelled.right), keys, strict=True):
        numbered = frame.join(keyed.select("n", pl.col("id").alias(f"{side}_id")), on=f"{side}_id")
        _table(database, f"keys_{letter}", keyed)
        _table(database, f"{side}_records", numbered)
        database.execute(f"CREATE TABLE {letter} AS {model.cleaned.format(f'{side}_records')}")
    _table(database, "same", labelled.pairs)
    blocking.block(database, model, (labelled.left.height, labelled.right.height), within=False)


def _table(database: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    database.register("given", frame)
    database.execute(f"CREATE TABLE {name} AS FROM given")
    database.unregister("given")


def known(entity_type: str) -> bool:
    """Return whether there is a model of the entity."""
    return entity_type in MODELS and entity_type in ENTITIES
