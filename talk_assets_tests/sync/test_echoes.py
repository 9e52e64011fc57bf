"""What a system makes of our own writes is no edit, also when we no longer know that we wrote."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from talk_assets.config.wiring import Wiring
from talk_assets.model.lens.lens import Email, Lens, Text
from talk_assets.operate.backups import back_up, restore
from talk_assets.store.database import Store
from talk_assets_tests.office import Office, open_office

LONG = "Konsulenten for bærekraft"
SHORT = LONG[:10]
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An ERP that keeps ten characters of a job title."""
    office = open_office(tmp_path, monkeypatch, on_disk=True)
    for key, longest in (("crm/people", 255), ("erp/contacts", 10)):
        lens = Lens(email=Email("email"), job_title=Text("job_title", max_length=longest))
        office.memories[key].collection = dataclasses.replace(office.memories[key].collection, lens=lens)
    office.memories["erp/contacts"].rewrite = lambda name, value: value[:10] if value and name == "job_title" else value
    return office


def titles(office: Office) -> list[str]:
    return [office.records(key)[0]["job_title"] for key in ("crm/people", "erp/contacts")]


def conflicts(office: Office) -> int:
    with office.transaction() as transaction:
        return transaction.count("SELECT count(*) FROM sync.conflicts")


def test_with_everything_forgotten_what_was_cut_does_not_beat_the_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.create("crm/people", email="kari@acme.no", job_title=LONG)
    office.sync()
    assert titles(office) == [LONG, SHORT]
    store = Store(None)
    monkeypatch.setattr(Wiring, "store", lambda _: store)
    office.reopen()
    office.sync()
    assert titles(office) == [LONG, SHORT]
    assert conflicts(office) == 0


def test_after_going_back_what_was_cut_since_does_not_beat_the_whole(office: Office, tmp_path: Path) -> None:
    office.create("crm/people", email="kari@acme.no", job_title="Selger")
    office.sync()
    back_up(office.hub.store, tmp_path / "backup.duckdb")
    office.memories["crm/people"].edit("crm1", {"job_title": LONG})
    office.sync()
    assert titles(office) == [LONG, SHORT]
    restore(office.hub.store, tmp_path / "backup.duckdb", NOW)
    office.sync()
    office.sync()
    assert titles(office) == [LONG, SHORT]
    assert conflicts(office) == 0


def test_an_edit_of_what_was_cut_still_wins(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no", job_title=LONG)
    office.sync()
    office.memories["erp/contacts"].edit("erp1", {"job_title": "Rådgiver"})
    office.sync()
    assert titles(office) == ["Rådgiver", "Rådgiver"]


def test_the_shorter_of_two_values_that_no_limit_explains_wins_if_it_is_newer(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no", job_title=LONG)
    office.create("erp/contacts", email="kari@acme.no", job_title=LONG[:9])
    office.sync()
    assert titles(office) == [LONG[:9], LONG[:9]]
    assert conflicts(office) == 1


def test_what_was_cut_is_noted_as_nobodys_edit(office: Office, tmp_path: Path) -> None:
    office.create("crm/people", email="kari@acme.no", job_title="Selger")
    office.sync()
    back_up(office.hub.store, tmp_path / "backup.duckdb")
    office.memories["crm/people"].edit("crm1", {"job_title": LONG})
    office.sync()
    restore(office.hub.store, tmp_path / "backup.duckdb", NOW)
    office.sync()
    with office.transaction() as transaction:
        assert transaction.frame("SELECT value FROM sync.edits")["value"].to_list() == [LONG]
