"""`talk conflicts`: what won and what lost, by the name of whom it is about, and the commands that decide."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.cli import conflicts
from talk_assets.config import configuration
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": "100"})


def three(office: Office) -> None:
    """Two people's first names are in conflict, and one that differs only in case."""
    for one, other in (("Anna", "Anne"), ("Bo", "Bob"), ("CLEO", "Cleo")):
        office.create("crm/people", email=f"{one}@example.com", first_name=one)
        office.create("erp/contacts", email=f"{one}@example.com", first_name=other)
    office.sync()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = prepared(open_office(tmp_path, monkeypatch), monkeypatch, three)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


def test_each_field_has_a_number_what_won_and_what_lost_with_the_records(office: Office) -> None:
    lines = talk("conflicts").stdout.splitlines()
    assert lines[0].startswith("2 fields are in conflict.")
    start = lines.index("Anne  crm/people/crm1")
    assert lines[start + 1] == "  1  first_name"
    assert lines[start + 2].startswith("     now   Anne  erp/contacts/erp1, set ")
    assert lines[start + 3].startswith("     lost  Anna  crm/people/crm1, set ")
    rows = json.loads(talk("conflicts", "--json").stdout)["conflicts"]
    assert [(row["number"], row["name"], row["value"], row["winner"]) for row in rows] == [
        (1, "Anne", "Anna", "Anne"),
        (2, "Bob", "Bo", "Bob"),
    ]


def test_one_item_has_the_commands_that_decide_it(office: Office) -> None:
    shown = talk("conflicts", "2").stdout
    assert "Anne" not in shown
    assert "To use Bo everywhere:\n    talk resolve crm/people/crm2 first_name --take crm/people/crm2\n" in shown
    assert "talk resolve crm/people/crm2 first_name --keep\n" in shown
    assert talk(*["resolve", "crm/people/crm2", "first_name", "--take", "crm/people/crm2"]).exit_code == 0
    assert [row["number"] for row in json.loads(talk("conflicts", "--json").stdout)["conflicts"]] == [1]


def test_a_longer_list_says_how_much_more_there_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflicts, "SHOWN", 1)
    shown = talk("conflicts").stdout
    assert "Bob" not in shown
    assert "... and 1 more fields in conflict. To see all of them: talk conflicts --all" in shown
    assert "Bob" in talk("conflicts", "--all").stdout


def test_a_number_that_is_not_on_the_list_is_one_line(office: Office) -> None:
    done = talk("conflicts", "3")
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
