"""How long a run over everything takes where nothing has changed, beside one of the same graph that does nothing.

Each run has a process of its own, as Dagster gives it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    DagsterEventType,
    DagsterInstance,
    MaterializeResult,
    materialize,
    multi_asset,
)

from talk_assets.config.configuration import current
from talk_assets.graph.build import build_definitions
from talk_assets.graph.running import SyncRequest, sync
from talk_assets_tests.benchmarks.figures import Figure, apart, beside
from talk_assets_tests.readme import sandboxed


@contextmanager
def synchronised() -> Iterator[Path]:
    """Return a data folder whose sandbox, without limits, was synchronised until nothing was written any more."""
    with sandboxed() as folder, mock.patch.dict(os.environ, {"DAGSTER_HOME": str(folder)}):
        while sync(current(), SyncRequest()).summary.writes:
            pass
        yield folder


def figures() -> list[Figure]:
    """Return the figure: seconds between a run's beginning and end, as Dagster has them."""
    with synchronised() as folder:
        steps, requests = _steps(folder), sum(sync(current(), SyncRequest()).summary.requests.values())
        what = f"a quiet run over everything: {steps} steps, {requests} requests"
        floor = "the same graph, its steps doing nothing"
        return [beside(what, lambda: apart(_quiet, folder), floor, lambda: apart(_nothing, folder))]


def _quiet(folder: Path) -> float:
    return _duration(folder, sync(current(), SyncRequest()).run)


def _nothing(folder: Path) -> float:
    graph = [_idle(one) for one in build_definitions().assets or () if isinstance(one, AssetsDefinition)]
    with DagsterInstance.from_config(str(folder)) as instance:
        config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        run = materialize(graph, instance=instance, run_config=config).run_id
    return _duration(folder, run)


def _duration(folder: Path, run: str) -> float:
    with DagsterInstance.from_config(str(folder)) as instance:
        record = instance.get_run_record_by_id(run)
    if record is None or record.start_time is None or record.end_time is None:
        message = f"run {run} did not come to its end"
        raise RuntimeError(message)
    return record.end_time - record.start_time


def _steps(folder: Path) -> int:
    with DagsterInstance.from_config(str(folder)) as instance:
        run = sync(current(), SyncRequest()).run
        return len(instance.all_logs(run, of_type=DagsterEventType.STEP_SUCCESS))


def _idle(real: AssetsDefinition) -> AssetsDefinition:
    @multi_asset(name=real.op.name, specs=list(real.specs), check_specs=list(real.check_specs), can_subset=True)
    def idle(context: AssetExecutionContext) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        for spec in real.specs:
            yield MaterializeResult(asset_key=spec.key)
        for check in real.check_specs:
            yield AssetCheckResult(asset_key=check.asset_key, check_name=check.name, passed=True)
        del context

    return idle
