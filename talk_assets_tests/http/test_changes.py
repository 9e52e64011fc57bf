"""How a filter asks for what changed: in local time as well, where clocks show some hours twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from talk_assets.http.api import Changes, Since, Spelling

ZONES = st.sampled_from(["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- st adds it


def shown(moment: datetime, zone: str) -> str:
    """A time as the system's clocks show it."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S}"


def changes(zone: str, overlap: float = 0) -> Changes:
    """A filter that names no zone."""
    return Changes(Since.TIME, "after", Spelling.BARE, overlap, timezone=zone)


@given(zone=ZONES, since=MOMENTS, later=st.timedeltas(timedelta(), timedelta(hours=5)))
@example(zone="Europe/Oslo", since=datetime(2024, 10, 27, 0, 50, tzinfo=UTC), later=timedelta(minutes=30))
@example(zone="Europe/Oslo", since=datetime(2024, 10, 27, 1, 10, tzinfo=UTC), later=timedelta(minutes=1))
def test_what_changes_after_a_moment_is_never_filtered_out(zone: str, since: datetime, later: timedelta) -> None:
    asked = changes(zone).spelled(since)
    assert asked <= shown(since + later, zone)
    assert datetime.fromisoformat(shown(since, zone)) - datetime.fromisoformat(asked) <= timedelta(hours=1)


def test_a_filter_is_in_the_time_zone_that_is_set() -> None:
    at = datetime(2024, 5, 17, 8, 30, tzinfo=UTC)
    assert changes("Europe/Oslo").spelled(at) == "2024-05-17T10:30:00"
    assert changes("Europe/Oslo", 120).spelled(at) == "2024-05-17T10:28:00"
    assert changes("UTC").spelled(at) == "2024-05-17T08:30:00"
