"""A system's clock is off: its times are corrected wherever a record comes from."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.script import Fault, Kind, Point

AHEAD = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The ERP is an hour ahead, and its first answer to a create is lost."""
    office = open_office(tmp_path, monkeypatch)
    for key in ("erp/customers", "erp/contacts"):
        office.memories[key].skew = AHEAD
    office.world.fate = Written([Fault(Kind.LOST, Point("create erp/contacts", 0, 0))])
    return office


def test_the_later_edit_wins_though_the_earlier_was_found_with_a_record_whose_answer_was_lost(office: Office) -> None:
    person = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Karianne"})
    asyncio.run(office.hub.write("erp"))
    office.memories["crm/people"].edit(person, {"first_name": "Karin"})
    office.sync_in_full()
    assert [record["first_name"] for record in office.records("erp/contacts")] == ["Karin"]
    assert [record["first_name"] for record in office.records("crm/people")] == ["Karin"]
