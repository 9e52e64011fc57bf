"""Creates whose answer was lost: what becomes of one that was looked for and not found."""

from datetime import datetime

import polars as pl

from talk_assets.model.system import Action
from talk_assets.store.transaction import Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import links
from talk_assets.sync.plan.permits import Permits


def again(transaction: Transaction, key: str, changes: pl.DataFrame, permits: Permits, now: datetime) -> pl.DataFrame:
    """Return the creates to send again unchanged: `entity_id, action, key, after, body`.

    `changes` (`entity_id, action, after`) are those about to be sent. Where the lens has changed since a create was
    first sent, or a value in it may no longer be sent, its intent is closed, and the change goes out as it is now.
    """
    creates = journal.open_creates(transaction, key).unique("entity_id", keep="first", maintain_order=True)
    asked = changes.filter(pl.col("action") == Action.CREATE).select(
        "entity_id", "action", pl.col("after").alias("new")
    )
    creates = creates.join(asked, on="entity_id", maintain_order="left")
    otherwise = links.read_otherwise_since(transaction, key, creates["intended_at"])
    outdated = pl.select(pl.any_horizontal(pl.repeat(value=False, n=creates.height), *otherwise.values())).to_series()
    if not permits.everything:
        outdated = outdated | (creates["after"] != creates["new"])
    journal.close_outdated(transaction, creates.filter(outdated).select("key"), now)
    return creates.filter(~outdated).select("entity_id", "action", "key", "after", "body")
