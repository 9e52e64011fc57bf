"""How Webcrm writes a time: whole seconds in British local time, 0001-01-01 for none."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

NONE = "0001-01-01T00:00:00+00:00"
BEFORE_ALL = -62135596800
"""The instant of `NONE`, in seconds since 1970."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SUMMER = timezone(timedelta(hours=1))
ONE_O_CLOCK = 3600


@lru_cache(maxsize=512)
def _summer(year: int) -> tuple[int, int]:
    """Start and end of summer time in seconds since 1970: one o'clock UTC, last Sundays of March and October."""

    def last_sunday(month: int) -> int:
        last = date(year, month, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        return int((datetime(sunday.year, sunday.month, sunday.day, tzinfo=UTC) - EPOCH).total_seconds()) + ONE_O_CLOCK

    return last_sunday(3), last_sunday(10)


def _offset(seconds: int, year: int) -> timezone:
    start, end = _summer(year)
    return SUMMER if start <= seconds < end else UTC


def to_text(seconds: int) -> str:
    """The time in British local time with its offset."""
    if seconds <= BEFORE_ALL:
        return NONE
    moment = EPOCH + timedelta(seconds=seconds)
    return moment.astimezone(_offset(seconds, moment.year)).isoformat()


def to_seconds(text: str) -> int:
    """Whole seconds since 1970 of an ISO 8601 text; without an offset it is British local time. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.year == 1:
        return BEFORE_ALL
    if moment.tzinfo is not None:
        return int((moment - EPOCH).total_seconds() // 1)
    seconds = int((moment.replace(tzinfo=UTC) - EPOCH).total_seconds() // 1)
    summer = _offset(seconds - ONE_O_CLOCK, moment.year) is SUMMER
    return seconds - ONE_O_CLOCK if summer else seconds


def midnight(day: date) -> str:
    """A date as Webcrm writes it: that day's midnight in Britain."""
    return to_text(to_seconds(day.isoformat()))
