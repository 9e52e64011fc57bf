"""The journal: every write, as an intent before it is sent and with its answer after; beside it, every edit noticed.

A row without an outcome was sent, perhaps, and its answer never stored. It is closed by what the next look at the
system shows, and a create is sent again only under its own key.
"""

from datetime import datetime

import polars as pl

from talk_assets.store import tables
from talk_assets.store.tables import MARK, PROPOSAL
from talk_assets.store.transaction import Relation, Transaction

UNKNOWN = "SELECT * FROM sync.journal WHERE outcome IS NULL AND action = 'update'"
"""Updates of unknown outcome: what a record shows of them is our own write, not a person's edit."""

LOOKED_UP = f"SELECT j.* FROM ({UNKNOWN}) j JOIN sync.cursors c USING (collection) WHERE c.read_at > j.intended_at"
"""Updates of unknown outcome whose collection was read since: the record as it is now tells what became of them."""


def intend(transaction: Transaction, intents: pl.DataFrame) -> None:
    """Write down what is about to be sent: rows of the journal without an answer."""
    transaction.apply("INSERT INTO sync.journal BY NAME SELECT * FROM intents", intents=intents)


def answer(transaction: Transaction, answers: pl.DataFrame, now: datetime) -> None:
    """Close intents with `key, outcome, id, reason, request_id, said`."""
    transaction.apply(
        """
        UPDATE sync.journal SET outcome = a.outcome, answered_at = ?, id = coalesce(a.id, journal.id),
            reason = a.reason, request_id = a.request_id, answer = a.said
        FROM answers a WHERE journal.key = a.key
        """,
        now,
        answers=answers,
    )


def close_looked_up(transaction: Transaction, entity_type: str, incoming: Relation, now: datetime) -> None:
    """Close the updates that a later read has reconciled, and the deletions, which are asked for again if they are due.

    An update stays open as long as `incoming` says that a field of it is unknown: only its value tells.
    """
    transaction.run(
        f"""
        UPDATE sync.journal SET outcome = 'looked up', answered_at = $1
        WHERE entity_type = $2 AND (key IN (
            SELECT j.key FROM ({LOOKED_UP}) j LEFT JOIN {incoming} i ON i.collection = j.collection AND i.id = j.id
            WHERE i.unknown IS NULL OR len(list_filter(
                json_keys(j.after), lambda name: contains(i.unknown, '{MARK}' || name || '{MARK}'))) = 0
        ) OR (
            action IN ('delete', 'archive') AND outcome IS NULL AND intended_at < (
                SELECT read_at FROM sync.cursors WHERE cursors.collection = journal.collection)))
        """,
        now,
        entity_type,
    )


def close_found(transaction: Transaction, collection: str, found: pl.DataFrame, now: datetime) -> None:
    """Close the creates whose records were found: `found` has `entity_id, id`."""
    transaction.apply(
        """
        UPDATE sync.journal SET outcome = 'done', answered_at = ?, id = f.id,
            reason = 'its answer was lost; found again'
        FROM found f
        WHERE journal.entity_id = f.entity_id AND journal.collection = ? AND action = 'create' AND outcome IS NULL
        """,
        now,
        collection,
        found=found,
    )


def close_overtaken(transaction: Transaction, collection: str, entity_type: str, now: datetime) -> None:
    """Close the creates that were looked for and are not needed: their entity has a record there, or asks for none.

    Else they would be looked for in every run to come. Where one turns up after all, its reference tells what it is.
    """
    transaction.run(
        f"""
        UPDATE sync.journal SET outcome = 'looked up', answered_at = $1
        WHERE collection = $2 AND action = 'create' AND outcome IS NULL AND (
            entity_id IN (SELECT entity_id FROM {tables.links(entity_type)} WHERE collection = $2 AND gone_at IS NULL)
            OR entity_id NOT IN (SELECT entity_id FROM sync.changes WHERE collection = $2 AND action = 'create'))
        """,
        now,
        collection,
    )


def close_outdated(transaction: Transaction, creates: pl.DataFrame, now: datetime) -> None:
    """Close creates (`key`) that were looked for, not found, and are sent otherwise now."""
    transaction.apply(
        """
        UPDATE sync.journal SET outcome = 'looked up', answered_at = ?,
            reason = 'not found; the mapping or the modes have changed since, so the record is created as it is now'
        FROM creates c WHERE journal.key = c.key
        """,
        now,
        creates=creates,
    )


def open_creates(transaction: Transaction, collection: str) -> pl.DataFrame:
    """Return `key, entity_id, after, body, intended_at` of creates whose outcome is not known."""
    return transaction.frame(
        """
        SELECT key, entity_id, after, body, intended_at FROM sync.journal
        WHERE collection = ? AND action = 'create' AND outcome IS NULL ORDER BY intended_at
        """,
        collection,
    )


def prune(transaction: Transaction, before: datetime) -> None:
    """Forget writes, edits, past conflicts and runs from before an instant, but no write whose outcome is unknown."""
    transaction.run("DELETE FROM sync.journal WHERE intended_at < ? AND outcome IS NOT NULL", before)
    transaction.run("DELETE FROM sync.edits WHERE noticed_at < ?", before)
    transaction.run("DELETE FROM sync.past_conflicts WHERE over_at < ?", before)
    transaction.run("DELETE FROM sync.runs WHERE coalesce(ended_at, started_at) < ?", before)


def note_edits(
    transaction: Transaction, entity_type: str, edits: pl.DataFrame, golden: pl.DataFrame, now: datetime, run: str
) -> None:
    """Write down what people edited, and whether it is golden now; both frames in the long form of `sync.golden`."""
    winners = golden.select("entity_id", "field", pl.col("value").alias("winner"))
    noted = edits.join(winners, on=["entity_id", "field"], how="left", maintain_order="left").select(
        pl.lit(entity_type).alias("entity_type"),
        *PROPOSAL,
        pl.col("value").eq_missing(pl.col("winner")).alias("won"),
        pl.lit(now).alias("noticed_at"),
        pl.lit(run).alias("run"),
    )
    if noted.height:
        transaction.run("INSERT INTO sync.edits BY NAME SELECT * FROM noted", noted=noted)
