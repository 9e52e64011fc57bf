"""Which of the properties that a lens reads a record has, be they null: what is absent is unknown, and no blank.

A property that a record doesn't show is not cleared: the name may be wrong in talk.toml, a right may have been
withdrawn, or the API may have a new version. Only where an API is declared to leave blank properties out does an absent
one mean a blank. Pure: JSON text in, names out.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.lens.lens import Lines
from talk_assets.store.tables import MARK


def names(collection: Collection) -> tuple[str, ...]:
    """Return the properties that must be there: what the lens reads of the record, lists of other records excepted."""
    parts = {part.property for part in collection.parts}
    return tuple(name for name in collection.lens.columns if name not in parts)


def line_names(collection: Collection) -> tuple[str, ...]:
    """Return the properties of an order's line that the lens reads, where the record has its lines in a list."""
    lines = collection.lens.lines
    if not isinstance(lines, Lines) or lines.property not in names(collection):
        return ()
    return tuple(item.property for item in lines.items.values())


def fields_of(collection: Collection, absent: Iterable[str]) -> tuple[str, ...]:
    """Return the fields that are unknown where these properties are absent."""
    gone = {name.partition(INNER)[0] for name in absent}
    lens = collection.lens
    return tuple(field for field in lens.fields if gone & set(lens.sources(field)))


INNER = "[]."
"""Stands between a list and a property of its elements."""


def absent(
    collection: Collection, texts: pl.Series, columns: Mapping[str, pl.Series], found: pl.DataFrame
) -> tuple[pl.Series, frozenset[str]]:
    """Return per record the names of absent properties, null where none is, and the names that some record has.

    `texts` are the records as JSON, `columns` their top-level properties, `found` what was picked out of them. What a
    property of a line is called begins with that of the list: `lines[].quantity`. Where the API leaves blanks out,
    nothing is absent, and a property counts as there once some record has a value in it.
    """
    wanted, inner = names(collection), line_names(collection)
    if collection.omits_blanks:
        gone = pl.DataFrame([found[name].is_null().alias(name) for name in wanted])
    else:
        gone = missing(texts, columns, [name for name in wanted if not _free(collection, name)])
    if inner and (lines := collection.lens.lines) and isinstance(lines, Lines):
        gone = gone.with_columns(_in_lines(found[lines.property], lines.property, inner, collection))
    shown = frozenset(name for name in gone.columns if not gone[name].all()) if texts.len() else frozenset()
    shown |= {name for name in wanted if _free(collection, name)}
    if any(INNER in name for name in gone.columns):
        shown |= {f"{name.partition(INNER)[0]}{INNER}" for name in gone.columns if INNER in name}
    nothing = pl.Series("_absent", [None] * texts.len(), dtype=pl.String)
    if collection.omits_blanks or not gone.width or not gone.select(pl.any_horizontal(pl.all()).any()).item():
        return nothing, shown
    listed = [pl.when(pl.col(name)).then(pl.lit(f"{name}{MARK}")) for name in gone.columns]
    said = pl.concat_str(pl.lit(MARK), pl.concat_str(listed, ignore_nulls=True)).replace(MARK, None)
    return gone.select(said.alias("_absent")).to_series(), shown


def _free(collection: Collection, name: str) -> bool:
    """Whether a property is one of those that an object has only as long as they hold something."""
    return any(name.startswith(f"{parent}.") for parent in collection.sparse)


def _in_lines(lists: pl.Series, name: str, inner: Sequence[str], collection: Collection) -> list[pl.Series]:
    """Per list and property of its elements, whether one of them lacks it; where there are no elements, none does."""
    parts = jsontext.elements(lists)
    parts = parts.filter(jsontext.is_object(pl.col("element")))
    every = pl.Series(range(lists.len()), dtype=pl.UInt32)
    if parts.is_empty():
        return []
    columns = jsontext.taken_apart(parts["element"]).columns
    if collection.omits_blanks:
        picked = jsontext.pick(columns, inner, parts.height)
        some = [(one, picked[one].is_not_null().any()) for one in inner]
        return [pl.repeat(not any_, lists.len(), eager=True).alias(f"{name}{INNER}{one}") for one, any_ in some]
    gone = missing(parts["element"], columns, inner)
    return [every.is_in(parts["row"].filter(gone[one]).implode()).alias(f"{name}{INNER}{one}") for one in inner]


def missing(texts: pl.Series, columns: Mapping[str, pl.Series], wanted: Iterable[str]) -> pl.DataFrame:
    """Return per object and property whether it is absent: there not even as null.

    `columns` are the objects' top-level properties; names match whatever their case, `a.b` is a property of the object
    `a`. Where `a` is there and no object, its properties are blank, and not absent.
    """
    own = list(dict.fromkeys(wanted))
    values = jsontext.pick(columns, dict.fromkeys(name.split(".", 1)[0] for name in own), texts.len())
    lacking = _missing(texts, columns, values)
    gone = {name: lacking[name] for name in own if "." not in name}
    for parent in dict.fromkeys(name.split(".", 1)[0] for name in own if "." in name):
        inner = [name.split(".", 1)[1] for name in own if name.startswith(f"{parent}.")]
        there = values.select(jsontext.is_object(pl.col(parent)).fill_null(value=False)).to_series()
        objects = values[parent].filter(there)
        within = missing(objects, jsontext.taken_apart(objects).columns, inner) if objects.len() else None
        for name in inner:
            outside = lacking[parent]
            gone[f"{parent}.{name}"] = (
                outside if within is None else outside.clone().scatter(there.arg_true(), within[name])
            )
    return pl.DataFrame([gone[name].alias(name) for name in own])


def _missing(texts: pl.Series, columns: Mapping[str, pl.Series], values: pl.DataFrame) -> pl.DataFrame:
    """Per top-level property, as `values` has them: of the objects without a value, those without a null either."""
    blank = values.select(pl.all().is_null())
    some = _with_any(blank)
    if not some:
        return blank
    rows = {name: pl.when(pl.col(name)).then(pl.lit(texts)) for name in some}
    null = blank.select(
        rows[name].str.contains(rf'(?i)"{re.escape(name)}"\s*:\s*null\b').fill_null(value=False).alias(name)
        for name in some
    )
    for name in _deeper(columns, _with_any(null)):  # the null may be that of an object within
        unsure = null[name].arg_true()
        sure = null[name].scatter(unsure, [_has(text, name) for text in texts.gather(unsure)])
        null = null.with_columns(sure.alias(name))
    return blank.with_columns(pl.col(name) & ~pl.lit(null[name]) for name in some)


def _with_any(flags: pl.DataFrame) -> list[str]:
    """The columns of which a row is true."""
    return [name for name, one in flags.select(pl.all().any()).row(0, named=True).items() if one] if flags.width else []


def _deeper(columns: Mapping[str, pl.Series], wanted: Sequence[str]) -> list[str]:
    """The properties of which an object within one of the columns may have one of the same name."""
    if not wanted:
        return []
    found = pl.DataFrame([column.alias(str(n)) for n, column in enumerate(columns.values())])
    nested = _with_any(found.select(pl.all().str.starts_with("{") | pl.all().str.starts_with("[")))
    if not nested:
        return []
    spelled = {name: [f'"{name}"'] for name in wanted}
    return _with_any(
        found.select(
            pl.any_horizontal(pl.col(nested).str.contains_any(one, ascii_case_insensitive=True)).alias(name)
            for name, one in spelled.items()
        )
    )


def _has(text: str, name: str) -> bool:
    return any(key.lower() == name.lower() for key in json.loads(text))
