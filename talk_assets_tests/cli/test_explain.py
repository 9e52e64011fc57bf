"""`talk explain` of records that are held, not linked yet, or written often."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.config import configuration
from talk_assets_tests.office import Office, open_office


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": "120"})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


def test_a_held_record_stands_beside_every_record_that_it_could_be(office: Office) -> None:
    office.create("erp/contacts", email="same@example.com", first_name="Sam")
    for name in ("Samuel", "Samantha"):
        office.create("crm/people", email="same@example.com", first_name=name)
    office.sync()
    shown = talk("explain", "crm/people/crm1").stdout
    assert shown.startswith("Samuel  crm/people/crm1\nHeld since ")
    assert "It is not linked to anything.\n" in shown
    assert "  field       this record       A                 B\n" in shown
    assert "  first_name  Samuel            Sam               Samantha\n" in shown
    assert "talk link crm/people/crm1 erp/contacts/erp1" in shown
    found = json.loads(talk("explain", "crm/people/crm1", "--json").stdout)
    assert found["values"]["first_name"] == "Samuel"
    assert [one["values"]["first_name"] for one in found["candidates"]] == ["Sam", "Samantha"]


def test_a_record_that_could_be_none_says_so_and_shows_what_it_holds(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    asyncio.run(office.hub.read("crm"))
    shown = talk("explain", "crm/people/crm1").stdout
    assert "It is not linked to anything yet; the next sync decides." in shown
    assert "    first_name  Anna\n" in shown
    assert "No other record has the same values in the fields that records are matched on." in shown


def test_more_than_ten_writes_are_counted_and_shown_on_demand(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    for n in range(12):
        office.sync()
        office.memories["crm/people"].edit("crm1", {"first_name": f"Anna {n}"})
    shown = talk("explain", "crm/people/crm1").stdout
    assert "... and 2 more writes. To see all of them: talk explain crm/people/crm1 --all" in shown
    assert "create erp/contacts/erp1" not in shown
    assert "create erp/contacts/erp1" in talk("explain", "crm/people/crm1", "--all").stdout
    assert len(json.loads(talk("explain", "crm/people/crm1", "--json").stdout)["writes"]) == 12


def test_a_write_is_told_field_by_field_before_and_after(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": None})
    office.sync()
    shown = talk("explain", "crm/people/crm1").stdout
    assert "    ~ first_name: Anna -> (blank)\n      because of crm/people/crm1\n" in shown
