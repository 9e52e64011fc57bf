"""What stops the sync before it does harm: a collection that shrinks too much, a run that would change too much.

The first write of a pair is asked about most of all: a mistake in the configuration or in the linking shows then.
A field that changes in the same way in too many records is in `mass_edits`.

What is stopped waits in `sync.pending_approvals` for a person's approval, which covers as many records as there were
then, and ends when it was made use of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import polars as pl

from talk_assets.model.dataflows import Pair, dataflow_of
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction

WINDOW = timedelta(hours=1)
"""Deletions of this time are counted together: a collection may disappear page by page."""

FEW = 3
"""Fewer deletions than these never stop."""


class What(StrEnum):
    """What was stopped."""

    SHRINK = "shrink"
    CHANGES = "changes"


@dataclass(frozen=True)
class Limits:
    """Beyond what a person is asked.

    `shrink`: the share of a collection that may be deleted within an hour. `changes`: the share of a collection that a
    run may change, unless that is fewer than `few` records; `most`: how many in any case. `first`: how many records of
    a collection may change when one of its pairs is written for the first time, except in the `trusted` systems.
    """

    shrink: float = 0.2
    changes: float = 0.5
    few: int = 100
    most: int = 5000
    first: int = 20
    trusted: frozenset[str] = frozenset()


UNLIMITED = Limits(shrink=1.0, changes=float("inf"), most=2**62, first=2**62)


@dataclass(frozen=True)
class Asked:
    """What a run would write to the collection `key`: `changes` (`action, count`), because of `pairs`.

    `oldest` is when the record that was changed longest ago was changed, of those that a create is for.
    """

    key: str
    changes: pl.DataFrame
    pairs: Sequence[Pair] = ()
    oldest: datetime | None = None

    @property
    def count(self) -> int:
        """How many records would change."""
        return int(self.changes["count"].sum())

    def __str__(self) -> str:
        return ", ".join(f"{number} to {action}" for action, number in self.changes.sort("action").iter_rows())


def believe(transaction: Transaction, key: str, gone: pl.DataFrame, limits: Limits, now: datetime) -> pl.DataFrame:
    """Return the records (`id`) whose deletion is believed, of those that the system no longer has.

    All or none: beyond the limit they are doubted, and stay as they are until a person approves, or they show again.
    """
    if gone.is_empty():
        return gone
    gone = transaction.frame(
        f"SELECT id FROM gone SEMI JOIN {tables.raw(key)} r ON r._id = gone.id AND NOT r._deleted", gone=gone
    )
    if gone.is_empty():
        return gone
    live = transaction.count(f"SELECT count(*) FROM {tables.raw(key)} WHERE NOT _deleted")
    lost = transaction.count(
        "SELECT coalesce(max(lost), 0) FROM sync.guards WHERE collection = ? AND lost_since > ?", key, now - WINDOW
    )
    count, whole = lost + gone.height, lost + live
    if approved(transaction, key, What.SHRINK) >= count:
        release(transaction, key, What.SHRINK)
        transaction.run("DELETE FROM sync.doubted WHERE collection = ?", key)
        transaction.run("UPDATE sync.guards SET lost = 0 WHERE collection = ?", key)
        return gone
    if count >= FEW and count > limits.shrink * whole:
        _doubt(transaction, key, gone, now)
        reason = (
            f"{count} of its {whole} records seem to be deleted, more than {limits.shrink:.0%} within an hour."
            f" They are kept as they are: see whether {key} is well, then talk approve {key}"
        )
        stop(transaction, key, What.SHRINK, count, reason, None, now)
        return gone.clear()
    _row(transaction, key)
    since = now if not lost else None
    transaction.run(
        "UPDATE sync.guards SET lost = ?, lost_since = coalesce(?, lost_since) WHERE collection = ?", count, since, key
    )
    return gone


def _doubt(transaction: Transaction, key: str, gone: pl.DataFrame, now: datetime) -> None:
    transaction.run(
        "INSERT INTO sync.doubted SELECT $1, id, $2 FROM gone"
        " WHERE id NOT IN (SELECT id FROM sync.doubted WHERE collection = $1)",
        key,
        now,
        gone=gone,
    )


def doubted(transaction: Transaction, key: str) -> list[str]:
    """Return the ids of the records that are doubted, if a person has approved of their deletion."""
    if not approved(transaction, key, What.SHRINK):
        return []
    return transaction.frame("SELECT id FROM sync.doubted WHERE collection = ?", key)["id"].to_list()


def shown(transaction: Transaction, key: str, ids: pl.DataFrame) -> None:
    """Records (`id`) that the system shows are doubted no longer; without any, nothing is stopped."""
    if not transaction.count("SELECT count(*) FROM sync.doubted WHERE collection = ?", key):
        return
    transaction.run("DELETE FROM sync.doubted WHERE collection = ? AND id IN (SELECT id FROM ids)", key, ids=ids)
    if not transaction.count("SELECT count(*) FROM sync.doubted WHERE collection = ?", key):
        release(transaction, key, What.SHRINK)


def too_many(transaction: Transaction, asked: Asked, limits: Limits, run: str, now: datetime) -> str | None:
    """Return why a run must not send what is asked of a collection, null where it may."""
    key, count = asked.key, asked.count
    live = transaction.count(f"SELECT count(*) FROM {tables.raw(key)} WHERE NOT _deleted")
    trusted = key.partition("/")[0] in limits.trusted
    if new := _unwritten(transaction, key, asked.pairs):
        beyond = count > limits.first and not trusted
    else:
        beyond = count > limits.most or (count >= limits.few and count > limits.changes * live)
    if not beyond or approved(transaction, key, What.CHANGES) >= count:
        return None
    sent = f"Nothing was sent: look at it with talk sync --plan, then talk approve {key}"
    if new:
        flows = ", ".join(sorted({dataflow_of(pair) for pair in new}))
        since = f", for records changed since {asked.oldest:%Y-%m-%d}" if asked.oldest else ""
        reason = (
            f"{flows} would write here for the first time: {asked}{since}, where there are {live} records. {sent}. To"
            f" leave older records out, set start_date under [dataflows.{flows.partition(',')[0]}] in talk.toml first"
        )
    else:
        reason = f"a run would change {count} records where there are {live} ({asked}). {sent}"
    stop(transaction, key, What.CHANGES, count, reason, run, now)
    return reason


def _unwritten(transaction: Transaction, key: str, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs for which nothing was written here yet; none in a database from before they were noted."""
    known = set(
        transaction.frame('SELECT "left", "right" FROM sync.written_pairs WHERE collection = ?', key).iter_rows()
    )
    if not known and transaction.count(
        "SELECT count(*) FROM sync.guards WHERE collection = ? AND written_at IS NOT NULL", key
    ):
        return []
    return [pair for pair in pairs if (pair.left, pair.right) not in known]


