"""Pairs of records that wait for review: they may be the same, or their key says so and the rest contradicts it.

Links and values only; what was weighed stands in `sync.suggested`, and nothing is weighed here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from talk_assets.model.entities import ENTITIES
from talk_assets.report import naming, readable
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link.weighed import BY_EVIDENCE

Values = Mapping[str, str | None]
"""Values by field, null for blank."""


@dataclass(frozen=True)
class Pairing:
    """Two records that may be the same: `left` is held, `right` is one of `records`, which are linked with each other.

    `right_held`: the right one is held as well. `rule` is the match rule whose key agrees although the evidence
    contradicts it, null where no key agrees. `best`: each of the two is the likeliest for the other. `evidence` is in
    words; `weights` are its parts (`comparison`, `level`, `weight` in bits, and both values).
    """

    number: int
    entity_type: str
    left: str
    right: str
    records: tuple[str, ...]
    probability: float
    evidence: str
    rule: str | None
    best: bool
    right_held: bool
    since: datetime
    name: str | None
    right_name: str | None
    left_values: Values
    right_values: Values
    weights: tuple[Mapping[str, Any], ...]


def pairs(
    transaction: Transaction, *, above: float = 0.0, number: int | None = None, named: bool = False
) -> list[Pairing]:
    """Return the pairs that wait for review, the likeliest first, with a probability of at least `above`.

    The numbers count all of them, and stay the same as long as nothing changes; `number` leaves only one. `named`:
    whether references are shown with names before ids.
    """
    found: list[Pairing] = []
    for rows in _rows(transaction).partition_by("entity_type"):
        wanted = rows.filter(pl.col("probability") >= above)
        wanted = wanted if number is None else wanted.filter(pl.col("number") == number)
        if wanted.height:
            found += _of(transaction, wanted["entity_type"][0], wanted, named=named)
    return sorted(found, key=lambda pair: pair.number)


def count(transaction: Transaction) -> int:
    """Return how many pairs wait for review."""
    return transaction.count("SELECT count(*) FROM sync.suggested")


def counts(transaction: Transaction, entity_type: str) -> dict[str, int]:
    """Return how an entity's records were matched: `linked by key`, or by nothing but evidence (`linked by evidence`).

    Those whose key the evidence contradicts are `doubtful`; those without a key in common are `suggested`.
    """
    counted = transaction.frame(
        f"""
        SELECT l.by_key AS "linked by key", l.by_evidence AS "linked by evidence", s.doubtful, s.suggested
        FROM (
            SELECT count(*) FILTER (list_contains($2, linked_by)) AS by_key,
                count(*) FILTER (linked_by = '{BY_EVIDENCE}') AS by_evidence
            FROM {tables.links(entity_type)} WHERE gone_at IS NULL) l, (
            SELECT count(DISTINCT (collection, id)) FILTER (rule IS NOT NULL) AS doubtful,
                count(DISTINCT (collection, id)) FILTER (rule IS NULL) AS suggested
            FROM sync.suggested WHERE entity_type = $1) s
        """,
        entity_type,
        [rule.name for rule in ENTITIES[entity_type].rules],
    )
    return counted.row(0, named=True)


def in_words(evidence: str) -> str:
    """Return evidence as people read it: "same birth date, surname differs by one letter"."""
    from talk_assets.sync.link.evidence import words  # noqa: PLC0415 -- only where something was weighed

    said: str = words.in_words(evidence)
    return said


def _parts(evidence: str) -> tuple[Mapping[str, Any], ...]:
    from talk_assets.sync.link.evidence import words  # noqa: PLC0415 -- as above

    return tuple(words.waterfall(evidence))


def of_record(transaction: Transaction, key: str, id_: str) -> dict[str, tuple[float, str]]:
    """Return what a held record may be the same as: probability and evidence in words by entity id, or by record."""
    rows = transaction.frame(
        "SELECT coalesce(entity_id, other), probability, evidence FROM sync.suggested"
        " WHERE collection = ? AND id = ? ORDER BY probability DESC",
        key,
        id_,
    )
    return {other: (odds, in_words(text)) for other, odds, text in rows.iter_rows()}


def _rows(transaction: Transaction) -> pl.DataFrame:
    return transaction.frame(
        """
        SELECT s.*, s.collection || '/' || s.id AS record, h.fields, h.since, row_number() OVER (
            ORDER BY s.probability DESC, s.collection, s.id, coalesce(s.other, s.entity_id), s.rule)::BIGINT AS number
        FROM sync.suggested s JOIN sync.held h USING (collection, id) ORDER BY number
        """
    )


def _of(transaction: Transaction, entity_type: str, rows: pl.DataFrame, *, named: bool) -> list[Pairing]:
    names, linked = ENTITIES[entity_type].names, _records(transaction, entity_type, rows)
    right = _right_values(transaction, entity_type, rows)
    values = [(json.loads(row["fields"]), right.get(row["entity_id"] or row["other"], {})) for row in rows.to_dicts()]
    shown = ((entity_type, name, value) for both in values for one in both for name, value in one.items())
    reader = readable.reader(transaction, shown, named=named)
    found = []
    for row, (mine, theirs) in zip(rows.to_dicts(), values, strict=True):
        records = (row["other"],) if row["other"] else linked.get(row["entity_id"], ())
        if not records:
            continue
        others = [one for one in records if not one.startswith(f"{row['collection'].partition('/')[0]}/")]
        found.append(
            Pairing(
                row["number"], entity_type, row["record"], (others or list(records))[0], tuple(records),
                row["probability"], in_words(row["evidence"]), row["rule"], bool(row["best"]),
                row["other"] is not None, row["since"], naming.name_of(entity_type, mine),
                naming.name_of(entity_type, theirs), _readable(reader, entity_type, names, mine),
                _readable(reader, entity_type, names, theirs), _parts(row["evidence"]),
            )
        )  # fmt: skip
    return found


def _readable(reader: readable.Reader, entity_type: str, names: Sequence[str], values: Values) -> Values:
    return reader.show_values(entity_type, {name: values[name] for name in names if values.get(name) is not None})


def _records(transaction: Transaction, entity_type: str, rows: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """By entity, its records that are there."""
    found = transaction.frame(
        f"SELECT entity_id, list(collection || '/' || id ORDER BY collection, id) AS records"
        f" FROM {tables.links(entity_type)} SEMI JOIN rows USING (entity_id) WHERE gone_at IS NULL GROUP BY entity_id",
        rows=rows.select("entity_id").drop_nulls(),
    )
    return {entity: tuple(records) for entity, records in found.iter_rows()}


def _right_values(transaction: Transaction, entity_type: str, rows: pl.DataFrame) -> dict[str, dict[str, str | None]]:
    """By entity id, or by record where that is held, its values: agreed ones, or those that the record holds."""
    golden = transaction.frame(
        f"SELECT * FROM {tables.golden(entity_type)} SEMI JOIN rows USING (entity_id)",
        rows=rows.select("entity_id").drop_nulls(),
    )
    names = ENTITIES[entity_type].names
    found = {row["entity_id"]: {name: row[name] for name in names} for row in golden.to_dicts()}
    held = transaction.frame(
        "SELECT collection || '/' || id AS other, fields FROM sync.held SEMI JOIN rows"
        " ON collection || '/' || id = rows.other",
        rows=rows.select("other").drop_nulls(),
    )
    return found | {other: json.loads(fields) for other, fields in held.iter_rows()}
