"""What the store says about the state of the sync, for people: pairs, what is held, conflicts, changes.

Every function reads within a transaction and changes nothing. The story of one record is in `story`; how values are
shown, in `readable`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import ENTITIES, Entity
from talk_assets.model.topology import Topology
from talk_assets.report.likeness import CONFLICTS
from talk_assets.report.naming import NAMED, name_of
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan import refused

LINKED = " UNION ALL ".join(
    f"SELECT '{entity_type}' AS entity_type, collection, id, entity_id, linked_at, linked_by"
    f", gone_at FROM {tables.links(entity_type)}"
    for entity_type in ENTITIES
)
"""The SQL of all links of all entities."""


@dataclass(frozen=True)
class PairStatus:
    """How far a pair is: counts of records on both sides, of entities linked in both, and of what is not in order.

    `waiting` are changes still to be carried out, `held` records and changes that a person must look at, `created` and
    `updated` the writes of one run. A change counts for a pair if its entity has a record on the other side.
    """

    left: str
    right: str
    left_records: int
    right_records: int
    linked: int
    waiting: int
    held: int
    conflicts: int
    created: int
    updated: int


def pairs(
    transaction: Transaction, topologies: Iterable[Topology], wanted: Iterable[Pair], *, run: str | None = None
) -> list[PairStatus]:
    """Return the status of the wanted pairs, in their order; `run` is whose writes are counted."""
    pairs_ = list(wanted)
    keys = sorted({side for pair in pairs_ for side in (pair.left, pair.right)})
    if not keys:
        return []
    kinds = {key: topology.entity.name for topology in topologies for key in topology.collections}
    records = " UNION ALL ".join(
        f"SELECT '{key}' AS collection, count(*) AS n FROM {tables.raw(key)} WHERE NOT _deleted" for key in keys
    )
    rows = transaction.frame(
        _PAIRS.format(linked=LINKED, records=records, conflicts=CONFLICTS),
        run or "",
        wanted=pl.DataFrame(
            [(n, kinds[pair.left], pair.left, pair.right) for n, pair in enumerate(pairs_)],
            schema={"pair": pl.Int64, "entity_type": pl.String, "lft": pl.String, "rgt": pl.String},
            orient="row",
        ),
    )
    return [PairStatus(*row) for row in rows.iter_rows()]


_PAIRS = """
    WITH live AS (SELECT collection, entity_id FROM ({linked}) WHERE gone_at IS NULL),
        records AS ({records}),
        sides AS (
            SELECT pair, lft AS here, rgt AS there FROM wanted UNION ALL SELECT pair, rgt, lft FROM wanted),
        held_records AS (
            SELECT s.pair, count(*) AS n FROM sides s
            JOIN (SELECT collection FROM sync.held UNION ALL SELECT collection FROM sync.invalid_values) h
                ON h.collection = s.here GROUP BY s.pair),
        both_sides AS (
            SELECT w.pair, w.entity_type, l.entity_id FROM wanted w
            JOIN live l ON l.collection = w.lft JOIN live r ON r.collection = w.rgt AND r.entity_id = l.entity_id),
        linked AS (SELECT pair, count(*) AS n FROM both_sides GROUP BY pair),
        conflicts AS (
            SELECT b.pair, count(*) AS n FROM both_sides b
            JOIN {conflicts} c ON c.entity_type = b.entity_type AND c.entity_id = b.entity_id GROUP BY b.pair),
        changes AS (
            SELECT s.pair, count(*) FILTER (c.status <> 'held') AS waiting, count(*) FILTER (c.status = 'held') AS held
            FROM (SELECT collection, entity_id, status FROM sync.changes
                UNION ALL SELECT collection, entity_id, 'held' FROM sync.refused_fields WHERE NOT released) c
            JOIN sides s ON s.here = c.collection
            JOIN live o ON o.collection = s.there AND o.entity_id = c.entity_id GROUP BY s.pair),
        written AS (
            SELECT s.pair, count(*) FILTER (j.action = 'create') AS created,
                count(*) FILTER (j.action = 'update') AS updated
            FROM sync.journal j JOIN sides s ON s.here = j.collection
            JOIN live o ON o.collection = s.there AND o.entity_id = j.entity_id
            WHERE j.run = $1 AND j.outcome = 'done' GROUP BY s.pair)
    SELECT w.lft, w.rgt, l.n, r.n, coalesce(b.n, 0), coalesce(c.waiting, 0), coalesce(c.held, 0) + coalesce(h.n, 0),
        coalesce(f.n, 0), coalesce(d.created, 0), coalesce(d.updated, 0)
    FROM wanted w
    JOIN records l ON l.collection = w.lft JOIN records r ON r.collection = w.rgt
    LEFT JOIN linked b USING (pair) LEFT JOIN changes c USING (pair) LEFT JOIN held_records h USING (pair)
    LEFT JOIN conflicts f USING (pair) LEFT JOIN written d USING (pair)
    ORDER BY w.pair