def written(transaction: Transaction, key: str, pairs: Sequence[Pair], now: datetime) -> None:
    """Note that everything that was asked of a collection was tried: what was approved has been made use of."""
    _row(transaction, key)
    transaction.run("UPDATE sync.guards SET written_at = ? WHERE collection = ? AND written_at IS NULL", now, key)
    names = pl.DataFrame(
        {"left": [pair.left for pair in pairs], "right": [pair.right for pair in pairs]},
        schema={"left": pl.String, "right": pl.String},
    )
    transaction.run(
        'INSERT INTO sync.written_pairs SELECT $1, "left", "right", $2 FROM names'
        ' WHERE ("left", "right") NOT IN (SELECT ("left", "right") FROM sync.written_pairs WHERE collection = $1)',
        key,
        now,
        names=names,
    )
    release(transaction, key, What.CHANGES)


def calm(transaction: Transaction, keys: Sequence[str]) -> None:
    """Nothing is asked of collections: nothing of them is stopped."""
    transaction.run(
        "DELETE FROM sync.pending_approvals WHERE what = ? AND collection IN (SELECT unnest(?::VARCHAR[]))",
        What.CHANGES.value,
        list(keys),
    )


def approved(transaction: Transaction, key: str, what: str) -> int:
    """Return how many records a person has approved of."""
    return transaction.count(
        "SELECT coalesce(max(approved), 0) FROM sync.pending_approvals WHERE collection = ? AND what = ?",
        key,
        str(what),
    )


def approve(transaction: Transaction, key: str) -> int:
    """Let what is stopped of a collection go on, as much as there is of it; return how much was waiting for that."""
    return transaction.count(
        "UPDATE sync.pending_approvals SET approved = count WHERE collection = ? AND approved IS DISTINCT FROM count",
        key,
    )


def stop(
    transaction: Transaction, key: str, what: str, count: int, reason: str, run: str | None, now: datetime
) -> None:
    """Ask a person about something of a collection, in place of what was asked before."""
    since = transaction.frame(
        "SELECT since FROM sync.pending_approvals WHERE collection = ? AND what = ?", key, str(what)
    )["since"].to_list()
    release(transaction, key, what)
    transaction.run(
        "INSERT INTO sync.pending_approvals VALUES (?, ?, ?, ?, ?, ?, NULL)",
        key, str(what), run, count, reason, since[0] if since else now,
    )  # fmt: skip


def release(transaction: Transaction, key: str, what: str) -> None:
    """Ask no longer: what was approved has been made use of, or there is nothing to approve."""
    transaction.run("DELETE FROM sync.pending_approvals WHERE collection = ? AND what = ?", key, str(what))


def _row(transaction: Transaction, key: str) -> None:
    transaction.run(
        "INSERT INTO sync.guards SELECT $1, NULL, NULL, 0 WHERE $1 NOT IN (SELECT collection FROM sync.guards)", key
    )
