"""What goes out with a create and with an update."""

import dataclasses
from pathlib import Path

import pytest

from talk_assets.model.lens.lens import Email, Lens, Ref, Text
from talk_assets.operate.actions import Acting
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.script import Act, Doing, Fault, Kind, Point


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


def test_what_waits_in_one_field_is_not_forgotten_over_an_edit_of_another(office: Office) -> None:
    """Only what was edited is looked at, unless more is asked for already."""
    person = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    office.world.fate = Written([Fault(Kind.REFUSED, Point("create erp/customers", 0, 0))])
    employer = office.create("crm/companies", name="Acme")
    office.memories["crm/people"].edit(person, {"employer": employer})
    office.sync()
    office.world.begin(Written())
    office.memories["crm/people"].edit(person, {"email": "kari.nordmann@acme.no"})
    office.sync()
    (contact,) = office.records("erp/contacts")
    assert (contact["email"], contact["employer"]) == ("kari.nordmann@acme.no", None)
    Acting(office.wiring()).retry("erp/customers")
    office.sync()
    (customer,), (contact,) = office.records("erp/customers"), office.records("erp/contacts")
    assert contact["employer"] == customer["id"]


@pytest.mark.parametrize("answers", [True, False])
def test_what_was_edited_while_it_was_written_is_asked_for_again(office: Office, *, answers: bool) -> None:
    """Somebody edits the record between the request and its answer."""
    office.memories["erp/contacts"].answers = answers
    person = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    office.memories["crm/people"].edit(person, {"first_name": "Karianne"})
    meanwhile = Act(0, Doing.EDIT, "erp/contacts", 0, (("email", "kari@work.no"),))
    office.world.people = lambda act: office.memories[act.where].edit("erp1", dict(act.values))
    office.world.fate = Written([Fault(Kind.MEANWHILE, Point("updated erp/contacts", 0, 0), meanwhile)])
    office.sync()
    office.sync()
    (contact,), (kari,) = office.records("erp/contacts"), office.records("crm/people")
    assert contact["first_name"] == kari["first_name"] == "Karianne"
    assert contact["email"] == kari["email"] == "kari@work.no"