"""


def parted(transaction: Transaction, entity_type: str, pair: Pair) -> int:
    """Return how many records of the left side had one on the right that was deleted, and get no other."""
    linked = tables.links(entity_type)
    return transaction.count(
        f"""
        SELECT count(DISTINCT l.entity_id) FROM {linked} l
        JOIN {linked} r ON r.entity_id = l.entity_id AND r.collection = ? AND r.gone_at IS NOT NULL
        WHERE l.collection = ? AND l.gone_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM {linked} o WHERE o.entity_id = l.entity_id AND o.collection = ? AND o.gone_at IS NULL)
        """,
        pair.right,
        pair.left,
        pair.right,
    )


def read_in_full(transaction: Transaction) -> frozenset[str]:
    """Return the collections that were read in full at least once."""
    return frozenset(
        transaction.frame("SELECT collection FROM sync.cursors WHERE full_at IS NOT NULL")["collection"].to_list()
    )


HELD = f"""
    SELECT 'record' AS what, entity_type, collection, id, NULL AS entity_id, NULL AS action, fields, NULL AS field,
        NULL AS other, reason, since, NULL AS property, NULL AS found, NULL AS "right", NULL AS suggested
    FROM sync.held
    UNION ALL BY NAME
    SELECT 'change' AS what, entity_type, collection, id, entity_id, action, fields, reason, since
    FROM sync.changes WHERE status = 'held'
    UNION ALL BY NAME
    SELECT 'change' AS what, entity_type, collection, id, entity_id, action, fields, field, reason, since
    FROM ({refused.CHANGES})
    UNION ALL BY NAME
    SELECT 'failing' AS what, entity_type, collection, id, entity_id, action, fields,
        coalesce(failure, 'the answer says nothing') AS reason, since
    FROM sync.changes WHERE failures > 1 AND status <> 'held'
    UNION ALL BY NAME
    SELECT if(field IS NULL, 'invalid', 'value') AS what, collection, id, field, reason, since,
        property, found, "right", suggested
    FROM sync.invalid_values
    UNION ALL BY NAME
    SELECT 'stop' AS what, collection, reason, since FROM sync.pending_approvals WHERE approved IS DISTINCT FROM count
    UNION ALL BY NAME
    SELECT 'property' AS what, collection, property AS field,
        records || ' of its records do not show the property ' || property || ', so that what they hold is not known;'
        || ' the fields read from it keep their values' AS reason, since
    FROM sync.absent WHERE records IS NOT NULL
    UNION ALL BY NAME
    SELECT 'fight' AS what, entity_type, regexp_extract(origin, '^[^/]+/[^/]+') AS collection,
        regexp_extract(origin, '^[^/]+/[^/]+/(.*)$', 1) AS id, entity_id, field, other_origin AS other,
        'this record and ' || other_origin || ' keep setting ' || field
        || ' to two values in turn, so that neither value is written' AS reason, since
    FROM sync.fights
