"""What may have been meant by a text that a property can't hold: a guess for people, never taken for the value.

Pure. A guess is written as the API has it. Where a text can mean two things, as 1,495 or 02/03/2024, there is none.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches

import polars as pl

from talk_assets.model.lens import countries
from talk_assets.model.lens.kinds import Choice, Country, Date, Decimal, Instant
from talk_assets.model.lens.properties import Value

CLOSE = 0.7
"""How alike two words are, from 0 to 1, before one is suggested for the other."""

MONTHS = 12

_BLANK = " '\u2019\u00a0\u202f"
_MINUS = "\u2212"
_UNIT = r"(?:[A-Za-z]{1,3}\.?|[€$£¥%])"
_AMOUNT = re.compile(
    rf"^(?:{_UNIT}[{_BLANK}]*)?(?P<number>[-{_MINUS}]?\d[\d.,{_BLANK}]*?)(?:[,.][-{_MINUS}])?(?:[{_BLANK}]*{_UNIT})?$"
)
_PLAIN = re.compile(r"^-?\d+(?:\.\d+)?$")
_WITH_COMMA = re.compile(rf"^-?\d{{1,3}}(?:[.{_BLANK}]\d{{3}})+(?:,\d+)?$")
_WITH_POINT = re.compile(rf"^-?\d{{1,3}}(?:[,{_BLANK}]\d{{3}})+(?:\.\d+)?$")
_COMMA_ALONE = re.compile(r"^-?\d+,\d+$")
_EITHER = re.compile(r"^-?[1-9]\d{0,2}[.,]\d{3}$")

_DAY_FIRST = re.compile(
    r"^(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4})(?P<time>\D.*)?$"
)
_YEAR_FIRST = re.compile(r"^(?P<year>\d{4})[./]?(?P<month>\d{1,2})[./]?(?P<day>\d{1,2})(?P<time>\D.*)?$")
_TIME = re.compile(r"^[T ,]+(?P<time>\d{2}[:.]\d{2}(?:[:.]\d{2})?)$")


def suggest(value: Value, found: Sequence[str | None]) -> list[str | None]:
    """Return for each text what may have been meant by it, null where that is not certain; the property can read it."""
    guesses = [None if text is None else _guess(value, text.strip()) for text in found]
    readable = pl.DataFrame({"guess": guesses}, schema={"guess": pl.String}).select(value.value(pl.col("guess")))
    return [guess if read is not None else None for guess, read in zip(guesses, readable.to_series(), strict=True)]


def _guess(value: Value, text: str) -> str | None:
    match value:
        case Decimal():
            return number(text)
        case Date():
            return day(text)
        case Instant():
            return moment(text)
        case Choice():
            return nearest(text, value.values, {meaning: wire for wire, meaning in reversed([*value.values.items()])})
        case Country():
            names = countries.codes()
            name = nearest(text, names)
            code = names.get(name or "")
            return code if value.wire == "code" else name
    return None


def number(text: str) -> str | None:
    """Return a number that is written with a decimal comma, marks between thousands, or a unit, as JSON has it."""
    found = _AMOUNT.match(text)
    if found is None:
        return None
    digits = found["number"].strip(_BLANK).replace(_MINUS, "-")
    if _EITHER.match(digits):
        return None
    for form, point in ((_PLAIN, "."), (_COMMA_ALONE, ","), (_WITH_COMMA, ","), (_WITH_POINT, ".")):
        if form.match(digits):
            whole, _, fraction = digits.partition(point)
            whole = re.sub(r"[^\d-]", "", whole)
            return f"{whole}.{fraction}" if fraction else whole
    return None


def day(text: str) -> str | None:
    """Return a date that is written otherwise as YYYY-MM-DD."""
    found = _date(text)
    return found[0] if found else None


def moment(text: str) -> str | None:
    """Return a time that is written otherwise as YYYY-MM-DDTHH:MM:SS, or the day where it says no more."""
    found = _date(text)
    if found is None:
        return None
    if not found[1]:
        return found[0]
    time = _TIME.match(found[1])
    if time is None:
        return None
    clock = time["time"].replace(".", ":")
    return f"{found[0]}T{clock}" + ("" if clock.count(":") > 1 else ":00")


def _date(text: str) -> tuple[str, str] | None:
    """The day, and what stands behind it."""
    if found := _YEAR_FIRST.match(text):
        year, month, number_ = (int(found[name]) for name in ("year", "month", "day"))
    elif found := _DAY_FIRST.match(text):
        first, second, year = (int(found[name]) for name in ("first", "second", "year"))
        if found["mark"] != "." and first != second and max(first, second) <= MONTHS:
            return None
        number_, month = (second, first) if second > MONTHS else (first, second)
    else:
        return None
    try:
        return date(year, month, number_).isoformat(), found["time"] or ""
    except ValueError:
        return None


def nearest(text: str, names: Iterable[str], meanings: Mapping[str, str] | None = None) -> str | None:
    """Return the name that is written most alike, case aside, or whose meaning the text is; null where none is near."""
    called = {name.lower(): name for name in reversed(list(names))}
    called = {meaning.lower(): name for meaning, name in (meanings or {}).items()} | called
    close = get_close_matches(text.lower(), called, n=1, cutoff=CLOSE)
    return called[close[0]] if close else None
