"""`talk rewritten`: what was sent, what the system shows, what that means and what to do."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.cli import rewritten
from talk_assets.config import configuration
from talk_assets_tests.office import Office, open_office


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": "120"})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The ERP keeps only four characters of the names of two people."""
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    office.memories["erp/contacts"].rewrite = lambda name, value: value and value[:4] if name == "first_name" else value
    for name in ("Annabella", "Charlotte"):
        office.create("crm/people", email=f"{name}@example.com", first_name=name)
    office.sync_in_full()
    return office


def test_values_are_listed_under_what_became_of_them_with_names_first(office: Office) -> None:
    lines = talk("rewritten").stdout.splitlines()
    assert lines[0].startswith("2 values differ from what was sent, and nothing is sent again")
    assert lines[3:] == [
        "erp keeps only the beginning of the value. The other systems have all of it.",
        "  1  Annabella  erp/contacts/erp1",
        "     first_name",
        "       sent   Annabella",
        "       shows  Anna",
        "  2  Charlotte  erp/contacts/erp2",
        "     first_name",
        "       sent   Charlotte",
        "       shows  Char",
    ]


def test_one_item_has_the_command_that_takes_what_the_system_shows(office: Office) -> None:
    shown = talk("rewritten", "2").stdout
    assert "Annabella" not in shown
    command = "resolve erp/contacts/erp2 first_name --take erp/contacts/erp2 --force"
    assert f"To use what erp shows everywhere:\n    talk {command}\n" in shown
    assert talk(*command.split()).exit_code == 0
    rows = json.loads(talk("rewritten", "--json").stdout)["rewritten"]
    office.sync()
    assert [row["sent"] for row in rows] == ["Annabella", "Charlotte"]
    assert [one["first_name"] for one in office.records("crm/people")] == ["Annabella", "Char"]


def test_a_longer_list_says_how_much_more_there_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewritten, "SHOWN", 1)
    assert "... and 1 more values. To see all of them: talk rewritten --all" in talk("rewritten").stdout
    assert "Charlotte" in talk("rewritten", "--all").stdout
