"""The lens: the two-way mapping between a collection's properties and its entity's fields.

Two laws hold for every lens. Reading back what was put gives what was put, up to the declared limits: `get(put(v))` is
`limit(v)`. Putting back what was read changes nothing. The kinds of property are defined in `kinds` and `orderlines`,
and imported from here. What can be wrong with a lens as it is declared is in `lint`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal as Number
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.jsonframes.jsontext import HALF
from talk_assets.model.lens.fullname import FIRST, LAST, FullName
from talk_assets.model.lens.kinds import (
    Choice,
    Country,
    Currency,
    Date,
    Decimal,
    Digits,
    Email,
    Instant,
    OrganisationNumber,
    Phone,
    Ref,
    Text,
)
from talk_assets.model.lens.orderlines import Lines, OneLine
from talk_assets.model.lens.properties import ALWAYS, NEVER, ON_CREATE, Doubt, Property, Value, Writable

__all__ = [
    "ALWAYS",
    "FIRST",
    "LAST",
    "NEVER",
    "ON_CREATE",
    "Choice",
    "Country",
    "Currency",
    "Date",
    "Decimal",
    "Digits",
    "Email",
    "FullName",
    "Instant",
    "Lens",
    "Lines",
    "OneLine",
    "OrganisationNumber",
    "Phone",
    "Property",
    "Ref",
    "Text",
    "Value",
    "Writable",
]

PRICE = "unit_price"
"""The field that includes VAT where a system's prices do; costs never do."""

COUNTRY = "country"
"""The field in whose country telephone numbers are read."""

COUNTRY_ELSEWHERE = "country elsewhere"

P = TypeVar("P", bound=Property)

SHOWN = 60
"""Characters of a found text that a message shows."""


