"""What an interrupted read leaves behind, and what the next one does with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from talk_assets.errors import SystemFailure
from talk_assets.sync.connection import Collection, Page
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.memory import PAGE, MemoryConnection

READ = MemoryConnection.read


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
    assert received(office, full=False) == (5, 0)


def test_a_later_full_read_begins_anew_and_finds_what_was_deleted_since(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    received(office, full=False)
    interrupted(office, monkeypatch)
    office.memories["crm/people"].delete("crm1")
    assert received(office, full=True) == (PAGE + 4, 1)
