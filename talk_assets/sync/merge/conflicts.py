"""The conflicts: values that lost to another value of the same field, until somebody decides about that field.

A conflict is open while it stands in `sync.conflicts`. It is over once a newer edit of the field becomes golden, or
once a person resolves it; it then moves to `sync.past_conflicts`, so that no lost value is forgotten. Who wins is
decided in `golden`.
"""

from datetime import datetime

import polars as pl

from talk_assets.store.transaction import Transaction


def end(transaction: Transaction, kind: str, fields: pl.DataFrame, now: datetime) -> int:
    """Move the open conflicts of these `entity, field` to the past ones; return how many there were."""
    if fields.is_empty():
        return 0
    these = "kind = ? AND (entity, field) IN (SELECT (entity, field) FROM fields)"
    transaction.run(
        "INSERT INTO sync.past_conflicts BY NAME"
        f" SELECT *, ?::TIMESTAMPTZ AS over_at FROM sync.conflicts WHERE {these}",
        now,
        kind,
        fields=fields,
    )
    return transaction.count(f"DELETE FROM sync.conflicts WHERE {these}", kind, fields=fields)


def replaced(stands: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Return the `entity, field` of which another edit is golden than before; both frames are long golden."""
    before = stands.rename({name: f"old_{name}" for name in ("value", "edited_at", "origin")})
    both = decided.join(before, on=["entity", "field"], how="left")
    moved = [pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in ("value", "edited_at", "origin")]
    return both.filter(pl.any_horizontal(moved)).select("entity", "field")


def follow(transaction: Transaction, kind: str, old: str, new: str) -> None:
    """Let the open conflicts of an entity that was merged into another one be that one's."""
    transaction.run("UPDATE sync.conflicts SET entity = ? WHERE kind = ? AND entity = ?", new, kind, old)
