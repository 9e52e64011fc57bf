"""Golden as it is stored: what its first record holds, what others bring, what people edit; and the conflicts.

The only functions that write golden, beside those by which a person moves links (`operate/relinking`). Who wins is
decided in `golden`, which knows no database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity
from talk_assets.model.lens.lens import Writable
from talk_assets.store import tables
from talk_assets.store.spill import Spill
from talk_assets.store.transaction import Transaction
from talk_assets.sync.merge import conflicts as open_conflicts
from talk_assets.sync.merge import echoes, golden

CONFLICTS = dict.fromkeys(
    ("entity_type", "entity_id", "field", "value", "origin", "winner", "winner_origin", "run"), "VARCHAR"
)
CONFLICTS |= dict.fromkeys(("edited_at", "winner_edited_at", "noticed_at"), "TIMESTAMPTZ")


@dataclass(frozen=True)
class MergeScope:
    """Whose golden is decided, with all its collections by key; when, and in which run."""

    entity: Entity
    collections: Mapping[str, Collection]
    now: datetime
    run: str


def create_golden(transaction: Transaction, entity: Entity, first: str) -> None:
    """Create golden of the entities that have none, from the relation `first`: their first records, by entity."""
    values = ", ".join(
        f'"{field}", modified AS {field}_at, collection || chr(47) || id AS {field}_from' for field in entity.names
    )
    transaction.run(
        f"INSERT INTO {tables.golden(entity.name)} BY NAME SELECT entity_id, {values} FROM {first} c"
        f" ANTI JOIN {tables.golden(entity.name)} g USING (entity_id)"
    )


def introduce(transaction: Transaction, scope: MergeScope, parts: Iterable[str], **frames: pl.DataFrame) -> None:
    """Merge records that found their entities, one of each at most, into golden.

    `parts` are tables with `entity_id, collection, id, modified` and the entity's fields.
    """
    agreed, fields = tables.golden(scope.entity.name), scope.entity.names
    values = ", ".join(f'c."{field}" AS new_{field}' for field in fields)
    merged = Spill(transaction, "merged", tables.golden_columns(scope.entity))
    lost = Spill(transaction, "met_conflicts", CONFLICTS)
    for part in parts:
        met = transaction.frame(
            f"""
            SELECT g.*, c.modified AS new_at, c.collection || '/' || c.id AS new_from, {values}
            FROM {part} c JOIN {agreed} g USING (entity_id)
            """,
            **frames,
        )
        if met.height:
            met = golden.drop_future_times(met, fields, scope.now)
            stands, proposed = echoes.reconcile(*golden.contested(met, fields), scope.collections)
            decision = _overruled(transaction, scope, golden.introduce(stands, proposed), proposed)
            merged.add(golden.merge(golden.agree(met, fields), decision.golden))
            lost.add(_noted(scope, decision.conflicts))
            transaction.step()
    if merged.count:
        rows = merged.show()
        transaction.run(f"DELETE FROM {agreed} WHERE entity_id IN (SELECT entity_id FROM {rows})")
        transaction.run(f"INSERT INTO {agreed} BY NAME SELECT * FROM {rows}")
        transaction.run(f"INSERT INTO sync.conflicts BY NAME SELECT * FROM {lost.show()}")


def proposals(records: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """What the records hold in some fields, as proposed values."""
    origin = pl.concat_str("collection", "id", separator="/").alias("origin")
    return pl.concat(
        records.select(
            "entity_id",
            pl.lit(field).alias("field"),
            pl.col(field).alias("value"),
            pl.col("modified").alias("edited_at"),
            origin,
        )
        for field in fields
    )


def decide(
    transaction: Transaction,
    scope: MergeScope,
    proposals: pl.DataFrame,
    sent: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Merge what people edited into golden, store the conflicts, and end those over a field that was edited since.

    `sent` is what the records that propose were up to date with. Return what is golden now of what was proposed, and
    the proposals that were some.
    """
    fields = proposals["field"].unique(maintain_order=True).to_list()
    columns = ", ".join(f'g."{field}", g.{field}_at, g.{field}_from' for field in fields)
    standing = transaction.frame(
        f"SELECT g.rowid AS place, g.entity_id, {columns} FROM {tables.golden(scope.entity.name)} g"
        " SEMI JOIN entities USING (entity_id)",
        entities=proposals.select(pl.col("entity_id").unique()),
    )
    standing = golden.drop_future_times(standing, fields, scope.now)
    stands, proposals = echoes.reconcile(golden.lengthen(standing, proposals), proposals, scope.collections)
    proposals = golden.filled(stands, proposals, sent)
    decision = _overruled(transaction, scope, golden.absorb(stands, proposals), proposals)
    _store_golden(transaction, scope.entity, golden.merge(standing, decision.golden))
    replaced = open_conflicts.replaced(stands, decision.golden)
    open_conflicts.end(transaction, scope.entity.name, replaced, scope.now)
    passed_over = golden.passed_over(stands, decision, sent)
    conflicts = _noted(scope, pl.concat([decision.conflicts, passed_over]))
    if conflicts.height:
        transaction.run("INSERT INTO sync.conflicts BY NAME SELECT * FROM conflicts", conflicts=conflicts)
    return decision.golden, proposals


