"""`talk held`: every item has a number, and says what to do about it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.cli.held import SHOWN
from talk_assets.config import configuration
from talk_assets.model.lens.lens import Date, Lens
from talk_assets_tests.office import Office, open_office

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": "120"})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


def two_with_one_email(office: Office) -> None:
    office.create("erp/contacts", email="same@example.com", first_name="Sam")
    for name in ("Samuel", "Samantha"):
        office.create("crm/people", email="same@example.com", first_name=name)
    office.sync()


def refused(office: Office, count: int) -> None:
    """Creates that the ERP refused, all for one reason."""
    for n in range(count):
        office.create("crm/people", email=f"{n}@example.com", first_name=f"Name {n:02}")
    office.reconcile_only()
    with office.transaction() as transaction:
        transaction.run("UPDATE sync.changes SET status = 'held', reason = 'a contact needs a company', since = ?", NOW)


def test_names_come_before_records_and_equal_reasons_are_a_group(office: Office) -> None:
    two_with_one_email(office)
    assert talk("held").stdout == (
        "2 items are held, for 1 reason. `talk held NUMBER` shows one in full.\n"
        "\n"
        "2 records could not be linked: several records here have the same e-mail: crm1, crm2\n"
        "  1  Samuel  crm/people/crm1\n"
        "  2  Samantha  crm/people/crm2\n"
        "  Correct in their system what they have in common, and the next sync decides. Or resolve one after the"
        " other, beginning\n"
        "  with:\n"
        "    talk held 1\n"
    )


def test_all_39_creates_of_one_reason_are_listed_with_one_command_that_sends_them_all(office: Office) -> None:
    refused(office, 39)
    lines = talk("held").stdout.splitlines()
    assert lines[2] == "39 creates in erp/contacts: a contact needs a company"
    assert [line.split()[0] for line in lines[3:42]] == [str(n) for n in range(1, 40)]
    assert lines[3] == "   1  Name 00  for crm/people/crm1"
    assert lines[-1] == "    talk retry erp/contacts"
    assert len(json.loads(talk("held", "--json").stdout)["held"]) == 39


def test_the_command_that_decides_a_group_decides_it(office: Office) -> None:
    refused(office, 3)
    command = talk("held").stdout.splitlines()[-1].split()
    assert "3 held changes go out" in talk(*command[1:]).stdout
    assert talk("held").stdout == "Nothing is held.\n"


def test_a_command_for_a_whole_collection_says_what_else_it_sends(office: Office) -> None:
    refused(office, 3)
    with office.transaction() as transaction:
        transaction.run("UPDATE sync.changes SET reason = 'other' WHERE contains(fields, '0@example.com')")
    shown = " ".join(talk("held").stdout.split())
    assert "as they are (this also sends 1 that are held for other reasons): talk retry erp/contacts" in shown
    assert "as it is: talk retry crm/people/crm1" in shown


def test_a_longer_group_says_how_many_more_there_are_and_how_to_see_them(office: Office) -> None:
    refused(office, SHOWN + 5)
    shown = talk("held").stdout
    assert "... and 5 more with this reason. To see all of them: talk held --all" in shown
    assert f"Name {SHOWN}" not in shown
    assert f"Name {SHOWN + 4}" in talk("held", "--all").stdout
    assert len(json.loads(talk("held", "--json").stdout)["held"]) == SHOWN + 5


def test_one_item_is_shown_beside_what_it_could_be_with_the_commands_that_decide(office: Office) -> None:
    two_with_one_email(office)
    shown = talk("held", "1").stdout
    assert shown.startswith("1  Samuel  crm/people/crm1\n")
    assert "A  Sam  erp/contacts/erp1, linked, same e-mail" in shown
    assert "first_name  Samuel            Sam               Samantha" in shown
    assert "talk link crm/people/crm1 erp/contacts/erp1" in shown
    assert "If it is B, delete one of the two in crm/people" in shown
    assert "talk unlink crm/people/crm1" in shown
    listed = json.loads(talk("held", "--json").stdout)["held"]
    assert [one["values"]["first_name"] for one in listed] == ["Samuel", "Samantha"]
    (item,) = json.loads(talk("held", "1", "--json").stdout)["held"]
    assert (item["name"], item["values"]["first_name"]) == ("Samuel", "Samuel")
    assert [one["records"] for one in item["candidates"]] == [["erp/contacts/erp1"], ["crm/people/crm2"]]


def test_a_candidate_with_a_record_in_the_same_collection_takes_two_commands(office: Office) -> None:
    office.create("erp/contacts", email="same@example.com")
    office.create("crm/people", email="same@example.com")
    office.sync()
    office.create("crm/people", email="same@example.com")
    office.sync()
    shown = talk("held", "1").stdout
    assert "If it is A, in place of crm/people/crm1:\n    talk unlink crm/people/crm1\n" in shown
    for command in ("unlink crm/people/crm1", "link crm/people/crm2 erp/contacts/erp1"):
        assert f"talk {command}\n" in shown
        assert talk(*command.split()).exit_code == 0
    assert talk("held").stdout == "Nothing is held.\n"


def test_a_held_change_is_shown_field_by_field(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": "Anne"})
    office.reconcile_only()
    with office.transaction() as transaction:
        transaction.run("UPDATE sync.changes SET status = 'held', reason = 'too long', since = ?", NOW)
    shown = talk("held", "1").stdout
    assert "1  Anne  erp/contacts/erp1\n" in shown
    assert "    ~ first_name: Anna -> Anne\n" in shown
    assert "talk retry erp/contacts/erp1" in shown
    (item,) = json.loads(talk("held", "--json").stdout)["held"]
    assert item["fields"] == {"first_name": {"before": "Anna", "after": "Anne"}}


def misread(office: Office) -> str:
    """Somebody types a date of birth that can't be read into a linked record; return its id."""
    declare(office)
    id_ = office.create("crm/people", email="anna@example.com", first_name="Anna", born="1990-05-17")
    office.sync()
    office.memories["crm/people"].edit(id_, {"born": "31.12.1989", "first_name": "Anne"})
    office.sync()
    return f"crm/people/{id_}"


