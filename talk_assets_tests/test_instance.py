"""Runs and events are in Dagster's own files, for whichever way and however many at once they are opened."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import AssetExecutionContext, AssetKey, DagsterEventType, DagsterInstance, asset, materialize

from talk_assets.graph.storage import KEPT, EventLog

FILE = Path(__file__).parents[1] / "data" / "dagster.yaml"


@asset
def greeting() -> int:
    """Something to materialise."""
    return 1


def test_more_runs_than_files_are_kept_open_are_there_without_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with DagsterInstance.from_config(str(tmp_path)) as plain:
        runs = [materialize([greeting], instance=plain).run_id]
    (tmp_path / "dagster.yaml").write_text(FILE.read_text())
    with DagsterInstance.from_config(str(tmp_path)) as kept:
        assert isinstance(kept.event_log_storage, EventLog)
        runs += [materialize([greeting], instance=kept).run_id for _ in range(KEPT + 1)]
        for run in runs:
            assert kept.all_logs(run)
    (tmp_path / "dagster.yaml").unlink()
    with DagsterInstance.from_config(str(tmp_path)) as plain:
        found = plain.fetch_materializations(AssetKey("greeting"), limit=100).records
        assert [one.run_id for one in found] == runs[::-1]


OPEN = """
import sys
import time
from dagster import DagsterInstance
from pathlib import Path
folder, name = Path(sys.argv[1]), sys.argv[2]
(folder / f"ready-{name}").touch()
while len(list(folder.glob("ready-*"))) < 3:
    time.sleep(0.001)
with DagsterInstance.from_config(str(folder)) as instance:
    print(instance.get_runs_count())
"""


@pytest.mark.parametrize("attempt", [0, *(pytest.param(n, marks=pytest.mark.thorough) for n in (1, 2))])
def test_processes_that_come_to_a_new_folder_at_once_all_find_it_prepared(tmp_path: Path, attempt: int) -> None:
    (tmp_path / "dagster.yaml").write_text(FILE.read_text())
    environ = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    opening = [
        subprocess.Popen(  # noqa: S603 -- our own interpreter
            [sys.executable, "-c", OPEN, str(tmp_path), f"{attempt}-{name}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        for name in range(3)
    ]
    for process in opening:
        said, wrong = process.communicate(timeout=120)
        assert (said, process.returncode) == ("0\n", 0), wrong


def test_what_a_run_prints_has_no_debug_lines_and_its_log_has_every_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(Path(__file__).parents[1] / "data" / "dagster.yaml", tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    @asset
    def telling(context: AssetExecutionContext) -> None:
        context.log.info("42 records read")

    with DagsterInstance.from_config(str(tmp_path)) as instance:
        run = materialize([telling], instance=instance).run_id
        events = {entry.dagster_event_type for entry in instance.all_logs(run)}
    printed = capfd.readouterr()
    assert "42 records read" in printed.out + printed.err
    assert "DEBUG" not in printed.out + printed.err
    assert DagsterEventType.STEP_SUCCESS in events
