"""The lines of an order in a lens: a list of objects in one property, or the record itself as the only line.

Canonical lines are a JSON list of objects with the keys of `entities.LINE` in that order, blank ones left out, every
value a string; no lines at all is null.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum
from typing import Self

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.model.entities import LINE, Kind
from talk_assets.model.lens.kinds import Decimal, Ref, Text
from talk_assets.model.lens.properties import Doubt, Json, Property, Value

Elements = Callable[[pl.DataFrame], pl.Series]
"""From the columns of every line of every list to a JSON text per line."""


class LineKind(StrEnum):
    """What a line may be that not every system can hold; a line may be of several kinds."""

    ZERO = "zero"
    """A product of which the quantity is 0."""
    NEGATIVE = "negative"
    """The quantity or the price is below 0."""
    FRACTION = "fraction"
    """The quantity is no whole number."""
    TEXT = "text"
    """There is no product."""


_IS_OF_KIND = {
    LineKind.ZERO: (pl.col("quantity") == "0") & pl.col("product").is_not_null(),
    LineKind.NEGATIVE: pl.any_horizontal(pl.col("quantity", "unit_price").str.starts_with("-")),
    LineKind.FRACTION: pl.col("quantity").str.contains(".", literal=True),
    LineKind.TEXT: pl.col("product").is_null(),
}


@dataclass(frozen=True, kw_only=True)
class _OfLines(Property, ABC):
    kinds = frozenset({Kind.LINES})
    product: Ref | None = None
    description: Text | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    discount: Decimal | None = None

    @property
    def items(self) -> dict[str, Value]:
        """What a line holds, by key of `LINE`."""
        return {key: item for key in LINE if isinstance(item := getattr(self, key), Value)}

    def of_entities(self) -> Self:
        """Return the property for lines that name products by their entities, of which any can be held."""
        return replace(self, product=replace(self.product, wire="text")) if self.product else self

    def shown_lines(self, lists: pl.Series) -> pl.DataFrame:
        """Return `row, element, shown` of every line of canonical lists: as it will be read once it has been put.

        That is null where the line is left out.
        """
        lines = _lines(lists, list(LINE))
        shown = pl.when(self._held(lines)).then(_element(lines, self._limited(pl.col)))
        return lines.select("row", _line({key: pl.col(key) for key in LINE}).alias("element"), shown.alias("shown"))

    @abstractmethod
    def _held(self, lines: pl.DataFrame) -> pl.Series:
        """Say of canonical lines, with their `row`, which can be held."""

    def _got(self) -> dict[str, pl.Expr]:
        return {key: item.value(pl.col(item.property)) for key, item in self.items.items()}

    def _limited(self, text: Callable[[str], pl.Expr]) -> dict[str, pl.Expr]:
        return {key: item.limited(text(key)) for key, item in self.items.items()}


@dataclass(frozen=True)
class Lines(_OfLines):
    """A list property with one object per line; `id` is a line's property that keeps its identity across updates.

    `leaves_out` are the kinds of lines that the API can't hold: they are not sent to it.
    """

    property: str
    _: KW_ONLY
    id: str | None = None
    leaves_out: tuple[LineKind, ...] = ()

    def columns(self) -> dict[str, Json]:
        """One property."""
        return {self.property: Json.LIST}

    def _held(self, lines: pl.DataFrame) -> pl.Series:
        limited = self._limited(pl.col)
        as_put = lines.select(limited.get(key, pl.lit(None, pl.String)).alias(key) for key in LINE)
        if not self.leaves_out:
            return pl.repeat(value=True, n=lines.height, dtype=pl.Boolean, eager=True)
        unheld = (_IS_OF_KIND[kind].fill_null(value=False) for kind in self.leaves_out)
        return as_put.select(~pl.any_horizontal(*unheld)).to_series()

    def get(self, name: str, /) -> dict[str, pl.Expr]:
        """Lines that hold nothing are left out."""
        return {name: _each(pl.col(self.property), [item.property for item in self.items.values()], self._read)}

    def _read(self, lines: pl.DataFrame) -> pl.Series:
        return _element(lines, self._got())

    def limit(self, name: str, /) -> dict[str, pl.Expr]:
        """Line by line."""
        return {name: _each(pl.col(name), list(LINE), self._cut)}

    def _cut(self, lines: pl.DataFrame) -> pl.Series:
        if not self.leaves_out:
            return _element(lines, self._limited(pl.col))
        return lines.select(pl.when(self._held(lines)).then(_element(lines, self._limited(pl.col)))).to_series()

    def put(self, name: str, /, *, create: bool) -> dict[str, pl.Expr]:
        """The whole list, empty where an update clears it; lines keep the ids they have in the column `raw …`."""
        cleared = pl.lit(None, pl.String) if create else pl.lit("[]")
        pair = pl.struct(pl.col(name).alias("lines"), pl.col(f"raw {self.property}").alias("raw"))
        return {self.property: pair.map_batches(self._spelled, return_dtype=pl.String).fill_null(cleared)}

    def _spelled(self, pairs: pl.Series) -> pl.Series:
        lines = self._sent(pairs)
        members = {item.property: item.spelled(pl.col(key), create=True) for key, item in self.items.items()}
        if self.id is None:
            return jsontext.gathered(lines.select("row", jsontext.joined(members).alias("element")), pairs.len())
        raw = pairs.struct.field("raw")
        members = {self.id: jsontext.quoted(pl.col("id")), **members}
        lines = self._with_ids(lines, raw).select("row", "id", jsontext.joined(members).alias("element"))
        return jsontext.gathered(self._with_blank(lines, raw), pairs.len())

    def _with_blank(self, lines: pl.DataFrame, raw: pl.Series) -> pl.DataFrame:
        """Add lines of the records that hold nothing that we know of, each behind the line that it is behind there."""
        now = _lines(raw, [self.id or "", *(item.property for item in self.items.values())]).with_columns(
            pl.col(self.id or "").alias("id")
        )
        blank = now.select("row", "id").filter(self._read(now).is_null() & now["id"].is_not_null())
        if blank.is_empty():
            return lines
        placed = lines.with_columns(pl.int_range(pl.len()).over("row").cast(pl.Float64).alias("place"))
        before = now.select("row", "id").join(
            placed.select("row", "id", "place").drop_nulls("id"), on=["row", "id"], how="left", maintain_order="left"
        )
        place = pl.col("place").forward_fill().over("row").fill_null(-1) + 0.5
        kept = before.with_columns(place).join(blank, on=["row", "id"], how="semi", maintain_order="left")
        element = jsontext.joined({self.id or "": jsontext.quoted(pl.col("id"))}).alias("element")
        both = pl.concat([placed, kept.with_columns(element).select(placed.columns)])
        return both.sort("row", "place", maintain_order=True)

    def _sent(self, pairs: pl.Series) -> pl.DataFrame:
        """The lines that can be held, and those others that the record shows all the same."""
        lines = _lines(pairs.struct.field("lines"), list(LINE))
        if not self.leaves_out:
            return lines
        now = _lines(pairs.struct.field("raw"), [item.property for item in self.items.values()])
        there = now.select("row", self._read(now).alias("element")).unique()
        both = lines.with_columns(_line({key: pl.col(key) for key in LINE}).alias("element"))
        both = both.join(there.with_columns(there=True), on=["row", "element"], how="left", maintain_order="left")
        return both.filter(self._held(lines) | pl.col("there").fill_null(value=False)).select(lines.columns)

    def _with_ids(self, lines: pl.DataFrame, raw: pl.Series) -> pl.DataFrame:
        """The nth line of a product keeps the id of the nth line that the record now has of that product.

        Where lines name no product, the nth line keeps the id of the nth.
        """
        products = [self.product.property] if self.product else []
        now = _lines(raw, [self.id or "", *products]).select(
            "row",
            (pl.col(products[0]) if products else pl.lit("")).fill_null("").alias("of"),
            pl.col(self.id or "").alias("id"),
        )
        nth = pl.int_range(pl.len()).over("row", "of").alias("nth")
        of = (pl.col("product") if products else pl.lit("")).fill_null("").alias("of")
        return (
            lines.with_columns(of)
            .with_columns(nth)
            .join(now.with_columns(nth), on=["row", "of", "nth"], how="left", maintain_order="left")
        )

    def doubts(self) -> list[Doubt]:
        """A list of objects, each item of which fits."""
        items = ", ".join(f"{item.property}: {item.right}" for item in self.items.values())
        raw = pl.col(self.property)
        bad = raw.map_batches(self._unfit, return_dtype=pl.Boolean)
        return [Doubt(self.property, bad, raw, f"a list of objects ({items})")]

    def _unfit(self, raw: pl.Series) -> pl.Series:
        every = raw.alias("list").to_frame().with_row_index("row")
        no_list = every.filter(pl.col("list").is_not_null() & ~jsontext.is_list(pl.col("list")))["row"]
        parts = jsontext.elements(raw)
        no_object = parts.filter(~jsontext.is_object(pl.col("element")))["row"]
        lines = _lines(raw, [item.property for item in self.items.values()])
        unread = [item.unreadable(pl.col(item.property)) for item in self.items.values()]
        unfit = lines.filter(pl.any_horizontal(unread))["row"] if unread else no_list
        return every["row"].is_in(pl.concat([no_list, no_object, unfit]).implode())

    def unreadable_items(self, raw: pl.Series) -> pl.DataFrame:
        """Return `row, key, found`: of each list, by key of `LINE`, the first text that cannot be read."""
        lines = _lines(raw, [item.property for item in self.items.values()])
        found = [pl.DataFrame(schema={"row": pl.UInt32, "key": pl.String, "found": pl.String})]
        for key, item in self.items.items():
            unread = lines.filter(item.unreadable(pl.col(item.property))).unique(
                "row", keep="first", maintain_order=True
            )
            found.append(unread.select("row", pl.lit(key).alias("key"), pl.col(item.property).alias("found")))
        return pl.concat(found)


@dataclass(frozen=True, kw_only=True)
class OneLine(_OfLines):
    """The record is a line itself; of an order with several lines it holds the first."""

    def _held(self, lines: pl.DataFrame) -> pl.Series:
        return lines.select(pl.int_range(pl.len()).over("row") == 0).to_series()

    def columns(self) -> dict[str, Json]:
        """A property per item."""
        return {item.property: item.json for item in self.items.values()}

    def get(self, name: str, /) -> dict[str, pl.Expr]:
        """One line, or none where every item is blank."""
        return {name: _only(_line(self._got()))}

    def limit(self, name: str, /) -> dict[str, pl.Expr]:
        """The first line."""
        return {name: _only(_line(self._limited(lambda key: _of_first(name, key))))}

    def put(self, name: str, /, *, create: bool) -> dict[str, pl.Expr]:
        """The first line, item by item."""
        return {item.property: item.spelled(_of_first(name, key), create=create) for key, item in self.items.items()}

    def doubts(self) -> list[Doubt]:
        """Each item's."""
        return [doubt for item in self.items.values() for doubt in item.doubts()]