"""
"""The SQL of everything that needs review, a row per item."""

HELD_COLUMNS = (
    "what", "entity_type", "collection", "id", "entity_id", "action", "source", "name", "fields", "field", "other",
    "reason", "property", "found", "right", "suggested",
)  # fmt: skip


def held(transaction: Transaction) -> pl.DataFrame:
    """Return everything that needs review, a row per item.

    Items with the same `what`, `collection`, `action` and `reason` stand together, the group with the oldest first.
    `number` counts the items from 1, and stays the same as long as nothing changes. `what` is one of

    - record: it could not be linked;
    - change: it is not written; `action` is its action, `source` the record that a create is for, `field` the one
      field of it that is not written, where the rest is;
    - failing: a change that could not be carried out in two runs or more; the next one tries it again;
    - invalid: the record is quarantined as a whole, as it has no id, or its modified time can't be read;
    - value: a property, `property`, holds what can't be read, `found`; `right` says what would be right, `suggested`
      what may have been meant, and `field` which field keeps its value until then;
    - stop: a safety limit stopped something in the collection;
    - property: records of the collection do not show a property, `field`, that its lens reads;
    - fight: this record and `other` keep setting a field, `field`.

    `name` is that of what the record describes, `fields` a JSON object of canonical values (what the record holds, or
    the change would write). `entity_type`, `id`, `entity_id` and the others are null where there is none. `since` is in
    UTC.
    """
    rows = transaction.frame(_HELD.format(held=HELD, linked=LINKED, named=NAMED))
    names = [
        name or (name_of(entity_type, json.loads(fields)) if entity_type and fields else None)
        for entity_type, name, fields in rows.select("entity_type", "name", "fields").iter_rows()
    ]
    named = rows.with_columns(pl.Series("name", names, pl.String)).drop("n", "group_since")
    return named.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("number"), *HELD_COLUMNS, "since")


# Items are numbered before anything is joined, so that no two of them become one.
_HELD = """
    WITH items AS (SELECT row_number() OVER () AS n, * FROM ({held})),
        linked AS (SELECT * FROM ({linked}) WHERE gone_at IS NULL),
        sources AS (
            SELECT h.n, min(l.collection || '/' || l.id) AS source
            FROM items h JOIN linked l ON l.entity_type = h.entity_type AND l.entity_id = h.entity_id
                WHERE h.id IS NULL GROUP BY h.n),
        own AS (
            SELECT h.n, any_value(l.entity_type) AS entity_type, any_value(l.entity_id) AS entity_id
            FROM items h JOIN linked l ON l.collection = h.collection AND l.id = h.id
            WHERE h.entity_id IS NULL GROUP BY h.n),
        described AS (
            SELECT h.* REPLACE (coalesce(h.entity_type, o.entity_type) AS entity_type, coalesce(h.entity_id,
                o.entity_id) AS entity_id), s.source,
                min(h.since) OVER (PARTITION BY h.what, h.collection, h.action, h.reason) AS group_since
            FROM items h LEFT JOIN sources s USING (n) LEFT JOIN own o USING (n))
    SELECT d.*, e.name
    FROM described d
    LEFT JOIN (
        SELECT entity_type, entity_id, name FROM ({named}) SEMI JOIN described USING (entity_type, entity_id)
    ) e ON e.entity_type = d.entity_type AND e.entity_id = d.entity_id
    ORDER BY d.group_since, d.what, d.collection, d.action, d.reason, d.since, e.name, d.source, d.id, d.entity_id,
        d.field, d.fields