def declare(office: Office) -> None:
    """People have a date of birth, in both systems."""
    for memory in office.memories.values():
        if memory.collection.entity.name == "person":
            lens = dict(memory.collection.lens.properties)
            memory.collection = replace(memory.collection, lens=Lens(**{**lens, "birth_date": Date("born")}))
    office.reopen()


def test_a_value_that_cant_be_read_is_listed_with_its_field_and_what_may_be_meant(office: Office) -> None:
    record = misread(office)
    assert talk("held").stdout == (
        "1 item is held, for 1 reason. `talk held NUMBER` shows one in full.\n"
        "\n"
        "This value can't be read: born is '31.12.1989'; it should be a date, as 2024-05-17\n"
        f"  1  Anne  {record}, field birth_date\n"
        "  Correct it in crm, and the next sync reads it. It may mean 1989-12-31. Until then birth_date keeps its"
        " value,"
        " and\n"
        "  everything else of the record is in sync.\n"
    )
    (item,) = json.loads(talk("held", "--json").stdout)["held"]
    assert {name: item[name] for name in ("what", "field", "property", "found", "right", "suggested")} == {
        "what": "value", "field": "birth_date", "property": "born", "found": "31.12.1989",
        "right": "a date, as 2024-05-17", "suggested": "1989-12-31",
    }  # fmt: skip
    assert f"1  Anne  {record}, field birth_date\n" in talk("held", "1").stdout


def test_a_value_that_cant_be_read_is_part_of_its_records_story(office: Office) -> None:
    record = misread(office)
    said = " ".join(talk("explain", record).stdout.split())
    assert "birth_date: 1990-05-17 what this record holds can't be read since " in said
    assert "born is '31.12.1989'; it should be a date, as 2024-05-17, perhaps 1989-12-31" in said
    story = json.loads(talk("explain", record, "--json").stdout)
    assert [(one["field"], one["found"], one["suggested"]) for one in story["invalid"]] == [
        ("birth_date", "31.12.1989", "1989-12-31")
    ]
    assert story["held"] is None


def test_a_fight_names_both_records_and_a_command_for_each(office: Office) -> None:
    two = ("crm/people/crm1", "erp/contacts/erp1")
    with office.transaction() as transaction:
        transaction.run(
            "INSERT INTO sync.fights BY NAME SELECT 'person' AS entity_type, '1' AS entity_id, 'email' AS field,"
            " $1 AS origin, $2 AS other_origin, $3::TIMESTAMPTZ AS since",
            *two,
            NOW,
        )
    shown = talk("held").stdout
    for origin in two:
        assert f"    talk resolve crm/people/crm1 email --take {origin}\n" in shown


@pytest.mark.parametrize("arguments", [("3",), ("3", "--json")])
def test_a_number_that_is_not_on_the_list_is_one_line_that_says_the_last(
    office: Office, arguments: tuple[str, ...]
) -> None:
    two_with_one_email(office)
    done = talk("held", *arguments)
    assert done.exit_code == 1
    assert done.stderr == "talk: 3: `talk held` has no item of this number; the last one is 2.\n"
