"""Ids that a system gives a second time, to another record than the first."""

import itertools
from pathlib import Path

import pytest

from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared


def kari(office: Office) -> None:
    """She was linked, and her contact deleted."""
    office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    office.memories["erp/contacts"].delete("erp1")
    office.sync_in_full()
    office.memories["erp/contacts"].numbers = itertools.count(1)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return prepared(open_office(tmp_path, monkeypatch), monkeypatch, kari)


def names(office: Office, key: str) -> list[str]:
    return [record["first_name"] for record in office.records(key)]


def test_a_record_that_we_create_with_the_id_of_a_deleted_one_is_not_also_that_one(office: Office) -> None:
    office.create("crm/people", email="ola@acme.no", first_name="Ola")
    office.sync()
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Olav"})
    office.sync_in_full()
    office.sync_in_full()
    assert names(office, "crm/people") == ["Kari", "Olav"]
    with office.transaction() as transaction:
        found = transaction.count("SELECT count(*) FROM person.links WHERE collection = 'erp/contacts' AND id = 'erp1'")
    assert found == 1


def test_a_record_that_we_create_with_the_id_of_one_that_nobody_knew_to_be_deleted_is_not_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first life was seen by nobody to end: no list shows that a record is gone, and the next one has its id."""
    office = open_office(tmp_path, monkeypatch)
    office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    contacts = office.memories["erp/contacts"]
    contacts.records.clear()
    contacts.numbers = itertools.count(1)
    office.create("crm/people", email="ola@acme.no", first_name="Ola")
    office.sync()
    office.memories["crm/people"].edit("crm2", {"first_name": "Olav"})
    office.sync()
    office.sync_in_full()
    assert [names(office, key) for key in ("crm/people", "erp/contacts")] == [["Kari", "Olav"], ["Olav"]]
    with office.transaction() as transaction:
        found = transaction.count("SELECT count(*) FROM person.links WHERE collection = 'erp/contacts' AND id = 'erp1'")
    assert found == 1


def test_a_record_that_somebody_creates_with_the_id_of_a_deleted_one_is_another(office: Office) -> None:
    office.memories["erp/contacts"].create({"email": "ola@acme.no", "first_name": "Ola"})
    office.sync_in_full()
    office.sync_in_full()
    assert names(office, "crm/people") == ["Kari"]


def test_a_record_that_comes_back_is_the_one_it_was(office: Office) -> None:
    office.memories["erp/contacts"].create({"email": "Kari@acme.no", "first_name": "Karianne"})
    office.sync_in_full()
    assert names(office, "crm/people") == ["Karianne"]
