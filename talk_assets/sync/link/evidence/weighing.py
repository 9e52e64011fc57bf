"""Pairs of records with the probability that they are the same, and what was compared.

Records come as relations with an id and a column per field of their entity, canonical text. What is returned has the
columns of `SCHEMA`: `evidence` is JSON, a list of `comparison, level, weight, left, right` in which weights are bits.
Records are read from the store; all else is done in a scratch database.
"""

import math
from collections.abc import Mapping

import duckdb
import polars as pl

from talk_assets.model.entities import Entity
from talk_assets.store.scratch import scratch
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link.evidence import blocking, weights
from talk_assets.sync.link.evidence.model import Model
from talk_assets.sync.link.evidence.models import MODELS
from talk_assets.sync.link.evidence.scoring import score
from talk_assets.sync.link.evidence.weights import Weights

SCHEMA = {"left_id": pl.String, "right_id": pl.String, "probability": pl.Float64, "evidence": pl.String}

AT_ONCE = 400_000
"""Pairs that are compared at a time."""

SPREAD = 0.5
"""By how much of a bit a pair is less likely the same for each doubling of the records that it was found among."""


def weigh(transaction: Transaction, entity: Entity, left: str, right: str, above: float) -> pl.DataFrame:
    """Return the pairs of two relations, with `left_id` and `right_id`, that are likelier the same than `above`."""
    model = MODELS[entity.name]
    sizes = transaction.count(f"SELECT count(*) FROM {left}"), transaction.count(f"SELECT count(*) FROM {right}")
    keys = blocking.sides(transaction, model, {left: sizes[0], right: sizes[1]})
    with scratch() as database:
        return _weighed(transaction, database, model, {"left": left, "right": right}, keys, sizes, above)


def weigh_within(transaction: Transaction, entity: Entity, records: str, above: float) -> pl.DataFrame:
    """Return the pairs of records (`id` and fields) of one relation that are likelier the same than `above`."""
    model = MODELS[entity.name]
    keys = blocking.keyed(transaction, model, records, "id", None)
    with scratch() as database:
        return _weighed(transaction, database, model, {"": records}, (keys, keys), (keys.height, keys.height), above)


def _weighed(
    transaction: Transaction,
    database: duckdb.DuckDBPyConnection,
    model: Model,
    relations: Mapping[str, str],
    keys: tuple[pl.DataFrame, pl.DataFrame],
    sizes: tuple[int, int],
    above: float,
) -> pl.DataFrame:
    for letter, frame in zip("lr", keys, strict=True):
        _fill(database, f"keys_{letter}", frame)
    candidates = blocking.block(database, model, sizes, within=len(relations) == 1)
    blocking.counted(database, model)
    shipped = weights.of(model.entity)
    found = [pl.DataFrame(schema=SCHEMA)]
    parts = math.ceil(candidates / AT_ONCE)
    for part in range(parts):
        database.execute(f"CREATE OR REPLACE TABLE pairs AS FROM candidates WHERE l % {parts} = {part}")
        for side, (name, relation) in zip(("left", "right"), _both(relations), strict=True):
            _fill(database, f"{side}_records", _records(transaction, database, model, side, name, relation))
        score(database, model, shipped, prior(shipped, max(sizes)), above)
        found.append(_named(database))
    return pl.concat(found)


def _both(relations: Mapping[str, str]) -> list[tuple[str, str]]:
    """The column of the id and the relation of either side."""
    named = [(f"{side}_id" if side else "id", relation) for side, relation in relations.items()]
    return named if len(named) > 1 else named * 2


def prior(shipped: Weights, records: int) -> float:
    """Return the bits of a pair before anything is compared: among more records, more are alike by chance."""
    return shipped.prior - SPREAD * max(0.0, math.log2(max(1, records) / shipped.records))


def _fill(database: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    database.register("frame", frame)
    database.execute(f"CREATE OR REPLACE TABLE {table} AS FROM frame")
    database.unregister("frame")


def _records(
    transaction: Transaction, database: duckdb.DuckDBPyConnection, model: Model, side: str, id_: str, relation: str
) -> pl.DataFrame:
    """Of one side, the records that the pairs have: `n`, the fields, and the keys that are counted."""
    letter = side[0]
    counted = sorted({f"k_{one.key}" for one in model.frequent.values()})
    columns = ", ".join(("k.n", "k.id", *(f"k.{name}" for name in counted)))
    wanted = database.execute(f"SELECT {columns} FROM keys_{letter} k WHERE n IN (SELECT {letter} FROM pairs)").pl()
    return transaction.frame(
        f"SELECT w.* EXCLUDE (id), r.* EXCLUDE ({id_}) FROM wanted w JOIN {relation} r ON r.{id_} = w.id", wanted=wanted
    )


def _named(database: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return database.execute(
        "SELECT a.id::VARCHAR AS left_id, b.id::VARCHAR AS right_id, probability, evidence FROM scored s"
        " JOIN keys_l a ON a.n = s.l JOIN keys_r b ON b.n = s.r ORDER BY probability DESC, left_id, right_id"
    ).pl()


def weigh_pairs(transaction: Transaction, entity: Entity, pairs: str) -> pl.DataFrame:
    """Return given pairs with their probability: `left_id, right_id`, and each field as `field_l` and `field_r`.

    They count as those that a key has found.
    """
    model, shipped = MODELS[entity.name], weights.of(entity.name)
    given = transaction.frame(f"SELECT * FROM {pairs}").with_row_index("n")
    with scratch() as database:
        for side in ("left", "right"):
            letter = side[0]
            fields = [pl.col(f"{name}_{letter}").alias(name) for name in entity.names]
            _fill(database, "given", given.select("n", pl.col(f"{side}_id").alias("id"), *fields))
            _given(database, model, side)
        _fill(database, "pairs", given.select(pl.col("n").alias("l"), pl.col("n").alias("r")))
        blocking.counted(database, model)
        if given.height:
            score(database, model, shipped, shipped.prior, 0.0)
            return _named(database)
    return pl.DataFrame(schema=SCHEMA)


def _given(database: duckdb.DuckDBPyConnection, model: Model, side: str) -> None:
    """Fill the tables of one side from the table `given`, in which a record stands once per pair."""
    plain = ", ".join(f"{sql} AS {name}" for name, sql in model.plain.items())
    keys = ", ".join(f"{model.keys[name].hashed} AS k_{name}" for name in {one.key for one in model.frequent.values()})
    database.execute(
        f"CREATE TABLE keys_{side[0]} AS SELECT n, id, {keys or 'NULL'} FROM (SELECT n, id, {plain} FROM given)"
    )
    database.execute(
        f"CREATE TABLE {side}_records AS SELECT g.* EXCLUDE (id), k.* EXCLUDE (n, id)"
        f" FROM given g JOIN keys_{side[0]} k USING (n)"
    )
