"""What must be true of the stored state after each step, asked of the whole of it in a few statements.

Every function reads within a transaction and changes nothing; one statement asks about several collections. What is
done about a finding, and what a person reads of it, is decided in `checks`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from talk_assets.model.collection import Collection, declared, updatable
from talk_assets.model.dataflows import Pair
from talk_assets.report import overview
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction

SHOWN = 5
"""Records that are named as examples."""


NEWS = timedelta(days=7)
"""For so long a property that has turned up is reported."""


@dataclass(frozen=True)
class Expected:
    """What is in order: a collection read within `fresh`, and at most `held_share` of it held, each up to `held`."""

    fresh: timedelta = timedelta(days=1)
    held_share: float = 0.05
    held: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Found:
    """How many records are not as they should be, and some of them."""

    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Read:
    """How a collection stands: its `records`, when it was read to its end, and what of it is not as declared.

    `unknown` are properties that turned up lately: those that its first read showed were always there.
    """

    records: int = 0
    read_at: datetime | None = None
    unknown: tuple[str, ...] = ()
    invalid: int = 0
    reasons: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """Properties that the lens reads, and that some records do not show, or none ever has."""


@dataclass(frozen=True)
class Waiting:
    """What is held of a collection: how much, since when the oldest, and of how many `records`."""

    held: int
    since: datetime | None
    records: int

    @property
    def share(self) -> float:
        """Of the collection's records; what is held of an empty one is all of it."""
        return self.held / max(self.records, self.held) if self.held else 0.0


def ids_twice(transaction: Transaction, keys: Iterable[str]) -> dict[str, Found]:
    """Return by collection the ids that several of its records have, or that are blank."""
    return _found(
        transaction,
        [
            f"SELECT '{key}' AS collection, coalesce(_id, 'a record without an id') AS what FROM {tables.raw(key)}"
            " GROUP BY _id HAVING count(*) > 1 OR _id IS NULL"
            for key in keys
        ],
    )


def links_twice(transaction: Transaction, entity_type: str) -> Found | None:
    """Return the records of an entity that are linked twice, and those of one entity in one collection."""
    linked = (
        f"SELECT '{entity_type}' AS collection, {{}} AS what FROM {tables.links(entity_type)}"
        f" WHERE gone_at IS NULL GROUP BY {{}}"
    )
    record = "collection || '/' || id"
    several = " HAVING count(*) > 1"
    parts = [
        linked.format(record, "collection, id"),
        linked.format(f"string_agg({record}, ' and ' ORDER BY id)", "collection, entity_id"),
    ]
    found = _found(transaction, [part + several for part in parts])
    return found.get(entity_type)


def reads(transaction: Transaction, collections: Mapping[str, Collection], now: datetime) -> dict[str, Read]:
    """Return how the collections, by key, stand since they were last read."""
    live = " UNION ALL ".join(
        f"SELECT '{key}' AS collection, count(*) FILTER (NOT _deleted) AS records FROM {tables.raw(key)}"
        for key in collections
    )
    rows = transaction.frame(
        f"""
        SELECT l.collection, l.records, c.read_at,
            (SELECT list(property ORDER BY property) FROM sync.unknown_properties u WHERE u.collection = l.collection
                AND u.since > $1 AND u.since > (
                    SELECT min(since) FROM sync.unknown_properties f WHERE f.collection = l.collection)),
            (SELECT count(*) FROM sync.invalid_values m WHERE m.collection = l.collection),
            (SELECT list(a.property || coalesce(' (' || a.records || ' records)', ' (all records)') ORDER BY a.property)
                FROM sync.absent a WHERE a.collection = l.collection),
            (SELECT list(m.id || ': ' || m.reason ORDER BY since, id)[:{SHOWN}] FROM sync.invalid_values m
                WHERE m.collection = l.collection)
        FROM ({live}) l LEFT JOIN sync.cursors c ON c.collection = l.collection
        """,
        now - NEWS,
    )
    found = {}
    for key, records, read_at, unknown, invalid, absent, reasons in rows.iter_rows():
        known = {*declared(collections[key]), *collections[key].ignore}
        new = tuple(name for name in unknown or () if name not in known)
        found[key] = Read(records, read_at, new, invalid, tuple(reasons or ()), tuple(absent or ()))
    return found


def stale(transaction: Transaction, keys: Sequence[str], before: datetime) -> list[str]:
    """Return the collections that were not read to their end since `before`, the longest unread first."""
    return transaction.frame(
        "SELECT collection FROM sync.cursors WHERE collection IN (SELECT key FROM keys)"
        " AND (read_at IS NULL OR read_at < ?) ORDER BY read_at NULLS FIRST, collection",
        before,
        keys=pl.DataFrame({"key": keys}, schema={"key": pl.String}),
    )["collection"].to_list()


