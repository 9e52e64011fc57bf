"""Days and times to canonical text, each in the time zone of its system where it has none of its own.

A day may be given as the moment at which it begins. Whoever wrote it meant the day in the system's time zone, whatever
the offset at which the API shows the moment. But midnight at that offset, or in UTC, is how a day is written without
regard to where.
"""

from datetime import time
from typing import Literal

import polars as pl

UTC = "UTC"
FIRST_AGREED = 1970

_MIDNIGHT = r"[T ]00:00(?::00(?:\.0+)?)? ?(?:[Zz]|[+-]\d{2}:?\d{2})?$"
_MOMENT_OF_DAY = r"[T ]\d{2}:\d{2}.*(?:[Zz]|[+-]\d{2}:?\d{2})$"


def date(text: pl.Expr, zone: str = UTC) -> pl.Expr:
    """Return the day of a date, or of a moment in `zone`; where that is UTC, the day as it is written."""
    day = text.str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$")
    written = day.str.to_date("%Y-%m-%d", strict=False).dt.strftime("%Y-%m-%d")
    if zone == UTC:
        return written
    pair = pl.struct(text.alias("text"), written.alias("written"))
    return pair.map_batches(lambda pairs: _days(pairs, zone), return_dtype=pl.String)


def _days(pairs: pl.Series, zone: str) -> pl.Series:
    text, written = pairs.struct.field("text"), pairs.struct.field("written")
    timed = text.str.contains(_MOMENT_OF_DAY) & ~text.str.contains(_MIDNIGHT) & written.is_not_null()
    inner = timed.fill_null(value=False)
    if not inner.any():
        return written
    moments = pl.select(moment(pl.lit(text.filter(inner))).alias("at"))
    at_hand = pl.col("at").dt.convert_time_zone(zone)
    # Databases of time zones agree from 1970 on; summer time before that may be an hour off.
    hour_before = (at_hand.dt.offset_by("1h").dt.time() == time(0)) & (pl.col("at").dt.year() < FIRST_AGREED)
    local = pl.when(hour_before).then(at_hand.dt.offset_by("1h")).otherwise(at_hand)
    begins = pl.col("at").dt.truncate("1d") == pl.col("at")
    days = moments.select(pl.when(begins).then(pl.col("at").dt.date()).otherwise(local.dt.date()).dt.to_string("%F"))
    return written.clone().scatter(inner.arg_true(), days.to_series())


def midnight(day: pl.Expr, zone: str = UTC) -> pl.Expr:
    """Return the time at which a day begins in a time zone, with its offset."""
    begins = pl.lit("T00:00:00+00:00")
    if zone == UTC:
        return day + begins
    shown = day.str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
    local = shown.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    whole = local.dt.convert_time_zone(UTC).dt.second() == 0  # before there were time zones, clocks differed by seconds
    return pl.when(whole).then(day + pl.lit("T00:00:00") + local.dt.strftime("%:z")).otherwise(day + begins)


_MOMENT = (
    r"^(?<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?<time>\d{2}:\d{2}(?::\d{2})?)(?:\.(?<fraction>\d{1,6})\d*)? ?(?<zone>Z|z|[+-]\d{2}:?\d{2})?)?$"
)


def moment(text: pl.Expr, zone: str = UTC) -> pl.Expr:
    """Return a time as Datetime in UTC; one without an offset is in `zone`, a date alone is its midnight."""
    parts = text.str.extract_groups(_MOMENT)
    return parts.map_batches(lambda found: _moments(found, zone), return_dtype=pl.Datetime("us", "UTC"))


def _moments(parts: pl.Series, in_zone: str) -> pl.Series:
    clock = pl.col("time").fill_null("00:00")
    seconds = pl.when(clock.str.len_chars() == len("00:00")).then(clock + pl.lit(":00")).otherwise(clock)
    zone = pl.col("zone").fill_null("Z").str.to_uppercase().str.replace("Z", "+00:00", literal=True)
    spelled = pl.concat_str("day", pl.lit("T"), seconds, pl.lit("."), pl.col("fraction").fill_null("0"), zone)
    found = spelled.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    if in_zone != UTC:
        found = pl.when(pl.col("zone").is_null()).then(_in_utc(found, in_zone)).otherwise(found)
    return parts.struct.unnest().select(found.alias(parts.name)).to_series()


def _in_utc(found: pl.Expr, zone: str) -> pl.Expr:
    """The moment at which clocks in a time zone show a time: the first, and an hour later if they skip it."""
    shown = found.dt.replace_time_zone(None)
    tries = [
        one.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone(UTC)
        for one in (shown, shown.dt.offset_by("1h"))
    ]
    return pl.coalesce(*tries, found)


def instant(text: pl.Expr, zone: str = UTC) -> pl.Expr:
    """Return a time as YYYY-MM-DDTHH:MM:SS.ffffffZ; one without an offset is in `zone`."""
    return moment(text, zone).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")


def since_epoch(text: pl.Expr, unit: Literal["s", "ms"]) -> pl.Expr:
    """Return seconds or milliseconds since 1970 as a time; any other text as it is."""
    count = text.str.extract(r"^(-?\d{1,14})$").cast(pl.Int64)
    moment = pl.from_epoch(count, time_unit=unit).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return pl.coalesce(moment, text)


def after_year_one(text: pl.Expr) -> pl.Expr:
    """Return the text of a day or a time, null for one in the year 1."""
    return text.str.replace(r"^0001-01-0(?s:.*)$", "").replace("", None)
