"""Values that a collection refused: the field is held there, and the rest of the record goes on.

A held field is sent again when golden becomes another value, when somebody edits the record that refused it, or when a
person says so, and not before. What a record refuses may depend on what else it holds. A change that was refused as a
whole is sent again when it becomes another, when somebody edits a record of its entity, or when a person says so.
"""

from datetime import datetime

import polars as pl

from talk_assets.model.collection import settable, updatable
from talk_assets.model.entities import Entity
from talk_assets.model.topology import Topology
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction

CHANGES = """
    SELECT r.entity_type, r.collection, r.entity_id, r.id, if(r.id IS NULL, 'create', 'update') AS action,
        json_object(r.field, r.value)::VARCHAR AS fields, 'held' AS status, r.reason, r.since, r.field
    FROM sync.refused_fields r WHERE NOT r.released
"""
"""The SQL of the held fields as changes of one field each, held."""

CHANGE = ("collection", "entity_id", "action")
"""What a change is found by."""

IN_FORCE = {"collection": pl.String, "entity_id": pl.String, "field": pl.String}
"""What `of` returns of each held field."""

HELD = {"entity_id": pl.String, "field": pl.String, "value": pl.String, "reason": pl.String}
"""What `hold` takes of each refused value."""


def of(transaction: Transaction, entity: Entity) -> pl.DataFrame:
    """Return the fields (`IN_FORCE`) that are not to be sent."""
    return transaction.frame(
        "SELECT collection, entity_id, field FROM sync.refused_fields WHERE entity_type = ? AND NOT released",
        entity.name,
    )


def without(values: pl.DataFrame, entities: pl.Series, key: str, refused: pl.DataFrame) -> pl.DataFrame:
    """Return the values of a collection's changes, those blank that are held (`IN_FORCE`)."""
    own = refused.filter(pl.col("collection") == key)
    if own.is_empty():
        return values
    held = {str(name): rows["entity_id"] for (name,), rows in own.group_by("field")}
    return values.with_columns(
        pl.when(~entities.is_in(ids.implode())).then(pl.col(name)).alias(name)
        for name, ids in held.items()
        if name in values.columns
    )


def forget(transaction: Transaction, topology: Topology, these: pl.DataFrame) -> pl.Series:
    """Forget fields of entities that are to be tried again, or whose records are gone; return of which entities."""
    entity = topology.entity
    if not transaction.count("SELECT count(*) FROM sync.refused_fields WHERE entity_type = ?", entity.name):
        return pl.Series("entity_id", [], dtype=pl.String)
    golden, links = tables.golden(entity.name), tables.links(entity.name)
    over = transaction.frame(
        f"""
        SELECT rowid AS place, entity_id FROM sync.refused_fields SEMI JOIN these USING (entity_id)
        WHERE entity_type = $1 AND (released OR rowid NOT IN (
            SELECT r.rowid FROM sync.refused_fields r JOIN {golden} g USING (entity_id)
            SEMI JOIN written w ON w.collection = r.collection AND w.field = r.field
            WHERE r.agreed IS NOT DISTINCT FROM {_golden(entity)} AND (r.id IS NULL OR (r.collection, r.id) IN (
                SELECT (collection, id) FROM {links} WHERE gone_at IS NULL)) AND NOT EXISTS (
                SELECT 1 FROM sync.edits e WHERE e.entity_type = $1 AND e.entity_id = r.entity_id
                AND e.origin = r.collection || '/' || r.id AND e.noticed_at > r.since)))
        """,
        entity.name,
        these=these,
        written=pl.DataFrame(
            [(key, name) for key, one in topology.collections.items() for name in {*settable(one), *updatable(one)}],
            schema={"collection": pl.String, "field": pl.String},
            orient="row",
        ),
    )
    transaction.apply("DELETE FROM sync.refused_fields WHERE rowid IN (SELECT place FROM over)", over=over)
    return over["entity_id"]


