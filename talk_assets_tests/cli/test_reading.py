"""`talk status`, `explain` and `history`: what they show, and that they need no Dagster."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.config import configuration
from talk_assets.config.configuration import Mode
from talk_assets.operate.run_lock import run_lock
from talk_assets.sync import runs
from talk_assets_tests.office import Office, open_office


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Anna's first name is in conflict, two others share an e-mail."""
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.create("erp/contacts", email="anna@example.com", first_name="Anne")
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.sync()
    return office


READING = (
    ("status",), ("held",), ("conflicts",), ("rewritten",), ("explain", "crm/people/crm1"),
    ("history", "crm/people/crm1"), ("config", "show"),
)  # fmt: skip


@pytest.mark.parametrize("synced", [True, False])
def test_what_reads_writes_nothing_and_needs_no_run_lock(
    *, synced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(tmp_path, monkeypatch, on_disk=True)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    if synced:
        office.sync()
    with run_lock(office.config.folder):
        before = files(tmp_path)
        for command in READING:
            done = talk(*command)
            nothing = command[0] in {"explain", "history"} and not synced
            assert (command, done.exit_code) == (command, 1 if nothing else 0), done.output
            assert files(tmp_path) == before, command


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_status_counts_every_pair(office: Office) -> None:
    pairs = json.loads(talk("status", "--json").stdout)["pairs"]
    assert pairs[1] == {
        "dataflow": "crm-erp", "mode": "write", "left": "crm/people", "right": "erp/contacts", "left_records": 3,
        "right_records": 1, "linked": 1, "waiting": 0, "held": 2, "conflicts": 1,
    }  # fmt: skip
    assert "crm/people" in talk("status").stdout


def test_status_says_which_dataflow_writes_and_which_systems_are_invented(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(office.config, dataflows=tuple(replace(one, mode=Mode.PLAN) for one in office.config.dataflows))
    for sandboxed, told in (
        ({"crm", "erp"}, "; the sandbox serves both"),
        ({"erp"}, "; the sandbox serves erp"),
        ({}, ""),
    ):
        systems = {name: replace(one, sandbox=name in sandboxed) for name, one in config.systems.items()}
        monkeypatch.setattr(configuration, "current", partial(replace, config, systems=systems))
        assert f"crm-erp: mode plan{told}" in talk("status").stdout.splitlines()
        shown = json.loads(talk("status", "--json").stdout)
        assert {name for name, one in shown["systems"].items() if one == "sandbox"} == set(sandboxed)
        assert {pair["mode"] for pair in shown["pairs"]} == {"plan"}


def test_status_before_the_first_sync_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    assert "There was no run yet: talk sync" in talk("status").stdout


def test_status_says_when_the_database_was_upgraded(office: Office) -> None:
    assert "upgraded" not in talk("status").stdout
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    with office.transaction() as transaction:
        transaction.run("INSERT INTO sync.migrations VALUES (3, ?, 'talk-format-2.duckdb')", at)
    shown = " ".join(talk("status").stdout.split())
    assert (
        "The database was upgraded to format 3 on 2026-11-30 12:00:00 UTC; talk-format-2.duckdb is a copy of it"
        in shown
    )
    assert json.loads(talk("status", "--json").stdout)["upgrades"] == [
        {"format": 3, "migrated_at": "2026-11-30 12:00:00+00:00", "copy": "talk-format-2.duckdb"}
    ]


def test_a_run_that_did_not_say_how_it_ended_says_how_far_it_came(office: Office) -> None:
    began = datetime(2099, 1, 1, 12, tzinfo=UTC)

    def told() -> str:
        return " ".join(talk("status").stdout.split()).partition("The latest run, of the UI, began ")[2]

    with office.transaction() as transaction:
        runs.begin(transaction, "of the UI", "write", began)
    assert told().startswith("2099-01-01 12:00:00 UTC: no step has ended yet.")
    with office.transaction() as transaction:
        runs.add(transaction, "of the UI", runs.Summary(), began + timedelta(seconds=7))
    assert told().startswith("2099-01-01 12:00:00 UTC: its latest step ended 2099-01-01 12:00:07 UTC.")
    with office.transaction() as transaction:
        runs.end(transaction, "of the UI", "done", began + timedelta(seconds=9))
    assert told().startswith("2099-01-01 12:00:00 UTC: done.")


def test_nothing_held_and_no_conflicts_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    assert talk("held").stdout == "Nothing is held.\n"
    assert talk("conflicts").stdout == "There are no conflicts.\n"


def test_explain_tells_the_whole_story_in_words(office: Office) -> None:
    shown = talk("explain", "crm/people/crm1").stdout
    assert "with erp/contacts/erp1, linked by the same e-mail" in shown
    assert "as the first record of its entity" in shown
    for title in ("Values", "Nothing is waiting to be written.", "Conflicts", "Writes"):
        assert title in shown
    assert json.loads(talk("explain", "crm/people/crm1", "--json").stdout)["linked_by"] == "new"


NOT_THERE = {
    "crm/peeple/crm1": "there is no collection crm/peeple; did you mean crm/people? There are crm/companies",
    "crm/people": "a record is crm/people/ID",
    "crm/people/crm99": "there is no such record; crm/people has crm1, crm2, crm3.",
    "erp/customers/1": "no record of erp/customers was read yet",
    "nonsense": "there is no collection nonsense",
}


def test_explain_of_what_is_not_there_is_one_line_that_says_what_is(office: Office) -> None:
    for record, told in NOT_THERE.items():
        done = talk("explain", record)
        assert (record, done.exit_code, len(done.stderr.splitlines())) == (record, 1, 1)
        assert told in done.stderr


def test_of_many_records_the_first_are_named_with_how_many_there_are(office: Office) -> None:
    for n in range(9):
        office.create("crm/people", email=f"{n}@example.com")
    office.sync()
    assert (
        "crm/people has 12 records, among them crm1, crm10, crm11, crm12, crm2."
        in talk("explain", "crm/people/x").stderr
    )


def test_reading_commands_import_no_dagster() -> None:
    program = "import sys; from talk_assets.cli import conflicts, explain, held, status;print('dagster' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 -- our own interpreter
    assert done.stdout == "False\n"


def test_history_tells_what_happened_to_a_record_in_order(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Anni"})
    office.sync("second")
    shown = talk("history", "erp/contacts/erp1").stdout
    assert "linked" in shown
    assert shown.index("linked") < shown.index("update")
    assert all(word in shown for word in ("Anne", "Anni", "crm/people/crm1", "done"))
    events = json.loads(talk("history", "crm/people/crm1", "--json").stdout)["events"]
    assert [(event["what"], event["run"]) for event in events] == [
        ("linked", None),
        ("update", "run"),
        ("edited", "second"),
    ]


def test_history_of_a_record_that_is_held_is_empty_and_of_none_says_what_there_is(office: Office) -> None:
    assert json.loads(talk("history", "crm/people/crm2", "--json").stdout)["events"] == []
    missing = talk("history", "crm/people/nobody")
    assert missing.exit_code == 1
    assert "there is no such record; crm/people has crm1, crm2, crm3." in missing.stderr
