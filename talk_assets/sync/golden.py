"""Deciding golden, field by field. Pure: frames in, frames out.

The frames are long: `entity, field, value, edited_at, origin`, one row per entity and field in golden, one per proposed
value otherwise. `origin` is the record a value came from, as `system/collection/id`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

COLUMNS = ("entity", "field", "value", "edited_at", "origin")

TOLERANCE = timedelta(minutes=1)
"""By how much a time may be ahead of our clock, as the systems' are known by the second at best."""


@dataclass(frozen=True)
class Decision:
    """`golden` has the entities and fields given or proposed; `conflicts` the values that lost and what won."""

    golden: pl.DataFrame
    conflicts: pl.DataFrame


def introduce(golden: pl.DataFrame, newcomers: pl.DataFrame) -> Decision:
    """Merge in records that meet their entity for the first time: the newest wins, and a blank never beats a value."""
    candidates = _candidates(golden, newcomers)
    blank_first = pl.col("value").is_not_null()
    winners = _last(candidates.sort(blank_first, "edited_at", -pl.col("order"), nulls_last=False))
    losers = candidates.filter(blank_first)
    return _decision(winners, losers)


def absorb(golden: pl.DataFrame, edits: pl.DataFrame) -> Decision:
    """Merge in what people edited since: the newest wins, a cleared field like any other."""
    candidates = _candidates(golden, edits)
    winners = _last(candidates.sort("edited_at", "order", nulls_last=False))
    return _decision(winners, candidates.filter(pl.col("order") > 0))


def passed_over(golden: pl.DataFrame, decision: Decision, sent: pl.DataFrame) -> pl.DataFrame:
    """Return as conflicts what stood and lost to an edit of a record that was never sent it: nobody there had seen it.

    `sent` has `entity, field, origin, sent` of the records that were edited: what each was up to date with.
    """
    stood = golden.rename({"value": "stood", "edited_at": "stood_at", "origin": "stood_from"})
    lost = decision.golden.join(stood, on=["entity", "field"]).join(sent, on=["entity", "field", "origin"])
    lost = lost.filter(pl.col("stood").ne_missing(pl.col("value")) & pl.col("stood").ne_missing(pl.col("sent")))
    return lost.select(
        "entity", "field", pl.col("stood").alias("value"), pl.col("stood_at").alias("edited_at"),
        pl.col("stood_from").alias("origin"), pl.col("value").alias("winner"),
        pl.col("edited_at").alias("winner_edited_at"), pl.col("origin").alias("winner_origin"),
    )  # fmt: skip


def come(golden: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Forget times that have not come yet: a clock was set back since, and whatever is edited now is newer."""
    early = pl.col("edited_at") > now + TOLERANCE
    return golden.with_columns(pl.when(~early).then("edited_at").alias("edited_at"))


def _candidates(golden: pl.DataFrame, proposals: pl.DataFrame) -> pl.DataFrame:
    """`order` is 0 for what stands and counts up from 1 over the proposals."""
    numbered = proposals.select(COLUMNS).with_row_index("order", offset=1)
    return pl.concat(
        [
            golden.select(pl.lit(0, pl.Int64).alias("order"), *COLUMNS),
            numbered.with_columns(pl.col("order").cast(pl.Int64)),
        ]
    )


def _last(candidates: pl.DataFrame) -> pl.DataFrame:
    return candidates.group_by("entity", "field", maintain_order=True).last()


def _decision(winners: pl.DataFrame, losers: pl.DataFrame) -> Decision:
    won = winners.select(
        "entity",
        "field",
        pl.col("value").alias("winner"),
        pl.col("edited_at").alias("winner_edited_at"),
        pl.col("origin").alias("winner_origin"),
    )
    conflicts = losers.join(won, on=["entity", "field"]).filter(pl.col("value").ne_missing(pl.col("winner")))
    return Decision(winners.select(COLUMNS), conflicts.drop("order"))


def lengthen(wide: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Return the long form of rows of a golden table."""
    return pl.concat(
        wide.select(
            "entity",
            pl.lit(field).alias("field"),
            pl.col(field).alias("value"),
            pl.col(f"{field}_at").alias("edited_at"),
            pl.col(f"{field}_from").alias("origin"),
        )
        for field in fields
    )


def widen(golden: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Return rows of a golden table from the long form, which has every field of every entity in it."""
    wide = golden.select(pl.col("entity").unique(maintain_order=True))
    for field in fields:
        column = golden.filter(pl.col("field") == field).select(
            "entity",
            pl.col("value").alias(field),
            pl.col("edited_at").alias(f"{field}_at"),
            pl.col("origin").alias(f"{field}_from"),
        )
        wide = wide.join(column, on="entity", how="left", maintain_order="left")
    return wide
