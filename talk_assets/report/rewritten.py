"""Where a system shows another value than the one it was sent: it is reported here, and not sent again by itself.

Reported as well are lines and other values that a lens leaves out, as the system can't hold them. Not reported is what
a person would not call another value: what a lens declares otherwise (a length, a rounding, a form), a difference of
form (`likeness`), and a default that a system fills in where nothing was sent.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.lens.lens import Lines
from talk_assets.report import likeness, naming
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import references
from talk_assets.sync.link.references import Direction


class Meaning(StrEnum):
    """What became of a value."""

    EMPTIED = "emptied"
    KEPT = "not cleared"
    CUT = "cut"
    CHANGED = "changed"
    UNDONE = "undone"
    LEFT_OUT = "left out"


FOUND = ("entity_type", "entity_id", "collection", "id", "field", "sent", "shown")
_FOUND = {**dict.fromkeys(FOUND, pl.String), "left_out": pl.Boolean}

SCHEMA = {"number": pl.Int64, "name": pl.String} | dict.fromkeys((*FOUND, "meaning"), pl.String)


def rewritten(transaction: Transaction, collections: Mapping[str, Collection]) -> pl.DataFrame:
    """Return `number, name, entity_type, entity_id, collection, id, field, sent, shown, meaning`, a row per value.

    Values are canonical, null for blank; `name` is the entity's, and `meaning` one of `Meaning`. Rows are ordered by
    collection, id and field, and numbered from 1.
    """
    empty = pl.DataFrame(schema=_FOUND)
    found = pl.concat([empty, *(_of(transaction, key, collection) for key, collection in collections.items())])
    if found.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    rows = transaction.frame(
        f"""
        WITH last AS (
            SELECT f.collection, f.id, f.field, arg_max(j.after, j.intended_at) AS after,
                count(j.after) FILTER (j.action = 'update') > 0 AS updated
            FROM found f LEFT JOIN sync.journal j ON j.entity_type = f.entity_type
                AND j.collection = f.collection AND j.id = f.id
                AND contains(j.after, '"' || f.field || '":') AND j.outcome IN ('done', 'looked up')
            GROUP BY ALL)
        SELECT e.name, f.*,
            CASE WHEN f.left_out THEN '{Meaning.LEFT_OUT}'
                WHEN l.after IS NOT NULL AND json_extract_string(l.after, '$.' || f.field)
                    IS NOT DISTINCT FROM f.shown THEN '{Meaning.UNDONE}'
                WHEN f.shown IS NULL THEN '{Meaning.EMPTIED}'
                WHEN f.sent IS NULL THEN '{Meaning.KEPT}'
                WHEN starts_with(f.sent, f.shown) THEN '{Meaning.CUT}'
                ELSE '{Meaning.CHANGED}' END AS meaning
        FROM found f JOIN last l USING (collection, id, field)
        LEFT JOIN (
            SELECT entity_type, entity_id, name FROM ({naming.NAMED}) SEMI JOIN found USING (entity_type, entity_id)
        ) e ON e.entity_type = f.entity_type AND e.entity_id = f.entity_id
        WHERE {likeness.differ("f.field", "f.sent", "f.shown")} AND (f.sent IS NOT NULL OR l.updated)
        ORDER BY f.collection, f.id, f.field, f.left_out
        """,
        found=found,
    )
    return rows.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("number"), *list(SCHEMA)[1:])


def _of(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
    fields, entity_type = collection.lens.fields, collection.entity.name
    differs = " OR ".join(f"seen_{name} IS DISTINCT FROM sent_{name}" for name in fields)
    links = transaction.frame(
        f"SELECT * FROM {tables.links(entity_type)}"
        f" WHERE collection = ? AND gone_at IS NULL AND ({differs}) ORDER BY id",
        key,
    )
    if links.is_empty():
        return pl.DataFrame(schema=_FOUND)
    sent = links.select(pl.col(f"sent_{name}").alias(name) for name in fields)
    expected = _expected(transaction, key, collection, sent)
    each = [
        links.select(
            pl.lit(entity_type).alias("entity_type"), "entity_id", "collection", "id", pl.lit(name).alias("field"),
            sent[name].alias("sent"), pl.col(f"seen_{name}").alias("shown"),
            (sent[name].is_not_null() & expected[name].is_null()).alias("left_out"),
        ).filter(links[f"seen_{name}"].ne_missing(sent[name]) & links[f"seen_{name}"].ne_missing(expected[name]))
        for name in fields
    ]  # fmt: skip
    return pl.concat([*each, *_lines_left_out(entity_type, collection, links)])


def _lines_left_out(entity_type: str, collection: Collection, links: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A row for each record with lines that the collection can't hold: those lines, with nothing in their place."""
    lens = collection.lens.of_entities
    for name, prop in lens.properties.items():
        if isinstance(prop, Lines) and prop.leaves_out:
            lines = prop.shown_lines(links[f"sent_{name}"]).filter(pl.col("shown").is_null())
            yield links.select(
                pl.lit(entity_type).alias("entity_type"), "entity_id", "collection", "id", pl.lit(name).alias("field"),
                jsontext.gathered(lines.select("row", "element"), links.height).alias("sent"),
                pl.lit(None, pl.String).alias("shown"), pl.lit(value=True).alias("left_out"),
            ).filter(pl.col("sent").is_not_null())  # fmt: skip


def _expected(transaction: Transaction, key: str, collection: Collection, sent: pl.DataFrame) -> pl.DataFrame:
    """What a collection shows of values by its lens, which knows references by the ids of its own system."""
    system = key.partition("/")[0]
    foreign = references.translate(transaction, system, collection, sent, Direction.OUTWARD).values
    limited = collection.lens.limit(foreign)
    return references.translate(transaction, system, collection, limited, Direction.INWARD).values
