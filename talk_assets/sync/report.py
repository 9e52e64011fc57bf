"""What the store says about the state of the sync, for people: pairs, what is held, conflicts, changes.

Every function reads within a transaction and changes nothing. The story of one record is in `story`; how values are
shown, in `readable`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from talk_assets.dataflows import Pair
from talk_assets.entities import ENTITIES, Entity
from talk_assets.sync import tables
from talk_assets.sync.changes import Topology
from talk_assets.transaction import Transaction

LINKED = " UNION ALL ".join(
    f"SELECT '{kind}' AS kind, collection, id, entity, linked_at, linked_by, gone_at FROM {tables.links(kind)}"
    for kind in ENTITIES
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
        _PAIRS.format(linked=LINKED, records=records),
        run or "",
        wanted=pl.DataFrame(
            [(n, kinds[pair.left], pair.left, pair.right) for n, pair in enumerate(pairs_)],
            schema={"pair": pl.Int64, "kind": pl.String, "lft": pl.String, "rgt": pl.String},
            orient="row",
        ),
    )
    return [PairStatus(*row) for row in rows.iter_rows()]


_PAIRS = """
    WITH live AS (SELECT collection, entity FROM ({linked}) WHERE gone_at IS NULL),
        records AS ({records}),
        sides AS (
            SELECT pair, lft AS here, rgt AS there FROM wanted UNION ALL SELECT pair, rgt, lft FROM wanted),
        held_records AS (
            SELECT s.pair, count(*) AS n FROM sides s
            JOIN (SELECT collection FROM sync.held UNION ALL SELECT collection FROM sync.misfits) h
                ON h.collection = s.here GROUP BY s.pair),
        both_sides AS (
            SELECT w.pair, w.kind, l.entity FROM wanted w
            JOIN live l ON l.collection = w.lft JOIN live r ON r.collection = w.rgt AND r.entity = l.entity),
        linked AS (SELECT pair, count(*) AS n FROM both_sides GROUP BY pair),
        conflicts AS (
            SELECT b.pair, count(*) AS n FROM both_sides b
            JOIN sync.conflicts c ON c.kind = b.kind AND c.entity = b.entity GROUP BY b.pair),
        changes AS (
            SELECT s.pair, count(*) FILTER (c.status <> 'held') AS waiting, count(*) FILTER (c.status = 'held') AS held
            FROM sync.changes c JOIN sides s ON s.here = c.collection
            JOIN live o ON o.collection = s.there AND o.entity = c.entity GROUP BY s.pair),
        written AS (
            SELECT s.pair, count(*) FILTER (j.action = 'create') AS created,
                count(*) FILTER (j.action = 'update') AS updated
            FROM sync.journal j JOIN sides s ON s.here = j.collection
            JOIN live o ON o.collection = s.there AND o.entity = j.entity
            WHERE j.run = $1 AND j.outcome = 'done' GROUP BY s.pair)
    SELECT w.lft, w.rgt, l.n, r.n, coalesce(b.n, 0), coalesce(c.waiting, 0), coalesce(c.held, 0) + coalesce(h.n, 0),
        coalesce(f.n, 0), coalesce(d.created, 0), coalesce(d.updated, 0)
    FROM wanted w
    JOIN records l ON l.collection = w.lft JOIN records r ON r.collection = w.rgt
    LEFT JOIN linked b USING (pair) LEFT JOIN changes c USING (pair) LEFT JOIN held_records h USING (pair)
    LEFT JOIN conflicts f USING (pair) LEFT JOIN written d USING (pair)
    ORDER BY w.pair
"""


def parted(transaction: Transaction, kind: str, pair: Pair) -> int:
    """Return how many records of the left side had one on the right that was deleted, and get no other."""
    linked = tables.links(kind)
    return transaction.count(
        f"""
        SELECT count(DISTINCT l.entity) FROM {linked} l
        JOIN {linked} r ON r.entity = l.entity AND r.collection = ? AND r.gone_at IS NOT NULL
        WHERE l.collection = ? AND l.gone_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM {linked} o WHERE o.entity = l.entity AND o.collection = ? AND o.gone_at IS NULL)
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


