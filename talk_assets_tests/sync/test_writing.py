"""What goes out with a create and with an update."""

import dataclasses
from pathlib import Path

import pytest

from talk_assets.sync.lens import Email, Lens, Ref, Text
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.script import Fault, Kind, Point


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An ERP that demands a first name, and takes a dash for none."""
    office = open_office(tmp_path, monkeypatch)
    contacts = office.memories["erp/contacts"]
    lens = Lens(email=Email("email"), first_name=Text("first_name", blank="-"), company=Ref("employer", to="customers"))
    contacts.collection = dataclasses.replace(contacts.collection, lens=lens)
    return office


def test_what_stands_for_a_blank_goes_out_with_a_create(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no")
    office.sync()
    (contact,) = office.records("erp/contacts")
    assert contact["first_name"] == "-"


def test_what_stands_for_a_blank_is_no_value(office: Office) -> None:
    person = office.create("crm/people", email="kari@acme.no")
    office.sync()
    office.sync()
    assert office.memories["crm/people"].records[person]["first_name"] is None
    with office.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.changes") == 0


def test_a_cleared_value_becomes_what_stands_for_a_blank(office: Office) -> None:
    person = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    office.memories["crm/people"].edit(person, {"first_name": None})
    office.sync()
    (contact,) = office.records("erp/contacts")
    assert contact["first_name"] == "-"


def test_an_edit_arrives_though_a_reference_beside_it_leads_to_a_record_that_was_refused(office: Office) -> None:
    person = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    office.world.fate = Written([Fault(Kind.REFUSED, Point("create erp/customers", 0, 0))])
    employer = office.create("crm/companies", name="Acme")
    office.memories["crm/people"].edit(person, {"employer": employer, "first_name": "Karianne"})
    office.sync()
    (contact,) = office.records("erp/contacts")
    assert (contact["first_name"], contact["employer"]) == ("Karianne", None)
