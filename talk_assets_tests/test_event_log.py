"""Events are in Dagster's own files, for whichever way they are opened."""

from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, asset, materialize

from talk_assets.event_log import KEPT, EventLog

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
