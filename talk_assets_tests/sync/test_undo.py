"""A run is taken back: what it wrote is as before, but for what somebody touched since."""

import asyncio
from typing import Any

import pytest

from talk_assets.sync.write.undo_run import UndoPlan
from talk_assets_tests.office import Office
from talk_assets_tests.sync.prepared import prepared

SYSTEMS = ("erp", "crm")
WRITTEN = "sync that went wrong"


def plan(office: Office, run: str = WRITTEN) -> UndoPlan:
    """Look what there is, and plan."""
    office.reconcile_only("undo")
    return office.hub.plan_undo(run)


def undo(office: Office, run: str = WRITTEN) -> UndoPlan:
    planned = plan(office, run)
    for system in SYSTEMS:
        asyncio.run(office.hub.undo(system, office.memories))
    return planned


def shown(office: Office) -> dict[str, list[dict[str, Any]]]:
    """What the systems hold, versions and times aside."""
    return {
        key: [{name: record[name] for name in ("id", *memory.properties)} for record in memory.records.values()]
        for key, memory in office.memories.items()
    }


def writes(office: Office) -> int:
    with office.transaction() as transaction:
        return transaction.count("SELECT count(*) FROM sync.journal")


def three(office: Office) -> None:
    """Three people in both systems."""
    for name in ("kari", "ola", "per"):
        office.create("crm/people", email=f"{name}@acme.no", first_name=name)
    office.sync()
    office.sync()


@pytest.fixture
def people(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return list(prepared(office, monkeypatch, three).memories["crm/people"].records)


def test_what_a_run_changed_is_as_before_and_stays_so(office: Office, people: list[str]) -> None:
    before = shown(office)["erp/contacts"]
    for id_ in people:
        office.memories["crm/people"].edit(id_, {"first_name": "X"})
    office.sync(WRITTEN)
    mine = shown(office)["crm/people"]
    assert shown(office)["erp/contacts"] != before
    assert undo(office).impossible.is_empty()
    assert shown(office) == {**shown(office), "erp/contacts": before, "crm/people": mine}
    count = writes(office)
    office.sync()
    office.sync_in_full()
    assert writes(office) == count
    office.memories["crm/people"].edit(people[0], {"first_name": "Kari"})
    office.sync()
    assert shown(office)["erp/contacts"][0]["first_name"] == "Kari"


def test_what_a_run_created_is_deleted_and_not_created_again_by_itself(office: Office, people: list[str]) -> None:
    before = shown(office)
    firm = office.create("crm/companies", name="Acme")
    office.create("crm/people", email="ida@acme.no", employer=firm)
    office.sync(WRITTEN)
    undo(office)
    after = shown(office)
    assert {key: after[key] for key in ("erp/contacts", "erp/customers")} == {
        key: before[key] for key in ("erp/contacts", "erp/customers")
    }
    office.sync_in_full()
    assert shown(office) == after


def test_what_somebody_edited_since_is_left_alone_and_said(office: Office, people: list[str]) -> None:
    for id_ in people:
        office.memories["crm/people"].edit(id_, {"first_name": "X", "email": f"{id_}@new.no"})
    office.create("crm/people", email="ida@acme.no")
    office.sync(WRITTEN)
    first, second, _, created = office.records("erp/contacts")
    office.memories["erp/contacts"].edit(first["id"], {"first_name": "Kari"})
    office.memories["erp/contacts"].edit(created["id"], {"first_name": "Ida"})
    office.memories["crm/people"].edit(people[1], {"first_name": "Ola"})
    planned = undo(office)
    reasons = dict(planned.impossible.select("id", "reason").rows())
    assert reasons == {
        first["id"]: "first_name was edited since",
        second["id"]: "first_name was edited since",
        created["id"]: "the record was edited since",
    }
    assert [(one["first_name"], one["email"]) for one in office.records("erp/contacts")] == [
        ("Kari", "kari@acme.no"), ("X", "ola@acme.no"), ("per", "per@acme.no"), ("Ida", "ida@acme.no"),
    ]  # fmt: skip


def test_what_a_later_run_wrote_over_it_stays(office: Office, people: list[str]) -> None:
    for value, run in (("X", WRITTEN), ("Y", "later")):
        office.memories["crm/people"].edit(people[0], {"first_name": value})
        office.sync(run)
    assert plan(office).possible.is_empty()
    undo(office, "later")
    assert office.records("erp/contacts")[0]["first_name"] == "X"


def test_undo_twice_changes_nothing_the_second_time(office: Office, people: list[str]) -> None:
    office.memories["crm/people"].edit(people[0], {"first_name": "X"})
    office.sync(WRITTEN)
    undo(office)
    count, after = writes(office), shown(office)
    assert undo(office).possible.is_empty()
    assert (writes(office), shown(office)) == (count, after)


def test_somebody_who_edits_between_the_plan_and_the_write_is_not_overwritten(
    office: Office, people: list[str]
) -> None:
    office.memories["crm/people"].edit(people[0], {"first_name": "X"})
    office.sync(WRITTEN)
    plan(office)
    contact = office.records("erp/contacts")[0]
    office.memories["erp/contacts"].edit(contact["id"], {"first_name": "Kari"})
    asyncio.run(office.hub.undo("erp", office.memories))
    assert contact["first_name"] == "Kari"
