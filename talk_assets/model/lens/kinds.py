"""The kinds of property a lens is made of: what one property of an API holds and how the API writes it.

A kind declared once serves every system: add one where an API writes a field in a way that none here covers. What a
text means, whatever the system, is in `conversions`; order lines are in `orderlines`; facts about one system belong to
its own file.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

import polars as pl

from talk_assets.model.entities import Kind
from talk_assets.model.lens import conversions, countries, telephones, texts, times
from talk_assets.model.lens.properties import SPELLED, Json, Value


@dataclass(frozen=True)
class Text(Value):
    """Any text. Unless `multiline`, line breaks become blanks. As an integer, only what reads as one is written.

    `escaped`: the API writes some characters as HTML entities, as `&amp;` for `&`.
    """

    _: KW_ONLY
    multiline: bool = False
    escaped: bool = False
    wire: Literal["text", "integer"] = "text"
    kinds = frozenset({Kind.TEXT})
    edition = 2
    anything = True
    right = "text"

    @property
    def json(self) -> Json:
        """As declared."""
        return Json(self.wire)

    def clean(self, raw: pl.Expr) -> pl.Expr:
        """One line where the property is one."""
        return self._plain(texts.unescaped(raw) if self.escaped else raw)

    def _plain(self, text: pl.Expr) -> pl.Expr:
        return texts.lines(text) if self.multiline and self.wire == "text" else super().clean(text)

    def read(self, text: pl.Expr) -> pl.Expr:
        """Any text can be read."""
        return text

    def write(self, value: pl.Expr) -> pl.Expr:
        """As it will be read; the API itself writes the entities for characters that need one."""
        return texts.escaped(self._plain(value)) if self.escaped else self._plain(value)


@dataclass(frozen=True)
class Email(Value):
    """An e-mail address, whatever its case."""

    kinds = frozenset({Kind.EMAIL})
    edition = 2
    anything = True
    right = "an e-mail address"

    def clean(self, raw: pl.Expr) -> pl.Expr:
        """In lower case first, as that may take a letter apart."""
        return super().clean(raw.str.to_lowercase())

    def read(self, text: pl.Expr) -> pl.Expr:
        """In lower case."""
        return text


@dataclass(frozen=True)
class Phone(Value):
    """A telephone number.

    One without a country's code is of the record's country, else of that of its company, else of `region`: the
    instance's unless it is given.
    """

    _: KW_ONLY
    region: str | None = None
    kinds = frozenset({Kind.PHONE})
    edition = 3
    anything = True
    right = "a telephone number"

    def read(self, text: pl.Expr) -> pl.Expr:
        """E.164 where it is a number and nothing else."""
        return telephones.phone(text, self.region or HOME)

    def get_in(self, country: "Country | None", name: str, /, *, elsewhere: str | None = None) -> dict[str, pl.Expr]:
        """Return what `get` does, seen from the country that another property of the record holds.

        Where that is blank, `elsewhere` is the column with the code of the country that counts.
        """
        code = country.value if country else _as_it_is
        spelled = [country.present(pl.col(country.property))] if country else []
        codes = [pl.col(elsewhere)] if elsewhere else []
        return {name: self._of(pl.col(self.property), pl.coalesce(*spelled, *codes), code)}

    def limit_in(self, country: "Country", name: str, field: str, /) -> dict[str, pl.Expr]:
        """Return what `limit` does, seen from the country that the record will show for `field`."""
        return {name: self._of(self.on_wire(pl.col(name)), pl.col(field), country.limited)}

    def _of(self, raw: pl.Expr, country: pl.Expr, code: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
        def codes(spelled: pl.Series) -> pl.Series:
            return spelled.alias("country").to_frame().select(code(pl.col("country"))).to_series()

        return telephones.phone_in(self.present(raw), country, codes, self.region or HOME)


HOME = "NO"
"""The country of telephone numbers where nothing says another one."""


def _as_it_is(code: pl.Expr) -> pl.Expr:
    return code


@dataclass(frozen=True)
class Digits(Value):
    """A number of digits that identifies, as a GTIN; blanks, dots and hyphens are form.

    Letters are not: two texts with the same digits are not the same number. People write "none" and "n/a" here, which
    is no reason to set a record aside: a text without a digit reads as blank.
    """

    kinds = frozenset({Kind.DIGITS})
    edition = 2
    anything = True
    right = "digits"

    def read(self, text: pl.Expr) -> pl.Expr:
        """The digits, or the text where it is more than that."""
        return conversions.digits(text)


@dataclass(frozen=True)
class OrganisationNumber(Value):
    """The number by which a register or a tax office knows an organisation: its letters belong to it.

    Of a Norwegian VAT number, as "NO 974 760 673 MVA", the organisation number is read. What is no number reads as it
    does in `Digits`.
    """

    kinds = frozenset({Kind.ORGANISATION_NUMBER})
    edition = 2
    anything = True
    right = "an organisation number"

    def read(self, text: pl.Expr) -> pl.Expr:
        """In capitals, without blanks, dots and hyphens."""
        return conversions.organisation_number(text)


@dataclass(frozen=True)
class Decimal(Value):
    """A number, as such or in a string, rounded to `places` decimals; on the wire, `vat` percent are on top of it."""

    _: KW_ONLY
    wire: Literal["number", "string"] = "number"
    places: int = conversions.PLACES
    vat: str | None = None
    kinds = frozenset({Kind.DECIMAL})
    right = "a number below 10^15"

    @property
    def json(self) -> Json:
        """As declared."""
        return Json.NUMBER if self.wire == "number" else Json.TEXT

    def read(self, text: pl.Expr) -> pl.Expr:
        """Plain; a JSON number has no more digits than a double holds."""
        return conversions.without_vat(self._plain(text), self.vat)

    def write(self, value: pl.Expr) -> pl.Expr:
        """As it will be read."""
        return self._plain(conversions.with_vat(value, self.vat))

    def _plain(self, text: pl.Expr) -> pl.Expr:
        places = min(self.places, conversions.MONEY) if self.vat else self.places
        return conversions.decimal(conversions.double(text) if self.wire == "number" else text, places)


@dataclass(frozen=True)
class Date(Value):
    """A day, as a date or as the date-time of its midnight; `timezone` is the system's unless it is given."""

    _: KW_ONLY
    timezone: str | None = None
    wire: Literal["date", "datetime"] = "date"
    kinds = frozenset({Kind.DATE})
    right = "a date, as 2024-05-17"

    def present(self, raw: pl.Expr) -> pl.Expr:
        """The year 1 is how .NET writes no date, at any offset."""
        return times.after_year_one(super().present(raw))

    def read(self, text: pl.Expr) -> pl.Expr:
        """The day where it was written."""
        return times.date(text, self.timezone or times.UTC)

    def write(self, value: pl.Expr) -> pl.Expr:
        """The day, or its midnight."""
        return value if self.wire == "date" else times.midnight(value, self.timezone or times.UTC)


