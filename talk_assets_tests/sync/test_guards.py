"""What stops the sync before it does harm, and how a person lets it go on."""

import pytest

from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.sync import guards
from talk_assets.sync.guards import Limits
from talk_assets.sync.plan import permits
from talk_assets_tests.office import Office, pairs_saying
from talk_assets_tests.sync.prepared import prepared

PEOPLE = 10


def synced(office: Office) -> None:
    """Some people on both sides, and deletions travel."""
    office.pairs = pairs_saying(OnDelete.DELETE)
    office.limits = Limits(shrink=0.2, changes=0.5, few=5, most=8)
    for n in range(PEOPLE):
        office.create("crm/people", email=f"{n}@acme.no", first_name=f"{n}")
    office.sync()


@pytest.fixture
def guarded(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    return prepared(office, monkeypatch, synced)


def stops(office: Office) -> list[tuple[str, str, int]]:
    with office.transaction() as transaction:
        return transaction.frame("SELECT collection, what, count FROM sync.pending_approvals").rows()


def approve(office: Office, key: str) -> int:
    with office.transaction() as transaction:
        return guards.approve(transaction, key)


def empty(office: Office, key: str, keep: int = 0) -> None:
    memory = office.memories[key]
    for id_ in list(memory.records)[keep:]:
        memory.delete(id_)


def contacts(office: Office) -> int:
    return len(office.records("erp/contacts"))


@pytest.mark.parametrize("left", [0, PEOPLE - 3])
def test_a_collection_that_shrinks_too_much_keeps_its_records_until_a_person_approves(
    guarded: Office, left: int
) -> None:
    guarded.limits = Limits(shrink=0.2, most=100)
    empty(guarded, "crm/people", keep=left)
    for _ in range(2):
        guarded.sync_in_full()
        assert contacts(guarded) == PEOPLE
        assert stops(guarded) == [("crm/people", "shrink", PEOPLE - left)]
    assert approve(guarded, "crm/people") == 1
    assert approve(guarded, "crm/people") == 0
    guarded.sync()
    assert contacts(guarded) == left
    assert stops(guarded) == []


def test_what_shows_again_was_never_deleted(guarded: Office) -> None:
    kept = dict(guarded.memories["crm/people"].records)
    empty(guarded, "crm/people")
    guarded.sync_in_full()
    guarded.memories["crm/people"].records = kept
    guarded.sync_in_full()
    assert stops(guarded) == []
    assert contacts(guarded) == PEOPLE


def test_an_approval_is_for_as_many_as_there_were(guarded: Office) -> None:
    empty(guarded, "crm/people", keep=6)
    guarded.sync_in_full()
    approve(guarded, "crm/people")
    empty(guarded, "crm/people", keep=1)
    guarded.sync_in_full()
    assert contacts(guarded) == PEOPLE
    assert stops(guarded) == [("crm/people", "shrink", 9)]


def test_few_deletions_are_believed(guarded: Office) -> None:
    empty(guarded, "crm/people", keep=PEOPLE - 2)
    guarded.sync_in_full()
    assert contacts(guarded) == PEOPLE - 2


def test_a_collection_that_disappears_bit_by_bit_is_stopped_too(guarded: Office) -> None:
    empty(guarded, "crm/people", keep=PEOPLE - 2)
    guarded.sync_in_full()
    empty(guarded, "crm/people", keep=PEOPLE - 4)
    guarded.sync_in_full()
    assert stops(guarded) == [("crm/people", "shrink", 4)]


@pytest.mark.parametrize(("edited", "stopped"), [(4, False), (6, True), (9, True)])
def test_a_run_that_would_change_too_much_stops_until_a_person_approves(
    guarded: Office, edited: int, *, stopped: bool
) -> None:
    memory = guarded.memories["crm/people"]
    for id_ in list(memory.records)[:edited]:
        memory.edit(id_, {"first_name": "Kari"})
    guarded.sync()
    changed = sum(contact["first_name"] == "Kari" for contact in guarded.records("erp/contacts"))
    assert changed == (0 if stopped else edited)
    if stopped:
        assert stops(guarded) == [("erp/contacts", "changes", edited)]
        approve(guarded, "erp/contacts")
        guarded.sync()
        assert sum(contact["first_name"] == "Kari" for contact in guarded.records("erp/contacts")) == edited
    assert stops(guarded) == []


def test_a_stop_ends_by_itself_when_there_is_no_reason_for_it_any_more(guarded: Office) -> None:
    memory = guarded.memories["crm/people"]
    before = {id_: record["first_name"] for id_, record in memory.records.items()}
    for id_ in before:
        memory.edit(id_, {"first_name": f"Kari {id_}"})
    guarded.sync()
    assert stops(guarded) == [("erp/contacts", "changes", PEOPLE)]
    for id_, name in before.items():
        memory.edit(id_, {"first_name": name})
    guarded.sync()
    assert stops(guarded) == []


def reason(office: Office) -> str:
    with office.transaction() as transaction:
        return str(transaction.frame("SELECT reason FROM sync.pending_approvals")["reason"].item())


def test_the_first_write_of_a_pair_is_asked_about(office: Office) -> None:
    office.limits = Limits(first=3)
    for n in range(5):
        office.create("crm/people", email=f"{n}@acme.no", first_name=f"{n}")
    for _ in range(2):
        office.sync()
        assert contacts(office) == 0
        assert stops(office) == [("erp/contacts", "changes", 5)]
    assert reason(office).startswith(
        "crm-erp would write here for the first time: 5 to create, for records changed since"
    )
    assert "talk approve erp/contacts" in reason(office)
    assert "start_date under [dataflows.crm-erp]" in reason(office)
    approve(office, "erp/contacts")
    office.sync()
    assert contacts(office) == 5
    for n in range(5, 10):
        office.create("crm/people", email=f"{n}@acme.no", first_name=f"{n}")
    office.sync()
    assert contacts(office) == 10
    assert stops(office) == []


def test_a_pair_that_is_new_in_a_collection_is_asked_about_as_well(office: Office) -> None:
    back = Pair("erp/contacts", "crm/people")
    for n in range(5):
        office.create("crm/people", email=f"{n}@acme.no", first_name=f"{n}")
        office.create("erp/contacts", email=f"{n}@vidda.no", first_name=f"{n}")
    office.sync()
    office.pairs, office.limits = (*office.pairs, back), Limits(first=3)
    office.sync()
    assert stops(office) == [("crm/people", "changes", 5)]
    assert "erp-crm would write here for the first time: 5 to create" in reason(office)


def test_a_pair_is_new_on_each_of_its_sides(office: Office) -> None:
    """An update went to the left one, and nothing to the right one yet."""
    office.limits = Limits(first=3)
    office.create("crm/people", email="0@acme.no", first_name="Old")
    office.create("erp/contacts", email="0@acme.no", first_name="New", job_title="Chief")
    office.sync()
    for n in range(1, 6):
        office.create("crm/people", email=f"{n}@acme.no", first_name=f"{n}")
    office.sync()
    assert stops(office) == [("erp/contacts", "changes", 5)]


def test_few_records_and_the_sandbox_s_are_written_at_once(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.limits = Limits(first=1)
    office.sync()
    assert contacts(office) == 1
    office.limits = Limits(first=0, trusted=frozenset({"erp"}))
    office.create("crm/companies", name="Acme")
    office.sync()
    assert len(office.records("erp/customers")) == 1


def test_nothing_is_created_for_records_from_before_the_start_date(office: Office) -> None:
    """They are read and matched all the same, and say what they wait for."""
    old = office.create("crm/people", email="old@acme.no", first_name="Old")
    both = office.create("crm/people", email="both@acme.no", first_name="Both")
    office.create("erp/contacts", email="both@acme.no", first_name="Both")
    first = office.world.clock().date()
    office.world.now += 10 * 24 * 3600
    office.start_date = office.world.clock().date()
    office.create("crm/people", email="new@acme.no", first_name="New")
    for _ in range(2):
        office.sync()
        assert sorted(contact["first_name"] for contact in office.records("erp/contacts")) == ["Both", "New"]
    with office.transaction() as transaction:
        waits = permits.reasons(transaction, office.permits, "erp/contacts", office.wiring().collections)
    assert list(waits.values()) == [
        f"crm/people/{old} is of {first}, before the start_date {office.start_date} of its dataflow"
    ]
    office.memories["crm/people"].edit(both, {"first_name": "Berit"})
    office.memories["crm/people"].edit(old, {"first_name": "Older"})
    office.sync()
    assert sorted(contact["first_name"] for contact in office.records("erp/contacts")) == ["Berit", "New", "Older"]
