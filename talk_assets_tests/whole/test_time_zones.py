"""A system whose modified times are hours away from when it was written to: its zone is configured wrong, and said."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from talk_assets.model.dataflows import Pair
from talk_assets.report import time_zones
from talk_assets.sandbox.serving import serving
from talk_assets.store.database import Store
from talk_assets_tests.whole.firm import Firm
from talk_assets_tests.whole.front import Asked, Front, Record, front
from talk_assets_tests.whole.instance import opened

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PAIRS = (Pair("webcrm/persons", "customerp/contact"),)
UPDATED = re.compile(rb'("updated_at": ?")([^"]+)"')


def moved(text: str, off: timedelta, *, zoned: bool) -> str:
    """A time as a clock shows it that is off."""
    return f"{datetime.fromisoformat(text) + off:%Y-%m-%dT%H:%M:%S.%f}{'Z' if zoned else ''}"


def clock(off: timedelta, *, zoned: bool = False) -> Callable[[bytes, str], bytes]:
    """Answers of Customerp with such modified times."""

    def shown(found: re.Match[bytes]) -> bytes:
        return found[1] + moved(found[2].decode(), off, zoned=zoned).encode() + b'"'

    return lambda body, _: UPDATED.sub(shown, body)


@dataclass
class Abroad(Firm):
    """A firm whose systems are behind a front."""

    front: Front = field(kw_only=True)

    def base_url(self, name: str) -> str:
        return self.front.url(name)

    def wrong(self) -> dict[str, str]:
        """What is said of the systems' times."""
        collections = {key: one for each in self.hub.topologies.values() for key, one in each.collections.items()}
        with self.store.transaction() as transaction:
            return time_zones.wrong(transaction, collections)


@contextmanager
def abroad() -> Iterator[Abroad]:
    with serving() as sandbox, front(sandbox.root) as before, httpx.Client() as http:
        yield Abroad(sandbox, Store(None), http, PAIRS, front=before)


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (2 * HOUR, "2 hours after"),
        (HOUR - 40 * timedelta(seconds=1), "1 hour after"),
        (-5 * HOUR - 30 * MINUTE, "5 hours 30 minutes before"),
        (-30 * MINUTE, "30 minutes before"),
    ],
)
def test_a_time_that_is_hours_away_says_that_the_zone_is_wrong(off: timedelta, said: str) -> None:
    with abroad() as firm:
        firm.front.spelled = clock(off)
        for name in ("Berg", "Dahl"):
            firm.crm_add("Persons", PersonFirstName="Kari", PersonLastName=name)
        assert firm.sync().written == {"customerp/contact": 2}
        assert firm.wrong() == {
            "customerp": f"customerp: the 2 records written last show a modified time {said} they were written, and the"
            " time names no zone. Set timezone under [systems.customerp] in talk.toml to the time zone of the system,"
            ' as timezone = "Europe/Oslo"'
        }


def test_a_zone_that_the_time_names_can_be_corrected_by_no_setting() -> None:
    with abroad() as firm:
        firm.front.spelled = clock(2 * HOUR, zoned=True)
        firm.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Berg")
        firm.sync()
        (said,) = firm.wrong().values()
        assert "2 hours after it was written" in said
        assert "talk.toml" not in said


@pytest.mark.parametrize("off", [timedelta(), 2 * MINUTE, -17 * MINUTE, 50 * MINUTE], ids=str)
def test_nothing_is_said_of_times_that_are_right_or_off_in_another_way(off: timedelta) -> None:
    with abroad() as firm:
        firm.front.spelled = clock(off)
        firm.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Berg")
        assert firm.sync().written
        assert firm.wrong() == {}


@pytest.mark.parametrize(("off", "said"), [(2 * HOUR, "2 hours after"), (-2 * HOUR, "2 hours before")])
def test_what_the_look_after_a_write_shows_counts_as_well(off: timedelta, said: str) -> None:
    """Webcrm answers with ids alone."""

    def lie(asked: Asked, records: list[Record]) -> list[Record]:
        name = "PersonUpdatedAt"
        return [{**one, name: moved(one[name], off, zoned=False)} if name in one else one for one in records]

    with abroad() as firm:
        firm.front.lie = lie
        firm.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Berg")
        firm.sync()
        firm.erp_edit("contacts", firm.erp("contacts")[0]["id"], job_title="Sjef")
        assert firm.sync().written == {"webcrm/persons": 1}
        firm.sync()
        assert f"a modified time {said} it was written" in firm.wrong()["webcrm"]


def test_an_edit_hours_after_a_write_says_nothing_of_the_zone() -> None:
    with abroad() as firm:
        firm.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Berg")
        firm.sync()
        firm.later(7140)
        firm.erp_edit("contacts", firm.erp("contacts")[0]["id"], job_title="Sjef")
        firm.sync()
        assert firm.wrong() == {}


def test_a_sync_says_it_and_so_does_the_status(tmp_path: Path) -> None:
    with opened(tmp_path) as instance, front(instance.sandbox.root) as before:
        before.spelled = clock(2 * HOUR)
        instance.configure(customerp=before.url("customerp"))
        synced = instance.talk("sync")
        assert synced.status == 0, synced
        said = "customerp: the record written last shows a modified time 2 hours after it was written"
        assert " ".join(synced.stdout.split()).count(said) == 1
        assert " ".join(instance.talk("status").stdout.split()).count(said) == 1
        assert json.loads(instance.talk("status", "--json").stdout)["time_zones"]["customerp"].startswith(said)
        again = json.loads(instance.talk("sync", "--json").stdout)
        assert [note for note in again["notes"] if "modified time" in note] == []
