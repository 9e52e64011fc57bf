"""The daemon with its queue and its sensors, a run that was asked for, and two commands, on one data folder at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from talk_assets.graph.running import LAUNCHER
from talk_assets.graph.watermarks import WATCHED
from talk_assets_tests.automation.office import PERSONS
from talk_assets_tests.whole.instance import TALK, Instance, opened

DAEMON = [sys.executable, "-m", "dagster._daemon", "run", "-m", "talk_assets.definitions"]
LAUNCH = [
    sys.executable,
    "-m",
    "dagster",
    "job",
    "launch",
    "-m",
    "talk_assets.definitions",
    "-j",
    "dataflow_webcrm_customerp",
]
"""What the UI's button does: a run is put into the queue."""

PATIENCE = 240.0
"""Seconds for what takes twenty where nothing else runs."""

TITLES = tuple(f"Head number {n}" for n in range(1, 6))
"""What is set, one after the other, as a run that was asked for may come before the sensor and take an edit along."""

QUICK = "[automation]\ninterval = 1\n"


@contextmanager
def daemon(folder: Path, environ: dict[str, str]) -> Iterator[None]:
    """Dagster's daemon, with the code server and the runs that it starts."""
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(DAEMON, stdout=log, stderr=log, env=environ, start_new_session=True)  # noqa: S603 -- our own interpreter
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=30)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def wait_for(what: Callable[[], bool], folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, (folder / "daemon.log").read_text("utf-8")[-3000:]
        time.sleep(0.5)


def titles(talk: Instance) -> set[str]:
    return {contact["job_title"] for contact in talk.everything()["contacts"]}


def test_an_edit_arrives_by_itself_and_commands_queue_and_sensors_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with opened(tmp_path) as talk:
        talk.configure(f"{QUICK}\n{PERSONS}")
        environ = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
        commands = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)  # noqa: S603 -- our own interpreter
            for command in ([*TALK, "sync"], [*TALK, "sync"], LAUNCH)
        ]
        with daemon(tmp_path, environ):
            for command in commands:
                _, said = command.communicate(timeout=PATIENCE)
                assert command.returncode == 0, said
                assert "Traceback" not in said
            wait_for(lambda: None in titles(talk), tmp_path)
            with DagsterInstance.from_config(str(tmp_path)) as instance:
                for title in TITLES:
                    talk.sandbox.edit("webcrm", "Persons", 1, {"PersonTitle": title, "PersonUpdatedAt": None})
                    wait_for(lambda title=title: title in titles(talk), tmp_path)  # type: ignore[misc]
                    if instance.get_runs(RunsFilter(tags={WATCHED: "webcrm"})):
                        break
                wait_for(lambda: all(run.is_finished for run in instance.get_runs()), tmp_path)
                assert {run.status for run in instance.get_runs()} == {DagsterRunStatus.SUCCESS}
                assert instance.get_runs(RunsFilter(tags={WATCHED: "webcrm"}))
                assert len(instance.get_runs(RunsFilter(tags=LAUNCHER))) == 2
                assert instance.get_runs(RunsFilter(job_name="dataflow_webcrm_customerp"))
