"""What a deletion asks of the records on the other side of a pair, where the pair says that it asks anything.

Pure: frames in, frames out. A record is deleted, or archived, because the one it was paired with was deleted since they
were linked; never while another pair still demands it, and not before a person has looked where it holds an edit that
the deleted one never had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.gone import DELETED
from talk_assets.model.system import Action

SCHEMA = dict.fromkeys(("collection", "entity", "id", "action", "fields", "doubt"), pl.String)

EDITED = "holds an edit that {gone} never had; it was deleted, and so would this be"


@dataclass(frozen=True)
class Known:
    """All that is known of some entities: their golden, their links, and by collection the fields that can change."""

    collections: Mapping[str, Collection]
    pairs: Sequence[Pair]
    golden: pl.DataFrame
    links: pl.DataFrame
    fields: Mapping[str, Sequence[str]]

    @cached_property
    def live(self) -> pl.DataFrame:
        """The links of records that are there."""
        return self.links.filter(pl.col("gone_at").is_null())

    def deleted(self, key: str) -> pl.DataFrame:
        """Entities whose record in a collection was deleted, and which have no other there."""
        gone = self.links.filter((pl.col("collection") == key) & pl.col("gone_by").is_in(DELETED))
        left = gone.join(self.live.filter(pl.col("collection") == key), on="entity", how="anti")
        return left.sort("gone_at").unique("entity", keep="last", maintain_order=True)

    def demanded(self, key: str) -> pl.DataFrame:
        """Entities that a pair says must have a record in a collection."""
        return self.live.filter(pl.col("collection").is_in([pair.left for pair in self.pairs if pair.right == key]))


def due(known: Known) -> pl.DataFrame:
    """Return `collection, entity, id, action, fields, doubt` of what is to be deleted or archived.

    `doubt` says why a person should look first, null where nothing does.
    """
    found = [
        _due(known, this, other, archive=pair.on_delete is OnDelete.ARCHIVE)
        for pair in known.pairs
        if pair.on_delete is not OnDelete.KEEP
        for this, other in ((pair.left, pair.right), (pair.right, pair.left))
    ]
    # What one pair would archive and another delete is archived: that can be taken back.
    rows = pl.concat([pl.DataFrame(schema=SCHEMA), *found]).sort("action", "doubt", nulls_last=True)
    return rows.unique(["collection", "entity"], keep="first", maintain_order=True)


def _due(known: Known, this: str, other: str, *, archive: bool) -> pl.DataFrame:
    """What the deleted records of `this` ask of `other`."""
    if not known.collections[other].writable or (archive and known.collections[other].archived is None):
        return pl.DataFrame(schema=SCHEMA)
    own = known.fields[this]
    here = known.live.filter((pl.col("collection") == other) & (pl.col("archived_at").is_null() | (not archive)))
    deleted = known.deleted(this).select("entity", pl.col("gone_at").alias("since"), *(f"sent_{name}" for name in own))
    both = (
        here.select("collection", "entity", "id", "linked_at")
        .join(deleted, on="entity")
        .filter(pl.col("linked_at") <= pl.col("since"))
        .join(known.demanded(other), on="entity", how="anti")
        .join(known.golden.select("entity", *own), on="entity")
    )
    edited = pl.any_horizontal(pl.lit(value=False), *(pl.col(name).ne_missing(pl.col(f"sent_{name}")) for name in own))
    return both.select(
        "collection",
        "entity",
        "id",
        pl.lit((Action.ARCHIVE if archive else Action.DELETE).value).alias("action"),
        pl.lit(objects.NOTHING).alias("fields"),
        pl.when(edited).then(pl.lit(EDITED.format(gone=this))).alias("doubt"),
    )