def _overruled(
    transaction: Transaction, scope: MergeScope, decision: golden.Decision, proposals: pl.DataFrame
) -> golden.Decision:
    """Where a record holds a value that can never be written, no other value wins: it could not be put back there.

    A collection that is not written to at all is a source like any other.
    """
    fixed = {
        name: keys
        for name in decision.golden["field"].unique(maintain_order=True)
        if (keys := [key for key, one in scope.collections.items() if _is_fixed(one, name)])
    }
    if not fixed:
        return decision
    rulings = [_rulings(transaction, scope, name, keys, decision, proposals) for name, keys in fixed.items()]
    return golden.overrule(decision, pl.concat(rulings))


def _is_fixed(collection: Collection, field: str) -> bool:
    lens = collection.lens
    return collection.writable and field in lens.fields and lens.property_of(field).writable is Writable.NEVER


def _rulings(
    transaction: Transaction,
    scope: MergeScope,
    field: str,
    keys: Sequence[str],
    decision: golden.Decision,
    proposals: pl.DataFrame,
) -> pl.DataFrame:
    """`entity_id, field, ruling, ruled_by`: what records hold that can't be written, as they show it now."""
    these = decision.golden.filter(pl.col("field") == field).select("entity_id").unique()
    linked = tables.links(scope.entity.name)
    held = transaction.frame(
        f"SELECT entity_id, seen_{field} AS ruling, collection || '/' || id AS ruled_by FROM {linked}"
        " SEMI JOIN these USING (entity_id)"
        f" WHERE gone_at IS NULL AND seen_{field} IS NOT NULL AND collection IN (SELECT unnest(?::VARCHAR[]))"
        " ORDER BY collection, id",
        list(keys),
        these=these,
    )
    new = proposals.filter(
        pl.col("field") == field,
        pl.col("value").is_not_null(),
        pl.col("origin").str.extract("^([^/]+/[^/]+)/").is_in(list(keys)),
    ).select("entity_id", pl.col("value").alias("ruling"), pl.col("origin").alias("ruled_by"))
    both = pl.concat([new, held]).unique("entity_id", keep="first", maintain_order=True)
    return both.select("entity_id", pl.lit(field).alias("field"), "ruling", "ruled_by")


def refill(transaction: Transaction, entity: Entity, written: pl.DataFrame) -> None:
    """Give golden back what we wrote, and nobody had heard of, where it is blank since and no person cleared it.

    A changed lens may have left golden without the value while the answer was lost: a record that holds it still is no
    reason to clear it there. `written` has `entity_id, field, value, origin, intended_at, caused_at`; the last one is
    text, and null where it is not known.
    """
    for (field,), rows in written.drop_nulls("value").group_by("field", maintain_order=True):
        transaction.run(
            f"""
            UPDATE {tables.golden(entity.name)} SET "{field}" = r.value, {field}_from = r.origin,
                {field}_at = coalesce(r.caused_at::TIMESTAMPTZ, r.intended_at)
            FROM rows r WHERE golden.entity_id = r.entity_id AND golden."{field}" IS NULL AND NOT EXISTS (
                SELECT 1 FROM sync.edits e WHERE e.entity_type = $1 AND e.entity_id = r.entity_id AND e.field = $2
                AND e.won AND e.value IS NULL AND e.noticed_at > r.intended_at)
            """,
            entity.name,
            field,
            rows=rows,
        )


def agree_on(transaction: Transaction, scope: MergeScope, standing: pl.DataFrame, decision: golden.Decision) -> None:
    """Store what was decided of the entities in `standing`, golden's rows with their `place`, and the conflicts."""
    _store_golden(transaction, scope.entity, golden.merge(standing, decision.golden))
    conflicts = _noted(scope, decision.conflicts)
    transaction.apply("INSERT INTO sync.conflicts BY NAME SELECT * FROM conflicts", conflicts=conflicts)


def _store_golden(transaction: Transaction, entity: Entity, decided: pl.DataFrame) -> None:
    assignments = ", ".join(f'"{name}" = d."{name}"' for name in decided.columns if name not in {"place", "entity_id"})
    transaction.run(
        f"UPDATE {tables.golden(entity.name)} SET {assignments} FROM decided d WHERE golden.rowid = d.place",
        decided=decided,
    )


def _noted(scope: MergeScope, conflicts: pl.DataFrame) -> pl.DataFrame:
    return conflicts.with_columns(
        pl.lit(scope.entity.name).alias("entity_type"),
        pl.lit(scope.now).alias("noticed_at"),
        pl.lit(scope.run).alias("run"),
    )
