"""A field that becomes blank in many records at once: somebody is asked before that is believed.

One person clears a field of one record, or of a few. Where a whole collection loses a field, a right was withdrawn, an
export was cut off, or the API has changed. Until a person approves, the fields keep the values they had, here and in
all systems; a record that shows a value again is as it was.
"""

from datetime import datetime

import polars as pl

from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync import guards

SHARE = 0.2
"""The share of the records with a value that may lose it at once, whatever limits are configured."""

FEW = 3
"""Fewer records than these are believed."""

WHAT = "blank "
"""How the name of such a stop begins; the field follows."""


def believe(transaction: Transaction, entity_type: str, key: str, field: str, ids: pl.Series, now: datetime) -> bool:
    """Whether records (`ids`) of a collection were cleared by people; where not, they are noted, and a person is asked.

    What was cleared within the hour before counts as well: a collection may lose a field page by page.
    """
    lost = transaction.count(
        "SELECT count(DISTINCT origin) FROM sync.edits WHERE entity_type = ? AND field = ? AND value IS NULL"
        " AND starts_with(origin, ?) AND noticed_at > ?",
        entity_type, field, f"{key}/", now - guards.WINDOW,
    )  # fmt: skip
    held = transaction.count(
        f"SELECT count(*) FROM {tables.links(entity_type)}"
        f" WHERE collection = ? AND gone_at IS NULL AND seen_{field} IS NOT NULL",
        key,
    )
    count, whole, what = lost + ids.len(), lost + held, f"{WHAT}{field}"
    if guards.approved(transaction, key, what) >= count:
        guards.release(transaction, key, what)
        return True
    if count < FEW or count <= SHARE * whole:
        return True
    transaction.run(
        "INSERT INTO sync.blanked SELECT ?, ?, id, ?, ? FROM ids",
        entity_type, key, field, now, ids=ids.alias("id").to_frame(),
    )  # fmt: skip
    reason = (
        f"{field} became blank in {count} of the {whole} records that had a value. The values are kept, here and in the"
        f" other systems: see whether {key} is well, then talk approve {key}"
    )
    guards.stop(transaction, key, what, count, reason, None, now)
    return False


def look_again(transaction: Transaction, entity_type: str) -> None:
    """Forget what was noted of the records in `incoming`: they are judged once more."""
    if transaction.count("SELECT count(*) FROM sync.blanked WHERE entity_type = ?", entity_type):
        transaction.run(
            "DELETE FROM sync.blanked"
            " WHERE entity_type = ? AND (collection, id) IN (SELECT (collection, id) FROM incoming)",
            entity_type,
        )


def release(transaction: Transaction, keys: list[str]) -> None:
    """Ask nobody about fields that have their values again."""
    transaction.run(
        f"""
        DELETE FROM sync.pending_approvals WHERE starts_with(what, '{WHAT}')
        AND collection IN (SELECT unnest(?::VARCHAR[]))
        AND (collection, substr(what, {len(WHAT) + 1})) NOT IN (SELECT (collection, field) FROM sync.blanked)
        """,
        keys,
    )
