"""What happens when a record is deleted: it leaves a mark, is not created again, and takes nothing else with it."""

import asyncio
from collections.abc import Iterator

import pytest

from talk_assets_tests.whole.firm import Firm, Record, only, pairs_of
from talk_assets_tests.whole.firm import firm as opened

PERSONS = [pair for pair in pairs_of("webcrm-customerp") if pair.left == "webcrm/persons"]


@pytest.fixture
def firm() -> Iterator[Firm]:
    with opened(pairs=PERSONS) as found:
        yield found


def people(firm: Firm, *names: str) -> dict[str, tuple[int, str]]:
    """The ids of persons of Webcrm and of their contacts in Customerp."""
    ids = {name: firm.crm_add("Persons", PersonLastName=name, PersonEmail=f"{name}@fjord.example") for name in names}
    firm.sync()
    return {name: (id_, only(firm.erp("contacts", last_name=name))["id"]) for name, id_ in ids.items()}


def link(firm: Firm, collection: str, id_: object) -> Record:
    with firm.store.transaction() as transaction:
        links = 'SELECT * FROM "person".links WHERE collection = ? AND id = ?'
        return only(transaction.frame(links, collection, str(id_)).to_dicts())


def names(firm: Firm) -> tuple[set[str], set[str]]:
    """Whose persons and contacts there are."""
    return (
        {person["PersonLastName"] for person in firm.crm("Persons")},
        {contact["last_name"] for contact in firm.erp("contacts")},
    )


def test_a_contact_deleted_in_customerp_leaves_its_mark_and_is_not_created_again(firm: Firm) -> None:
    """Not even if the person is edited, be it after the deletion or before, when the write is already due."""
    ids = people(firm, "deleted", "edited", "meanwhile", "kept")
    firm.crm_edit("Persons", ids["meanwhile"][0], PersonTitle="Styreleder")
    firm.hub.run = "run in between"
    asyncio.run(firm.hub.read("webcrm"))
    firm.hub.reconcile("person")
    for name in ("deleted", "edited", "meanwhile"):
        firm.erp_delete("contacts", ids[name][1])
    firm.crm_edit("Persons", ids["edited"][0], PersonTitle="Styreleder")
    for full in (False, True):
        synced = firm.sync(full=full)
        assert (synced.written, synced.unwritten) == ({}, {})
        assert names(firm) == (set(ids), {"kept"})
    gone = {name: link(firm, "customerp/contact", contact)["gone_at"] is not None for name, (_, contact) in ids.items()}
    assert gone == {"deleted": True, "edited": True, "meanwhile": True, "kept": False}
    assert [name for name, (person, _) in ids.items() if link(firm, "webcrm/persons", person)["gone_at"]] == []


def test_a_person_deleted_without_trace_is_noticed_by_a_full_read_after_one_look_up(firm: Firm) -> None:
    anna, contact = people(firm, "anna")["anna"]
    firm.sandbox.erase("webcrm", "Persons", anna)
    firm.sync()
    assert link(firm, "webcrm/persons", anna)["gone_at"] is None
    with firm.counted() as requests:
        assert firm.sync(full=True).written == {}
    assert requests["webcrm"]["GET /Persons/{id}"] == 1
    assert link(firm, "webcrm/persons", anna)["gone_at"] is not None
    with firm.counted() as requests:
        assert firm.sync(full=True).written == {}
    assert "GET /Persons/{id}" not in requests["webcrm"]
    assert firm.crm("Persons") == []
    assert only(firm.erp("contacts"))["id"] == contact


def test_a_record_that_a_full_read_does_not_show_but_a_look_up_does_is_not_taken_for_deleted(firm: Firm) -> None:
    anna, _ = people(firm, "anna")["anna"]
    with firm.store.transaction() as transaction:
        transaction.run("UPDATE sync.cursors SET position = '1||' WHERE collection = 'webcrm/persons'")
    firm.sync(full=True)
    assert link(firm, "webcrm/persons", anna)["gone_at"] is None
