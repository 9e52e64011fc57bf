"""Values that their property is not declared to hold: unknown in their record, and held for a person, field by field.

The record is stored, linked and written to like any other, and only these fields keep what was last seen of them. What
stands in a property whose lists are another collection's records is judged when the list is put together.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.lens import suggestions
from talk_assets.model.lens.lens import Lens, Lines, OneLine, first_faults
from talk_assets.model.lens.properties import Doubt, Value
from talk_assets.store.tables import MARK
from talk_assets.sync.read import presence

COLUMNS = ("_id", "property", "field", "found", "right", "suggested", "reason")
"""What is noted of a value: `suggested` is what may have been meant, null where that is not certain."""

NONE = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
"""No such values."""


def assembled(collection: Collection) -> frozenset[str]:
    """Return the properties that are lists of another collection's records."""
    return frozenset(part.property for part in collection.parts)


def judge(collection: Collection, records: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """Return per record the properties that hold what can't be read, null where none does, and a row per such value.

    The rows have `COLUMNS`, of each record as it came last; records that carry the mark of a deleted one have none.
    """
    bad = _bad(collection.lens.doubts, records)
    if records.height and "_deleted" in records.columns:
        bad = bad.with_columns(pl.all() & ~records["_deleted"].fill_null(value=False))
    doubted = {name: collection.lens.doubts[int(name)] for name in bad.columns if bad[name].any()}
    if not doubted:
        return pl.Series("_invalid", [None] * records.height, dtype=pl.String), NONE
    last = records["_id"].is_last_distinct()
    values = [_values(collection.lens, doubt, records.filter(bad[name] & last)) for name, doubt in doubted.items()]
    listed = [pl.when(pl.col(name)).then(pl.lit(f"{doubt.property}{MARK}")) for name, doubt in doubted.items()]
    said = pl.concat_str(pl.lit(MARK), pl.concat_str(listed, ignore_nulls=True)).replace(MARK, None)
    return bad.select(said.alias("_invalid")).to_series(), pl.concat(values)


def invalid(collection: Collection, raw: pl.DataFrame) -> pl.DataFrame:
    """Return per record and field whether it can't be read: a column per field of the lens.

    `raw` has `_invalid`, and the lists that are put together.
    """
    lens, bad = collection.lens, _bad_lists(collection, raw)
    if not raw["_invalid"].is_not_null().any() and not any(one.any() for one in bad.values()):
        return objects.none(lens.fields, raw.height)
    named = {
        name: pl.any_horizontal(
            pl.col("_invalid").str.contains(f"{MARK}{source}{MARK}", literal=True) for source in lens.sources(name)
        ).fill_null(value=False)
        for name in lens.fields
    }
    own = {name: [pl.lit(bad[source]) for source in lens.sources(name) if source in bad] for name in lens.fields}
    return raw.select(pl.any_horizontal(one, *own[name]).alias(name) for name, one in named.items())


def _bad_lists(collection: Collection, raw: pl.DataFrame) -> dict[str, pl.Series]:
    """By name of a list that was put together, in which records something in it can't be read."""
    names = assembled(collection)
    doubts = [doubt for doubt in collection.lens.doubts if doubt.property in names] if names else []
    bad = _bad(doubts, raw)
    return {doubt.property: bad[str(n)] for n, doubt in enumerate(doubts)}


def lists(collection: Collection, records: pl.DataFrame) -> pl.DataFrame:
    """Return rows with `COLUMNS` for lists that were put together: `records` has `_id` and the lists."""
    bad = _bad_lists(collection, records)
    doubts = [doubt for doubt in collection.lens.doubts if doubt.property in bad]
    return pl.concat([NONE, *(_values(collection.lens, one, records.filter(bad[one.property])) for one in doubts)])


def _bad(doubts: Sequence[Doubt], records: pl.DataFrame) -> pl.DataFrame:
    """A column per doubt, called by its number."""
    return records.select(doubt.bad.fill_null(value=False).alias(str(n)) for n, doubt in enumerate(doubts))


def _values(lens: Lens, doubt: Doubt, records: pl.DataFrame) -> pl.DataFrame:
    """A row for each field of the records that a doubt is about."""
    if records.is_empty():
        return NONE
    fields = [name for name in lens.fields if doubt.property in lens.sources(name)]
    plain = pl.concat([records.select("_id"), first_faults(records, [doubt])], how="horizontal")
    rows = plain.with_columns(_suggested(_holder(lens, doubt.property), records.select(doubt.found).to_series()))
    rows = rows.with_columns(pl.lit(doubt.right).alias("right"))
    lines = lens.lines
    if isinstance(lines, Lines) and lines.property == doubt.property:
        rows = _by_item(lines, records, rows)
    return pl.concat(rows.with_columns(pl.lit(name).alias("field")).select(COLUMNS) for name in fields)


def _by_item(lines: Lines, records: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, with those of what in their lines can't be read in the place of the whole list."""
    wrong = lines.unreadable_items(records[lines.property])
    parts = [rows.filter(~pl.Series(range(rows.height), dtype=pl.UInt32).is_in(wrong["row"].implode()))]
    for key, item in lines.items.items():
        own = wrong.filter(pl.col("key") == key)
        if own.is_empty():
            continue
        found, name = pl.col("found"), f"{lines.property}{presence.INNER}{item.property}"
        doubt = Doubt(name, found.is_not_null(), found, item.right)
        part = pl.concat([records["_id"].gather(own["row"]).to_frame(), first_faults(own, [doubt])], how="horizontal")
        part = part.with_columns(_suggested(item, own["found"]), pl.lit(item.right).alias("right"))
        parts.append(part.select(rows.columns))
    return pl.concat(parts)


def _holder(lens: Lens, name: str) -> Value | None:
    """What reads a property."""
    every: Iterable[object] = (
        one
        for prop in lens.properties.values()
        for one in (prop.items.values() if isinstance(prop, OneLine) else (prop,))
    )
    return next((one for one in every if isinstance(one, Value) and one.property == name), None)


def _suggested(value: Value | None, found: pl.Series) -> pl.Series:
    if value is None:
        return pl.Series("suggested", [None] * found.len(), dtype=pl.String)
    texts = found.unique()
    guesses = pl.DataFrame({"found": texts, "suggested": suggestions.suggest(value, texts.to_list())})
    typed = guesses.cast({"suggested": pl.String})
    return found.alias("found").to_frame().join(typed, on="found", how="left", maintain_order="left")["suggested"]
