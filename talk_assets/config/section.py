"""What every section of talk.toml has in common: its models are frozen, and take no key that they do not name.

The kinds of value stand here too. TOML has no null: a key that can be "none" is set to `false`, and reads as None. A
key that is not set is in no `model_fields_set`, which is how `profiles` tells it from one that is set to none.
"""

import json
from dataclasses import MISSING, fields, replace
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, TypeVar, get_origin, get_type_hints
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictFloat,
    StrictInt,
    StrictStr,
)
from pydantic_core import CoreSchema, PydanticCustomError

from talk_assets.model.lens import countries

T = TypeVar("T")

MOST = 1_000_000
"""The largest whole number that a profile takes."""

SENTENCE, RIGHT = "sentence", "right"
"""Types of our own errors: a whole sentence about what was found, or only what would be right."""

NOT_BLANK = r"\S"

NAME_OR_SECTION = "the property's name in quotes, a section, or false for none"


class Section(BaseModel):
    """A section; `noun` is what its keys are called in a message, `of` the value that it overrides, if there is one."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    noun: ClassVar[str] = "key"
    of: ClassVar[type[Any] | None] = None


def blank(section: type[Section]) -> Any:  # noqa: ANN401 -- a value of `of`, which each section names for itself
    """Return the value that a section overrides with nothing set but its defaults; texts without one are empty."""
    if section.of is None:
        message = f"{section.__name__} overrides no value"
        raise TypeError(message)
    hints = get_type_hints(section.of)
    needed = [one.name for one in fields(section.of) if one.default is MISSING and one.default_factory is MISSING]
    return section.of(**{name: {} if get_origin(hints[name]) is not None else "" for name in needed})


def overridden(default: T, section: Section | None, *, leave: tuple[str, ...] = ()) -> T:
    """Return the value with what the section sets; keys in `leave` are no fields of it."""
    if section is None:
        return default
    found = {}
    for name in section.model_fields_set.difference(leave):
        value = getattr(section, name)
        if isinstance(value, Section):
            value = overridden(getattr(default, name) or blank(type(value)), value)
        found[name] = value
    return replace(default, **found)  # type: ignore[type-var]


def _none(value: object) -> object:
    return None if value is False else value


def _named(value: object) -> object:
    """A property's name stands for a section that says only the name."""
    if value is False:
        return None
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError(RIGHT, NAME_OR_SECTION)
    if not value.strip():
        raise PydanticCustomError(RIGHT, "a text in quotes that is not empty")
    return {"property": value}


def _day(value: object) -> date:
    """A day of TOML, or the same as a text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise PydanticCustomError(RIGHT, "a day, like 2026-01-01") from error


Day = Annotated[date, BeforeValidator(_day)]
"""A day, without a time."""


def _json(value: dict[str, Any]) -> dict[str, Any]:
    """TOML has dates, times and infinite numbers, which no API could be sent."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        right = "a section of texts, finite numbers, true and false; write a date or a time as a text in quotes"
        raise PydanticCustomError(RIGHT, right) from error
    return value


def _country(code: str) -> str:
    if code not in countries.codes().values():
        message = 'is "{found}", which is no country. It should be a code (ISO 3166-1 alpha-2), like "NO".'
        raise PydanticCustomError(SENTENCE, message, {"found": code[:80]})
    return code


def _timezone(name: str) -> str:
    if name not in available_timezones():
        message = 'is "{found}", which is no time zone. It should be an IANA name, like "Europe/Oslo" or "UTC".'
        raise PydanticCustomError(SENTENCE, message, {"found": name[:80]})
    return name


class OrFalse:
    """Says to an editor that `false` sets a key to none; `names` are other short forms."""

    names: tuple[dict[str, Any], ...] = ()

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The short forms beside the long one."""
        return {"anyOf": [*self.names, handler(schema), {"enum": [False]}]}


class OrName(OrFalse):
    """Says so of the property of an API behind a field, which its name may stand for."""

    names = ({"type": "string", "pattern": NOT_BLANK},)


NotBlank = Annotated[StrictStr, Field(pattern=NOT_BLANK)]
Share = Annotated[StrictFloat, Field(ge=0, le=1, allow_inf_nan=False, examples=[0.2])]
Percent = Annotated[StrictFloat, Field(ge=0, le=100, allow_inf_nan=False)]
Positive = Annotated[StrictInt, Field(ge=1, le=MOST)]
Natural = Annotated[StrictInt, Field(ge=0, le=MOST)]
Seconds = Annotated[StrictFloat, Field(ge=0, le=1e9, allow_inf_nan=False)]
Texts = dict[StrictStr, StrictStr]
Names = tuple[StrictStr, ...]
Table = Annotated[dict[StrictStr, Any], AfterValidator(_json)]
Timezone = Annotated[NotBlank, AfterValidator(_timezone)]
CountryCode = Annotated[NotBlank, AfterValidator(_country)]
MaybeCountryCode = Annotated[CountryCode | None, BeforeValidator(_none), OrFalse()]
MaybeTimezone = Annotated[Timezone | None, BeforeValidator(_none), OrFalse()]
MaybeText = Annotated[StrictStr | None, BeforeValidator(_none), OrFalse()]
MaybePercent = Annotated[
    Annotated[StrictStr, Field(pattern=r"^(\d{1,2}(\.\d{1,4})?)?$")] | None, BeforeValidator(_none), OrFalse()
]
"""A percentage in quotes, empty for 0."""
MaybeProbability = Annotated[
    Annotated[StrictFloat, Field(ge=0, le=1, allow_inf_nan=False)] | None, BeforeValidator(_none), OrFalse()
]
MaybePositive = Annotated[Positive | None, BeforeValidator(_none), OrFalse()]
MaybeTable = Annotated[Table | None, BeforeValidator(_none), OrFalse()]
MaybeSection = Annotated[T | None, BeforeValidator(_none), OrFalse()]
"""A section that is set to none by `false`."""
Behind = Annotated[T | None, BeforeValidator(_named), OrName()]
"""A property behind a field, by its name or by a section."""


def behind(section: type[Section]) -> Any:  # noqa: ANN401 -- a type, for `create_model`
    """Return `Behind` of a section that is not known before."""
    return Behind[section]  # type: ignore[misc, valid-type]
