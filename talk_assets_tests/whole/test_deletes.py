"""What happens when a record is deleted: it leaves a mark, is not created again, and takes nothing else with it."""

import pytest

from talk_assets_tests.whole.firm import Firm, Record, only

MAIL = "anna.berg@fjord.example"


@pytest.fixture
def anna(firm: Firm) -> int:
    """A person of Webcrm who has her contact in Customerp."""
    id_ = firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail=MAIL)
    firm.sync()
    return id_


def link(firm: Firm, collection: str) -> Record:
    with firm.store.transaction() as transaction:
        return only(transaction.frame('SELECT * FROM "person".links WHERE collection = ?', collection).to_dicts())


def test_a_contact_deleted_in_customerp_leaves_its_mark_and_is_not_created_again(firm: Firm, anna: int) -> None:
    contact = only(firm.erp("contacts"))["id"]
    firm.erp_delete("contacts", contact)
    for full in (False, True):
        assert firm.sync(full=full).written == {}
        assert firm.erp("contacts") == []
        assert only(firm.crm("Persons"))["PersonId"] == anna
    gone = link(firm, "customerp/contact")
    assert (gone["id"], gone["gone_at"] is None) == (contact, False)
    assert link(firm, "webcrm/persons")["gone_at"] is None


def test_an_edit_of_a_person_whose_contact_was_deleted_creates_nothing(firm: Firm, anna: int) -> None:
    firm.erp_delete("contacts", only(firm.erp("contacts"))["id"])
    firm.crm_edit("Persons", anna, PersonTitle="Styreleder")
    assert firm.sync().written == {}
    assert firm.erp("contacts") == []


def test_a_person_deleted_without_trace_is_noticed_by_a_full_read_after_one_look_up(firm: Firm, anna: int) -> None:
    firm.sandbox.erase("webcrm", "Persons", anna)
    firm.sync()
    assert link(firm, "webcrm/persons")["gone_at"] is None
    with firm.counted() as requests:
        assert firm.sync(full=True).written == {}
    assert requests["webcrm"]["GET /Persons/{id}"] == 1
    assert link(firm, "webcrm/persons")["gone_at"] is not None
    with firm.counted() as requests:
        assert firm.sync(full=True).written == {}
    assert "GET /Persons/{id}" not in requests["webcrm"]
    assert firm.crm("Persons") == []
    assert only(firm.erp("contacts"))["email"] == MAIL


def test_a_record_that_a_full_read_does_not_show_but_a_look_up_does_is_not_taken_for_deleted(
    firm: Firm, anna: int
) -> None:
    with firm.store.transaction() as transaction:
        transaction.run("UPDATE sync.cursors SET position = '1||' WHERE collection = 'webcrm/persons'")
    firm.sync(full=True)
    assert link(firm, "webcrm/persons")["gone_at"] is None


def test_a_contact_deleted_while_it_is_edited_in_webcrm_ends_in_no_error(firm: Firm, anna: int) -> None:
    contact = only(firm.erp("contacts"))["id"]
    firm.crm_edit("Persons", anna, PersonTitle="Styreleder")
    firm.later()
    firm.hub.reconcile("person")
    firm.erp_delete("contacts", contact)
    synced = firm.sync()
    assert synced.unwritten == {}
    assert firm.erp("contacts") == []
