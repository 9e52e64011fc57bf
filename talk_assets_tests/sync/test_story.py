"""One record's whole story: how it was linked, where its values are from, what is not done, and what was written."""

import asyncio
from pathlib import Path

import pytest

from talk_assets.report import story
from talk_assets.report.story import FieldStory, ReportScope, Story
from talk_assets_tests.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(tmp_path, monkeypatch)


def tell(office: Office, record: str) -> Story | None:
    system, name, id_ = record.split("/")
    key = f"{system}/{name}"
    with office.transaction() as transaction:
        return story.tell(transaction, key, office.wiring().collections[key], id_)


def told(office: Office, record: str) -> Story:
    found = tell(office, record)
    assert found is not None
    return found


def field(found: Story, name: str) -> FieldStory:
    return next(one for one in found.fields if one.field == name)


def test_a_record_nobody_knows_has_no_story(office: Office) -> None:
    assert tell(office, "crm/people/crm99") is None


def test_a_created_record_tells_which_record_it_came_from_and_what_was_sent(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.sync("run 1")
    found = told(office, "erp/contacts/erp1")
    assert found.present
    assert found.linked_by == "created"
    assert [(one["collection"], one["id"], one["linked_by"]) for one in found.siblings] == [
        ("crm/people", "crm1", "new")
    ]
    name = field(found, "first_name")
    assert (name.value, name.origin, name.seen, name.sent) == ("Anna", "crm/people/crm1", "Anna", "Anna")
    write = found.writes[0]
    assert (write["action"], write["outcome"], write["run"]) == ("create", "done", "run 1")
    assert write["after"] == {"email": "anna@example.com", "first_name": "Anna"}
    assert write["cause"] == {"email": "crm/people/crm1", "first_name": "crm/people/crm1"}
    assert not found.changes


def test_a_matched_record_tells_by_which_rule(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.create("erp/contacts", email="Anna@Example.com")
    office.sync()
    assert told(office, "erp/contacts/erp1").linked_by == "e-mail"


def test_an_update_tells_before_and_after(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": None})
    office.sync()
    write = told(office, "erp/contacts/erp1").writes[0]
    assert (write["action"], write["before"], write["after"]) == (
        "update",
        {"first_name": "Anna"},
        {"first_name": None},
    )


def test_references_are_told_as_records_of_the_own_system(office: Office) -> None:
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.create("crm/people", email="anna@example.com", employer=acme)
    office.sync()
    for record, company in {"crm/people/crm1": "crm/companies/crm1", "erp/contacts/erp1": "erp/customers/erp1"}.items():
        found = told(office, record)
        assert field(found, "company").value == company
        assert field(found, "company").seen == company
    assert told(office, "erp/contacts/erp1").writes[0]["after"]["company"] == "erp/customers/erp1"


def test_a_field_without_a_property_is_not_mapped(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.sync()
    found = told(office, "crm/people/crm1")
    assert field(found, "email").mapped
    assert not field(found, "mobile").mapped


def test_a_held_record_tells_why_and_is_not_linked(office: Office) -> None:
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.sync()
    found = told(office, "crm/people/crm1")
    assert found.entity is None
    assert found.held is not None
    assert "same e-mail" in found.held
    assert found.held_since is not None
    assert found.values["email"] == "same@example.com"
    assert [(one.records, one.why) for one in found.candidates] == [(("crm/people/crm2",), "same e-mail")]


def test_a_record_that_is_not_linked_yet_tells_what_it_holds_and_what_it_could_be(office: Office) -> None:
    office.create("erp/contacts", email="anna@example.com", first_name="Anna")
    office.sync()
    office.create("crm/people", email="anna@example.com", first_name="Ann")
    asyncio.run(office.hub.read("crm"))
    found = told(office, "crm/people/crm1")
    assert (found.entity, found.held, found.name) == (None, None, "Ann")
    assert [(one.name, one.records) for one in found.candidates] == [("Anna", ("erp/contacts/erp1",))]


def test_all_writes_are_counted_and_as_many_told_as_are_asked_for(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    for n in range(3):
        office.sync()
        office.memories["crm/people"].edit("crm1", {"first_name": f"Anna {n}"})
    collection = office.wiring().collections["crm/people"]
    for wanted, told_ in {2: 2, story.WRITES: 3, None: 3}.items():
        with office.transaction() as transaction:
            found = story.tell(transaction, "crm/people", collection, "crm1", ReportScope(writes=wanted))
        assert found is not None
        assert (found.write_count, len(found.writes)) == (3, told_)


def test_what_is_not_written_yet_is_told_with_its_status(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.reconcile_only()
    change = told(office, "crm/people/crm1").changes[0]
    assert (change["collection"], change["action"], change["status"]) == ("erp/contacts", "create", "planned")
    assert change["fields"] == {"email": "anna@example.com"}


def test_a_conflict_is_told_on_both_sides(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Older")
    office.create("erp/contacts", email="anna@example.com", first_name="Newer")
    office.sync()
    for record in ("crm/people/crm1", "erp/contacts/erp1"):
        conflict = told(office, record).conflicts[0]
        assert (conflict["value"], conflict["winner"]) == ("Older", "Newer")


def test_a_deleted_record_keeps_its_story(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.sync()
    office.memories["crm/people"].delete("crm1")
    office.sync_in_full()
    assert not told(office, "crm/people/crm1").present
    assert told(office, "erp/contacts/erp1").siblings[0]["gone_at"] is not None