"""


def pending_approvals(transaction: Transaction) -> dict[str, str]:
    """Return by collection why a guard has stopped something there, where nobody has approved yet."""
    found = transaction.frame(
        "SELECT collection, string_agg(reason, '; ' ORDER BY what) FROM sync.pending_approvals"
        " WHERE approved IS DISTINCT FROM count GROUP BY collection ORDER BY collection"
    )
    return dict(found.iter_rows())


def held_counts(transaction: Transaction) -> dict[str, int]:
    """Return how much is held, by collection."""
    counted = transaction.frame(f"SELECT collection, count(*) AS n FROM ({HELD}) GROUP BY collection")
    return dict(counted.iter_rows())


def conflicts(transaction: Transaction, entity_type: str | None = None, *, limit: int | None = None) -> pl.DataFrame:
    """Return the values that lost, latest first: the columns of `sync.conflicts`, and the entity's `records`.

    Values that differ only in form (`likeness`) are no conflict. `name` is the entity's; `number` counts its fields in
    conflict from 1, so that all values that lost one field have the same number. It stays the same as long as nothing
    changes. `current`, `current_at` and `current_origin` are what is golden now; it is the winner unless the field was
    set since without an edit of a linked record. `entity_type` is of which entity, null for all.
    """
    which = "WHERE entity_type = $1" if entity_type else ""
    first = f"LIMIT {limit}" if limit is not None else ""
    return transaction.frame(
        f"""
        WITH lost AS (
            SELECT * FROM {CONFLICTS} {which}
            ORDER BY noticed_at DESC, entity_type, entity_id, field, edited_at DESC, origin, value {first}),
        golden AS ({_golden([entity_type] if entity_type else ENTITIES)}),
        records AS (
            SELECT entity_type, entity_id, string_agg(collection || '/' || id, ', ' ORDER BY collection, id) AS records
            FROM ({LINKED}) WHERE gone_at IS NULL AND (entity_type, entity_id) IN (SELECT (entity_type,
                entity_id) FROM lost)
            GROUP BY entity_type, entity_id),
        fields AS (
            SELECT c.entity_type, c.entity_id, c.field, any_value(r.records) AS records, any_value(e.name) AS name,
                row_number() OVER (
                    ORDER BY max(c.noticed_at) DESC, any_value(r.records), c.entity_type, c.entity_id,
                        c.field) AS number
            FROM lost c
            LEFT JOIN records r ON r.entity_type = c.entity_type AND r.entity_id = c.entity_id
            LEFT JOIN (
                SELECT entity_type, entity_id, name FROM ({NAMED}) SEMI JOIN lost USING (entity_type, entity_id)
            ) e ON e.entity_type = c.entity_type AND e.entity_id = c.entity_id
            GROUP BY c.entity_type, c.entity_id, c.field)
        SELECT f.number, c.entity_type, c.entity_id, f.name, f.records, c.field, c.value, c.edited_at, c.origin,
            c.winner, c.winner_edited_at, c.winner_origin, c.noticed_at, g.current, g.current_at, g.current_origin
        FROM lost c JOIN fields f ON f.entity_type = c.entity_type AND f.entity_id = c.entity_id AND f.field = c.field
        LEFT JOIN golden g ON g.entity_type = c.entity_type AND g.entity_id = c.entity_id AND g.field = c.field
        ORDER BY f.number, c.noticed_at DESC, c.edited_at DESC, c.origin, c.value
        """,
        *([entity_type] if entity_type else []),
    )


def conflict_count(transaction: Transaction, entity_type: str) -> int:
    """Return how many values of an entity lost, as `conflicts` lists them."""
    return transaction.count(f"SELECT count(*) FROM {CONFLICTS} WHERE entity_type = ?", entity_type)


def _golden(kinds: Iterable[str]) -> str:
    """The SQL of what is golden now, a row for each entity and field in `lost`."""
    return " UNION ALL ".join(
        f"SELECT l.entity_type, l.entity_id, l.field,"
        f" {', '.join(_case(ENTITIES[entity_type], suffix) for suffix in ('', '_at', '_from'))}"
        f" FROM (SELECT DISTINCT entity_type, entity_id, field FROM lost WHERE entity_type = '{entity_type}') l"
        f" JOIN {tables.golden(entity_type)} g ON g.entity_id = l.entity_id"
        for entity_type in kinds
    )


def _case(entity: Entity, suffix: str) -> str:
    cases = " ".join(f"WHEN '{field}' THEN g.\"{field}{suffix}\"" for field in entity.names)
    return f"CASE l.field {cases} END AS current{suffix.replace('_from', '_origin')}"


def changes(transaction: Transaction, key: str, *, limit: int) -> pl.DataFrame:
    """Return the first changes that are asked of a collection, oldest first.

    The columns are `action`, `name` (the entity's), `id`, `source` (the records that the entity has elsewhere),
    `fields` (a JSON object of canonical values), `status` and `reason`.
    """
    return transaction.frame(
        f"""
        WITH first AS (
            SELECT * FROM sync.changes WHERE collection = $1 ORDER BY since, action, entity_id LIMIT {limit}),
        sources AS (
            SELECT s.entity_type, s.entity_id, string_agg(s.collection || '/' || s.id, ', ' ORDER BY s.collection,
                s.id) AS source
            FROM ({LINKED}) s SEMI JOIN first f ON s.entity_type = f.entity_type AND s.entity_id = f.entity_id
            WHERE s.gone_at IS NULL AND s.collection <> $1 GROUP BY s.entity_type, s.entity_id)
        SELECT f.action, e.name, f.id, s.source, f.fields, f.status, f.reason
        FROM first f
        LEFT JOIN sources s ON s.entity_type = f.entity_type AND s.entity_id = f.entity_id
        LEFT JOIN (SELECT entity_type, entity_id, name FROM ({NAMED}) SEMI JOIN first USING (entity_type, entity_id)) e
            ON e.entity_type = f.entity_type AND e.entity_id = f.entity_id
        ORDER BY f.action, f.id, source, f.entity_id
        """,
        key,
    )


def written(transaction: Transaction, run: str, key: str, *, limit: int) -> pl.DataFrame:
    """Return the first writes of a run to a collection, what failed before what was done.

    The columns are `action`, `id`, `before` and `after` (JSON objects of canonical values), `outcome`, `reason`,
    `run`, and `total`: how many writes there are.
    """
    return transaction.frame(
        f"""
        SELECT action, id, before, after, outcome, reason, run, count(*) OVER () AS total
        FROM sync.journal WHERE run = ? AND collection = ?
        ORDER BY outcome IS NOT DISTINCT FROM 'done', intended_at, entity_id LIMIT {limit}
        """,
        run,
        key,
    )


def held_records(transaction: Transaction, entity_type: str, *, limit: int) -> pl.DataFrame:
    """Return `name, collection, id, reason, since` of an entity's records that need review, oldest first."""
    rows = transaction.frame(
        "SELECT collection, id, fields, reason, since FROM sync.held WHERE entity_type = ?"
        f" ORDER BY since, collection, id LIMIT {limit}",
        entity_type,
    )
    names = pl.Series("name", [name_of(entity_type, json.loads(text or "{}")) for text in rows["fields"]], pl.String)
    return rows.select(names, "collection", "id", "reason", "since")


def change_counts(transaction: Transaction) -> dict[str, dict[str, int]]:
    """Return by collection how many changes are asked of it: by action where they may go out, by status otherwise."""
    counted = transaction.frame(
        """
        SELECT collection, CASE status WHEN 'planned' THEN action ELSE status END AS what, count(*) AS n
        FROM sync.changes GROUP BY ALL ORDER BY ALL
        """
    )
    found: dict[str, dict[str, int]] = {}
    for collection, what, n in counted.iter_rows():
        found.setdefault(collection, {})[what] = n
    return found


def link_counts(transaction: Transaction, entity_type: str) -> dict[str, int]:
    """Return how an entity's records stand: `records` linked, `entities` that they describe, `gone` and `held`."""
    counted = transaction.frame(
        f"""
        SELECT count(*) FILTER (gone_at IS NULL) AS records, count(DISTINCT entity_id) AS entities,
            count(*) FILTER (gone_at IS NOT NULL) AS gone,
            (SELECT count(*) FROM sync.held WHERE entity_type = ?) AS held
        FROM {tables.links(entity_type)}
        """,
        entity_type,
    )
    return counted.row(0, named=True)


def examples(transaction: Transaction, key: str, *, limit: int = 5) -> tuple[int, list[str]]:
    """Return how many records a collection has, and the first of their ids."""
    count = transaction.count(f"SELECT count(*) FROM {tables.raw(key)} WHERE NOT _deleted")
    found = transaction.frame(f"SELECT _id FROM {tables.raw(key)} WHERE NOT _deleted ORDER BY _id LIMIT {limit}")
    return count, found["_id"].to_list()