def _of_first(name: str, key: str) -> pl.Expr:
    return pl.col(name).str.json_path_match(f"$[0].{key}")


def _element(lines: pl.DataFrame, items: Mapping[str, pl.Expr]) -> pl.Series:
    """Lines as JSON, null where every item is; first the items, as what they are put together of is read twice."""
    values = lines.select(value.alias(key) for key, value in items.items())
    line = _line({key: pl.col(key) for key in items})
    return values.select(pl.when(line != "{}").then(line).alias("element")).to_series()


def _line(items: Mapping[str, pl.Expr]) -> pl.Expr:
    return jsontext.joined({key: jsontext.quoted(value) for key, value in items.items()})


def _only(line: pl.Expr) -> pl.Expr:
    """The list of a line, null where nothing is in it."""
    return pl.concat_str(pl.lit("["), line, pl.lit("]")).replace("[{}]", None)


def _each(lists: pl.Expr, names: list[str], convert: Elements) -> pl.Expr:
    def whole(column: pl.Series) -> pl.Series:
        lines = _lines(column, names)
        converted = lines.select("row", convert(lines).alias("element")).drop_nulls()
        return jsontext.gathered(converted, column.len())

    return lists.map_batches(whole, return_dtype=pl.String)


def _lines(lists: pl.Series, names: list[str]) -> pl.DataFrame:
    """Return a row per object in JSON lists: `row` of the list, and the object's properties `names`."""
    parts = jsontext.elements(lists).filter(jsontext.is_object(pl.col("element")))
    found = jsontext.pick(jsontext.taken_apart(parts["element"]).columns, names, parts.height)
    return pl.concat([parts.select("row"), found], how="horizontal")
