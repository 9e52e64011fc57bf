"""Records that were written and not shown since, as the API answers without them: what it showed before is no edit."""

from dataclasses import replace
from pathlib import Path

import pytest

from talk_assets.model.lens.lens import Email, Lens, Ref, Text
from talk_assets_tests.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The CRM answers without the record, and Kari's employer is a company that no list of the CRM shows."""
    office = open_office(tmp_path, monkeypatch)
    office.memories["crm/people"].answers = False
    office.create("crm/people", email="kari@acme.no", first_name="Kari", employer="nowhere")
    office.sync()
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Karianne"})
    return office


def edits(office: Office) -> list[tuple[str, str]]:
    with office.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.conflicts") == 0
        return list(transaction.frame("SELECT origin, value FROM sync.edits ORDER BY rowid").iter_rows())


def writes(office: Office) -> int:
    with office.transaction() as transaction:
        return transaction.count("SELECT count(*) FROM sync.journal WHERE action = 'update'")


def test_a_record_that_waits_for_its_parent_is_not_set_back(office: Office) -> None:
    """It is looked at again in every reconciliation."""
    for _ in range(3):
        office.sync()
    assert edits(office) == [("erp/contacts/erp1", "Karianne")]
    assert writes(office) == 1
    assert [record["first_name"] for record in office.records("crm/people")] == ["Karianne"]


def test_a_property_that_is_mapped_before_the_record_is_shown_sets_nothing_back(office: Office) -> None:
    """Every record is looked at again, as it was read last."""
    office.memories["crm/people"].records["crm1"]["employer"] = None
    office.memories["crm/people"].also = ("title",)
    office.sync()
    contacts = office.memories["crm/people"]
    contacts.collection = replace(
        contacts.collection,
        lens=Lens(
            email=Email("email"),
            first_name=Text("first_name"),
            job_title=Text("title"),
            company=Ref("employer", to="companies"),
        ),
    )
    office.hub.reconcile("person")
    assert edits(office) == [("erp/contacts/erp1", "Karianne")]


def test_what_a_person_edits_after_the_write_is_an_edit(office: Office) -> None:
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": "Anna"})
    for _ in range(2):
        office.sync()
    assert edits(office) == [("erp/contacts/erp1", "Karianne"), ("crm/people/crm1", "Anna")]
    assert [record["first_name"] for record in office.records("erp/contacts")] == ["Anna"]


def test_what_the_system_did_not_take_is_an_edit_once_it_was_read(office: Office) -> None:
    """It says that it did, and shows the record as it was before."""
    office.memories["crm/people"].rewrite = lambda name, value: "Kari" if name == "first_name" else value
    for _ in range(2):
        office.sync()
    assert edits(office) == [("erp/contacts/erp1", "Karianne"), ("crm/people/crm1", "Kari")]
