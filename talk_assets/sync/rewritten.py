"""What systems show otherwise than it was sent: written once, reported here, and never sent again by itself.

What a lens declares (a length, a rounding, a spelling) is no surprise and not in it. A value that was taken back with
`undo` is: the record shows the old one, and counts as up to date with the new.
"""

from collections.abc import Mapping

import polars as pl

from talk_assets.sync import tables
from talk_assets.sync.connection import Collection
from talk_assets.transaction import Transaction

COLUMNS = ("kind", "collection", "id", "field", "sent", "shown")


def rewritten(transaction: Transaction, collections: Mapping[str, Collection]) -> pl.DataFrame:
    """Return `kind, collection, id, field, sent, shown`, values canonical, ordered by collection and id."""
    empty = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    found = [_of(transaction, key, collection) for key, collection in collections.items()]
    return pl.concat([empty, *found])


def _of(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
    fields, kind = collection.lens.fields, collection.entity.name
    differs = " OR ".join(f"seen_{name} IS DISTINCT FROM sent_{name}" for name in fields)
    links = transaction.frame(
        f"SELECT * FROM {tables.links(kind)} WHERE collection = ? AND gone_at IS NULL AND ({differs}) ORDER BY id", key
    )
    expected = collection.lens.limit(links.select(pl.col(f"sent_{name}").alias(name) for name in fields))
    each = [
        links.select(
            pl.lit(kind).alias("kind"), "collection", "id", pl.lit(name).alias("field"),
            pl.col(f"sent_{name}").alias("sent"), pl.col(f"seen_{name}").alias("shown"),
        ).filter(links[f"seen_{name}"].ne_missing(expected[name]))
        for name in fields
    ]  # fmt: skip
    return pl.concat(each).sort("id", "field")
