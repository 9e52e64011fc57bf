"""Ids of entities are named after the record that founds them, and what belongs together is found again by them."""

import dataclasses
import re
from pathlib import Path

import pytest

from talk_assets.config.wiring import Wiring
from talk_assets.model import ids
from talk_assets.model.lens.lens import Email, Lens, Phone, Text
from talk_assets.store.database import Store
from talk_assets_tests.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(tmp_path, monkeypatch)


def forget(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on with an empty database."""
    store = Store(None)
    monkeypatch.setattr(Wiring, "store", lambda _: store)
    office.reopen()


def links(office: Office) -> set[tuple[str, str, str, str]]:
    """Collection, id, entity and how it was linked, of every person's record."""
    with office.transaction() as transaction:
        return set(transaction.frame("SELECT collection, id, entity_id, linked_by FROM person.links").iter_rows())


@pytest.mark.parametrize("name", ["crm/people/1", "", "æøå/€/\N{GRINNING FACE}", "a/b/c'd"])
def test_python_and_sql_give_the_same_id(name: str) -> None:
    with Store(None).transaction() as transaction:
        found = transaction.frame(f"SELECT {ids.named_sql('name')} AS id FROM (SELECT ? AS name)", name)["id"][0]
    assert found == ids.named(name)
    assert re.fullmatch(ids.OURS, found)


def test_an_id_that_nothing_leads_to_is_one_of_ours_and_always_another() -> None:
    found = [ids.unnamed(ids.new_id) for _ in range(100)]
    assert len(set(found)) == 100
    assert all(re.fullmatch(ids.OURS, one) for one in found)


def test_an_entity_is_named_after_the_record_that_founds_it(office: Office) -> None:
    person = office.create("crm/people", email="kari@acme.no")
    office.sync()
    entity = ids.of_first_record("crm/people", person)
    assert links(office) == {("crm/people", person, entity, "new"), ("erp/contacts", "erp1", entity, "created")}


def test_with_everything_forgotten_a_create_and_its_founder_meet_though_nothing_matches(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = office.create("crm/people", email="kari@acme.no")
    office.sync()
    entity = ids.of_first_record("crm/people", person)
    office.memories["crm/people"].edit(person, {"email": "kari@fjord.no"})
    forget(office, monkeypatch)
    office.sync()
    assert links(office) == {
        ("crm/people", person, entity, "origin"),
        ("erp/contacts", "erp1", entity, "external reference"),
    }
    assert [one["email"] for one in office.records("erp/contacts")] == ["kari@fjord.no"]


def test_a_reference_that_is_none_of_ours_means_nothing(office: Office) -> None:
    foreign = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
    office.memories["crm/people"].create({"email": "kari@acme.no"}, foreign)
    office.sync()
    assert {entity for _, _, entity, _ in links(office)} == {ids.of_first_record("crm/people", "crm1")}


def test_two_records_with_a_forgotten_reference_found_an_entity_each(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.create("crm/people", email="kari@acme.no")
    office.sync()
    reference = office.records("erp/contacts")[0]["ref"]
    office.memories["erp/contacts"].create({"email": "ola@acme.no"}, reference)
    forget(office, monkeypatch)
    office.sync()
    shared = {(key, id_): entity for key, id_, entity, _ in links(office)}
    assert shared["crm/people", "crm1"] == shared["erp/contacts", "erp1"]
    assert shared["erp/contacts", "erp2"] == ids.of_first_record("erp/contacts", "erp2")


def test_a_record_whose_own_entity_belongs_to_another_founds_one_that_nothing_leads_to(office: Office) -> None:
    first = office.create("crm/people", email="kari@acme.no")
    own = ids.of_first_record("crm/people", "crm2")
    office.memories["crm/people"].records[first]["ref"] = own
    office.sync()
    second = office.create("crm/people", email="ola@acme.no")
    office.sync()
    entities = {id_: entity for key, id_, entity, _ in links(office) if key == "crm/people"}
    assert second == "crm2"
    assert entities[first] == own
    assert entities[second] not in {own, ids.of_first_record("crm/people", second)}


def test_two_records_of_a_collection_that_match_an_entity_by_different_rules_are_not_both_linked(
    office: Office,
) -> None:
    for key in ("crm/people", "erp/contacts"):
        lens = Lens(email=Email("email"), mobile=Phone("mobile"), last_name=Text("last_name"))
        office.memories[key].collection = dataclasses.replace(office.memories[key].collection, lens=lens)
    office.create("crm/people", email="kari@acme.no", mobile="+4790011111", last_name="Berg")
    office.create("erp/contacts", email="kari@acme.no")
    office.create("erp/contacts", mobile="+4790011111", last_name="Berg")
    office.sync()
    shared = [entity for key, _, entity, _ in links(office) if key == "erp/contacts"]
    assert len(set(shared)) == len(shared) == 2


def test_a_copy_that_carries_our_mark_is_not_taken_for_its_deleted_original(office: Office) -> None:
    """A shop's "Duplicate" copies the property in which a create leaves the entity's id."""
    person = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    original = office.records("erp/contacts")[0]
    contacts = office.memories["erp/contacts"]
    copy = contacts.create({"email": "copy@acme.no", "first_name": "Kari (Copy)"}, original["ref"])
    contacts.delete(original["id"])
    office.sync_in_full()
    entities = {(key, id_): entity for key, id_, entity, _ in links(office)}
    assert entities["erp/contacts", copy] != entities["crm/people", person]
    assert [one["first_name"] for one in office.records("crm/people")] == ["Kari"]
