"""What is not written to a record, as it is not known what stands there: what it doesn't show, and what can't be read.

A value that can't be read may be a person's latest. So it is overwritten only by what was set elsewhere after it was
noticed, as any value is by a newer edit.
"""

from dataclasses import dataclass

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import incoming
from talk_assets.sync.read import invalid_values, validity


@dataclass(frozen=True)
class Unknown:
    """By change and field of the lens: whether the record doesn't show it, and whether what it holds can't be read."""

    absent: pl.DataFrame
    invalid: pl.DataFrame

    def __getitem__(self, field: str) -> pl.Series:
        """Return by change whether a field is not written."""
        return self.absent[field] | self.invalid[field]

    def explained(self, reasons: pl.DataFrame, asked: pl.DataFrame, create: pl.Series) -> pl.DataFrame:
        """Return the reasons with those of updates for what is asked and not written."""
        sentences = [
            pl.when(asked[name] & which[name] & ~create).then(pl.lit(f"{name}: {why}"))
            for which, why in ((self.absent, _ABSENT), (self.invalid, _INVALID))
            for name in which.columns
            if which[name].any()
        ]
        if not sentences:
            return reasons
        return reasons.with_columns(pl.coalesce("reason", *sentences).alias("reason"))


_ABSENT = "the record doesn't show its property, so what it holds is not known"
_INVALID = "what the record holds can't be read, and talk held lists it; it is not overwritten"


def of(transaction: Transaction, key: str, collection: Collection, changes: pl.DataFrame) -> Unknown:
    """Return what is not written of changes: `entity_id, id, _absent, _invalid`, and as `raw …` the lists of parts."""
    lists = (pl.col(f"raw {name}").alias(name) for name in validity.assembled(collection))
    raw = changes.select("_absent", "_invalid", *lists)
    invalid = validity.invalid(collection, raw)
    fields = [name for name in invalid.columns if invalid[name].any()]
    if fields:
        newer = _newer(transaction, key, collection, changes, fields)
        invalid = invalid.with_columns((pl.col(name) & ~newer[name]).alias(name) for name in fields)
    return Unknown(incoming.absent(collection, raw), invalid)


def _newer(
    transaction: Transaction, key: str, collection: Collection, changes: pl.DataFrame, fields: list[str]
) -> pl.DataFrame:
    """By change and field, whether a person set it after it was noticed that what the record holds can't be read.

    What golden holds may be newer for another reason: a lens has changed, or another property of its record.
    """
    edited = transaction.frame(
        "SELECT entity_id, field, max(edited_at) AS edited_at FROM sync.edits SEMI JOIN wanted USING (entity_id)"
        " WHERE entity_type = ? AND won GROUP BY entity_id, field",
        collection.entity.name,
        wanted=changes.select("entity_id"),
    )
    rows = changes.select("entity_id", "id")
    noticed = invalid_values.since(transaction, key, changes["id"].drop_nulls())
    found = {}
    for name in fields:
        own = noticed.filter(pl.col("field") == name).select("id", "since")
        set_at = edited.filter(pl.col("field") == name).select("entity_id", "edited_at")
        both = rows.join(own, on="id", how="left", maintain_order="left")
        both = both.join(set_at, on="entity_id", how="left", maintain_order="left")
        found[name] = (both["edited_at"] > both["since"]).fill_null(value=False)
    return pl.DataFrame(found)
