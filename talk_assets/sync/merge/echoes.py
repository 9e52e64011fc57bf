"""Values that only show what their system makes of another: cut, folded or rounded, they are no edit of their own.

Mostly the hub knows what it wrote. It does not after a crash at the wrong moment, or with an older database put back;
then the newest value of a field may be the one that a system cut when we wrote it, and must not win over the whole.
Frames are in the long form of `sync.golden`.
"""

from collections.abc import Mapping

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.store.tables import PROPOSAL

FIELD = ["entity_id", "field"]


def reconcile(
    standing: pl.DataFrame, proposals: pl.DataFrame, collections: Mapping[str, Collection]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both without echoes: of what stands, the value is replaced by the one that it is an echo of."""
    numbered = pl.concat([standing.select(PROPOSAL), proposals.select(PROPOSAL)]).with_row_index("n")
    found = _pairs(numbered.lazy(), standing.height)
    if found.is_empty():
        return standing, proposals
    echoes = _echoes(found, collections)
    whole = echoes.filter(pl.col("n") < standing.height).unique("n", keep="first", maintain_order=True)
    replaced = numbered.head(standing.height).join(whole, on="n", how="left", maintain_order="left")
    kept = numbered.slice(standing.height).join(echoes, on="n", how="anti", maintain_order="left")
    stands = replaced.select(
        *FIELD,
        *(
            pl.when(pl.col("of_value").is_null()).then(name).otherwise(f"of_{name}").alias(name)
            for name in PROPOSAL
            if name not in FIELD
        ),
    )
    return stands, kept.select(PROPOSAL)


def _pairs(numbered: pl.LazyFrame, standing: int) -> pl.DataFrame:
    """Every two different values of a field of an entity, one of them at least proposed; blanks are no echo."""
    values = numbered.filter(pl.col("value").is_not_null())
    proposed = values.filter(pl.col("n") >= standing).select(FIELD).unique()
    some = values.join(proposed, on=FIELD, how="semi")
    of = some.rename({name: f"of_{name}" for name in ("n", "value", "edited_at", "origin")})
    return some.join(of, on=FIELD).filter(pl.col("value") != pl.col("of_value")).collect()


def _echoes(pairs: pl.DataFrame, collections: Mapping[str, Collection]) -> pl.DataFrame:
    """The pairs in which the first value is what its collection would show of the second, and not the reverse as well.

    Of two that echo each other, as where each system writes in its own way, neither is less than the other.
    """
    shown = _limited(pairs, "origin", "of_value", collections) == pairs["value"]
    reverse = _limited(pairs, "of_origin", "value", collections) == pairs["of_value"]
    return pairs.filter(shown.fill_null(value=False) & ~reverse.fill_null(value=False))


def _limited(pairs: pl.DataFrame, origin: str, value: str, collections: Mapping[str, Collection]) -> pl.Series:
    """What the collection of `origin` would show of `value`, null where it has no such field."""
    pairs = pairs.with_row_index("row").with_columns(pl.col(origin).str.extract("^([^/]+/[^/]+)/").alias("key"))
    parts = [
        part.select("row", _shown(collections[str(key)], str(field), part[value]).alias("shown"))
        for (key, field), part in pairs.group_by("key", "field")
        if key in collections and field in collections[str(key)].lens.fields
    ]
    shown = pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "shown": pl.String}), *parts])
    return pairs.join(shown, on="row", how="left", maintain_order="left")["shown"]


def _shown(collection: Collection, field: str, values: pl.Series) -> pl.Series:
    return collection.lens.of_entities.limit(values.alias(field).to_frame())[field]
