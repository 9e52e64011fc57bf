"""What would be written: every change, field by field with the value before and after, and why some are not sent.

It is what `sync.changes` asks for, as people read it. What a sync wrote already is in the journal, not here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import ENTITIES
from talk_assets.model.system import Action
from talk_assets.report import naming, readable
from talk_assets.report.readable import Reader
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan import refused
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.plan.permits import reasons as judge

STATUSES = ("planned", "waiting", "held")
"""In the order in which they are shown."""

ACTIONS = tuple(action.value for action in Action)
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Move:
    """A field, what the record shows, and what it would be set to; null for blank. A create has nothing before."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """One change to one record: `action` as in `Action`, `status` one of `STATUSES`, `reason` why it is not sent.

    `id` is null for a create; `sources` are the records that its entity has elsewhere, as `system/collection/id`.
    `name` is that of what the record describes.
    """

    collection: str
    action: str
    id: str | None
    name: str | None
    sources: tuple[str, ...]
    status: str
    reason: str | None
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Plan:
    """The changes to a collection: how many there are by `(status, action)`, and those that were asked for.

    `side_effects` is what the system does besides with the records that would be created, empty for nothing.
    """

    collection: str
    counts: Mapping[tuple[str, str], int]
    changes: tuple[Change, ...]
    side_effects: str = ""


def planned(
    transaction: Transaction,
    collections: Mapping[str, Collection],
    keys: Iterable[str],
    *,
    limit: int | None = None,
    permits: Permits | None = None,
) -> Iterator[Plan]:
    """Yield the plan of each collection of `keys` that has changes, in this order.

    Changes are sorted by status, action and name; `limit` is how many of each status and action are given, null for
    all. What `permits` hold back says for which dataflow it waits. Values are as people read them: references as the
    records of the collection's own system, after their names.
    """
    for key in keys:
        counts = _counts(transaction, key)
        if counts:
            rows, changes = _changes(transaction, key, collections[key], limit=limit)
            reasons = judge(transaction, permits, key, collections) if permits else {}
            waits = [reasons.get((entity, action)) for entity, action in rows.select("entity_id", "action").iter_rows()]
            told = (replace(one, reason=one.reason or why) for one, why in zip(changes, waits, strict=True))
            creates = ("planned", Action.CREATE.value) in counts
            yield Plan(key, counts, tuple(told), collections[key].side_effects if creates else "")


def held(
    transaction: Transaction, collection: Collection, key: str, *, entity: str | None = None
) -> dict[tuple[str, str], Change]:
    """Return the changes to a collection that are held, by `(entity_id, action)`: of one entity, or of all."""
    rows, changes = _changes(transaction, key, collection, status="held", entity=entity)
    return dict(zip(rows.select("entity_id", "action").iter_rows(), changes, strict=True))


def held_fields(
    transaction: Transaction, collection: Collection, key: str, *, entity: str | None = None
) -> dict[tuple[str, str], Change]:
    """Return the fields that are held, each as a change, by `(entity_id, field)`: of one entity, or of all."""
    source = f"(SELECT row_number() OVER () AS place, * FROM ({refused.CHANGES}))"
    rows, changes = _changes(transaction, key, collection, status="held", entity=entity, source=source)
    names = [next(iter(json.loads(text))) for text in rows["fields"]]
    return dict(zip(zip(rows["entity_id"], names, strict=True), changes, strict=True))


def _counts(transaction: Transaction, key: str) -> dict[tuple[str, str], int]:
    found = transaction.frame(
        "SELECT status, action, count(*) FROM sync.changes WHERE collection = ? GROUP BY status, action", key
    )
    counts = {(status, action): count for status, action, count in found.iter_rows()}
    return {
        (status, action): counts[status, action]
        for status in STATUSES
        for action in ACTIONS
        if (status, action) in counts
    }


def _changes(
    transaction: Transaction,
    key: str,
    collection: Collection,
    *,
    limit: int | None = None,
    status: str | None = None,
    entity: str | None = None,
    source: str = "(SELECT rowid AS place, * FROM sync.changes)",
) -> tuple[pl.DataFrame, list[Change]]:
    """The changes to a collection, of one status and entity where these are given: rows, and what they mean."""
    entity_type, seen = collection.entity.name, ", ".join(f"l.seen_{field}" for field in collection.entity.names)
    rows = transaction.frame(
        f"""
        WITH asked AS (
            SELECT place, entity_id, id, status, action FROM {source}
            WHERE collection = $1 AND entity_type = $3
                AND ($6 IS NULL OR status = $6) AND ($7 IS NULL OR entity_id = $7)),
        others AS (
            SELECT entity_id, collection || '/' || id AS record
                FROM {tables.links(entity_type)} SEMI JOIN asked USING (entity_id)
            WHERE gone_at IS NULL AND collection <> $1),
        sources AS (SELECT entity_id, min(record) AS source FROM others GROUP BY entity_id),
        names AS (
            SELECT entity_id, {naming.name_sql(entity_type)} AS name
                FROM {tables.golden(entity_type)} SEMI JOIN asked USING (entity_id)),
        numbered AS (
            SELECT a.place, a.entity_id, e.name, row_number() OVER (
                PARTITION BY a.status, a.action ORDER BY e.name, a.id, s.source, a.entity_id) AS n
            FROM asked a LEFT JOIN sources s USING (entity_id) LEFT JOIN names e USING (entity_id)),
        first AS (SELECT * FROM numbered WHERE $2 IS NULL OR n <= $2),
        elsewhere AS (
            SELECT entity_id, list(record ORDER BY record) AS sources FROM others SEMI JOIN first USING (entity_id)
            GROUP BY entity_id)
        SELECT c.entity_id, c.action, c.id, c.fields, c.status, c.reason, f.n, w.sources, f.name, {seen}
        FROM first f JOIN {source} c ON c.place = f.place
        LEFT JOIN elsewhere w ON w.entity_id = c.entity_id
        LEFT JOIN {tables.links(entity_type)} l ON l.collection = $1 AND l.id = c.id AND l.entity_id = c.entity_id
        ORDER BY list_position($4, c.status), list_position($5, c.action), f.n
        """,
        key,
        limit,
        entity_type,
        list(STATUSES),
        list(ACTIONS),
        status,
        entity,
    )
    reader = _reader(transaction, entity_type, rows, key.partition("/")[0])
    return rows, [_change(key, entity_type, reader, row) for row in rows.iter_rows(named=True)]


def _reader(transaction: Transaction, entity_type: str, rows: pl.DataFrame, system: str) -> Reader:
    shown: list[tuple[str, str, str | None]] = []
    for row in rows.iter_rows(named=True):
        asked = readable.fields(entity_type, row["fields"])
        shown += [value for one in asked for value in (one, (entity_type, one[1], row[f"seen_{one[1]}"]))]
    return readable.reader(transaction, shown, system, named=True)


def _change(key: str, entity_type: str, reader: Reader, row: Mapping[str, Any]) -> Change:
    creates = row["action"] == Action.CREATE
    asked = json.loads(row["fields"] or "{}")
    moves = tuple(
        Move(
            field,
            None if creates else reader.show(entity_type, field, row[f"seen_{field}"]),
            reader.show(entity_type, field, asked[field]),
        )
        for field in ENTITIES[entity_type].names
        if field in asked
    )
    return Change(
        key, row["action"], row["id"], row["name"], tuple(row["sources"] or ()), row["status"], row["reason"], moves
    )
