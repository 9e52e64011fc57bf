"""One sync, from here: the graph's job in this process, on the Dagster instance of the data folder.

Runs appear in the UI like any other. How an outcome is shown is the concern of `cli`; what the steps do, of the assets.
"""

import io
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster import (
    DagsterExecutionInterruptedError,
    DagsterInstance,
    DagsterRunStatus,
    Failure,
    JobDefinition,
    RunsFilter,
)
from dagster._core.errors import DagsterAssetCheckFailedError
from sqlalchemy.exc import DBAPIError

from talk_assets.config.configuration import FILE, Config, DataflowSettings, Mode
from talk_assets.config.wiring import Wiring
from talk_assets.errors import UNWRITABLE, ConfigurationError, StoreError, SyncFailed, TalkError
from talk_assets.graph import names
from talk_assets.graph.automation.housekeeping import DIED, reap_dead_runs
from talk_assets.graph.build import assets_of, build_definitions, job
from talk_assets.graph.run_progress import listening
from talk_assets.graph.scope import KEY
from talk_assets.operate.run_lock import run_lock
from talk_assets.report import overview, reviewing
from talk_assets.report.overview import PairStatus
from talk_assets.report.waiting import Waiting, waiting
from talk_assets.sync import runs
from talk_assets.sync.hub import utc_now
from talk_assets.sync.progress import Tell, silent
from talk_assets.sync.read import reading
from talk_assets.sync.runs import Summary

_DONE, _INCOMPLETE = "done", "incomplete"

LAUNCHER = {"talk/launched_by": "talk sync"}
"""Tags the runs that die with this process, because they run in it."""


@dataclass(frozen=True)
class SyncRequest:
    """What is to be synced: with `plan` nothing is written, with `full` every record is read again.

    `dataflows` by name, none for all of them. `waiting` is called with who holds the run lock, where another process
    has it, `tell` hears how far the work is.
    """

    plan: bool = False
    full: bool = False
    dataflows: Sequence[str] = ()
    verbose: bool = False
    waiting: Callable[[str], None] = field(default=lambda _: None)
    tell: Tell = silent


@dataclass(frozen=True)
class SyncResult:
    """What became of a sync. `held` and `changes` are what is held of, and asked of, each collection afterwards.

    `outcome` is `done`, or `incomplete` where anything failed or was stopped. `failures` says what failed, by system,
    collection, check or run; `pending_approvals` by collection what needs a person's approval. `pairs` by dataflow,
    `planned` the names of those in mode plan. `waiting` says why changes wait.
    """

    run: str
    seconds: float
    summary: Summary
    pairs: dict[str, list[PairStatus]]
    planned: tuple[str, ...]
    held: dict[str, int]
    changes: dict[str, dict[str, int]]
    collections: tuple[str, ...]
    failures: dict[str, str]
    pending_approvals: dict[str, str]
    waiting: Sequence[Waiting]
    review: int
    """How many pairs of records wait for `talk review`."""

    @property
    def outcome(self) -> str:
        """How the run ended, as `talk status` says it."""
        return _INCOMPLETE if self.failures or self.pending_approvals else _DONE


def sync(config: Config, request: SyncRequest) -> SyncResult:
    """Run one sync to its end, or raise what ends it early, having noted that in `sync.runs`.

    A system that fails is in the outcome's failures, and the others go on.
    """
    began = time.monotonic()
    wiring = Wiring(config)
    dataflows = wiring.dataflows(request.dataflows)
    keys = wiring.collections_of(dataflows)
    if not keys:
        message = f"{config.folder / FILE}: no pair of any dataflow is switched on, so there is nothing to sync."
        raise ConfigurationError(message)
    with (
        _storable(config.folder),
        run_lock(config.folder, request.waiting, patience=config.lock_patience),
        _instance(config.folder) as instance,
    ):
        _reap(instance, wiring)
        built, run = job(build_definitions(config), plan=request.plan), str(uuid.uuid4())
        with _ended(wiring, run):
            with wiring.reading() as transaction:
                unread = reading.unread(transaction, wiring.needed_by(dataflows))
            blocked = _execute(built, instance, wiring, request, (keys, unread), run)
            return _outcome(wiring, run, dataflows, request, keys, began, blocked)


def _instance(folder: Path) -> DagsterInstance:
    """The Dagster instance of the data folder, which `dagster.yaml` calls by the name of the variable."""
    os.environ["DAGSTER_HOME"] = str(folder)
    return DagsterInstance.from_config(str(folder))


