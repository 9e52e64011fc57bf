"""Why changes wait: counted by collection and reason, for whoever asks after a sync."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from talk_assets.store.transaction import Transaction


@dataclass(frozen=True)
class Waiting:
    """So many changes of one kind (`create`, `update`, …) that wait in a collection for one reason."""

    collection: str
    action: str
    count: int
    reason: str


def waiting(transaction: Transaction, keys: Iterable[str]) -> list[Waiting]:
    """Return why changes of some collections wait, the most frequent reasons first."""
    found = transaction.frame(
        """
        SELECT collection, action, count(*) AS count, reason FROM sync.changes
        WHERE status = 'waiting' AND reason IS NOT NULL AND collection IN (SELECT key FROM wanted)
        GROUP BY collection, action, reason ORDER BY collection, count DESC, action, reason
        """,
        wanted=pl.DataFrame({"key": list(keys)}, schema={"key": pl.String}),
    )
    return [Waiting(**row) for row in found.iter_rows(named=True)]
