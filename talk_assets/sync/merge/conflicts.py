"""The conflicts: values that lost to another value of the same field, until somebody decides about that field.

A conflict is open while it stands in `sync.conflicts`. It is over once a newer edit of the field becomes golden, or
once a person resolves it; it then moves to `sync.past_conflicts`, so that no lost value is forgotten. Who wins is
decided in `golden`.
"""

from datetime import datetime

import polars as pl

from talk_assets.store.transaction import Transaction


def end(transaction: Transaction, entity_type: str, fields: pl.DataFrame, now: datetime) -> int:
    """Move the open conflicts of these `entity_id, field` to the past ones; return how many there were."""
    if fields.is_empty():
        return 0
    these = "entity_type = ? AND (entity_id, field) IN (SELECT (entity_id, field) FROM fields)"
    transaction.run(
        "INSERT INTO sync.past_conflicts BY NAME"
        f" SELECT *, ?::TIMESTAMPTZ AS over_at FROM sync.conflicts WHERE {these}",
        now,
        entity_type,
        fields=fields,
    )
    return transaction.count(f"DELETE FROM sync.conflicts WHERE {these}", entity_type, fields=fields)


def replaced(stands: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Return the `entity_id, field` of which another edit is golden than before; both frames are long golden."""
    before = stands.rename({name: f"old_{name}" for name in ("value", "edited_at", "origin")})
    both = decided.join(before, on=["entity_id", "field"], how="left")
    moved = [pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in ("value", "edited_at", "origin")]
    return both.filter(pl.any_horizontal(moved)).select("entity_id", "field")


def follow(transaction: Transaction, entity_type: str, old: str, new: str) -> None:
    """Let the open conflicts of an entity that was merged into another one be that one's."""
    transaction.run(
        "UPDATE sync.conflicts SET entity_id = ? WHERE entity_type = ? AND entity_id = ?", new, entity_type, old
    )