def _reap(instance: DagsterInstance, wiring: Wiring) -> None:
    """Runs of ours that still seem to be under way died with their process, as we hold the run lock."""
    under_way = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED]
    for run in instance.get_runs(RunsFilter(statuses=under_way, tags=LAUNCHER)):
        instance.report_run_failed(run, DIED)
        with wiring.store().transaction() as transaction:
            runs.end(transaction, run.run_id, "died", utc_now())
    for dead in reap_dead_runs(instance):
        with wiring.store().transaction() as transaction:
            runs.end(transaction, dead, "died", utc_now())


@contextmanager
def _ended(wiring: Wiring, run: str) -> Iterator[None]:
    """Note of a run that is ended early that it failed, or that somebody stopped it; else it would seem to go on."""
    try:
        yield
    except BaseException as error:
        outcome = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        with suppress(TalkError), wiring.store().transaction() as transaction:
            runs.end(transaction, run, outcome, utc_now())
        if isinstance(error, Failure):
            raise SyncFailed(error.description or str(error)) from error
        raise


def _execute(
    built: JobDefinition,
    instance: DagsterInstance,
    wiring: Wiring,
    request: SyncRequest,
    keys: tuple[frozenset[str], frozenset[str]],
    run: str,
) -> str | None:
    """Run the job to its end; return what a check that blocks has found, None where none did.

    `keys` are the collections that it is about, and those that must be read for their sake.
    """
    selected = assets_of(wiring, *keys, plan=request.plan)
    # Where Dagster cannot store an event, it says so on stderr, at length; what that means is for us to say, in a line.
    quiet = nullcontext() if request.verbose else redirect_stderr(io.StringIO())
    with _interruptible(), quiet, listening(request.tell):
        try:
            done = built.execute_in_process(
                instance=instance,
                asset_selection=selected,
                run_config=_run_config(keys[0] | keys[1], request),
                tags=LAUNCHER,
                run_id=run,
            )
        except DagsterAssetCheckFailedError as error:
            return str(error)
    return None if done.success else f"Dagster's run {run} failed; its log in the UI says why (talk ui)"


def _run_config(keys: frozenset[str], request: SyncRequest) -> dict[str, Any]:
    steps = {names.read_step(key.partition("/")[0]) for key in keys}
    return {
        "ops": {step: {"config": {"full": request.full}} for step in sorted(steps)},
        "resources": {KEY: {"config": {"dataflows": list(request.dataflows)}}},
        "loggers": {"console": {"config": {"log_level": "INFO" if request.verbose else "CRITICAL"}}},
    }


@contextmanager
def _storable(folder: Path) -> Iterator[None]:
    """Dagster keeps runs and events in the data folder as well, and says in its own words that it cannot."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in UNWRITABLE:
            raise
        why = str(error.orig if isinstance(error, DBAPIError) else error)
        message = f"{folder}: could not be written ({why}). Free some space, or make it writable, and run again."
        raise StoreError(message) from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """Dagster has its own word for Ctrl-C."""
    try:
        yield
    except DagsterExecutionInterruptedError as error:
        raise KeyboardInterrupt from error


def _outcome(
    wiring: Wiring,
    run: str,
    dataflows: Sequence[DataflowSettings],
    request: SyncRequest,
    keys: frozenset[str],
    began: float,
    blocked: str | None,
) -> SyncResult:
    with wiring.reading() as transaction:
        summary = runs.summary(transaction, run)
        failures = summary.failures | runs.failed_writes(transaction, run, summary)
        if blocked and not summary.failures:  # what a check that blocks has found is in the summary
            failures["run"] = blocked
        pending_approvals = overview.pending_approvals(transaction)
        topologies = list(wiring.topologies.values())
        pairs = {one.name: overview.pairs(transaction, topologies, one.pairs, run=run) for one in dataflows}
        held, changes = overview.held_counts(transaction), overview.change_counts(transaction)
        waits, review = waiting(transaction, keys), reviewing.count(transaction)
    with wiring.store().transaction() as transaction:
        runs.end(transaction, run, _INCOMPLETE if failures or pending_approvals else _DONE, utc_now())
    planned = tuple(one.name for one in dataflows if request.plan or one.mode is Mode.PLAN)
    own = tuple(key for key in wiring.collections if key in keys)
    return SyncResult(
        run, time.monotonic() - began, summary, pairs, planned, held, changes, own, failures, pending_approvals, waits,
        review,
    )  # fmt: skip
