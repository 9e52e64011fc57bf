"""What keeps an automatic instance in order: the nightly full read, the pruning, and the reaping of dead runs."""

from datetime import timedelta

from dagster import (
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    JobDefinition,
    OpExecutionContext,
    RunsFilter,
    ScheduleDefinition,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    job,
    op,
    sensor,
)

from talk_assets.config.wiring import Wiring
from talk_assets.graph import names
from talk_assets.graph.names import JobType
from talk_assets.operate import processes
from talk_assets.operate.run_lock import run_lock
from talk_assets.sync import journal
from talk_assets.sync.hub import utc_now

DIED = "The process that ran this died. What was under way is reconciled by the next run."
PRUNE = "prune"
PRUNES = "Delete the journal entries and the Dagster runs that are older than talk.toml says to keep them."
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
AT_ONCE = 500
"""Runs that one pruning forgets."""

SLACK = 5.0
"""Seconds by which the clocks of a process's beginning and of its run may differ."""


def schedules(wiring: Wiring, sync: str) -> list[ScheduleDefinition]:
    """Return the nightly schedules: everything read in full by the job `sync`, to see what is gone; the pruning."""
    settings = wiring.config.automation
    status = DefaultScheduleStatus.RUNNING if settings.enabled else DefaultScheduleStatus.STOPPED
    full = {names.read_step(name): {"config": {"full": True}} for name in wiring.systems}
    return [
        ScheduleDefinition(
            name="full_read",
            job_name=sync,
            cron_schedule=f"0 {settings.full_read_hour} * * *",
            run_config={"ops": full},
            default_status=status,
            description="Read every record again, notice those that are gone, and write what follows from that.",
        ),
        ScheduleDefinition(
            name=PRUNE,
            job_name=JobType.HOUSEKEEPING.named(PRUNE),
            cron_schedule=f"30 {settings.full_read_hour} * * *",
            default_status=status,
            description=PRUNES,
        ),
    ]


def pruning(wiring: Wiring) -> JobDefinition:
    """Return the job that forgets what is kept no longer."""

    @op(name=PRUNE)
    def prune(context: OpExecutionContext) -> None:
        config = wiring.config
        with (
            run_lock(config.folder, context.log.info, patience=config.lock_patience),
            wiring.store().transaction() as transaction,
        ):
            journal.prune(transaction, utc_now() - timedelta(days=config.keep_days))
        before = utc_now() - timedelta(days=config.automation.keep_runs)
        old = context.instance.get_runs(RunsFilter(statuses=ENDED, created_before=before), limit=AT_ONCE)
        for run in old:
            context.instance.delete_run(run.run_id)
        context.log.info("%s runs are forgotten.", len(old))

    @job(
        name=JobType.HOUSEKEEPING.named(PRUNE),
        description=PRUNES,
        tags=JobType.HOUSEKEEPING.tags,
    )
    def pruned() -> None:
        prune()

    return pruned


def reaper() -> SensorDefinition:
    """Return the sensor that ends runs whose process died, as nobody else would, and the queue would wait for them."""

    @sensor(
        name="reap_dead_runs",
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description="End the runs whose process died, so that others need not wait for them. Nothing else is touched.",
    )
    def reaping(context: SensorEvaluationContext) -> SkipReason:
        dead = reap_dead_runs(context.instance)
        return SkipReason(f"{len(dead)} runs had died: {', '.join(dead)}." if dead else "No run has died.")

    return reaping


def reap_dead_runs(instance: DagsterInstance) -> list[str]:
    """End the runs whose process is gone; return their ids."""
    under_way = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING]
    dead = [run for run in instance.get_runs(RunsFilter(statuses=under_way)) if _died(instance, run)]
    for run in dead:
        instance.report_run_failed(run, DIED)
    return [run.run_id for run in dead]


def _died(instance: DagsterInstance, run: DagsterRun) -> bool:
    """Whether the process that last said that it has the run is gone; Dagster notes its id."""
    for entry in reversed(instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT)):
        event = entry.dagster_event
        value = event.engine_event_data.metadata.get("pid") if event else None
        if value is not None:
            return not processes.alive(int(str(value.value)), before=entry.timestamp + SLACK)
    return False