@dataclass(frozen=True)
class Instant(Value):
    """A point in time; `zone` is how the API writes UTC. An epoch counts from 1970.

    A time without a zone is in `timezone`, the system's unless it is given, and is written so where `zone` is none.
    """

    _: KW_ONLY
    timezone: str | None = None
    wire: Literal["text", "epoch", "epoch_ms"] = "text"
    precision: Literal["us", "ms", "s"] = "us"
    zone: Literal["Z", "+00:00", ""] = "Z"
    kinds = frozenset({Kind.INSTANT})
    right = "a date and time, as 2024-05-17T08:30:00+02:00"

    @property
    def json(self) -> Json:
        """As declared."""
        return Json.TEXT if self.wire == "text" else Json.INTEGER

    def present(self, raw: pl.Expr) -> pl.Expr:
        """The year 1 is how .NET writes no time, at any offset."""
        return times.after_year_one(super().present(raw))

    def read(self, text: pl.Expr) -> pl.Expr:
        """UTC with microseconds."""
        return times.instant(self._spelled(text), self.timezone or times.UTC)

    def write(self, value: pl.Expr) -> pl.Expr:
        """No more than the API keeps."""
        if self.wire != "text":
            return times.moment(value).dt.epoch(self._unit).cast(pl.String)
        fraction = {"us": "%.6f", "ms": "%.3f", "s": ""}[self.precision]
        moment = times.moment(value)
        if not self.zone and self.timezone:
            moment = moment.dt.convert_time_zone(self.timezone)
        return moment.dt.strftime(f"%Y-%m-%dT%H:%M:%S{fraction}{self.zone}")

    @property
    def _unit(self) -> Literal["s", "ms"]:
        return "s" if self.wire == "epoch" else "ms"

    def moment(self, raw: pl.Expr) -> pl.Expr:
        """Return a raw property as Datetime in UTC, null where it cannot be read."""
        return times.moment(self._spelled(self.present(raw)), self.timezone or times.UTC)

    def _spelled(self, text: pl.Expr) -> pl.Expr:
        return text if self.wire == "text" else times.since_epoch(text, self._unit)


