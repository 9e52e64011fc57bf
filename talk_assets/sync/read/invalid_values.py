"""The table of what can't be read: values by record and field, and records that are quarantined as a whole.

`talk held` lists it. What is noted of a record is replaced whenever the record is read, and since when it is so stays.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.read import presence, validity

NAMELESS = "?"
"""Stands for the id of what has none."""


def note(
    transaction: Transaction, key: str, collection: Collection, ids: pl.Series, rows: pl.DataFrame, now: datetime
) -> None:
    """Note what of records (`ids`) can't be read, but for lists that are put together; see `note_lists`.

    `rows` has `validity.COLUMNS`; `field` is null where it is the whole record.
    """
    _replace(transaction, key, ids, rows.with_columns(pl.lit(now).alias("noticed")), _named(collection, listed=False))


def note_lists(transaction: Transaction, key: str, collection: Collection, records: pl.DataFrame) -> None:
    """Note what can't be read of lists that were put together.

    `records` has `_id`, the lists, and `noticed`, when the latest of what is in them was read.
    """
    rows = validity.lists(collection, records).join(records.select("_id", "noticed"), on="_id")
    _replace(transaction, key, records["_id"], rows, _named(collection, listed=True))


def _named(collection: Collection, *, listed: bool) -> str:
    """The SQL condition that a row is about a list that was put together, or that it is not."""
    names = ", ".join(f"'{name}'" for name in sorted(validity.assembled(collection))) or "NULL"
    found = f"coalesce(split_part(property, '{presence.INNER}', 1) IN ({names}), false)"
    return found if listed else f"NOT {found}"


def _replace(transaction: Transaction, key: str, ids: pl.Series, rows: pl.DataFrame, condition: str) -> None:
    before = f"SELECT * FROM sync.invalid_values WHERE collection = '{key}' AND {condition}"
    if rows.is_empty() and not transaction.count(f"SELECT count(*) FROM ({before})"):
        return
    new = transaction.frame(
        f"""
        SELECT DISTINCT r.* REPLACE (coalesce(r._id, '{NAMELESS}') AS _id), coalesce(b.since, r.noticed) AS since
        FROM rows r LEFT JOIN ({before}) b ON b.id = coalesce(r._id, '{NAMELESS}') AND b.reason = r.reason
            AND b.property IS NOT DISTINCT FROM r.property AND b.field IS NOT DISTINCT FROM r.field
        WHERE r._id IS NOT NULL OR b.id IS NULL
        """,
        rows=rows,
    )
    transaction.run(
        f"DELETE FROM sync.invalid_values WHERE collection = ? AND {condition} AND id IN (SELECT _id FROM ids)",
        key,
        ids=ids.alias("_id").to_frame(),
    )
    columns = ", ".join(f'"{name}"' for name in validity.COLUMNS if name != "_id")
    transaction.apply(
        f"INSERT INTO sync.invalid_values BY NAME SELECT ? AS collection, _id AS id, {columns}, since FROM new",
        key,
        new=new,
    )


def forget(transaction: Transaction, key: str, gone: pl.DataFrame) -> None:
    """Forget what was noted of records (`id`) that are gone."""
    transaction.run(
        "DELETE FROM sync.invalid_values WHERE collection = ? AND id IN (SELECT id FROM gone)", key, gone=gone
    )


def forget_unshown(transaction: Transaction, key: str, nameless: Sequence[str]) -> None:
    """Forget what a full read has not shown, and of what has no id all but the reasons (`nameless`) that it gave."""
    transaction.run(
        f"""
        DELETE FROM sync.invalid_values WHERE collection = $1 AND CASE id
            WHEN '{NAMELESS}' THEN NOT list_contains($2::VARCHAR[], reason)
            ELSE id NOT IN (SELECT id FROM sync.full_reads WHERE collection = $1)
                AND id NOT IN (SELECT _id FROM {tables.raw(key)} WHERE NOT _deleted) END
        """,
        key,
        list(nameless),
    )


def since(transaction: Transaction, key: str, ids: pl.Series) -> pl.DataFrame:
    """Return `id, field, since` of the values that can't be read, of some records."""
    return transaction.frame(
        "SELECT id, field, max(since) AS since FROM sync.invalid_values"
        " WHERE collection = ? AND field IS NOT NULL AND id IN (SELECT id FROM ids) GROUP BY id, field",
        key,
        ids=ids.alias("id").to_frame(),
    )
