"""Texts to canonical text: numbers that count and numbers that identify, currencies, as Polars expressions.

What one kind of value means, whatever the system; days are in `times`, and `texts`, `telephones` and `countries` have
what their names say. How a property of an API is declared is in `kinds`. Canonical text is defined by `entities.Kind`;
every function takes clean text, gives null where the text cannot be read, and leaves canonical text as it is.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, localcontext
from decimal import Decimal as Number

import polars as pl

PLACES = 10
"""Decimals that a number keeps."""

WHOLE = 15
"""Digits before the point: numbers with more are no amounts, prices or quantities; they cannot be read."""

DIGITS = 15
"""Significant digits that survive a JSON number, which most APIs hold as a double."""


def decimal(text: pl.Expr, places: int = PLACES) -> pl.Expr:
    """Return a plain number, rounded half away from zero to `places`."""
    number = text.cast(pl.Decimal(38, PLACES), strict=False).round(min(places, PLACES), mode="half_away_from_zero")
    within = number.cast(pl.Decimal(WHOLE + PLACES, PLACES), strict=False)
    return within.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")


def double(text: pl.Expr) -> pl.Expr:
    """Return a number as a double holds it, without the digits that a double invents."""
    return text.cast(pl.Float64, strict=False).round_sig_figs(DIGITS).cast(pl.String)


MONEY = 6
"""Decimals of a price with VAT: with more of them, those that dividing adds would show."""


def without_vat(number: pl.Expr, percent: str | None) -> pl.Expr:
    """Return plain numbers that include so many percent of VAT without it."""
    with localcontext(prec=50):
        return _times(number, 100 / (100 + Number(percent)), PLACES) if percent else number


def with_vat(number: pl.Expr, percent: str | None) -> pl.Expr:
    """Return plain numbers with so many percent of VAT."""
    return _times(number, (100 + Number(percent)) / 100, MONEY) if percent else number


def _times(number: pl.Expr, factor: Number, places: int) -> pl.Expr:
    """Exactly, which no double and no Decimal of Polars is."""

    def times(column: pl.Series) -> pl.Series:
        quantum = Number(1).scaleb(-places)
        with localcontext(prec=50):
            exact = [one and f"{(Number(one) * factor).quantize(quantum, ROUND_HALF_UP):f}" for one in column]
        return pl.Series(column.name, exact, dtype=pl.String)

    return decimal(number.map_batches(times, return_dtype=pl.String), places)


def digits(text: pl.Expr) -> pl.Expr:
    """Return a number without its form, what is no such number as it is, and null for a text without any digit."""
    return text.map_batches(lambda column: _numbers(column, _without_form), return_dtype=pl.String)


def organisation_number(text: pl.Expr) -> pl.Expr:
    """Return a number as `digits` does, with its letters; of a Norwegian VAT number, that of the organisation."""
    return text.map_batches(lambda column: _numbers(column, _organisation_number), return_dtype=pl.String)


def _numbers(column: pl.Series, read: Callable[[str], str | None]) -> pl.Series:
    odd = column.str.contains(r"[^0-9]").fill_null(value=False)
    if not odd.any():
        return column
    others = column.filter(odd).unique()
    known = pl.Series([read(text) for text in others], dtype=pl.String)
    return column.replace(others, known)


_LABEL = re.compile(
    r"(?:(?:org(?:anisa[st]jons?|anisations?)?|foretaks?|cvr|vat|tax|kvk|ean|gtin|upc|isbn|jan)"
    r"(?:[ .-]{0,2}(?:nr|no|num(?:mer|ber)|id|8|12|13|14))?|foretaksregisteret|mva|moms)[ .:#-]*(?=[0-9])",
    re.IGNORECASE,
)
"""What people write before a number to say which it is."""

_FORM = re.compile(r"[\s.,:;/\\()'\"·_\u2010-\u2015\u2212-]+")
_IDENTIFIER = re.compile(r"(?=.*[0-9])(?!.*[^\W\d_]{5})[0-9A-Z+*]{1,30}")
_NORWEGIAN = re.compile(r"(?:FORETAKSREGISTERET)?(?:NO(\d{9})(?:MVA)?|(\d{9})MVA)", re.ASCII)


def _without_form(text: str) -> str | None:
    plain = unicodedata.normalize("NFKC", text)
    if not re.search(r"[0-9]", plain):
        return None
    short = _FORM.sub("", _LABEL.sub("", plain, count=1) if _LABEL.match(plain) else plain).upper()
    return short if _IDENTIFIER.fullmatch(short) else text


def _organisation_number(text: str) -> str | None:
    number = _without_form(text)
    norwegian = _NORWEGIAN.fullmatch(_FORM.sub("", number).upper()) if number else None
    return norwegian[1] or norwegian[2] if norwegian else number


def currency(text: pl.Expr) -> pl.Expr:
    """Return a code of three letters in capitals, any other text as it is."""
    return pl.when(text.str.contains(r"^[A-Za-z]{3}$")).then(text.str.to_uppercase()).otherwise(text)