class Lens:
    """Properties by the field they hold; those that hold several fields, as `FullName`, come first and without a name.

    Raw frames have a String column per property, as `records.parse` gives them; canonical frames one per field, with
    null for blank. A reference's canonical text is the foreign value here.
    """

    def __init__(self, *several: Property, **single: Property) -> None:
        named = {f"{type(prop).__name__}{i}": prop for i, prop in enumerate(several)} | single
        self.properties = MappingProxyType(named)
        self._holder = {field: prop for name, prop in named.items() for field in prop.fields(name)}
        self._bodies: dict[tuple[frozenset[str], bool, bool], pl.Expr | None] = {}

    def __repr__(self) -> str:
        return f"Lens({', '.join(f'{field}={prop!r}' for field, prop in self._holder.items())})"

    def in_timezone(self, zone: str) -> "Lens":
        """Return the lens of a system in a time zone, an IANA name: for its days, and for times that have none."""
        return self._changed(lambda prop: placed_in(prop, zone))

    def in_country(self, code: str) -> "Lens":
        """Return the lens of an instance in a country: of telephone numbers of which nothing else says it."""
        return self._changed(
            lambda prop: replace(prop, region=code) if isinstance(prop, Phone) and prop.region is None else prop
        )

    def with_vat(self, percent: float) -> "Lens":
        """Return the lens of a system whose prices include VAT, where they don't say otherwise."""
        if not percent:
            return self
        included = f"{Number(str(percent)).normalize():f}"

        def priced(name: str, prop: Property) -> Property:
            if isinstance(prop, Lines | OneLine) and prop.unit_price is not None and prop.unit_price.vat is None:
                return replace(prop, unit_price=replace(prop.unit_price, vat=included))
            if name == PRICE and isinstance(prop, Decimal) and prop.vat is None:
                return replace(prop, vat=included)
            return prop

        return self._of({name: priced(name, prop) for name, prop in self.properties.items()})

    @cached_property
    def of_entities(self) -> "Lens":
        """The lens for values that refer to entities, as all do beside golden: any of them can be held."""

        def widened(prop: Property) -> Property:
            if isinstance(prop, Ref):
                return replace(prop, wire="text")
            return prop.of_entities() if isinstance(prop, Lines | OneLine) else prop

        if not self.refs and self.lines is None:
            return self
        return self._changed(widened)

    def _changed(self, change: Callable[[Property], Property]) -> "Lens":
        return self._of({name: change(prop) for name, prop in self.properties.items()})

    @staticmethod
    def _of(properties: Mapping[str, Property]) -> "Lens":
        several = [prop for name, prop in properties.items() if name not in prop.fields(name)]
        return Lens(*several, **{name: prop for name, prop in properties.items() if name in prop.fields(name)})

    @property
    def fields(self) -> tuple[str, ...]:
        """The entity's fields that the collection has properties for."""
        return tuple(self._holder)

    def property_of(self, field: str) -> Property:
        """Return what holds a field; raise KeyError where nothing does."""
        return self._holder[field]

    def sources(self, field: str) -> tuple[str, ...]:
        """Return the raw properties that hold a field, nested ones by dotted name."""
        return tuple(self._holder[field].columns())

    @property
    def columns(self) -> dict[str, str]:
        """Every raw property, nested ones by dotted name, with its JSON type."""
        return {name: str(json) for prop in self.properties.values() for name, json in prop.columns().items()}

    @property
    def refs(self) -> dict[str, Ref]:
        """The references by field; those within order lines are in `lines`."""
        return {field: prop for field, prop in self._holder.items() if isinstance(prop, Ref)}

    @property
    def lines(self) -> Lines | OneLine | None:
        """What holds an order's lines."""
        return next((prop for prop in self._holder.values() if isinstance(prop, Lines | OneLine)), None)

    @property
    def phones(self) -> tuple[str, ...]:
        """The fields with telephone numbers."""
        return tuple(field for field, prop in self._holder.items() if isinstance(prop, Phone))

    def get(self, raw: pl.DataFrame, elsewhere: pl.Series | None = None) -> pl.DataFrame:
        """Return the canonical values of raw properties, a column per field.

        `elsewhere` is the code of a country for each record, in which its telephone numbers are where it says none.
        """
        if elsewhere is None or not self.phones:
            return raw.select(self._got[field] for field in self.fields)
        own = _by_field(
            prop.get_in(self._country, field, elsewhere=COUNTRY_ELSEWHERE)
            for field, prop in self._holder.items()
            if isinstance(prop, Phone)
        )
        placed = raw.with_columns(elsewhere.alias(COUNTRY_ELSEWHERE))
        return placed.select(own.get(field, self._got[field]) for field in self.fields)

    def limit(self, values: pl.DataFrame) -> pl.DataFrame:
        """Return canonical values as they will be read once they have been put; fields that are no column stay out.

        Values that refer to entities, not to records of the system, are those of `of_entities`.
        """
        given = [field for field in self.fields if field in values.columns]
        return self._completed(values).select(self._limited[field] for field in given)

    def put(
        self,
        values: pl.DataFrame,
        mask: pl.DataFrame | None = None,
        *,
        create: bool = False,
        raw: pl.DataFrame | None = None,
    ) -> pl.Series:
        """Return a JSON object per row with the properties to set, flat, nested ones by dotted name, in their types.

        `mask` has a Boolean column per field and says which are put; without one all are. A property of several fields
        needs them all in `values` to put one. In a create a blank is left out unless the property declares what stands
        for it; in an update it is written as the API writes nothing. `raw` are the records as they are now: lines that
        stay keep their ids.
        """
        given = frozenset(values.columns)
        form = (given, mask is None, create)
        if form not in self._bodies:
            self._bodies[form] = self._body(given, whole=mask is None, create=create)
        if (body := self._bodies[form]) is None:
            return pl.repeat("{}", values.height, eager=True).alias("body")
        return _beside(self._completed(values), mask, raw, self.lines).select(body).to_series()

    def _body(self, given: frozenset[str], *, whole: bool, create: bool) -> pl.Expr | None:
        members: dict[str, pl.Expr] = {}
        for name, prop in self.properties.items():
            fields = [field for field in prop.fields(name) if field in given]
            if not fields or prop.writable is NEVER or (prop.writable is ON_CREATE and not create):
                continue
            masked = pl.any_horizontal(pl.col(f"put {field}").fill_null(value=False) for field in fields)
            for wire, json in prop.put(name, create=create).items():
                members[wire] = json if whole else pl.when(masked).then(json)
        return jsontext.joined(members).alias("body") if members else None

    @cached_property
    def _got(self) -> dict[str, pl.Expr]:
        """Kept: writing the expressions down takes as long as evaluating them for a few rows."""
        land = self._country
        return _by_field(
            prop.get_in(land, name) if land and isinstance(prop, Phone) else prop.get(name)
            for name, prop in self.properties.items()
        )

    @cached_property
    def _limited(self) -> dict[str, pl.Expr]:
        land = self._country
        return _by_field(
            prop.limit_in(land, name, COUNTRY) if land and isinstance(prop, Phone) else prop.limit(name)
            for name, prop in self.properties.items()
        )

    @property
    def _country(self) -> Country | None:
        """What holds the country in which the record's telephone numbers are read."""
        held = self._holder.get(COUNTRY)
        return held if isinstance(held, Country) else None

    def _completed(self, values: pl.DataFrame) -> pl.DataFrame:
        """Add fields that are no column as blanks: a property of several fields reads them all."""
        absent = [field for field in self.fields if field not in values.columns]
        return values.with_columns(pl.lit(None, pl.String).alias(field) for field in absent) if absent else values

    def missing(self, values: pl.DataFrame) -> pl.Series:
        """Return per row which properties a new record must have and does not, as a sentence, null where none."""
        complete = self._completed(values)
        needed = {
            name: prop
            for name, prop in self.properties.items()
            if prop.required and getattr(prop, "blank", None) is None
        }
        lacking = [
            pl.when(pl.all_horizontal(pl.col(field).is_null() for field in prop.fields(name))).then(
                pl.lit(f"{', '.join(prop.columns())} must not be blank ({', '.join(prop.fields(name))})")
            )
            for name, prop in needed.items()
        ]
        sentence = pl.concat_str(lacking, separator="; ", ignore_nulls=True) if lacking else pl.lit("")
        sentences = complete.with_row_index("row").select("row", sentence.alias("missing"))["missing"]
        return sentences.replace("", None)

    @cached_property
    def doubts(self) -> list[Doubt]:
        """What can be wrong with a raw record, property by property."""
        return [doubt for prop in self.properties.values() for doubt in prop.doubts()]

    def invalid(self, raw: pl.DataFrame) -> pl.Series:
        """Return per row why it cannot be read, null where every property fits what it is declared to hold."""
        return first_faults(raw, self.doubts)["reason"].alias("invalid")


