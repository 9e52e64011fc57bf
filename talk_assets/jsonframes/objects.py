"""Canonical values as JSON objects by field, the form in which changes, intents and conflicts are stored.

Only text and null occur as values, so a field is present exactly where `"field":` stands unescaped.
"""

import json
from collections.abc import Container, Iterable

import polars as pl

NOTHING = "{}"
"""The object of no field."""


def encode(values: pl.DataFrame, mask: pl.DataFrame | None = None) -> pl.Series:
    """Return one JSON object per row: of the fields true in `mask`, or without one, of those that are not null."""
    if not values.width:
        return pl.Series("object", ["{}"] * values.height, dtype=pl.String)
    members = [
        pl.when(mask[name] if mask is not None else pl.col(name).is_not_null()).then(_member(name))
        for name in values.columns
    ]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return values.select(pl.concat_str(pl.lit("{"), joined, pl.lit("}")).alias("object")).to_series()


def _member(name: str) -> pl.Expr:
    return pl.struct(name).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")


def decode(objects: pl.Series, fields: tuple[str, ...]) -> pl.DataFrame:
    """Return a column of text per field, null where it is null or absent."""
    struct = pl.Struct(dict.fromkeys(fields, pl.String))
    return objects.fill_null("{}").str.json_decode(struct).struct.unnest()


def none(fields: Iterable[str], height: int) -> pl.DataFrame:
    """Return a Boolean column per field, false in every row."""
    return pl.select(pl.repeat(value=False, n=height, dtype=pl.Boolean).alias(name) for name in fields)


def only(text: str, fields: Container[str]) -> str:
    """Return an object confined to some fields."""
    kept = {name: value for name, value in json.loads(text).items() if name in fields}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def present(objects: pl.Series, fields: tuple[str, ...]) -> pl.DataFrame:
    """Return a Boolean column per field: whether the object has it, null or not."""
    column = objects.fill_null("{}").alias("object")
    return column.to_frame().select(
        pl.col("object").str.contains(f'"{field}":', literal=True).alias(field) for field in fields
    )
