"""`talk sync`, on systems in memory and a Dagster instance and a database on disk."""

import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dagster import DagsterInstance, DagsterRunStatus, ExecuteInProcessResult, Failure

from talk_assets import cli
from talk_assets.cli.lines import Lines
from talk_assets.cli.output import Bars, show_progress
from talk_assets.cli.status import SAYS
from talk_assets.config import configuration
from talk_assets.config.configuration import Mode
from talk_assets.errors import StoreError
from talk_assets.graph.build import SYNC, build_definitions
from talk_assets.graph.metadata import MODE
from talk_assets.graph.running import LAUNCHER
from talk_assets.model.system import Answer, Outcome, Write
from talk_assets.operate.processes import HOLDER
from talk_assets.sync import runs
from talk_assets.sync.hub import Hub
from talk_assets.sync.progress import Doing, Progress, silent
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.memory import MemoryConnection


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk")


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode = Mode.WRITE) -> Office:
    """An office as the configured instance, with one new employee of a new company."""
    office = open_office(folder, monkeypatch, mode=mode, on_disk=True)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.create("crm/people", email="anna@example.com", first_name="Anna", employer=acme)
    return office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return opened(tmp_path, monkeypatch)


def test_a_plan_writes_nothing_then_a_sync_what_is_asked_for_and_the_next_one_nothing(office: Office) -> None:
    assert "crm-erp: would be written" in talk("sync", "--plan").stdout
    assert not office.records("erp/contacts")
    with office.transaction() as transaction:
        assert runs.last(transaction)["mode"].item() == "plan"
    first = json.loads(talk("sync", "--json").stdout)
    assert first["writes"] == 2
    assert first["collections"]["erp/contacts"] == {
        "read": 0, "changed": 0, "created": 1, "updated": 0, "deleted": 0, "failed": 0,
        "held": 0, "waiting": 0, "planned": 0,
    }  # fmt: skip
    assert first["requests"]["crm"] > 0
    assert first["seconds"] > 0
    assert [(pair["left"], pair["linked"], pair["created"]) for pair in first["pairs"]] == [
        ("crm/companies", 1, 1),
        ("crm/people", 1, 1),
    ]
    with DagsterInstance.from_config(str(office.folder)) as instance:
        assert instance.get_run_by_id(first["run"]).status is DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
    second = talk("sync")
    assert second.exit_code == 0
    assert "0 records written" in second.stdout
    assert second.stderr == ""


def test_one_failed_system_is_one_line_and_exit_status_1(office: Office) -> None:
    office.broken["erp"] = "erp: no answer from http://127.0.0.1:1;\nis it running?"
    done = talk("sync", "--json")
    assert done.exit_code == 1
    assert done.stderr == "talk: erp: no answer from http://127.0.0.1:1; is it running?\n"
    said = json.loads(done.stdout)
    assert said["failures"] == office.broken
    assert said["collections"]["crm/people"]["read"] == 1


def outcome(office: Office) -> str:
    with office.transaction() as transaction:
        return str(runs.last(transaction)["outcome"].item())