def hold(transaction: Transaction, entity: Entity, key: str, refused: pl.DataFrame, now: datetime) -> None:
    """Hold fields of a collection: `refused` has a row (`HELD`) for each. One that was held before keeps its time."""
    golden, links = tables.golden(entity.name), tables.links(entity.name)
    rows = transaction.frame(
        f"""
        SELECT $1 AS entity_type, $2 AS collection, r.entity_id, l.id, r.field, r.value, {_golden(entity)} AS agreed,
            r.reason, coalesce(b.since, $3::TIMESTAMPTZ) AS since, false AS released
        FROM refused r JOIN {golden} g USING (entity_id)
        LEFT JOIN {links} l ON l.entity_id = r.entity_id AND l.collection = $2 AND l.gone_at IS NULL
        LEFT JOIN sync.refused_fields b
            ON b.entity_type = $1 AND b.collection = $2 AND b.entity_id = r.entity_id AND b.field = r.field
        """,
        entity.name,
        key,
        now,
        refused=refused,
    )
    transaction.run(
        "DELETE FROM sync.refused_fields"
        " WHERE collection = ? AND (entity_id, field) IN (SELECT (entity_id, field) FROM refused)",
        key,
        refused=refused,
    )
    transaction.run("INSERT INTO sync.refused_fields BY NAME SELECT * FROM rows", rows=rows)


def created(transaction: Transaction, key: str, records: pl.DataFrame) -> None:
    """Note the ids of records (`entity_id, id`) that were created without their held fields."""
    transaction.apply(
        "UPDATE sync.refused_fields SET id = c.id FROM created c"
        " WHERE refused_fields.collection = ? AND refused_fields.entity_id = c.entity_id AND refused_fields.id IS NULL",
        key,
        created=records,
    )


def release(transaction: Transaction, key: str, entity_id: str | None = None) -> int:
    """Let out the held fields of a collection, or of an entity in all of them; return of how many records."""
    where, which = ("entity_id = ?", entity_id) if entity_id else ("collection = ?", key)
    count = transaction.count(
        f"SELECT count(DISTINCT (collection, entity_id)) FROM sync.refused_fields WHERE NOT released AND {where}", which
    )
    transaction.run(f"UPDATE sync.refused_fields SET released = true WHERE {where}", which)
    return count


def released(transaction: Transaction, entity: Entity) -> pl.DataFrame:
    """Return `entity_id` of those of which a person let a field out."""
    return transaction.frame(
        "SELECT DISTINCT entity_id FROM sync.refused_fields WHERE entity_type = ? AND released", entity.name
    )


def edited(transaction: Transaction, entity: Entity) -> pl.DataFrame:
    """Return (`CHANGE`) the changes held as a whole of which a record was edited since they were refused.

    Of the record that refused, properties count that no field is made of. Our own writes don't: it took none.
    """
    change = ", ".join(CHANGE)
    held = transaction.frame(
        f"SELECT {change}, id, since FROM sync.changes WHERE entity_type = ? AND status = 'held'", entity.name
    )
    if held.is_empty():
        return held.select(CHANGE)
    moved = " UNION ALL ".join(
        [
            "SELECT h.*, e.noticed_at FROM held h JOIN sync.edits e USING (entity_id) WHERE e.entity_type = $1",
            *(
                f"SELECT h.*, r._noticed FROM held h JOIN {tables.raw(key)} r ON r._id = h.id"
                f" WHERE h.collection = '{key}'"
                for key in held["collection"].unique().sort()
            ),
        ]
    )
    # What was refused was asked for before: few are left to be looked for in the journal, which is long.
    edited_ = transaction.frame(
        f"SELECT {change}, max(noticed_at) AS noticed_at FROM ({moved}) WHERE noticed_at > since GROUP BY ALL",
        entity.name,
        held=held,
    )
    if edited_.is_empty():
        return edited_.select(CHANGE)
    return transaction.frame(
        f"""
        SELECT {change} FROM edited_ e JOIN (
            SELECT {change}, max(answered_at) AS refused_at FROM sync.journal SEMI JOIN edited_ USING ({change})
            WHERE outcome = 'refused' GROUP BY ALL) USING ({change})
        WHERE e.noticed_at > refused_at
        """,
        edited_=edited_,
    )


def _golden(entity: Entity) -> str:
    """The SQL of what golden, `g`, has for the field of a row, `r`."""
    cases = " ".join(f"WHEN '{name}' THEN g.\"{name}\"" for name in entity.names)
    return f"CASE r.field {cases} END"