@dataclass(frozen=True)
class Country(Value):
    """A country; by code or by name in many languages on the way in, as `wire` says on the way out.

    What is known as no country stays the text that it is; an API that takes codes is never sent it.
    """

    _: KW_ONLY
    wire: Literal["code", "name"] = "code"
    kinds = frozenset({Kind.COUNTRY})
    edition = 2
    anything = True
    right = "a country"

    def read(self, text: pl.Expr) -> pl.Expr:
        """The code, or the text where no country is known by it."""
        return countries.country(text)

    def write(self, value: pl.Expr) -> pl.Expr:
        """The code, of what is known to have one, or the English name."""
        return countries.country_code(value) if self.wire == "code" else countries.country_name(value)


@dataclass(frozen=True)
class Currency(Value):
    """A currency's code."""

    kinds = frozenset({Kind.CURRENCY})
    edition = 2
    anything = True
    right = "a currency, as NOK"

    def read(self, text: pl.Expr) -> pl.Expr:
        """In capitals."""
        return conversions.currency(text)


@dataclass(frozen=True)
class Choice(Value):
    """One of a few values.

    `values` says what each on the wire means, `folds` which stands in for a meaning that the API lacks; those that are
    `read_only` are never written.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    _: KW_ONLY
    folds: Mapping[str, str] = field(default_factory=dict)
    read_only: tuple[str, ...] = ()
    wire: Literal["text", "boolean", "integer"] = "text"
    kinds = frozenset({Kind.CHOICE})

    @property
    def json(self) -> Json:
        """As declared."""
        return Json(self.wire)

    @property
    def right(self) -> str:
        """The values there are."""
        return f"one of {', '.join(self.values)}"

    def read(self, text: pl.Expr) -> pl.Expr:
        """Its meaning, if it is declared."""
        return _renamed(text, self.values)

    def write(self, value: pl.Expr) -> pl.Expr:
        """The first value of that meaning; a meaning the API lacks and nothing stands in for is not written."""
        first = {meaning: wire for wire, meaning in reversed(list(self.values.items())) if wire not in self.read_only}
        folds = {meaning: wire for meaning, wire in self.folds.items() if wire not in self.read_only}
        return _renamed(value, {**folds, **first})


def _renamed(text: pl.Expr, names: Mapping[str, str]) -> pl.Expr:
    return text.replace_strict(list(names), list(names.values()), default=None, return_dtype=pl.String)


@dataclass(frozen=True)
class Ref(Value):
    """A reference to a record of the collection `to` of the same system: by its id, or by its property `by`.

    Its canonical text here is that foreign value; which entity it means is the hub's concern.
    """

    _: KW_ONLY
    to: str
    by: str | None = None
    wire: Literal["text", "integer"] = "text"
    kinds = frozenset({Kind.REFERENCE})

    @property
    def json(self) -> Json:
        """As declared."""
        return Json(self.wire)

    @property
    def right(self) -> str:
        """What it refers to."""
        return f"the {self.by or 'id'} of a record of {self.to}" + (
            ", a whole number" if self.wire == "integer" else ""
        )

    def clean(self, raw: pl.Expr) -> pl.Expr:
        """Trimmed, and otherwise as it is: it is found by that."""
        return raw.str.strip_chars()

    def read(self, text: pl.Expr) -> pl.Expr:
        """The foreign value; only a whole number where the wire has integers."""
        return text if self.wire == "text" else text.str.extract(SPELLED[Json.INTEGER])
