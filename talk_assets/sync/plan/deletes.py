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

SCHEMA = dict.fromkeys(("collection", "entity_id", "id", "action", "fields", "doubt"), pl.String)

_FOUND = {**SCHEMA, "archived": pl.Boolean}
"""With whether we archived the record before."""

EDITED = "holds an edit that {gone} never had; it was deleted, and so would this be"


@dataclass(frozen=True)
class Sides:
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
        left = gone.join(self.live.filter(pl.col("collection") == key), on="entity_id", how="anti")
        return left.sort("gone_at").unique("entity_id", keep="last", maintain_order=True)

    def demanded(self, key: str) -> pl.DataFrame:
        """Entities that a pair says must have a record in a collection."""
        return self.live.filter(pl.col("collection").is_in([pair.left for pair in self.pairs if pair.right == key]))


def due(known: Sides) -> pl.DataFrame:
    """Return `collection, entity_id, id, action, fields, doubt` of what is to be deleted or archived.

    `doubt` says why a person should look first, null where nothing does.
    """
    found = [
        _due(known, this, other, pair.on_delete)
        for pair in known.pairs
        for this, other in ((pair.left, pair.right), (pair.right, pair.left))
        if follows(known.collections[other], pair.on_delete)
    ]
    # What one pair would archive and another delete is archived, and once: that can be taken back.
    rows = pl.concat([pl.DataFrame(schema=_FOUND), *found]).sort("action", "doubt", nulls_last=True)
    first = rows.unique(["collection", "entity_id"], keep="first", maintain_order=True)
    return first.filter(~(pl.col("archived") & (pl.col("action") == Action.ARCHIVE))).select(*SCHEMA)


def follows(collection: Collection, on_delete: OnDelete) -> bool:
    """Whether records of a collection can do what a pair says about deletions, and it says that they do anything."""
    return collection.writable and (
        on_delete is OnDelete.DELETE or (on_delete is OnDelete.ARCHIVE and collection.archived is not None)
    )


def following(known: Sides, this: str, other: str) -> pl.DataFrame:
    """The links in `other` of which something is demanded by the deletion of the entity's record in `this`.

    With them, what the deleted record was sent.
    """
    sent = [f"sent_{name}" for name in known.fields[this]]
    deleted = known.deleted(this).select("entity_id", pl.col("gone_at").alias("since"), *sent)
    here = known.live.filter(pl.col("collection") == other)
    return (
        here.select("collection", "entity_id", "id", "linked_at", pl.col("archived_at").is_not_null().alias("archived"))
        .join(deleted, on="entity_id")
        .filter(pl.col("linked_at") <= pl.col("since"))
        .join(known.demanded(other), on="entity_id", how="anti")
    )


def _due(known: Sides, this: str, other: str, on_delete: OnDelete) -> pl.DataFrame:
    """What the deleted records of `this` demand of `other`."""
    own = known.fields[this]
    both = following(known, this, other).join(known.golden.select("entity_id", *own), on="entity_id")
    edited = pl.any_horizontal(pl.lit(value=False), *(pl.col(name).ne_missing(pl.col(f"sent_{name}")) for name in own))
    return both.select(
        "collection",
        "entity_id",
        "id",
        pl.lit(Action(on_delete.value).value).alias("action"),
        pl.lit(objects.NOTHING).alias("fields"),
        pl.when(edited).then(pl.lit(EDITED.format(gone=this))).alias("doubt"),
        "archived",
    )