HELD = """
    SELECT 'record' AS what, kind, collection, id, NULL AS entity, NULL AS action, reason, since FROM sync.held
    UNION ALL
    SELECT 'change', kind, collection, id, entity, action, reason, since FROM sync.changes WHERE status = 'held'
    UNION ALL
    SELECT 'misfit', NULL, collection, id, NULL, NULL, reason, since FROM sync.misfits
    UNION ALL
    SELECT 'stop', NULL, collection, NULL, NULL, NULL, reason, since FROM sync.stops
    WHERE approved IS DISTINCT FROM count
    UNION ALL
    SELECT 'fight', kind, regexp_extract(origin, '^[^/]+/[^/]+'), regexp_extract(origin, '^[^/]+/[^/]+/(.*)$', 1),
        entity, NULL, other_origin || ' and this set ' || field || ' to the same two values in turn, so that neither is'
        || ' written; talk resolve ' || origin || ' ' || field || ' --take the one that is right', since
    FROM sync.fights
"""


def held(transaction: Transaction) -> pl.DataFrame:
    """Return everything that waits for a person, oldest first.

    The columns are `what` (record, change, misfit: a record that does not fit its declared types, stop: a collection of
    which a guard has stopped something, or fight: a field that two records keep setting), `collection`, `id`, `action`
    of a change, `source` (the record that a create is for), `reason` and `since`.
    """
    return transaction.frame(
        f"""
        WITH records AS ({LINKED})
        SELECT h.what, h.collection, h.id, h.action, min(s.collection || '/' || s.id) AS source, h.reason, h.since
        FROM ({HELD}) h
        LEFT JOIN records s ON h.id IS NULL AND s.kind = h.kind AND s.entity = h.entity AND s.gone_at IS NULL
        GROUP BY ALL ORDER BY h.since, h.collection, h.id, source
        """
    )


def stops(transaction: Transaction) -> dict[str, str]:
    """Return by collection why a guard has stopped something there, where nobody has approved yet."""
    found = transaction.frame(
        "SELECT collection, string_agg(reason, '; ' ORDER BY what) FROM sync.stops"
        " WHERE approved IS DISTINCT FROM count GROUP BY collection ORDER BY collection"
    )
    return dict(found.iter_rows())


def held_counts(transaction: Transaction) -> dict[str, int]:
    """Return how much is held, by collection."""
    counted = transaction.frame(f"SELECT collection, count(*) AS n FROM ({HELD}) GROUP BY collection")
    return dict(counted.iter_rows())


def conflicts(transaction: Transaction, kind: str | None = None, *, limit: int | None = None) -> pl.DataFrame:
    """Return the values that lost, latest first: the columns of `sync.conflicts`, and the entity's `records`.

    `current`, `current_at` and `current_origin` are what is golden now; it is the winner unless the field was set since
    without an edit of a linked record. `kind` is of which entity, null for all.
    """
    which = "WHERE kind = $1" if kind else ""
    first = f"LIMIT {limit}" if limit is not None else ""
    return transaction.frame(
        f"""
        WITH lost AS (SELECT * FROM sync.conflicts {which} ORDER BY noticed_at DESC, entity, field {first}),
        golden AS ({_golden([kind] if kind else ENTITIES)}),
        records AS (
            SELECT kind, entity, string_agg(collection || '/' || id, ', ' ORDER BY collection, id) AS records
            FROM ({LINKED}) WHERE gone_at IS NULL AND (kind, entity) IN (SELECT (kind, entity) FROM lost)
            GROUP BY kind, entity)
        SELECT c.kind, c.entity, r.records, c.field, c.value, c.edited_at, c.origin,
            c.winner, c.winner_edited_at, c.winner_origin, c.noticed_at, g.current, g.current_at, g.current_origin
        FROM lost c LEFT JOIN records r ON r.kind = c.kind AND r.entity = c.entity
        LEFT JOIN golden g ON g.kind = c.kind AND g.entity = c.entity AND g.field = c.field
        ORDER BY c.noticed_at DESC, r.records, c.field, c.edited_at
        """,
        *([kind] if kind else []),
    )


