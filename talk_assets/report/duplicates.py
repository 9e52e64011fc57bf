"""Records of one collection that may be the same: a report; nothing is merged in anybody's system."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.report import naming, readable
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import incoming


@dataclass(frozen=True)
class Duplicate:
    """Two records of a collection, how likely they are the same, and the evidence in words.

    `weights` are its parts, as in `reviewing.Pairing`.
    """

    number: int
    left: str
    right: str
    probability: float
    evidence: str
    name: str | None
    right_name: str | None
    left_values: dict[str, str | None]
    right_values: dict[str, str | None]
    weights: tuple[dict[str, Any], ...]


def find(
    transaction: Transaction, key: str, collection: Collection, *, above: float, named: bool = False
) -> list[Duplicate]:
    """Return the pairs of a collection's records that are the same with at least a probability, the likeliest first."""
    from talk_assets.sync.link.evidence import weighing, words  # noqa: PLC0415 -- only this report weighs

    entity = collection.entity
    records = _records(transaction, key, collection)
    if records.is_empty():
        return []
    relation = transaction.temporary("duplicates", "SELECT * FROM records", records=records)
    pairs = weighing.weigh_within(transaction, entity, relation, above)
    pairs = pairs.sort(["probability", "left_id", "right_id"], descending=[True, False, False])
    wanted = pl.concat([pairs["left_id"], pairs["right_id"]]).unique()
    rows = records.filter(pl.col("id").is_in(wanted.implode())).to_dicts()
    values = {row["id"]: {name: row[name] for name in entity.names if row[name] is not None} for row in rows}
    shown = [(entity.name, name, value) for one in values.values() for name, value in one.items()]
    reader = readable.reader(transaction, shown, key.partition("/")[0], named=named)
    return [
        Duplicate(
            number, f"{key}/{left}", f"{key}/{right}", odds, words.in_words(evidence),
            naming.name_of(entity.name, values[left]), naming.name_of(entity.name, values[right]),
            reader.show_values(entity.name, values[left]), reader.show_values(entity.name, values[right]),
            tuple(words.waterfall(evidence)),
        )
        for number, (left, right, odds, evidence) in enumerate(
            pairs.select("left_id", "right_id", "probability", "evidence").iter_rows(), 1
        )
    ]  # fmt: skip


def _records(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
    """The collection's records that are there, in canonical text: `id` and a column per field of the entity."""
    entity, raw = collection.entity, tables.raw(key)
    last = transaction.count(f"SELECT coalesce(max(rowid) + 1, 0) FROM {raw}")
    parts = [pl.DataFrame(schema=dict.fromkeys(("id", *entity.names), pl.String))]
    for first in range(0, last, tables.CHUNK):
        rows = transaction.frame(
            f"SELECT * FROM {raw} WHERE rowid >= {first} AND rowid < {first + tables.CHUNK}"
            " AND _record IS NOT NULL AND NOT _deleted"
        )
        if rows.height:
            shown = incoming.canonical(transaction, key, collection, rows)
            absent = [pl.lit(None, pl.String).alias(name) for name in entity.names if name not in shown.columns]
            parts.append(shown.with_columns(absent).select("id", *entity.names))
    return pl.concat(parts)
