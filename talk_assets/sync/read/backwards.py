"""Time that goes backwards: a record that shows an older state than before, a system whose clock was set back.

Lists may be answered by a copy that lags, and a copy may be a day old. What it shows are no edits: taken for such, they
would overwrite elsewhere what is newer. So a record whose modified time is earlier than the one it showed before is set
aside, with one line in `talk held`, and what we know of it stays. A system that was restored from a backup shows the
same: the first full read an hour later asks for such records by id, and what that shows is believed.

A clock that was set back makes modified times earlier as well, and the edits are real. It shows in the `Date` of the
answers, by which times are corrected: only what is earlier both as written and as corrected is an older state.
"""

from datetime import datetime, timedelta

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.store.transaction import Transaction

BELIEVED = timedelta(hours=1)
"""How long a copy may lag behind: what a system shows for longer is its state."""

TOLERANCE = timedelta(minutes=1)
"""By how much a cursor may be ahead of the system's clock, which we know by the second at best."""

OLDER = "an older state"
"""How the reason begins with which such a record is quarantined."""


def apart(
    transaction: Transaction, key: str, collection: Collection, differing: pl.DataFrame, records: pl.DataFrame
) -> pl.DataFrame | None:
    """Return rows `_id, reason, since` of the records that show an older state, null where none does.

    `differing` says of which records what is there is `newer` by its corrected time, and what it is as written,
    `known`. `since` is null for those that were not quarantined before.
    """
    if collection.modified is None or not differing["newer"].any():
        return None
    known = transaction.frame(
        f"""
        SELECT d._id, d.known, m.since FROM newer d
        LEFT JOIN sync.invalid_values m ON m.collection = ? AND m.id = d._id AND m.reason LIKE '{OLDER}%'
        """,
        key,
        newer=differing.filter("newer").select("_id", "known"),
    )
    shown = records.select("_id", pl.col(collection.modified.property).alias("shown"))
    moment = collection.modified.moment
    older = known.join(shown, on="_id").filter(moment(pl.col("shown")) < moment(pl.col("known")))
    reason = pl.concat_str(pl.lit(f"{OLDER}: it was modified "), "shown", pl.lit(" and has shown "), "known")
    reason = reason + pl.lit("; what is known of it stays, until a full read an hour later finds it the same")
    return older.select("_id", reason.alias("reason"), "since")


def forget(transaction: Transaction, key: str, older: pl.DataFrame) -> None:
    """Forget since when records showed an older state; what else is noted of them is about the state that stays."""
    transaction.run(
        "DELETE FROM sync.invalid_values"
        f" WHERE collection = ? AND reason LIKE '{OLDER}%' AND id IN (SELECT _id FROM older)",
        key,
        older=older,
    )


def set_aside(transaction: Transaction, key: str, older: pl.DataFrame, now: datetime) -> None:
    """Note records that show an older state, since when they do."""
    if not older.is_empty():
        transaction.run(
            "INSERT INTO sync.invalid_values BY NAME"
            " SELECT ? AS collection, _id AS id, reason, coalesce(since, ?::TIMESTAMPTZ) AS since FROM older",
            key,
            now,
            older=older,
        )


def lasting(transaction: Transaction, key: str, now: datetime) -> list[str]:
    """Return the ids of records that have shown an older state for so long that it is to be asked for once more."""
    return transaction.frame(
        f"SELECT id FROM sync.invalid_values WHERE collection = ? AND reason LIKE '{OLDER}%' AND since <= ?",
        key,
        now - BELIEVED,
    )["id"].to_list()


def ahead(cursor: str, now: datetime) -> bool:
    """Whether a cursor is a time that has not come yet, `now` being the system's: its clock was set back since.

    What was edited since then would never be asked for. What a cursor holds besides, after a `|`, is not looked at.
    """
    try:
        moment = datetime.fromisoformat(cursor.partition("|")[0])
    except ValueError:
        return False
    return "T" in cursor and moment.tzinfo is not None and moment > now + TOLERANCE
