"""Two integrations that fight over a field: the same two values come in turn, from different records.

Every value would be carried to the other side, which sets its own again, for ever. So the field is no longer written in
any record of the entity: it is held until a person decides, or for a value that is neither of the two.
"""

from datetime import datetime, timedelta

import polars as pl

from talk_assets.store.transaction import Transaction

ROUNDS = 6
"""So many edits in turn are a fight."""

WINDOW = timedelta(days=1)
"""Within this time: somebody who changes his mind now and then does not fight."""


def notice(transaction: Transaction, entity_type: str, now: datetime) -> None:
    """Find the fights among the latest edits, and those that are over."""
    latest = f"""
        SELECT entity_id, field, value, origin, noticed_at,
            row_number() OVER (PARTITION BY entity_id, field ORDER BY noticed_at DESC, edited_at DESC) AS n
        FROM sync.edits WHERE entity_type = '{entity_type}' AND won AND noticed_at > $1"""
    transaction.run(
        f"""
        DELETE FROM sync.fights WHERE entity_type = '{entity_type}' AND (entity_id, field) IN (
            SELECT (f.entity_id, f.field) FROM sync.fights f JOIN ({latest}) e
            ON e.entity_id = f.entity_id AND e.field = f.field AND e.n = 1
            WHERE e.value IS DISTINCT FROM f.value AND e.value IS DISTINCT FROM f.other)
        """,
        now - WINDOW,
    )
    transaction.run(
        f"""
        INSERT INTO sync.fights BY NAME
        WITH turns AS (
            SELECT *, lead(value) OVER turn AS before, lead(origin) OVER turn AS origin_before
            FROM ({latest}) WHERE n <= {ROUNDS} WINDOW turn AS (PARTITION BY entity_id, field ORDER BY n))
        SELECT '{entity_type}' AS entity_type, entity_id, field, arg_min(value, n) AS value, arg_min(before,
            n) AS other,
            arg_min(origin, n) AS origin, arg_min(origin_before, n) AS other_origin, $2::TIMESTAMPTZ AS since
        FROM turns WHERE (entity_id, field) NOT IN (SELECT (entity_id, field) FROM sync.fights
            WHERE entity_type = '{entity_type}')
        GROUP BY entity_id, field
        HAVING count(*) = {ROUNDS}
            AND count(*) FILTER (n < {ROUNDS} AND value IS NOT DISTINCT FROM before) = 0
            AND count(DISTINCT coalesce(value, '')) = 2
            AND count(DISTINCT origin) > 1
        """,
        now - WINDOW,
        now,
    )


def of(transaction: Transaction, entity_type: str) -> pl.DataFrame:
    """Return `entity_id, field` of what nobody may write."""
    return transaction.frame("SELECT entity_id, field FROM sync.fights WHERE entity_type = ?", entity_type)


def end(transaction: Transaction, entity_type: str, entity_id: str, field: str) -> None:
    """A person has decided."""
    transaction.run(
        "DELETE FROM sync.fights WHERE entity_type = ? AND entity_id = ? AND field = ?", entity_type, entity_id, field
    )
