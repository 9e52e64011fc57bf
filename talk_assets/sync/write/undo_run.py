"""Taking back what a run wrote: what can be restored, and why the rest cannot; from the journal.

A value is restored only if nobody has touched it since: no later edit of that field, no later write of it, and golden
still what the run wrote. The record then shows the old value and still counts as up to date with golden, so that the
next sync does not write the new one again by itself; the next edit travels as ever. A record that the run created is
deleted, and not created again by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction

TABLE = "sync.undo"

NOTHING = "Nothing of that run can be undone."

WRITTEN = "({0}.outcome IS NULL OR {0}.outcome IN ('done', 'looked up'))"
"""The SQL of whether a write of the journal has changed the record, or may have."""

COLUMNS = ("collection", "entity_id", "id", "action", "fields", "reason")


@dataclass(frozen=True)
class UndoPlan:
    """`steps` has `collection, entity_id, id, action, fields, reason`.

    With a reason, `fields` cannot be restored and is left as it is, or the record is; `fields` is a JSON object of
    canonical values that would be written.
    """

    steps: pl.DataFrame

    @property
    def possible(self) -> pl.DataFrame:
        """What would be sent."""
        return self.steps.filter(pl.col("reason").is_null())

    @property
    def impossible(self) -> pl.DataFrame:
        """What cannot be taken back."""
        return self.steps.filter(pl.col("reason").is_not_null())


def restored(count: int) -> str:
    """Say how many records were restored."""
    return f"Restored {count} {'record' if count == 1 else 'records'}."


def plan(transaction: Transaction, collections: Mapping[str, Collection], run: str) -> UndoPlan:
    """Return what taking back a run would send, as things are now."""
    empty = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    steps = [empty]
    for key, collection in collections.items():
        steps += [_updates(transaction, key, collection, run), _creates(transaction, key, collection, run)]
        steps.append(_others(transaction, key, run))
    return UndoPlan(pl.concat(steps))


def runs(transaction: Transaction) -> Sequence[str]:
    """Return the runs that the journal knows, latest first."""
    return transaction.frame("SELECT run FROM sync.journal GROUP BY run ORDER BY max(intended_at) DESC")[
        "run"
    ].to_list()


def store(transaction: Transaction, steps: pl.DataFrame, kinds: Mapping[str, str], now: datetime) -> None:
    """Put what is to be sent where a `Writer` finds it."""
    entity_type = pl.col("collection").replace_strict(kinds, return_dtype=pl.String).alias("entity_type")
    rows = steps.select(*COLUMNS, entity_type)
    transaction.run(f"DELETE FROM {TABLE}")
    transaction.run(
        f"INSERT INTO {TABLE} BY NAME SELECT *, 'planned' AS status, false AS blocked, ?::TIMESTAMPTZ AS since"
        " FROM rows",
        now,
        rows=rows,
    )


def drop_edited(transaction: Transaction, key: str) -> None:
    """Leave alone what somebody edited since the plan was made."""
    transaction.run(
        f"""
        DELETE FROM {TABLE} WHERE collection = ? AND (entity_type, entity_id) IN (
            SELECT (e.entity_type, e.entity_id) FROM sync.edits e JOIN {TABLE} u
                ON u.entity_type = e.entity_type AND u.entity_id = e.entity_id
            WHERE e.noticed_at >= u.since AND (u.action = 'delete' OR contains(u.fields, '"' || e.field || '":')))
        """,
        key,
    )


def _updates(transaction: Transaction, key: str, collection: Collection, run: str) -> pl.DataFrame:
    """What the run changed in records that were there: per field, from before its first write to after its last."""
    fields = collection.lens.fields
    written = transaction.frame(
        """
        SELECT id, entity_id, before, after, answered_at FROM sync.journal
        WHERE run = ? AND collection = ? AND action = 'update' AND outcome IN ('done', 'looked up')
          AND id NOT IN (
            SELECT id FROM sync.journal WHERE run = $1 AND collection = $2 AND action = 'create' AND id IS NOT NULL)
        ORDER BY intended_at
        """,
        run,
        key,
    )
    if written.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    before, after = (objects.decode(written[name], fields) for name in ("before", "after"))
    present = objects.present(written["after"], fields)
    long = pl.concat(
        written.select("id", "entity_id", "answered_at")
        .with_columns(pl.lit(name).alias("field"), before[name].alias("before"), after[name].alias("after"))
        .filter(present[name])
        for name in fields
    )
    changed = long.group_by("id", "entity_id", "field", maintain_order=True).agg(
        pl.col("before").first(), pl.col("after").last(), pl.col("answered_at").max()
    )
    judged = _judged(transaction, key, collection, run, changed)
    restored = _wide(judged.filter(pl.col("reason").is_null()), fields)
    lost = judged.filter(pl.col("reason").is_not_null()).select(
        "entity_id", "id", pl.lit(objects.NOTHING).alias("fields"), "reason"
    )
    steps = pl.concat([restored, lost]).with_columns(
        pl.lit(key).alias("collection"), pl.lit(Action.UPDATE.value).alias("action")
    )
    return steps.select(COLUMNS)


def _judged(
    transaction: Transaction, key: str, collection: Collection, run: str, changed: pl.DataFrame
) -> pl.DataFrame:
    """Say of each changed value why it cannot be restored; null where it can."""
    entity_type = collection.entity.name
    return transaction.frame(
        f"""
        SELECT c.id, c.entity_id, c.field, c.before, CASE
            WHEN l.id IS NULL THEN 'the record is not there any more'
            WHEN EXISTS (SELECT 1 FROM sync.edits e WHERE e.entity_type = '{entity_type}' AND e.entity_id = c.entity_id
                AND e.field = c.field AND e.noticed_at >= c.answered_at) THEN c.field || ' was edited since'
            WHEN EXISTS (SELECT 1 FROM sync.journal j WHERE j.collection = $1 AND j.id = c.id AND j.run <> $2
                AND j.intended_at >= c.answered_at AND {WRITTEN.format("j")}
                AND contains(j.after, '"' || c.field || '":'))
                THEN c.field || ' was written again since'
            WHEN s.sent IS DISTINCT FROM c.after THEN c.field || ' is to be written again'
            END AS reason
        FROM changed c
        LEFT JOIN {tables.links(entity_type)} l ON l.collection = $1 AND l.id = c.id AND l.gone_at IS NULL
        LEFT JOIN ({_sent(collection)}) s ON s.id = c.id AND s.field = c.field
        """,
        key,
        run,
        changed=changed,
    )


def _sent(collection: Collection) -> str:
    """The SQL of what each live record is up to date with, where golden is that too; a row per record and field."""
    entity_type = collection.entity.name
    return " UNION ALL ".join(
        f"SELECT l.id, '{name}' AS field, l.sent_{name} AS sent FROM {tables.links(entity_type)} l"
        f" JOIN {tables.golden(entity_type)} g USING (entity_id) WHERE l.collection = $1 AND l.gone_at IS NULL"
        f' AND g."{name}" IS NOT DISTINCT FROM l.sent_{name}'
        for name in collection.lens.fields
    )


def _wide(values: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """One row per record, its values as one JSON object."""
    records = values.select("entity_id", "id").unique(maintain_order=True)
    mask: dict[str, pl.Series] = {}
    for name in fields:
        own = values.filter(pl.col("field") == name).select(
            "id", pl.col("before").alias(name), is_it=pl.lit(value=True)
        )
        joined = records.select("id").join(own, on="id", how="left", maintain_order="left")
        records = records.with_columns(joined[name])
        mask[name] = joined["is_it"].fill_null(value=False)
    return records.select(
        "entity_id",
        "id",
        objects.encode(records.select(fields), pl.DataFrame(mask)).alias("fields"),
        pl.lit(None, pl.String).alias("reason"),
    )


def _creates(transaction: Transaction, key: str, collection: Collection, run: str) -> pl.DataFrame:
    """What the run created."""
    entity_type = collection.entity.name
    return transaction.frame(
        f"""
        SELECT $1 AS collection, j.entity_id, j.id, 'delete' AS action, '{objects.NOTHING}' AS fields, CASE
            WHEN l.id IS NULL THEN 'the record is not there any more'
            WHEN EXISTS (SELECT 1 FROM sync.edits e WHERE e.entity_type = '{entity_type}'
                AND e.origin = $1 || '/' || j.id
                AND e.noticed_at >= j.answered_at) THEN 'the record was edited since'
            WHEN EXISTS (SELECT 1 FROM sync.journal w WHERE w.collection = $1 AND w.id = j.id AND w.run <> $2
                AND w.intended_at >= j.answered_at AND {WRITTEN.format("w")}) THEN 'the record was written again since'
            END AS reason
        FROM sync.journal j
        LEFT JOIN {tables.links(entity_type)} l ON l.collection = $1 AND l.id = j.id AND l.gone_at IS NULL
        WHERE j.run = $2 AND j.collection = $1 AND j.action = 'create' AND j.outcome = 'done'
        """,
        key,
        run,
    )


def _others(transaction: Transaction, key: str, run: str) -> pl.DataFrame:
    """What cannot be taken back at all."""
    return transaction.frame(
        f"""
        SELECT collection, entity_id, id, action, '{objects.NOTHING}' AS fields, CASE action
            WHEN 'delete' THEN 'what was deleted would get another id: bring back the record it was deleted with, then'
                || ' talk retry --recreate'
            WHEN 'archive' THEN 'archived records are taken back in their system'
            ELSE 'it is not known what became of it' END AS reason
        FROM sync.journal WHERE run = ? AND collection = ?
          AND (action IN ('delete', 'archive') AND outcome = 'done' OR outcome IS NULL)
        """,
        run,
        key,
    )