def waiting(transaction: Transaction, keys: Sequence[str]) -> dict[str, Waiting]:
    """Return what is held of the collections."""
    live = " UNION ALL ".join(
        f"SELECT '{key}' AS collection, count(*) FILTER (NOT _deleted) AS records FROM {tables.raw(key)}"
        for key in keys
    )
    rows = transaction.frame(
        f"""
        SELECT l.collection, count(h.collection), min(h.since), any_value(l.records)
        FROM ({live}) l LEFT JOIN ({overview.HELD}) h ON h.collection = l.collection GROUP BY l.collection
        """
    )
    return {key: Waiting(held, since, records) for key, held, since, records in rows.iter_rows()}


def disagreeing(transaction: Transaction, collections: Mapping[str, Collection]) -> dict[str, Found]:
    """Return by collection the linked records that are not up to date with golden though nothing is asked of them.

    What waits, is held, or is fought over is asked, and explains itself.
    """
    parts = []
    for key, collection in collections.items():
        fields, entity_type = updatable(collection), collection.entity.name
        if fields:
            differ = " OR ".join(f'g."{field}" IS DISTINCT FROM l.sent_{field}' for field in fields)
            parts.append(
                f"SELECT '{key}' AS collection, '{key}/' || l.id AS what FROM {tables.links(entity_type)} l"
                f" JOIN {tables.golden(entity_type)} g USING (entity_id)"
                f" WHERE l.collection = '{key}' AND l.gone_at IS NULL AND ({differ})"
                f" AND entity_id NOT IN (SELECT entity_id FROM sync.changes WHERE collection = '{key}')"
                f" AND entity_id NOT IN (SELECT entity_id FROM sync.refused_fields WHERE collection = '{key}')"
                f" AND entity_id NOT IN (SELECT entity_id FROM sync.fights WHERE entity_type = '{entity_type}')"
            )
    return _found(transaction, parts)


def gaps(transaction: Transaction, pairs: Iterable[tuple[str, Pair]]) -> dict[str, Found]:
    """Return by right side the left records, of pairs with their entity, that lack one there and nothing says why.

    A create that waits or is held explains it, and so does a record that is held, quarantined, or had one that was
    deleted, and a record that was read after its entity was last reconciled.
    """
    return _found(
        transaction,
        [
            f"""
            SELECT '{pair.right}' AS collection, '{pair.left}/' || r._id AS what FROM {tables.raw(pair.left)} r
            LEFT JOIN {tables.links(entity_type)} l ON l.collection = '{pair.left}' AND l.id = r._id
                AND l.gone_at IS NULL
            WHERE NOT r._deleted
              AND r._version <= (SELECT max(reconciled_version) FROM sync.cursors WHERE collection = '{pair.left}')
              AND (l.entity_id IS NULL OR l.entity_id NOT IN (
                SELECT entity_id FROM {tables.links(entity_type)} WHERE collection = '{pair.right}'
                UNION ALL SELECT entity_id FROM sync.changes WHERE collection = '{pair.right}'))
              AND r._id NOT IN (
                SELECT id FROM sync.held WHERE collection = '{pair.left}'
                UNION ALL SELECT id FROM sync.invalid_values WHERE collection = '{pair.left}' AND field IS NULL)
            """
            for entity_type, pair in pairs
        ],
    )


def unsent(transaction: Transaction, keys: Sequence[str], pairs: Iterable[Pair]) -> dict[str, int]:
    """Return by collection how many changes nothing stands in the way of: a create has its record on the left."""
    sides = [(pair.left, pair.right) for pair in pairs]
    rows = transaction.frame(
        f"""
        SELECT c.collection, count(*) FROM sync.changes c
        WHERE c.status = 'planned' AND NOT c.blocked AND c.collection IN (SELECT key FROM keys)
          AND (c.action <> 'create' OR EXISTS (
            SELECT 1 FROM ({overview.LINKED}) l JOIN sides s ON s."left" = l.collection
            WHERE s."right" = c.collection AND l.entity_type = c.entity_type AND l.entity_id = c.entity_id
                AND l.gone_at IS NULL))
        GROUP BY c.collection
        """,
        keys=pl.DataFrame({"key": keys}, schema={"key": pl.String}),
        sides=pl.DataFrame(sides, schema={"left": pl.String, "right": pl.String}, orient="row"),
    )
    return dict(rows.iter_rows())


def _found(transaction: Transaction, parts: Sequence[str]) -> dict[str, Found]:
    """Count what statements give as `collection, what`."""
    if not parts:
        return {}
    rows = transaction.frame(
        f"SELECT collection, count(*), list(what ORDER BY what)[:{SHOWN}]"
        f" FROM ({' UNION ALL '.join(parts)}) GROUP BY collection"
    )
    return {key: Found(count, tuple(examples)) for key, count, examples in rows.iter_rows()}