def _golden(kinds: Iterable[str]) -> str:
    """The SQL of what is golden now, a row for each entity and field in `lost`."""
    return " UNION ALL ".join(
        f"SELECT l.kind, l.entity, l.field, {', '.join(_case(ENTITIES[kind], name) for name in ('', '_at', '_from'))}"
        f" FROM (SELECT DISTINCT kind, entity, field FROM lost WHERE kind = '{kind}') l"
        f" JOIN {tables.golden(kind)} g ON g.entity = l.entity"
        for kind in kinds
    )


def _case(entity: Entity, suffix: str) -> str:
    cases = " ".join(f"WHEN '{field}' THEN g.\"{field}{suffix}\"" for field in entity.names)
    return f"CASE l.field {cases} END AS current{suffix.replace('_from', '_origin')}"


def changes(transaction: Transaction, key: str, *, limit: int) -> pl.DataFrame:
    """Return the first changes that are asked of a collection, oldest first.

    The columns are `action`, `id`, `source` (the records that the entity has elsewhere), `fields` (a JSON object of
    canonical values), `status` and `reason`.
    """
    return transaction.frame(
        f"""
        WITH first AS (
            SELECT * FROM sync.changes WHERE collection = $1 ORDER BY since, action, entity LIMIT {limit})
        SELECT f.action, f.id, string_agg(s.collection || '/' || s.id, ', ' ORDER BY s.collection, s.id) AS source,
            f.fields, f.status, f.reason
        FROM first f
        LEFT JOIN ({LINKED}) s
            ON s.kind = f.kind AND s.entity = f.entity AND s.gone_at IS NULL AND s.collection <> $1
        GROUP BY ALL ORDER BY f.action, f.id, source
        """,
        key,
    )


def written(transaction: Transaction, run: str, key: str, *, limit: int) -> pl.DataFrame:
    """Return the first writes of a run to a collection, what failed before what was done.

    The columns are `action`, `id`, `before` and `after` (JSON objects of canonical values), `outcome` and `reason`.
    """
    return transaction.frame(
        f"""
        SELECT action, id, before, after, outcome, reason FROM sync.journal WHERE run = ? AND collection = ?
        ORDER BY outcome IS NOT DISTINCT FROM 'done', intended_at, entity LIMIT {limit}
        """,
        run,
        key,
    )


def held_records(transaction: Transaction, kind: str, *, limit: int) -> pl.DataFrame:
    """Return `collection, id, reason, since` of the records of an entity that wait for a person, oldest first."""
    return transaction.frame(
        "SELECT collection, id, reason, since FROM sync.held WHERE kind = ?"
        f" ORDER BY since, collection, id LIMIT {limit}",
        kind,
    )


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


def link_counts(transaction: Transaction, kind: str) -> dict[str, int]:
    """Return how an entity's records stand: `records` linked, `entities` that they describe, `gone` and `held`."""
    counted = transaction.frame(
        f"""
        SELECT count(*) FILTER (gone_at IS NULL) AS records, count(DISTINCT entity) AS entities,
            count(*) FILTER (gone_at IS NOT NULL) AS gone,
            (SELECT count(*) FROM sync.held WHERE kind = ?) AS held
        FROM {tables.links(kind)}
        """,
        kind,
    )
    return counted.row(0, named=True)


def examples(transaction: Transaction, key: str, *, limit: int = 5) -> list[str]:
    """Return the ids of some records of a collection."""
    found = transaction.frame(f"SELECT _id FROM {tables.raw(key)} WHERE NOT _deleted ORDER BY _id LIMIT {limit}")
    return found["_id"].to_list()
