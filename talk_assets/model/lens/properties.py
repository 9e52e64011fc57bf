"""What every property of a lens has in common: how it is read, written, limited, and doubted.

The kinds of property there are stand in `kinds` and `orderlines`; what a text means, whatever the system, in
`conversions`.
"""

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import ClassVar

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.model.entities import Kind
from talk_assets.model.lens import texts


class Writable(StrEnum):
    """When a property may be written."""

    ALWAYS = "always"
    ON_CREATE = "on create"
    NEVER = "never"


ALWAYS, ON_CREATE, NEVER = Writable.ALWAYS, Writable.ON_CREATE, Writable.NEVER


class Json(StrEnum):
    """The JSON type that an API gives a property."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    LIST = "list"


SPELLED = {
    Json.NUMBER: r"^(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$",
    Json.INTEGER: r"^(-?(?:0|[1-9]\d*))$",
    Json.BOOLEAN: r"^(true|false)$",
    Json.LIST: r"^\[",
}
"""How the texts of each type read; of what is no list, the first group is all of it."""


@dataclass(frozen=True)
class Doubt:
    """Where a raw property does not hold what it is declared to: `bad` says so per row, `found` is its text."""

    property: str
    bad: pl.Expr
    found: pl.Expr
    right: str


@dataclass(frozen=True, kw_only=True)
class Property(ABC):
    """Some properties of an API that together hold some fields of an entity: nearly always one holds one.

    `required`: the API refuses a new record without it. Expressions read columns by name: the raw properties' on the
    way in, the fields' on the way out. What is twice in an expression is evaluated twice, and its parts four times.
    """

    kinds: ClassVar[frozenset[Kind]]
    writable: Writable = ALWAYS
    required: bool = False

    def fields(self, name: str, /) -> tuple[str, ...]:
        """Return the fields held, where `name` is what the lens calls the property."""
        return (name,)

    @abstractmethod
    def columns(self) -> dict[str, Json]:
        """Return the raw properties, nested ones by dotted name, with their JSON types."""

    @abstractmethod
    def get(self, name: str, /) -> dict[str, pl.Expr]:
        """Return per field its canonical text."""

    @abstractmethod
    def limit(self, name: str, /) -> dict[str, pl.Expr]:
        """Return per field its canonical text as it will be read once it has been put."""

    @abstractmethod
    def put(self, name: str, /, *, create: bool) -> dict[str, pl.Expr]:
        """Return per raw property the JSON text to send, null where it is left out."""

    @abstractmethod
    def doubts(self) -> list[Doubt]:
        """Say what in the raw properties does not fit, and what would."""


@dataclass(frozen=True)
class _Single(Property, ABC):
    property: str
    """By itself here: where this name is declared, the decorator of the same name is hidden from type checkers."""


@dataclass(frozen=True)
class Value(_Single, ABC):
    """A property that holds one value.

    `blank` is written for a blank field because the API demands something, and reads back as blank. `empty` is how the
    API writes nothing, JSON null unless given; `nothing` are further texts that it shows for nothing. `max_length` is
    in `length_unit` of the text on the wire.
    """

    anything: ClassVar[bool] = False
    """Whether any text at all fits, unless a character in it was cut in two."""

    edition: ClassVar[int] = 1
    """One more each time what is read of the same text becomes another: records are then read anew."""

    _: KW_ONLY
    blank: str | None = None
    empty: str | None = None
    nothing: tuple[str, ...] = ()
    max_length: int | None = None
    length_unit: texts.Unit = "character"

    @property
    def json(self) -> Json:
        """The JSON type on the wire."""
        return Json.TEXT

    @property
    @abstractmethod
    def right(self) -> str:
        """What the property holds, as an error says it."""

    @abstractmethod
    def read(self, text: pl.Expr) -> pl.Expr:
        """Return canonical text of clean text, null where it cannot be read."""

    def write(self, value: pl.Expr) -> pl.Expr:
        """Return the text on the wire of canonical text, null where there is none."""
        return self.clean(value)

    def clean(self, raw: pl.Expr) -> pl.Expr:
        """Return trimmed text in its one form."""
        return texts.line(raw) if self.json is Json.TEXT else raw.str.strip_chars()

    def present(self, raw: pl.Expr) -> pl.Expr:
        """Return clean text, null where it means nothing."""
        spellings = dict.fromkeys(["", *self.nothing, *(s.strip() for s in (self.blank, self.empty) if s)])
        return self.clean(raw).replace(list(spellings), None)

    def value(self, raw: pl.Expr) -> pl.Expr:
        """Return canonical text of a raw property."""
        return self.read(self.present(raw))

    def on_wire(self, value: pl.Expr) -> pl.Expr:
        """Return the text on the wire, within its declared length; null where the JSON type cannot hold it."""
        text = self.write(value)
        if self.json is not Json.TEXT:
            return text.str.extract(SPELLED[self.json])
        return text if self.max_length is None else texts.cut(text, self.max_length, self.length_unit)

    def limited(self, value: pl.Expr) -> pl.Expr:
        """Return canonical text as it will be read once it has been put."""
        return self.value(self.on_wire(value))

    def spelled(self, value: pl.Expr, *, create: bool) -> pl.Expr:
        """Return JSON text to send; null, to leave it out, for a blank in a create and for what has no form there."""
        nothing = self.blank if self.blank is not None else None if create else self.empty
        if nothing is not None:
            blank = self._encoded(pl.lit(nothing))
        else:
            blank = pl.lit(None, pl.String) if create else pl.lit("null")
        return pl.when(value.is_null()).then(blank).otherwise(self._encoded(self.on_wire(value)))

    def _encoded(self, text: pl.Expr) -> pl.Expr:
        return jsontext.quoted(text) if self.json is Json.TEXT else text

    def unreadable(self, raw: pl.Expr) -> pl.Expr:
        """Say whether a raw property holds something that cannot be read."""
        if self.anything:
            return ~texts.whole(raw)
        text = self.present(raw)
        return text.is_not_null() & self.read(text).is_null()

    def columns(self) -> dict[str, Json]:
        """One property."""
        return {self.property: self.json}

    def get(self, name: str, /) -> dict[str, pl.Expr]:
        """One field."""
        return {name: self.value(pl.col(self.property))}

    def limit(self, name: str, /) -> dict[str, pl.Expr]:
        """One field."""
        return {name: self.limited(pl.col(name))}

    def put(self, name: str, /, *, create: bool) -> dict[str, pl.Expr]:
        """One property."""
        return {self.property: self.spelled(pl.col(name), create=create)}

    def doubts(self) -> list[Doubt]:
        """Unreadable text, which an API may show in a property of any type."""
        raw = pl.col(self.property)
        right = f"{self.right}, with no character cut in two" if self.anything else self.right
        return [Doubt(self.property, self.unreadable(raw), raw, right)]
