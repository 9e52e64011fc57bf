"""The plan that `talk sync` shows: each record and each field, before and after."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.cli.plan import SHOWN
from talk_assets.config import configuration
from talk_assets.config.configuration import Mode
from talk_assets_tests.office import Office, open_office


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": "120"})


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode = Mode.WRITE) -> Office:
    office = open_office(folder, monkeypatch, mode=mode, on_disk=True)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    return office


def test_a_plan_shows_each_record_and_field_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = opened(tmp_path, monkeypatch)
    talk("sync")
    office.memories["crm/people"].edit("crm1", {"first_name": "Anne"})
    office.create("crm/people", email="bo@example.com")
    shown = talk("sync", "--plan").stdout
    assert (
        "crm-erp: would be written\n"
        "None of this was sent: `talk sync --plan` and dataflows in mode plan write nothing.\n"
        "\n"
        "erp/contacts: 1 to create, 1 to update\n"
        "  + create bo@example.com  for crm/people/crm2\n"
        "      + email: bo@example.com\n"
        "  ~ update Anne  erp/contacts/erp1\n"
        "      ~ first_name: Anna -> Anne\n"
    ) in shown
    assert [one["first_name"] for one in office.records("erp/contacts")] == ["Anna"]
    changes = json.loads(talk("sync", "--plan", "--json").stdout)["changes"]
    assert [(one["action"], one["record"], one["of"], one["fields"]) for one in changes] == [
        ("create", None, ["crm/people/crm2"], {"email": {"before": None, "after": "bo@example.com"}}),
        ("update", "erp/contacts/erp1", ["crm/people/crm1"], {"first_name": {"before": "Anna", "after": "Anne"}}),
    ]


def test_a_dataflow_in_mode_plan_shows_its_plan_in_an_ordinary_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path, monkeypatch, Mode.PLAN)
    assert "+ create Anna  for crm/people/crm1\n" in talk("sync").stdout
    assert json.loads(talk("sync", "--json").stdout)["changes"][0]["name"] == "Anna"


def test_what_is_held_says_why_and_what_would_be_sent_is_not_mixed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened(tmp_path, monkeypatch)
    talk("sync", "--plan")
    with office.wiring().store().transaction() as transaction:
        transaction.run("UPDATE sync.changes SET status = 'held', reason = 'a contact needs a company'")
    shown = talk("sync", "--plan").stdout
    assert "crm-erp: nothing would be written\n" in shown
    assert "  1 held for a person to decide, and not sent: talk held\n  + create Anna" in shown
    assert "      held: a contact needs a company\n" in shown


def test_a_long_plan_shows_some_of_each_kind_and_says_how_many_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened(tmp_path, monkeypatch)
    for n in range(SHOWN + 2):
        office.create("crm/people", email=f"{n}@example.com")
    shown = talk("sync", "--plan").stdout
    assert shown.count("+ create") == SHOWN
    assert "  ... and 3 more creates. To see all of them: talk sync --plan --json\n" in shown
    assert len(json.loads(talk("sync", "--plan", "--json").stdout)["changes"]) == SHOWN + 3


def test_a_plan_of_nothing_says_so_and_an_ordinary_sync_shows_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path, monkeypatch)
    assert "would be written" not in talk("sync").stdout
    assert talk("sync", "--plan").stdout.startswith("crm-erp: nothing would be written\n")