def test_a_write_that_failed_is_in_the_summary_the_status_and_the_exit_status(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_: object, __: object, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        for write in writes:
            yield Answer(write.key, Outcome.FAILED, reason="erp: 503 Service Unavailable")

    monkeypatch.setattr(MemoryConnection, "write", failing)
    done = talk("sync")
    assert done.exit_code == 1
    assert "0 records written" in done.stdout
    assert "1 write failed; the next sync tries again." in done.stdout
    assert done.stdout.endswith("This sync is incomplete, for 1 reason:\n")
    said = "erp/customers: 1 write failed; the next sync tries again (erp: 503 Service Unavailable)"
    assert f"talk: {said}\n" in done.stderr
    assert outcome(office) == "incomplete"
    assert said in " ".join(talk("status").stdout.split())
    status = json.loads(talk("status", "--json").stdout)["last_run"]
    assert (status["outcome"], status["failures"]["erp/customers"]) == ("incomplete", said)
    again = talk("sync", "--json")
    assert again.exit_code == 1
    document = json.loads(again.stdout)
    assert (document["outcome"], document["failures"]["erp/customers"]) == ("incomplete", said)


@pytest.mark.parametrize(
    ("error", "code", "ended"),
    [
        (StoreError("talk.duckdb: could not be written."), 1, "failed"),
        (Failure("another run has held the run lock"), 1, "failed"),
        (ZeroDivisionError("surprise"), 1, "failed"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_a_run_that_a_step_ended_early_has_failed(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, ended: str
) -> None:
    def reconcile(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(Hub, "reconcile", reconcile)
    done = talk("sync")
    assert done.exit_code == code
    assert outcome(office) == ended
    assert SAYS[ended] in talk("status").stdout
    if isinstance(error, StoreError | Failure):
        assert len(done.stderr.splitlines()) == 1


def test_a_run_that_dagster_calls_failed_is_incomplete(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExecuteInProcessResult, "success", False)
    done = talk("sync")
    assert done.exit_code == 1
    assert "talk: Dagster's run " in done.stderr
    assert outcome(office) == "incomplete"


def test_a_run_whose_process_died_is_buried_by_the_next_one(office: Office) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (office.folder / HOLDER).write_text(json.dumps({"pid": gone.pid, "command": "talk sync", "since": "2026-11-30"}))
    with DagsterInstance.from_config(str(office.folder)) as instance:
        job = build_definitions(office.config).resolve_job_def(SYNC)
        dead = instance.create_run_for_job(
            job, status=DagsterRunStatus.STARTED, tags={**LAUNCHER, MODE: "write"}
        ).run_id
        with office.wiring().hub(dead).store.transaction() as transaction:
            runs.begin(transaction, dead, "write", office.world.clock())
        assert SAYS["died"] in talk("status").stdout
        assert json.loads(talk("status", "--json").stdout)["last_run"]["outcome"] == "died"
        assert talk("sync").exit_code == 0
        assert instance.get_run_by_id(dead).status is DagsterRunStatus.FAILURE  # type: ignore[union-attr]
    with office.transaction() as transaction:
        outcomes = dict(transaction.frame("SELECT run, outcome FROM sync.runs").iter_rows())
    assert outcomes.pop(dead) == "died"
    assert list(outcomes.values()) == ["done"]


def test_an_error_within_a_step_is_one_line(office: Office) -> None:
    office.config.database.mkdir()
    done = talk("sync")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"talk: {office.config.database}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_dataflow_that_is_not_there_is_told_with_those_that_are(office: Office) -> None:
    done = talk("sync", "--dataflow", "crm-erb")
    assert done.exit_code == 1
    assert "did you mean crm-erp? There are crm-erp." in done.stderr


def test_telemetry_is_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_DISABLE_TELEMETRY")
    talk("sync", "--dataflow", "none")
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]


def test_what_a_check_that_blocks_has_found_is_one_line_and_the_exit_status(office: Office) -> None:
    office.sync()
    with office.transaction() as transaction:
        transaction.run('INSERT INTO "crm"."people" SELECT * FROM "crm"."people"')
    done = talk("sync")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line == "talk: ids that are blank, or those of several records: crm/people: crm1."
    with office.transaction() as transaction:
        assert runs.last(transaction)["outcome"].item() == "incomplete"


def test_progress_is_told_in_lines_where_stderr_is_no_terminal(office: Office) -> None:
    told = talk("sync", "--progress").stderr.splitlines()
    assert told[0] == "Loading Dagster ..."
    assert {"crm/people: 1 read", "erp/contacts: 1 written"} <= set(told)
    assert len(told) == len(set(told))


def test_lines_of_progress_come_every_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    tell = Lines(lambda: now[0])
    for seconds, done, waited in ((0, 0, 0), (1, 100, 0), (2, 200, 0), (3, 300, 3), (3.5, 1000, 3), (3.5, 1000, 3)):
        now[0] = seconds
        tell(Progress("webcrm/persons", Doing.READ, done, 1000, waited))
    assert capsys.readouterr().err.splitlines() == [
        "webcrm/persons: 200 of 1000 read",
        "webcrm/persons: 1000 read, waited 3 s for the rate limit",
    ]


def test_on_a_terminal_long_work_has_a_bar_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with show_progress() as tell:
        for done in (500, 1000):
            tell(Progress("webcrm/persons", Doing.READ, done, 2000, 3.0))
        assert isinstance(tell, Bars)
        tell.refresh()
        tell(Progress("webcrm/persons", Doing.READ, 2000, 2000, 3.0))
    shown = terminal.getvalue()
    assert "webcrm/persons read" in shown
    assert "1000/2000" in shown
    assert "waited 3 s" in shown
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    with show_progress() as tell:
        assert tell is silent
