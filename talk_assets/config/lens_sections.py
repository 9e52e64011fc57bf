"""What talk.toml may say of the property behind a field: a section per kind of property, as the lens has them.

A kind of property that the lens gains is added here, with a description per key. What a key does is documented in
`model.lens.kinds` and `model.lens.orderlines`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, StrictBool, create_model

from talk_assets.config.section import (
    Behind,
    MaybeCountryCode,
    MaybePercent,
    MaybePositive,
    MaybeText,
    MaybeTimezone,
    Names,
    Natural,
    NotBlank,
    Section,
    Texts,
    behind,
)
from talk_assets.model.entities import ENTITIES, Entity, Kind
from talk_assets.model.entities import Field as EntityField
from talk_assets.model.lens import lens
from talk_assets.model.lens.lens import Writable
from talk_assets.model.lens.properties import Property

FULL_NAME = "full_name"
"""Stands for first and last name where the API has one property for both."""


_TIMEZONE = "The time zone (IANA name) of what names none; the system's if not set."


class _Property(Section):
    property: NotBlank | None = Field(default=None, description="The property's name; dots lead into objects.")
    writable: Writable | None = Field(default=None, description="When the property is written.")
    required: StrictBool | None = Field(default=None, description="Whether the API refuses a new record without it.")


class _Value(_Property):
    blank: MaybeText = Field(default=None, description="Written for a blank field, as the API demands something.")
    empty: MaybeText = Field(default=None, description="How the API writes a blank value; JSON null if not set.")
    nothing: Names | None = Field(default=None, description="Further values that the API shows for a blank one.")
    max_length: MaybePositive = Field(default=None, description="How many characters the API keeps.")
    length_unit: Literal["character", "utf-16"] | None = Field(
        default=None, description="What `max_length` counts: characters, or UTF-16 code units; most emoji take two."
    )


class Text(_Value):
    """Any text."""

    of: ClassVar[type[Property]] = lens.Text
    multiline: StrictBool | None = Field(default=None, description="Whether line breaks are kept.")
    escaped: StrictBool | None = Field(
        default=None, description="Whether the API writes HTML entities, like `&amp;` for `&`."
    )
    wire: Literal["text", "integer"] | None = Field(default=None, description="The JSON type.")


class Email(_Value):
    """An e-mail address."""

    of: ClassVar[type[Property]] = lens.Email


class Phone(_Value):
    """A telephone number."""

    of: ClassVar[type[Property]] = lens.Phone
    region: MaybeCountryCode = Field(
        default=None,
        description="Country (ISO 3166-1 alpha-2) of a number without a country code, where neither the record nor its"
        " company has one; that of the instance if not set.",
        examples=["NO"],
    )


class Digits(_Value):
    """A number that identifies, like a GTIN."""

    of: ClassVar[type[Property]] = lens.Digits


class OrganisationNumber(_Value):
    """The number by which a register or a tax office knows an organisation."""

    of: ClassVar[type[Property]] = lens.OrganisationNumber


class Decimal(_Value):
    """An amount or a quantity."""

    of: ClassVar[type[Property]] = lens.Decimal
    wire: Literal["number", "string"] | None = Field(default=None, description="The JSON type.")
    places: Natural | None = Field(default=None, description="Decimals that the API keeps.")
    vat: MaybePercent = Field(
        default=None,
        description='Percent of VAT that the price includes, in quotes; "" for none. Of unit_price, the system\'s'
        " prices_include_vat if not set.",
        examples=["25"],
    )


class Date(_Value):
    """A day."""

    of: ClassVar[type[Property]] = lens.Date
    wire: Literal["date", "datetime"] | None = Field(
        default=None, description="Whether the API writes a day as a date, or as the date and time of its midnight."
    )
    timezone: MaybeTimezone = Field(default=None, description=_TIMEZONE)


class Instant(_Value):
    """A point in time."""

    of: ClassVar[type[Property]] = lens.Instant
    wire: Literal["text", "epoch", "epoch_ms"] | None = Field(
        default=None, description="Date and time as a text, or seconds or milliseconds since 1970."
    )
    precision: Literal["us", "ms", "s"] | None = Field(
        default=None, description="How much of a second is written: microseconds, milliseconds, or whole seconds."
    )
    zone: Literal["Z", "+00:00", ""] | None = Field(default=None, description="How UTC is written.")
    timezone: MaybeTimezone = Field(default=None, description=_TIMEZONE)


class Country(_Value):
    """A country."""

    of: ClassVar[type[Property]] = lens.Country
    wire: Literal["code", "name"] | None = Field(default=None, description="ISO code, or English name. Both are read.")


class Currency(_Value):
    """A currency's code."""

    of: ClassVar[type[Property]] = lens.Currency


