"""The whole story of one record: what it describes, how it was linked, where each value is from, and what is not done.

Times are UTC instants; values are as people read them, null for blank. The lists are those of the record's entity.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.report import candidates, naming, readable, reviewing
from talk_assets.report.candidates import Candidate, Values
from talk_assets.report.likeness import CONFLICTS
from talk_assets.report.readable import Reader
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan import refused

WRITES = 10
"""How many of the entity's writes a story has, latest first, unless more are asked for."""


@dataclass(frozen=True)
class FieldStory:
    """One field: the entity's value, when and by which record it was set, what this record holds and was sent."""

    field: str
    value: str | None
    edited_at: datetime | None
    origin: str | None
    seen: str | None
    sent: str | None
    mapped: bool


@dataclass(frozen=True)
class Story:
    """A record. `present`: whether the system still shows it; `held`: why it needs review.

    `evidence` says in words what was weighed, where the record was linked because of that, or was suggested.
    `invalid` are the values in it that can't be read, rows with `field, property, found, right, suggested, reason,
    since`: these fields keep their values until they can.
    `name` is that of what the record describes. Without an entity the record is not linked: then it has `values`, what
    it holds by field, and `candidates`, what it could describe the same as. With one it has the rest: `changes`,
    `conflicts` and `writes` are rows as `sync.changes`, `sync.conflicts` and `sync.journal` have them. `write_count` is
    how many writes there are. All values are as people read them.
    """

    collection: str
    id: str
    present: bool
    held: str | None = None
    held_since: datetime | None = None
    invalid: tuple[dict[str, Any], ...] = ()
    name: str | None = None
    entity: str | None = None
    linked_at: datetime | None = None
    linked_by: str | None = None
    evidence: str | None = None
    siblings: tuple[dict[str, Any], ...] = ()
    fields: tuple[FieldStory, ...] = ()
    changes: tuple[dict[str, Any], ...] = ()
    conflicts: tuple[dict[str, Any], ...] = ()
    writes: tuple[dict[str, Any], ...] = ()
    write_count: int = 0
    values: Values = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class ReportScope:
    """How much a story has: `writes`, null for all; `named`, whether references are shown with names before ids."""

    writes: int | None = WRITES
    named: bool = False


def tell(
    transaction: Transaction, key: str, collection: Collection, id_: str, scope: ReportScope = ReportScope()
) -> Story | None:
    """Return a record's story, None where nothing is known of it."""
    shown = transaction.frame(f"SELECT NOT _deleted AS present FROM {tables.raw(key)} WHERE _id = ?", id_)
    link = transaction.frame(
        f"SELECT * FROM {tables.links(collection.entity.name)} WHERE collection = ? AND id = ?", key, id_
    )
    held = _held(transaction, key, id_)
    if shown.is_empty() and link.is_empty() and held.is_empty():
        return None
    reason, since = held.row(0) if held.height else (None, None)
    story = Story(
        key, id_, present=shown.height > 0 and shown.item(), held=reason, held_since=since,
        invalid=tuple(_rows(transaction, INVALID, key, id_)),
    )  # fmt: skip
    if link.is_empty():
        return _unlinked(transaction, story, collection, scope)
    return _linked(transaction, story, collection, link, scope)


def _unlinked(transaction: Transaction, story: Story, collection: Collection, scope: ReportScope) -> Story:
    own, others = candidates.compared(transaction, story.collection, collection, story.id, named=scope.named)
    return replace(story, name=naming.name_of(collection.entity.name, own), values=own, candidates=others)


def _held(transaction: Transaction, key: str, id_: str) -> pl.DataFrame:
    return transaction.frame(
        """
        SELECT reason, since FROM sync.held WHERE collection = $1 AND id = $2
        UNION ALL SELECT reason, since FROM sync.invalid_values WHERE collection = $1 AND id = $2 AND field IS NULL
        """,
        key,
        id_,
    )


