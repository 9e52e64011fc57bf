"""What people write: a canonical value for any field, new each time it can be."""

import itertools
import random
from collections.abc import Callable

from talk_assets.model.entities import Field, Kind

SERIAL = itertools.count(1)
PLACES = ("Fjell", "Fjord", "Skog", "Sjø", "Øy")
COUNTRIES = ("NO", "SE", "DK", "DE", "GB")
CURRENCIES = ("NOK", "EUR", "SEK", "DKK")
UNITS = ("stk", "kg", "meter", "time", "eske")

CLEARABLE = frozenset(
    {"job_title", "phone", "website", "street", "city", "postal_code", "description", "birth_date", "delivery_date"}
)
"""Fields that people also clear: what is known of nobody by them, and what no API demands."""

BLANK = 0.15
"""The chance that a field which can be is cleared."""


def word(rng: random.Random) -> str:
    """Return words that nobody has written before."""
    return f"{rng.choice(PLACES)} {next(SERIAL)}"


def _email(_: random.Random) -> str:
    return f"post{next(SERIAL)}@soak.example"


def _phone(_: random.Random) -> str:
    return f"+474{next(SERIAL):07}"


def _money(rng: random.Random) -> str:
    return f"{rng.randrange(100, 99_999)}.5"


def _date(rng: random.Random) -> str:
    return f"{rng.randrange(1970, 2026)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


MAKERS: dict[Kind, Callable[[random.Random], str]] = {
    Kind.TEXT: word,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.ORGANISATION_NUMBER: lambda _: f"8{next(SERIAL):08}",
    Kind.DIGITS: lambda _: f"8{next(SERIAL):08}",
    Kind.DECIMAL: _money,
    Kind.DATE: _date,
    Kind.INSTANT: lambda rng: f"{_date(rng)}T{rng.randrange(24):02}:30:00.000000Z",
    Kind.COUNTRY: lambda rng: rng.choice(COUNTRIES),
    Kind.CURRENCY: lambda rng: rng.choice(CURRENCIES),
}

WORDS: dict[str, Callable[[random.Random], str]] = {
    "unit": lambda rng: rng.choice(UNITS),
    "number": lambda _: str(700_000 + next(SERIAL)),
    "postal_code": lambda rng: f"{rng.randrange(100, 9999):04}",
    "website": lambda _: f"www.soak{next(SERIAL)}.example",
}
"""Texts that are not any words."""


def make(rng: random.Random, field: Field, *, clearing: bool = True) -> str | None:
    """Return a value for a field that is no reference and no list of lines, null to clear it."""
    if clearing and field.name in CLEARABLE and rng.random() < BLANK:
        return None
    if field.kind is Kind.CHOICE:
        return rng.choice(field.values)
    return (WORDS.get(field.name) or MAKERS[field.kind])(rng)
