"""What a deletion does on the other side of a pair, as the pair says, and what must be true before that."""

from dataclasses import replace

import pytest

from talk_assets.model.dataflows import OnDelete
from talk_assets_tests.office import Office, pairs_saying


def ids(office: Office, key: str) -> list[str]:
    return [record["id"] for record in office.records(key)]


@pytest.fixture
def deleting(office: Office) -> Office:
    """An office in which deletions go both ways."""
    office.pairs = pairs_saying(OnDelete.DELETE)
    return office


def held(office: Office) -> list[tuple[str, str]]:
    with office.transaction() as transaction:
        return transaction.frame("SELECT action, reason FROM sync.changes WHERE status = 'held'").rows()


@pytest.mark.parametrize("sides", [("crm/people", "erp/contacts"), ("erp/contacts", "crm/people")])
def test_what_is_deleted_on_one_side_is_deleted_on_the_other(deleting: Office, sides: tuple[str, str]) -> None:
    here, there = sides
    for name in ("kari", "ola"):
        deleting.create("crm/people", email=f"{name}@acme.no")
    deleting.sync()
    deleting.memories[here].delete(ids(deleting, here)[0])
    deleting.sync_in_full()
    deleting.sync_in_full()
    assert len(ids(deleting, here)) == len(ids(deleting, there)) == 1
    with deleting.transaction() as transaction:
        written = transaction.frame("SELECT action, before FROM sync.journal WHERE action <> 'create'").rows()
        assert transaction.count("SELECT count(*) FROM sync.changes") == 0
    assert [action for action, _ in written] == ["delete"]
    assert "kari@acme.no" in written[0][1]


def test_nothing_is_deleted_where_the_pair_does_not_say_so(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no")
    office.sync()
    office.memories["crm/people"].delete(ids(office, "crm/people")[0])
    office.sync_in_full()
    assert len(ids(office, "erp/contacts")) == 1


def test_a_record_that_somebody_edited_after_is_held_until_a_person_lets_the_deletion_out(deleting: Office) -> None:
    deleting.create("crm/people", email="kari@acme.no")
    deleting.sync()
    (contact,) = ids(deleting, "erp/contacts")
    deleting.memories["crm/people"].delete(ids(deleting, "crm/people")[0])
    deleting.memories["erp/contacts"].edit(contact, {"first_name": "Kari"})
    deleting.sync_in_full()
    deleting.sync_in_full()
    assert ids(deleting, "erp/contacts") == [contact]
    assert held(deleting) == [
        ("delete", "holds an edit that crm/people never had; it was deleted, and so would this be")
    ]


def test_a_record_that_is_restored_stays_and_is_linked_again(deleting: Office) -> None:
    person = deleting.create("crm/people", email="kari@acme.no")
    deleting.sync()
    memory = deleting.memories["erp/contacts"]
    (contact,) = ids(deleting, "erp/contacts")
    before = dict(memory.records[contact])
    deleting.memories["crm/people"].delete(person)
    deleting.sync_in_full()
    assert ids(deleting, "erp/contacts") == []
    memory.records[contact] = before
    memory.write(contact, {"first_name": "Kari"})
    deleting.sync_in_full()
    deleting.sync_in_full()
    assert ids(deleting, "erp/contacts") == [contact]


def test_where_there_is_a_flag_it_is_archived_once_and_stays_as_people_leave_it(office: Office) -> None:
    office.pairs = pairs_saying(OnDelete.ARCHIVE)
    memory = office.memories["erp/contacts"]
    memory.collection = replace(memory.collection, archived={"archived": "yes"})
    person = office.create("crm/people", email="kari@acme.no")
    office.sync()
    office.memories["crm/people"].delete(person)
    office.sync_in_full()
    (contact,) = office.records("erp/contacts")
    assert contact["archived"] == "yes"
    memory.edit(contact["id"], {"archived": "no"})
    office.sync_in_full()
    assert contact["archived"] == "no"


def test_a_tombstone_is_looked_up_before_it_is_believed(office: Office) -> None:
    """A change feed may say that a record is deleted that is there, as after a restore."""
    memory = office.memories["crm/people"]
    memory.collection, memory.tombstones = replace(memory.collection, deleted="deleted"), True
    person = office.create("crm/people", email="kari@acme.no")
    office.sync()
    memory.graves[person] = {"id": person, "deleted": True, "changed": office.world.tick()}
    office.sync()
    with office.transaction() as transaction:
        assert transaction.count('SELECT count(*) FROM "person".links WHERE gone_at IS NOT NULL') == 0
    memory.delete(person)
    office.sync()
    with office.transaction() as transaction:
        assert transaction.frame('SELECT id, gone_by FROM "person".links WHERE gone_at IS NOT NULL').rows() == [
            (person, "found deleted")
        ]