def _linked(
    transaction: Transaction, story: Story, collection: Collection, link: pl.DataFrame, scope: ReportScope
) -> Story:
    entity, mapped = collection.entity, collection.lens.fields
    entity_type, row = entity.name, link.row(0, named=True)
    golden = transaction.frame(f"SELECT * FROM {tables.golden(entity_type)} WHERE entity_id = ?", row["entity_id"]).row(
        0, named=True
    )
    some = f" LIMIT {scope.writes}" if scope.writes is not None else ""
    changes, conflicts, writes = (
        _rows(transaction, sql, entity_type, row["entity_id"]) for sql in (CHANGES, CONFLICTS_OF, f"{JOURNAL}{some}")
    )
    values = [
        (entity_type, name, value)
        for name in entity.names
        for value in (golden[name], row[f"seen_{name}"], row[f"sent_{name}"])
    ]
    values += [(entity_type, one["field"], one[which]) for one in conflicts for which in ("value", "winner")]
    objects = [one[column] for one in (*changes, *writes) for column in ("fields", "before", "after") if column in one]
    values += [value for text in objects for value in readable.fields(entity_type, text)]
    reader = readable.reader(transaction, values, story.collection.partition("/")[0], named=scope.named)
    return replace(
        story, name=naming.name_of(entity_type, golden),
        entity=row["entity_id"], linked_at=row["linked_at"], linked_by=row["linked_by"],
        evidence=_in_words(row["evidence"]),
        siblings=tuple(
            sibling | {"evidence": _in_words(sibling["evidence"])}
            for sibling in _rows(
                transaction, SIBLINGS.format(links=tables.links(entity_type)), story.collection, story.id
            )
        ),
        fields=tuple(_field(reader, entity_type, name, golden, row, mapped) for name in entity.names),
        changes=tuple(_shown(reader, entity_type, one, "fields") for one in changes),
        conflicts=tuple(_conflict(reader, entity_type, one) for one in conflicts),
        writes=tuple(_written(reader, entity_type, one) for one in writes),
        write_count=transaction.count(WRITE_COUNT, entity_type, row["entity_id"]),
    )  # fmt: skip


def _in_words(evidence: str | None) -> str | None:
    return reviewing.in_words(evidence) if evidence else None


INVALID = """
    SELECT field, property, found, "right", suggested, reason, since FROM sync.invalid_values
    WHERE collection = $1 AND id = $2 AND field IS NOT NULL ORDER BY field, property
"""

SIBLINGS = """
    SELECT o.collection, o.id, o.linked_at, o.linked_by, o.evidence, o.gone_at FROM {links} o
    JOIN {links} l ON l.entity_id = o.entity_id AND l.collection = $1 AND l.id = $2
    WHERE o.collection <> l.collection OR o.id <> l.id ORDER BY o.collection, o.id
"""

CHANGES = f"""
    SELECT collection, id, action, fields, status, reason, since FROM (
        SELECT entity_type, entity_id, collection, id, action, fields, status, reason, since FROM sync.changes
        UNION ALL SELECT entity_type, entity_id, collection, id, action, fields, status, reason, since
        FROM ({refused.CHANGES}))
    WHERE entity_type = $1 AND entity_id = $2 ORDER BY since, collection, fields
"""

CONFLICTS_OF = f"""
    SELECT field, value, edited_at, origin, winner, winner_edited_at, winner_origin, noticed_at FROM {CONFLICTS}
    WHERE entity_type = $1 AND entity_id = $2 ORDER BY noticed_at DESC, field, origin, value
"""

JOURNAL = """
    SELECT collection, id, action, before, after, cause, intended_at, answered_at, outcome, reason, run
    FROM sync.journal
    WHERE entity_type = $1 AND entity_id = $2 ORDER BY intended_at DESC, collection, id
"""

WRITE_COUNT = "SELECT count(*) FROM sync.journal WHERE entity_type = $1 AND entity_id = $2"


def _rows(transaction: Transaction, sql: str, *parameters: str) -> list[dict[str, Any]]:
    return transaction.frame(sql, *parameters).to_dicts()


def _field(
    reader: Reader, entity_type: str, name: str, golden: dict[str, Any], link: dict[str, Any], mapped: Iterable[str]
) -> FieldStory:
    return FieldStory(
        name,
        reader.show(entity_type, name, golden[name]),
        golden[f"{name}_at"],
        golden[f"{name}_from"],
        reader.show(entity_type, name, link[f"seen_{name}"]),
        reader.show(entity_type, name, link[f"sent_{name}"]),
        mapped=name in mapped,
    )


def _shown(reader: Reader, entity_type: str, row: dict[str, Any], *objects: str) -> dict[str, Any]:
    """Return a row whose JSON objects are dictionaries of readable values."""
    return row | {name: reader.show_object(entity_type, row[name]) for name in objects}


def _written(reader: Reader, entity_type: str, row: dict[str, Any]) -> dict[str, Any]:
    """The cause names, by field, the record that the value came from."""
    return _shown(reader, entity_type, row, "before", "after") | {"cause": json.loads(row["cause"] or "{}")}


def _conflict(reader: Reader, entity_type: str, row: dict[str, Any]) -> dict[str, Any]:
    return row | {which: reader.show(entity_type, row["field"], row[which]) for which in ("value", "winner")}
