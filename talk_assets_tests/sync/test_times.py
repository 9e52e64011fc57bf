"""Days and times in time zones, held against Python's own."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.model.entities import person, project
from talk_assets.model.lens.lens import Date, Instant, Lens
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.lens_laws import check_lens
from talk_assets_tests.sync.test_lens import got, put

ZONES = ["UTC", "Europe/Oslo", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"]
ZONED = st.sampled_from(ZONES)
DAYS = st.dates(date(1900, 1, 1), date(2037, 12, 31))
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)).map(lambda at: at.replace(microsecond=0, fold=0))  # noqa: DTZ001 -- as hypothesis asks


@given(DAYS, ZONED, st.sampled_from(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S.000Z"]))
def test_a_day_is_read_from_the_moment_at_which_it_begins(day: date, zone: str, form: str) -> None:
    begins = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    if begins.second == 0:  # before there were time zones, clocks differed by seconds
        assert got(Date("d", timezone=zone), begins.strftime(form)) == [day.isoformat()]


@given(DAYS, ZONED)
def test_a_day_is_the_same_day_in_every_other_form(day: date, zone: str) -> None:
    forms = ["", "T00:00:00", "T00:00:00Z", " 00:00", "T00:00:00.0000000+00:00", "T00:00:00-05:00", "T23:59:59"]
    assert set(got(Date("d", timezone=zone), *(f"{day}{form}" for form in forms))) == {day.isoformat()}


@given(DAYS, ZONED)
def test_a_day_is_written_as_its_midnight_and_read_back_whatever_the_api_makes_of_it(day: date, zone: str) -> None:
    prop = Date("d", wire="datetime", timezone=zone)
    sent = datetime.fromisoformat(put(Lens(birth_date=prop), birth_date=day.isoformat())["d"])
    assert got(prop, sent.isoformat(), sent.astimezone(UTC).isoformat()) == [day.isoformat()] * 2


@given(TIMES, ZONED)
def test_a_time_without_a_zone_is_in_the_systems(at: datetime, zone: str) -> None:
    (found,) = got(Instant("i", timezone=zone), at.isoformat(sep=" "))
    assert found
    moment = datetime.fromisoformat(found)
    skipped = at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != at
    if skipped:
        assert abs(moment - at.replace(tzinfo=ZoneInfo(zone))) <= timedelta(hours=1)
    else:
        assert moment == at.replace(tzinfo=ZoneInfo(zone))
    assert got(Instant("i", timezone=zone), f"{at.isoformat()}Z") == got(Instant("i"), f"{at.isoformat()}Z")


@pytest.mark.parametrize(
    "zone", [zone if zone == "Europe/Oslo" else pytest.param(zone, marks=pytest.mark.thorough) for zone in ZONES]
)
def test_the_lens_laws_hold_in_every_time_zone(zone: str) -> None:
    days = Lens(birth_date=Date("born", wire="datetime", empty="0001-01-01T00:00:00+00:00"))
    check_lens(days.in_timezone(zone), person)
    moments = Lens(starts_at=Instant("from", precision="s", zone=""), ends_at=Instant("to", precision="ms"))
    check_lens(moments.in_timezone(zone), project)


def test_a_system_is_opened_in_its_time_zone_but_for_what_says_its_own() -> None:
    for name, known in SYSTEMS.items():
        system = known.build(SystemSettings("http://127.0.0.1:1", timezone="Europe/Oslo"))
        for one in system.collections:
            dated = [prop for prop in one.lens.properties.values() if isinstance(prop, Date | Instant)]
            assert {prop.timezone for prop in dated} <= {"Europe/Oslo"}, name
            if one.modified:
                right = "UTC" if one.modified.property.endswith("_gmt") else "Europe/Oslo"
                assert one.modified.timezone == right


def test_a_written_time_without_a_zone_is_local() -> None:
    lens = Lens(starts_at=Instant("from", precision="s", zone="")).in_timezone("Europe/Oslo")
    assert put(lens, starts_at="2024-07-01T10:00:00.000000Z") == {"from": "2024-07-01T12:00:00"}
    assert lens.get(pl.DataFrame({"from": ["2024-07-01T12:00:00"]})).item() == "2024-07-01T10:00:00.000000Z"