class Choice(_Value):
    """One of a few values."""

    of: ClassVar[type[Property]] = lens.Choice
    values: Texts | None = Field(
        default=None, description='What each value of the API means, like { open = "draft", closed = "delivered" }.'
    )
    folds: Texts | None = Field(
        default=None,
        description='Which value of the API is written for a meaning that it lacks, like { invoiced = "closed" }.',
    )
    read_only: Names | None = Field(
        default=None, description='Values of the API that are read and never written, like ["completed"].'
    )
    wire: Literal["text", "boolean", "integer"] | None = Field(default=None, description="The JSON type.")


class Ref(_Value):
    """A reference to another record of the same system."""

    of: ClassVar[type[Property]] = lens.Ref
    to: NotBlank | None = Field(default=None, description="The collection that it refers to.")
    by: MaybeText = Field(
        default=None, description="The property of that collection which it holds; its id if not set."
    )
    wire: Literal["text", "integer"] | None = Field(default=None, description="The JSON type.")


class FullName(_Value):
    """One property for first and last name."""

    of: ClassVar[type[Property]] = lens.FullName


class Lines(_Property):
    """The lines of an order, as a list of objects."""

    of: ClassVar[type[Property]] = lens.Lines
    id: MaybeText = Field(default=None, description="The property of a line that stays the same across updates.")
    leaves_out: tuple[Literal["zero", "negative", "fraction", "text"], ...] | None = Field(
        default=None,
        description="Lines that the API can't hold and does not get: of a product with the quantity 0; with a negative"
        " quantity or price; with a quantity that is no whole number; without a product.",
    )
    product: Behind[Ref] = Field(default=None, description="The property of a line that names its product.")
    description: Behind[Text] = Field(default=None, description="The property of a line that describes it.")
    quantity: Behind[Decimal] = Field(default=None, description="The property of a line with the quantity.")
    unit_price: Behind[Decimal] = Field(default=None, description="The property of a line with the price of one item.")
    discount: Behind[Decimal] = Field(default=None, description="The property of a line with the discount in percent.")


KINDS: Mapping[Kind, type[Section]] = {
    Kind.TEXT: Text,
    Kind.EMAIL: Email,
    Kind.PHONE: Phone,
    Kind.DIGITS: Digits,
    Kind.ORGANISATION_NUMBER: OrganisationNumber,
    Kind.DECIMAL: Decimal,
    Kind.DATE: Date,
    Kind.INSTANT: Instant,
    Kind.COUNTRY: Country,
    Kind.CURRENCY: Currency,
    Kind.CHOICE: Choice,
    Kind.REFERENCE: Ref,
    Kind.LINES: Lines,
}
"""The section for the property behind a field of each kind."""


_SECTIONS: tuple[type[Section], ...] = (*KINDS.values(), FullName)
SECTION_OF: Mapping[type[Any], type[Section]] = {one.of: one for one in _SECTIONS if one.of is not None}
"""The section for each kind of property."""


def article(noun: str) -> str:
    """Return `an order`, `a person`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _described(field: EntityField) -> str:
    values = f" Its values mean {', '.join(field.values)}." if field.values else ""
    leads = f" It refers to {article(field.to)}." if field.to else ""
    return f"The property behind {field.name} ({field.kind}).{leads}{values}"


def _fields(entity: Entity) -> type[Section]:
    names: dict[str, Any] = {
        one.name: (behind(KINDS[one.kind]), Field(default=None, description=_described(one))) for one in entity.fields
    }
    if {"first_name", "last_name"} <= set(entity.names):
        described = "One property for first and last name, in place of first_name and last_name."
        names[FULL_NAME] = (behind(FullName), Field(default=None, description=described))
    base = type(
        f"{entity.name}_fields", (Section,), {"noun": f"field of {article(entity.name)}", "__module__": __name__}
    )
    return create_model(base.__name__, __base__=base, **names)


FIELDS = {entity.name: _fields(entity) for entity in ENTITIES.values()}
"""Per entity, the section that names the property behind each field."""
