"""Pairs of records with their probability, and what was compared. All of it is one statement in DuckDB.

Records come as relations with an id and a column per field, canonical text. What is returned has the columns of
`SCHEMA`: `evidence` is JSON, a list of `comparison, level, weight, left, right` per comparison that weighs anything.
"""

import math

import polars as pl

from talk_assets.model.entities import Entity
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync.link.evidence import weights
from talk_assets.sync.link.evidence.levels import LEVELS, Levels
from talk_assets.sync.link.evidence.weights import Weights

SCHEMA = {"left_id": pl.String, "right_id": pl.String, "probability": pl.Float64, "evidence": pl.String}


def weigh(transaction: Transaction, entity: Entity, left: str, right: str, above: float) -> pl.DataFrame:
    """Return the pairs of two relations that are likelier the same than `above`, as far as blocking finds them.

    Records of `left` have a `left_id`, those of `right` a `right_id`.
    """
    levels = LEVELS[entity.name]
    one, other = (transaction.temporary(name, _cleaned(levels, side)) for name, side in (("l", left), ("r", right)))
    return _scored(transaction, entity, (one, other), f"FROM ({_blocked(levels, one, other)})", above)


def weigh_within(transaction: Transaction, entity: Entity, records: str, above: float) -> pl.DataFrame:
    """Return the pairs of records (`id` and fields) of one relation that are likelier the same than `above`."""
    levels = LEVELS[entity.name]
    one, other = (
        transaction.temporary(name, _cleaned(levels, f"(SELECT id AS {name}_id, * EXCLUDE (id) FROM {records})"))
        for name in ("left", "right")
    )
    pairs = f"FROM ({_blocked(levels, one, other)}) WHERE left_id < right_id"
    return _scored(transaction, entity, (one, other), pairs, above)


def weigh_pairs(transaction: Transaction, entity: Entity, pairs: str) -> pl.DataFrame:
    """Return given pairs with their probability: `left_id, right_id`, and each field as `field_l` and `field_r`."""
    levels = LEVELS[entity.name]
    sides = []
    for name, letter in (("left", "l"), ("right", "r")):
        fields = ", ".join(f'"{field}_{letter}" AS "{field}"' for field in entity.names)
        records = f"(SELECT row_number() OVER () AS {name}_id, {fields} FROM {pairs})"
        sides.append(transaction.temporary(name, _cleaned(levels, records)))
    ids = transaction.temporary("pairs", f"SELECT row_number() OVER () AS pair, left_id, right_id FROM {pairs}")
    each = f"FROM (SELECT pair AS left_id, pair AS right_id FROM {ids})"
    scored = _scored(transaction, entity, (sides[0], sides[1]), each, 0.0)
    known = transaction.frame(f"SELECT pair, left_id, right_id FROM {ids}")
    found = scored.select(pl.col("left_id").cast(pl.Int64).alias("pair"), "probability", "evidence")
    return known.join(found, on="pair").select(*SCHEMA)


def _cleaned(levels: Levels, records: str) -> str:
    return levels.clean.format(records)


def _blocked(levels: Levels, left: Relation, right: Relation) -> str:
    """The SQL of the pairs that are compared at all: those that any of the rules joins."""
    return " UNION ".join(f"SELECT left_id, right_id FROM {left} l JOIN {right} r ON {rule}" for rule in levels.block)


def _scored(
    transaction: Transaction, entity: Entity, sides: tuple[Relation, Relation], pairs: str, above: float
) -> pl.DataFrame:
    (left, right), levels, weighed = sides, LEVELS[entity.name], weights.of(entity.name)
    sums = " + ".join(_bits(weighed, name) for name in levels.compare)
    shown = ", ".join(f'l."{field}" AS "{name} l", r."{field}" AS "{name} r"' for name, field in levels.shown.items())
    told = ", ".join(_told(weighed, name) for name in levels.compare)
    least = math.log2(above / (1 - above)) if 0 < above < 1 else -math.inf if above <= 0 else math.inf
    found = transaction.frame(
        f"""
        WITH compared AS (
            SELECT l.left_id, r.right_id, {levels.selected()}, {shown}
            FROM (SELECT left_id, right_id {pairs}) JOIN {left} l USING (left_id) JOIN {right} r USING (right_id))
        SELECT left_id::VARCHAR AS left_id, right_id::VARCHAR AS right_id, 1 / (1 + pow(2, -bits)) AS probability,
            to_json(list_filter([{told}], x -> x.weight <> 0))::VARCHAR AS evidence
        FROM (SELECT *, {weighed.prior} + {sums} AS bits FROM compared) WHERE bits > $1::DOUBLE
        """,
        least,
    )
    return found.cast(SCHEMA)  # type: ignore[arg-type]


def _bits(weighed: Weights, name: str) -> str:
    whens = " ".join(f"WHEN '{level}' THEN {bits}" for level, bits in weighed.bits.get(name, {}).items())
    return f'CASE "{name}" {whens} ELSE 0 END' if whens else "0"


def _told(weighed: Weights, name: str) -> str:
    return (
        f"{{'comparison': '{name}', 'level': \"{name}\", 'weight': ({_bits(weighed, name)})::DOUBLE,"
        f" 'left': \"{name} l\", 'right': \"{name} r\"}}"
    )
