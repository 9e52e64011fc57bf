"""Deciding golden, field by field. Pure: frames in, frames out.

The frames are long, where they are not said to be wide: `entity_id, field, value, edited_at, origin`, one row per
entity and field in golden, one per proposed value otherwise. `origin` is the record a value came from, as
`system/collection/id`. Wide are rows of a golden table. Only what differs is worth a row of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from talk_assets.store.tables import PROPOSAL

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


def filled(golden: pl.DataFrame, edits: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """Return the edits, where a value fills a blank as late as the blank, if that is later: it never loses to it.

    `sent` has `entity_id, field, origin, sent` of the records that were edited. A value that comes late, as out of a
    property that no list had shown, was there when the others agreed on nothing.
    """
    blank = golden.filter(pl.col("value").is_null()).select("entity_id", "field", pl.col("edited_at").alias("blank_at"))
    both = edits.join(blank, on=["entity_id", "field"], how="left", maintain_order="left")
    both = both.join(sent, on=["entity_id", "field", "origin"], how="left", maintain_order="left")
    fills = pl.col("value").is_not_null() & pl.col("sent").is_null() & (pl.col("blank_at") > pl.col("edited_at"))
    late = pl.when(fills.fill_null(value=False)).then("blank_at").otherwise("edited_at")
    return both.with_columns(late.alias("edited_at")).select(edits.columns)


def overrule(decision: Decision, rulings: pl.DataFrame) -> Decision:
    """Return the decision with what can't be other: `rulings` has `entity_id, field, ruling, ruled_by`.

    What had won and is another value is a conflict.
    """
    both = decision.golden.join(rulings, on=["entity_id", "field"], how="left", maintain_order="left")
    other = pl.col("ruling").is_not_null() & pl.col("value").ne_missing(pl.col("ruling"))
    won = pl.col("edited_at")
    lost = both.filter(other).select(
        "entity_id", "field", "value", "edited_at", "origin", pl.col("ruling").alias("winner"),
        won.alias("winner_edited_at"), pl.col("ruled_by").alias("winner_origin"),
    )  # fmt: skip
    decided = both.with_columns(
        pl.when(other).then("ruling").otherwise("value").alias("value"),
        pl.when(other).then("ruled_by").otherwise("origin").alias("origin"),
    )
    ruled = lost.select("entity_id", "field", "winner", "winner_edited_at", "winner_origin")
    both_lost = decision.conflicts.join(
        ruled, on=["entity_id", "field"], how="left", suffix=" now", maintain_order="left"
    )
    conflicts = both_lost.with_columns(
        pl.coalesce(f"{name} now", name).alias(name) for name in ("winner", "winner_edited_at", "winner_origin")
    ).filter(pl.col("value").ne_missing(pl.col("winner")))
    columns = decision.conflicts.columns
    return Decision(decided.select(PROPOSAL), pl.concat([conflicts.select(columns), lost.select(columns)]))


def passed_over(golden: pl.DataFrame, decision: Decision, sent: pl.DataFrame) -> pl.DataFrame:
    """Return as conflicts what stood and lost to an edit of a record that was never sent it: nobody there had seen it.

    `sent` has `entity_id, field, origin, sent` of the records that were edited: what each was up to date with.
    """
    stood = golden.rename({"value": "stood", "edited_at": "stood_at", "origin": "stood_from"})
    lost = decision.golden.join(stood, on=["entity_id", "field"]).join(sent, on=["entity_id", "field", "origin"])
    lost = lost.filter(pl.col("stood").ne_missing(pl.col("value")) & pl.col("stood").ne_missing(pl.col("sent")))
    return lost.select(
        "entity_id", "field", pl.col("stood").alias("value"), pl.col("stood_at").alias("edited_at"),
        pl.col("stood_from").alias("origin"), pl.col("value").alias("winner"),
        pl.col("edited_at").alias("winner_edited_at"), pl.col("origin").alias("winner_origin"),
    )  # fmt: skip


def drop_future_times(wide: pl.DataFrame, fields: Sequence[str], now: datetime) -> pl.DataFrame:
    """Forget times that have not come yet: a clock was set back since, and whatever is edited now is newer."""
    times = (pl.col(f"{field}_at") for field in fields)
    return wide.with_columns(pl.when(~(time > now + TOLERANCE)).then(time) for time in times)


def _candidates(golden: pl.DataFrame, proposals: pl.DataFrame) -> pl.DataFrame:
    """`order` is 0 for what stands and counts up from 1 over the proposals."""
    numbered = proposals.select(PROPOSAL).with_row_index("order", offset=1)
    return pl.concat(
        [
            golden.select(pl.lit(0, pl.Int64).alias("order"), *PROPOSAL),
            numbered.with_columns(pl.col("order").cast(pl.Int64)),
        ]
    )


def _last(candidates: pl.DataFrame) -> pl.DataFrame:
    return candidates.group_by("entity_id", "field", maintain_order=True).last()


def _decision(winners: pl.DataFrame, losers: pl.DataFrame) -> Decision:
    won = winners.select(
        "entity_id",
        "field",
        pl.col("value").alias("winner"),
        pl.col("edited_at").alias("winner_edited_at"),
        pl.col("origin").alias("winner_origin"),
    )
    conflicts = losers.join(won, on=["entity_id", "field"]).filter(pl.col("value").ne_missing(pl.col("winner")))
    return Decision(winners.select(PROPOSAL), conflicts.drop("order"))


def agree(met: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Return wide golden after records met it, as far as they agree: a blank is filled, the newer time counts.

    `met` is wide golden with the record that each entity met: `new_at`, `new_from` and `new_<field>`.
    """
    columns = [pl.col("entity_id")]
    for field in fields:
        new, at = pl.col(f"new_{field}"), pl.col(f"{field}_at")
        newer = at.is_null() | (pl.col("new_at") > at)
        takes = pl.col(field).is_null() & new.is_not_null() | (pl.col(field) == new) & newer
        columns += [
            pl.coalesce(field, new).alias(field),
            pl.when(takes).then("new_at").otherwise(at).alias(f"{field}_at"),
            pl.when(takes).then("new_from").otherwise(f"{field}_from").alias(f"{field}_from"),
        ]
    return met.select(columns)


