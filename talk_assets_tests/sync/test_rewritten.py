"""Which values count as shown otherwise than they were sent, and what became of them."""

from collections.abc import Callable
from typing import Any

import pytest

from talk_assets.report.rewritten import Meaning, rewritten
from talk_assets_tests.office import Office
from talk_assets_tests.sync.prepared import prepared


def found(office: Office) -> list[dict[str, Any]]:
    with office.transaction() as transaction:
        return rewritten(transaction, office.wiring().collections).to_dicts()


def linked(office: Office) -> None:
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.create("crm/people", email="anna@example.com", first_name="Anna", employer=acme)
    office.sync()


def edited(office: Office, rewrite: Callable[[str, str | None], str | None], value: str | None) -> list[dict[str, Any]]:
    office.memories["erp/contacts"].rewrite = rewrite
    office.memories["crm/people"].edit("crm1", {"first_name": value})
    office.sync_in_full()
    return found(office)


@pytest.mark.parametrize(
    ("sent", "shown", "meaning"),
    [
        ("Annabella", "Anna", Meaning.CUT),
        ("Annabella", "Bella", Meaning.CHANGED),
        ("Annabella", None, Meaning.EMPTIED),
        (None, "Anna", Meaning.KEPT),
    ],
)
def test_a_value_that_differs_is_listed_with_what_became_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, sent: str | None, shown: str | None, meaning: Meaning
) -> None:
    prepared(office, monkeypatch, linked)
    (row,) = edited(office, lambda name, value: shown if name == "first_name" else value, sent)
    assert row["number"] == 1
    assert (row["collection"], row["id"], row["field"]) == ("erp/contacts", "erp1", "first_name")
    assert (row["sent"], row["shown"], row["meaning"]) == (sent, shown, meaning)
    assert row["name"] == (sent or "anna@example.com")


@pytest.mark.parametrize("shown", ["ANNABELLA", " annabella", "Anna bella"])
def test_a_difference_of_form_is_none(office: Office, monkeypatch: pytest.MonkeyPatch, shown: str) -> None:
    prepared(office, monkeypatch, linked)
    assert edited(office, lambda name, value: shown if name == "first_name" else value, "Annabella") == []


def test_a_default_that_a_system_fills_in_is_none(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.sync()
    with office.transaction() as transaction:
        transaction.run("UPDATE person.links SET seen_first_name = 'Unnamed' WHERE collection = 'erp/contacts'")
    assert found(office) == []


def test_other_fields_of_a_record_with_a_difference_are_none(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """References are sent by the id of the system, and compared as entities."""
    prepared(office, monkeypatch, linked)
    rows = edited(office, lambda name, value: "Bella" if name == "first_name" else value, "Annabella")
    assert [row["field"] for row in rows] == ["first_name"]
    with office.transaction() as transaction:
        transaction.run("UPDATE person.links SET seen_company = 'another' WHERE collection = 'erp/contacts'")
    assert [row["field"] for row in found(office)] == ["company", "first_name"]
