"""What the journal keeps: every edit that was noticed, every write with what it was because of."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from talk_assets.report import timeline
from talk_assets.report.timeline import Event
from talk_assets.sync import journal, runs
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared


def kari(office: Office) -> None:
    """A person who is in both systems."""
    office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync("first")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return prepared(open_office(tmp_path, monkeypatch), monkeypatch, kari)


def edits(office: Office) -> list[dict[str, Any]]:
    with office.transaction() as transaction:
        return transaction.frame("SELECT * FROM sync.edits ORDER BY edited_at").to_dicts()


def test_records_that_meet_are_no_edits(office: Office) -> None:
    office.create("erp/contacts", email="ola@acme.no", first_name="Ola")
    office.create("crm/people", email="ola@acme.no", first_name="Olav")
    office.sync()
    assert edits(office) == []


def test_an_edit_is_noted_with_who_what_and_when_and_what_we_write_of_it_is_none(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Karin"})
    office.sync("second")
    office.sync("third")
    (edit,) = edits(office)
    assert {name: edit[name] for name in ("entity_type", "field", "value", "origin", "won", "run")} == {
        "entity_type": "person", "field": "first_name", "value": "Karin", "origin": "crm/people/crm1", "won": True,
        "run": "second",
    }  # fmt: skip
    assert edit["edited_at"] is not None
    assert edit["noticed_at"] is not None


def test_of_two_edits_the_older_is_noted_as_lost(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": None})
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Karin"})
    office.sync()
    assert [(one["origin"], one["value"], one["won"]) for one in edits(office)] == [
        ("crm/people/crm1", None, False),
        ("erp/contacts/erp1", "Karin", True),
    ]


def told(office: Office, key: str, id_: str) -> tuple[Event, ...]:
    with office.transaction() as transaction:
        return timeline.tell(transaction, key, office.memories[key].collection, id_)


def test_a_record_s_history_tells_in_order_what_was_linked_edited_written_and_deleted(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Karin"})
    office.sync("second")
    office.memories["erp/contacts"].edit("erp1", {"first_name": None})
    office.sync("third")
    office.memories["erp/contacts"].delete("erp1")
    office.sync_in_full()
    assert [(one.what, one.run) for one in told(office, "erp/contacts", "erp1")] == [
        ("create", "first"), ("linked", None), ("update", "second"), ("edited", "third"), ("gone", None),
    ]  # fmt: skip


def test_a_write_is_told_with_before_after_and_the_edit_it_is_because_of(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Karin"})
    office.sync("second")
    update = told(office, "erp/contacts", "erp1")[2]
    (value,) = update.values
    assert (value.field, value.before, value.after, value.origin) == ("first_name", "Kari", "Karin", "crm/people/crm1")
    changed = office.memories["crm/people"].records["crm1"]["modified"]
    assert value.edited_at == datetime.fromisoformat(changed)
    assert (update.outcome, update.run) == ("done", "second")


def test_an_edit_that_lost_is_told_as_such(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Karin"})
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Kaia"})
    office.sync()
    (edited,) = [one for one in told(office, "crm/people", "crm1") if one.what == "edited"]
    assert [(one.field, one.after, one.won) for one in edited.values] == [("first_name", "Karin", False)]


def test_values_are_as_people_read_them(office: Office) -> None:
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.memories["crm/people"].edit("crm1", {"employer": acme})
    office.sync()
    (edited,) = [one for one in told(office, "crm/people", "crm1") if one.what == "edited"]
    assert [one.after for one in edited.values] == [f"crm/companies/{acme}"]


def count(office: Office, table: str) -> int:
    with office.transaction() as transaction:
        return transaction.count(f"SELECT count(*) FROM sync.{table}")


def test_what_is_older_is_forgotten_but_no_write_of_unknown_outcome(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Karin"})
    office.sync("second")
    now = datetime.now(UTC)
    with office.transaction() as transaction:
        runs.begin(transaction, "second", "write", now)
        transaction.run("UPDATE sync.journal SET outcome = NULL WHERE action = 'update'")
        journal.prune(transaction, now - timedelta(days=1))
    assert (count(office, "journal"), count(office, "edits"), count(office, "runs")) == (2, 1, 1)
    with office.transaction() as transaction:
        journal.prune(transaction, now + timedelta(days=1))
        assert transaction.frame("SELECT action FROM sync.journal")["action"].to_list() == ["update"]
    assert (count(office, "edits"), count(office, "runs")) == (0, 0)


def test_the_times_of_the_edits_behind_a_write_stand_beside_their_records(office: Office) -> None:
    with office.transaction() as transaction:
        cause, times = transaction.frame("SELECT cause, caused_at FROM sync.journal").row(0)
    assert json.loads(cause).keys() == json.loads(times).keys()
