"""Creates that a system breaks at in run after run, where none can be looked for before it is sent again.

Elsewhere whoever speaks with the system tries again within the run, and says that it is refused.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from talk_assets.model.system import Answer, Outcome
from talk_assets.store.transaction import Transaction

RUNS = 6
"""Runs in a row after which it is not the system that is broken."""


def given_up(
    transaction: Transaction, source: str, key: str, rows: pl.DataFrame, answers: Sequence[Answer]
) -> list[Answer]:
    """Return the answers to writes (`key, entity_id, action`), those refused that the system broke at too often.

    `source` is the table of the changes to the collection `key`.
    """
    broke = [answer.key for answer in answers if answer.broke and answer.outcome is Outcome.UNKNOWN]
    if not broke:
        return list(answers)
    wanted = rows.select("key", "entity_id", "action").filter(pl.col("key").is_in(broke))
    tried = transaction.frame(
        f"SELECT w.key FROM {source} c JOIN wanted w USING (entity_id, action)"
        " WHERE c.collection = ? AND coalesce(c.failures, 0) + 1 >= ?",
        key,
        RUNS,
        wanted=wanted,
    )
    known = set(tried["key"])
    return [_refused(answer) if answer.key in known else answer for answer in answers]


def _refused(answer: Answer) -> Answer:
    reason = f"{answer.reason}. It breaks at this one each time"
    return replace(answer, outcome=Outcome.REFUSED, reason=reason, whole=True)
