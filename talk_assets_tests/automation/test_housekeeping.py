"""What is on, what is off, what is forgotten, and what becomes of a run whose process died."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    Definitions,
    build_schedule_context,
)
from dagster._core.events import EngineEventData

from talk_assets.config.automation import Automation
from talk_assets.config.configuration import load
from talk_assets.errors import ConfigurationError
from talk_assets.graph.automation.housekeeping import DIED, reap_dead_runs
from talk_assets.graph.build import SYNC, build_definitions
from talk_assets.operate import processes
from talk_assets.sync import runs
from talk_assets_tests.office import open_office

REAL = {"TALK_WEBCRM_AUTH_CODE": "hunter2-not-to-be-seen"}


def running(built: Definitions) -> set[str]:
    """The sensors and schedules that nobody needs to switch on."""
    sensors = {one.name for one in built.sensors or () if one.default_status is DefaultSensorStatus.RUNNING}
    return sensors | {one.name for one in built.schedules or () if one.default_status is DefaultScheduleStatus.RUNNING}


def test_it_is_on_for_the_sandbox_and_off_for_anybody_elses_system_until_somebody_says_so(tmp_path: Path) -> None:
    everything = running(build_definitions(load(tmp_path, {})))
    assert {"watch_webcrm", "watch_poweroffice_peer", "full_read", "prune", "reap_dead_runs"} < everything
    assert running(build_definitions(load(tmp_path, REAL))) == {"reap_dead_runs"}
    (tmp_path / "talk.toml").write_text("[automation]\nenabled = true\n", "utf-8")
    assert running(build_definitions(load(tmp_path, REAL))) == everything
    (tmp_path / "talk.toml").write_text("[automation]\nenabled = false\n", "utf-8")
    assert running(build_definitions(load(tmp_path, {}))) == {"reap_dead_runs"}


def test_the_nightly_full_read_reads_every_system_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(tmp_path, monkeypatch)
    built = build_definitions(office.config)
    with DagsterInstance.ephemeral() as instance:
        full_read = built.resolve_schedule_def("full_read")
        due = full_read.evaluate_tick(build_schedule_context(instance, datetime(2026, 1, 1, 2, tzinfo=UTC)))
        [request] = due.run_requests or []
        gone = office.create("crm/people", email="anna@example.com")
        job = built.resolve_job_def(SYNC)
        job.execute_in_process(instance=instance)
        office.memories["crm/people"].delete(gone)
        job.execute_in_process(instance=instance, run_config=request.run_config)
    with office.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM crm.people WHERE _deleted") == 1


def test_pruning_forgets_old_runs_of_dagster_and_of_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(tmp_path, monkeypatch)
    built = build_definitions(office.config)
    with DagsterInstance.ephemeral() as instance:
        old = datetime.now(UTC) - timedelta(days=800)
        with office.transaction() as transaction:
            runs.begin(transaction, "old", "write", old)
            runs.end(transaction, "old", "done", old)
        kept = instance.create_run_for_job(built.resolve_job_def(SYNC), status=DagsterRunStatus.SUCCESS)
        monkeypatch.setattr("talk_assets.graph.automation.housekeeping.ENDED", [DagsterRunStatus.SUCCESS])
        assert built.resolve_job_def("housekeeping_prune").execute_in_process(instance=instance).success
        assert instance.has_run(kept.run_id)
        monkeypatch.setattr(
            "talk_assets.graph.automation.housekeeping.utc_now", lambda: datetime.now(UTC) + timedelta(days=40)
        )
        assert built.resolve_job_def("housekeeping_prune").execute_in_process(instance=instance).success
        assert not instance.has_run(kept.run_id)
    with office.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.runs WHERE run = 'old'") == 0


def test_a_run_whose_process_died_is_ended_and_one_whose_process_lives_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = build_definitions(open_office(tmp_path, monkeypatch).config).resolve_job_def(SYNC)
    with (
        DagsterInstance.ephemeral() as instance,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
    ):
        run = instance.create_run_for_job(job, status=DagsterRunStatus.STARTED)
        assert reap_dead_runs(instance) == [], "nobody said which process has it"
        instance.report_engine_event("Started", run, EngineEventData.in_process(other.pid))
        assert reap_dead_runs(instance) == []
        other.kill()
        other.wait()
        assert reap_dead_runs(instance) == [run.run_id]
        ended = instance.get_run_by_id(run.run_id)
        assert ended
        assert ended.status is DagsterRunStatus.FAILURE
        assert DIED in str([entry.dagster_event for entry in instance.all_logs(run.run_id)])


def test_a_process_that_began_later_is_another_one_that_was_given_the_same_id() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert processes.alive(other.pid, before=time.time() + 5)
        assert not processes.alive(other.pid, before=time.time() - 3600)
        other.kill()


def test_what_may_be_said_of_the_automation(tmp_path: Path) -> None:
    talk = tmp_path / "talk.toml"
    talk.write_text("lock_patience = 60\n[automation]\ninterval = 5\nfull_interval = 60\nkeep_runs = 7\n", "utf-8")
    config = load(tmp_path, {})
    assert config.lock_patience == 60
    assert config.automation == Automation(enabled=True, interval=5, full_interval=60, full_read_hour=2, keep_runs=7)
    for text, complaint in {
        "full_read_hour = 24": "automation.full_read_hour: is 24, and should be a whole number from 0 to 23.",
        "intervall = 5": "automation.intervall: there is no such key; did you mean interval?",
    }.items():
        talk.write_text(f"[automation]\n{text}\n", "utf-8")
        with pytest.raises(ConfigurationError) as caught:
            load(tmp_path, {})
        assert complaint in str(caught.value)
