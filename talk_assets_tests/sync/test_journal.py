"""What the journal keeps: every edit that was noticed, every write with what it was because of."""

from pathlib import Path
from typing import Any

import pytest

from talk_assets_tests.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A person who is in both systems."""
    office = open_office(tmp_path, monkeypatch)
    office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync("first")
    return office


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
    assert {name: edit[name] for name in ("kind", "field", "value", "origin", "won", "run")} == {
        "kind": "person", "field": "first_name", "value": "Karin", "origin": "crm/people/crm1", "won": True,
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