def placed_in(prop: P, zone: str) -> P:
    """Return a property with the time zone of its system, if it holds days or times and has none of its own."""
    if isinstance(prop, Date | Instant) and prop.timezone is None:
        return replace(prop, timezone=zone)
    return prop


def _by_field(values: Iterable[Mapping[str, pl.Expr]]) -> dict[str, pl.Expr]:
    return {field: value.alias(field) for several in values for field, value in several.items()}


def _beside(
    values: pl.DataFrame, mask: pl.DataFrame | None, raw: pl.DataFrame | None, lines: Lines | OneLine | None
) -> pl.DataFrame:
    frames = [values]
    if mask is not None:
        frames.append(mask.select(pl.all().name.prefix("put ")))
    if isinstance(lines, Lines):
        now = raw[lines.property] if raw is not None else pl.repeat(None, values.height, dtype=pl.String, eager=True)
        frames.append(now.alias(f"raw {lines.property}").to_frame())
    return pl.concat(frames, how="horizontal")


def first_faults(raw: pl.DataFrame, doubts: Sequence[Doubt]) -> pl.DataFrame:
    """Return `property, found, reason` of the first doubt that each row confirms, null where it confirms none."""
    which = raw.select(
        pl.coalesce(_none(), *(pl.when(doubt.bad).then(pl.lit(i)) for i, doubt in enumerate(doubts))).alias("which")
    )
    if which["which"].null_count() == which.height:
        nothing = pl.repeat(None, raw.height, dtype=pl.String, eager=True)
        return pl.DataFrame([nothing.alias(name) for name in ("property", "found", "reason")])

    def chosen(values: Iterable[pl.Expr]) -> pl.Expr:
        return pl.coalesce(
            _none(pl.String), *(pl.when(which["which"] == i).then(value) for i, value in enumerate(values))
        )

    return raw.select(
        chosen(pl.lit(doubt.property) for doubt in doubts).alias("property"),
        chosen(_shown(doubt.found) for doubt in doubts).alias("found"),
        chosen(_sentence(doubt) for doubt in doubts).alias("reason"),
    )


def _none(dtype: type[pl.DataType] = pl.Int32) -> pl.Expr:
    return pl.lit(None, dtype)


def _shown(found: pl.Expr) -> pl.Expr:
    found = found.str.replace_all(HALF, "\ufffd", literal=True)
    return pl.when(found.str.len_chars() > SHOWN).then(found.str.head(SHOWN) + pl.lit("…")).otherwise(found)


def _sentence(doubt: Doubt) -> pl.Expr:
    found = pl.concat_str(pl.lit("'"), _shown(doubt.found), pl.lit("'")).fill_null("not there")
    return pl.concat_str(pl.lit(f"{doubt.property} is "), found, pl.lit(f"; it should be {doubt.right}"))
