"""Creates whose answer was lost, where the API keeps no reference, and a person was quicker than our next look."""

import asyncio
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from talk_assets.errors import NothingToDo
from talk_assets.operate.actions import Acting
from talk_assets.store.database import Store
from talk_assets.sync.link.matching import some
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.script import Fault, Kind, Point
from talk_assets_tests.simulator.world import Crash
from talk_assets_tests.sync.prepared import prepared


def lost(office: Office) -> None:
    """Kari's contact was created without anybody hearing of it, and has another name since."""
    contacts = office.memories["erp/contacts"]
    contacts.collection = replace(contacts.collection, reference=None)
    employer = office.create("crm/companies", name="Acme", number="987654325")
    office.world.fate = Written((Fault(Kind.LOST, Point("create erp/contacts", 0, 0)),))
    office.create("crm/people", first_name="Kari", employer=employer)
    office.sync()
    contacts.edit("erp1", {"first_name": "Karianne"})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return prepared(open_office(tmp_path, monkeypatch), monkeypatch, lost)


def work(office: Office) -> list[tuple[str, str]]:
    with office.transaction() as transaction:
        rows = transaction.frame(
            "SELECT collection, reason FROM sync.held UNION ALL"
            " SELECT collection, reason FROM sync.changes ORDER BY collection"
        )
    return list(rows.iter_rows())


def dies_before_it_sends_anything(office: Office) -> None:
    """The process, which is started again."""
    office.world.fate = Written((Fault(Kind.CRASH, Point("write erp/contacts", None, 0)),))
    with pytest.raises(Crash):
        office.sync()
    office.world.begin(Written())
    office.reopen()


def test_what_may_be_it_is_held_and_nothing_is_created(office: Office) -> None:
    office.sync()
    office.sync()
    assert len(office.records("crm/people")) == len(office.records("erp/contacts")) == 1
    assert work(office) == [
        ("erp/contacts", "may be what was created for crm/people/crm1, the answer to which was lost"),
        ("erp/contacts", "may be there already, as erp/contacts/erp1"),
    ]


def test_a_person_says_that_it_is(office: Office) -> None:
    office.sync()
    Acting(office.wiring()).link("erp/contacts/erp1", "crm/people/crm1")
    office.sync()
    assert [record["first_name"] for record in office.records("crm/people")] == ["Karianne"]
    assert len(office.records("erp/contacts")) == 1
    office.sync()
    assert work(office) == []
    with office.transaction() as transaction:
        assert not transaction.count("SELECT count(*) FROM sync.journal WHERE outcome IS NULL")


def test_also_where_nothing_that_was_sent_is_left_of_it(office: Office) -> None:
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Ola", "employer": None})
    office.sync()
    assert [record["first_name"] for record in office.records("erp/contacts")] == ["Ola"]
    assert len(work(office)) == 2


def test_a_person_says_that_it_is_another(office: Office) -> None:
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Ola", "employer": None})
    office.sync()
    acting = Acting(office.wiring())
    assert acting.unlink("erp/contacts/erp1") == "erp/contacts/erp1 is unlinked."
    with pytest.raises(NothingToDo, match=r"^erp/contacts/erp1 is linked with no other record\."):
        acting.unlink("erp/contacts/erp1")
    office.sync()
    assert {record["first_name"] for record in office.records("erp/contacts")} == {"Kari", "Ola"}
    assert work(office) == []


def test_what_was_held_before_the_create_was_sent_is_not_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(tmp_path, monkeypatch)
    contacts = office.memories["erp/contacts"]
    contacts.collection = replace(contacts.collection, reference=None)
    for _ in range(2):
        office.create("erp/contacts", first_name="Ola", email="ola@example.com")
    office.sync()
    assert [key for key, reason in work(office) if "the same e-mail" in reason] == ["erp/contacts"] * 2
    office.create("crm/people", first_name="Kari")
    dies_before_it_sends_anything(office)
    office.sync()
    assert [record["first_name"] for record in office.records("erp/contacts")] == ["Ola", "Ola", "Kari"]


def test_a_list_of_many_is_cut_short() -> None:
    with Store(None).transaction() as transaction:
        names = pl.DataFrame({"name": ["c", "a", "b", "e", "d", "a"]})
        assert transaction.frame(f"SELECT {some('name')} FROM names", names=names).item() == "a, b, c and 2 more"
        few = names.head(3)
        assert transaction.frame(f"SELECT {some('name')} FROM few", few=few).item() == "a, b, c"


def test_what_nobody_asks_for_any_more_is_not_looked_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died before it sent anything, and the person was deleted before the next one."""
    office = open_office(tmp_path, monkeypatch)
    office.create("crm/people", first_name="Kari")
    dies_before_it_sends_anything(office)
    office.memories["crm/people"].delete("crm1")
    office.sync_in_full()
    assert office.records("erp/contacts") == []
    with office.transaction() as transaction:
        assert not transaction.count("SELECT count(*) FROM sync.journal WHERE outcome IS NULL")


def test_what_a_person_creates_in_place_of_one_that_was_never_sent_clears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It meets its entity for the first time: it carries no reference, so that it is not what we created."""
    office = open_office(tmp_path, monkeypatch)
    office.create("crm/people", first_name="Kari", email="kari@acme.no")
    dies_before_it_sends_anything(office)
    office.create("erp/contacts", email="kari@acme.no")
    for _ in range(2):
        office.sync()
    for key in ("crm/people", "erp/contacts"):
        assert [record["first_name"] for record in office.records(key)] == ["Kari"]
    with office.transaction() as transaction:
        assert not transaction.count("SELECT count(*) FROM sync.edits")
        assert not transaction.count("SELECT count(*) FROM sync.journal WHERE outcome IS NULL")


def test_a_run_that_only_writes_creates_nothing_beside_what_may_be_it(office: Office) -> None:
    """It looks for the record before it sends, and what the look finds is held in the same run."""
    asyncio.run(office.hub.write("erp", permits=office.permits))
    assert len(office.records("erp/contacts")) == 1
    assert ("erp/contacts", "may be there already, as erp/contacts/erp1") in work(office)
