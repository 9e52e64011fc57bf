"""What a read makes of what it is shown, and what an interrupted one leaves behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from talk_assets.errors import SystemFailure
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.system import Page
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.memory import PAGE, MemoryCollection, MemoryConnection, Record

READ, SHOW = MemoryConnection.read, MemoryCollection.show


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """More people than there are on a page."""
    office = open_office(tmp_path, monkeypatch)
    for n in range(PAGE + 5):
        office.create("crm/people", email=f"{n:02}@acme.no")
    return office


def interrupted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in full; the system fails after the first page of each collection."""

    async def read(
        self: MemoryConnection, collection: Collection, *, since: str | None, position: str | None
    ) -> AsyncIterator[Page]:
        async for page in READ(self, collection, since=since, position=position):
            yield page
            message = "crm: cannot be reached"
            raise SystemFailure(message)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryConnection, "read", read)
        with pytest.raises(SystemFailure):
            asyncio.run(office.hub.read("crm", full=True))


def received(office: Office, *, full: bool) -> tuple[int, int]:
    """How many people a read received, and how many of them it found deleted."""
    report = asyncio.run(office.hub.read("crm", full=full)).collections["crm/people"]
    return report.read, report.deleted


def test_a_first_read_goes_on_where_it_was_interrupted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(office, monkeypatch)
    read, deleted = received(office, full=False)
    assert read in {5 + PAGE + 5, 5 + PAGE + 5 + 1}  # it looks through everything once more; a page repeats a record
    assert not deleted


def test_a_first_read_that_was_interrupted_misses_nothing_that_happened_since(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(office, monkeypatch)
    first, second, *_ = sorted(office.memories["crm/people"].records)
    office.memories["crm/people"].delete(first)  # and the first record of the next page is the last of this one
    office.memories["crm/people"].edit(second, {"first_name": "Ola"})
    received(office, full=False)
    with office.transaction() as transaction:
        found = transaction.frame("SELECT _id, first_name FROM crm.people WHERE NOT _deleted ORDER BY _id")
    there = office.memories["crm/people"].records
    assert found.rows() == [(id_, there[id_]["first_name"]) for id_ in sorted(there)]


def test_a_later_full_read_begins_anew_and_finds_what_was_deleted_since(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    received(office, full=False)
    interrupted(office, monkeypatch)
    office.memories["crm/people"].delete("crm1")
    assert received(office, full=True) == (PAGE + 4, 1)


def test_a_record_that_is_only_spelled_otherwise_has_not_changed_and_is_compared_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spelled(self: MemoryCollection, records: Sequence[Record]) -> bytes:
        shown = [dict(reversed(record.items())) for record in json.loads(SHOW(self, records))]
        return json.dumps(
            [{name.title(): value for name, value in one.items()} | {"more": None} for one in shown]
        ).encode()

    def changed() -> int:
        return asyncio.run(office.hub.read("crm", full=True)).collections["crm/people"].changed

    def versions() -> list[tuple[str, int]]:
        with office.transaction() as transaction:
            return transaction.frame("SELECT _id, _version FROM crm.people ORDER BY _id").rows()

    assert changed() == PAGE + 5
    before = versions()
    monkeypatch.setattr(MemoryCollection, "show", spelled)
    assert (changed(), versions()) == (0, before)
    with office.transaction() as transaction:
        (record,) = transaction.frame("SELECT _record FROM crm.people WHERE _id = 'crm1'")["_record"]
    assert list(json.loads(record))[-1] == "more"
    monkeypatch.delattr(jsontext, "said")
    assert changed() == 0


def test_a_record_that_says_something_else_has_changed_although_its_modified_time_has_not(office: Office) -> None:
    received(office, full=False)
    office.memories["crm/people"].records["crm1"]["first_name"] = "Ola"
    assert asyncio.run(office.hub.read("crm", full=True)).collections["crm/people"].changed == 1
    with office.transaction() as transaction:
        assert transaction.frame("SELECT first_name FROM crm.people WHERE _id = 'crm1'")["first_name"].to_list() == [
            "Ola"
        ]