def contested(met: pl.DataFrame, fields: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what stands and what is proposed where records and the golden that they met, as in `agree`, differ."""
    stands, proposed = [], []
    for field in fields:
        rows = met.filter(pl.col(field) != pl.col(f"new_{field}"))
        stands.append(_long(rows, field, field, f"{field}_at", f"{field}_from"))
        proposed.append(_long(rows, field, f"new_{field}", "new_at", "new_from"))
    return pl.concat(stands), pl.concat(proposed)


def lengthen(wide: pl.DataFrame, proposals: pl.DataFrame) -> pl.DataFrame:
    """Return what stands of the entities and fields that something is proposed for."""
    stands = [pl.DataFrame(schema=proposals.select(PROPOSAL).schema)]
    for (field,), rows in proposals.group_by("field", maintain_order=True):
        own = wide.join(rows, on="entity_id", how="semi", maintain_order="left")
        stands.append(_long(own, str(field), str(field), f"{field}_at", f"{field}_from"))
    return pl.concat(stands)


def _long(wide: pl.DataFrame, field: str, value: str, edited_at: str, origin: str) -> pl.DataFrame:
    return wide.select(
        "entity_id",
        pl.lit(field).alias("field"),
        pl.col(value).alias("value"),
        pl.col(edited_at).alias("edited_at"),
        pl.col(origin).alias("origin"),
    )


def merge(wide: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Return wide golden with what was decided of some entities and fields in place of what stood."""
    for (field,), rows in decided.group_by("field", maintain_order=True):
        names = {"value": str(field), "edited_at": f"{field}_at", "origin": f"{field}_from"}
        own = rows.select("entity_id", pl.lit(value=True).alias("is decided"), *names)
        both = wide.join(own, on="entity_id", how="left", maintain_order="left")
        wide = both.with_columns(
            pl.when("is decided").then(new).otherwise(old).alias(old) for new, old in names.items()
        ).drop("is decided", *names)
    return wide
