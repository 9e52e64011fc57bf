"""Failures, sent to a webhook: a run that failed, a system that a run had to leave out or that does not answer.

Each is sent once, until it is over. Where no address is set, nothing here does anything. The address is a secret: it
appears in no message, and neither does what the other side says.
"""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
from dagster import (
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRecord,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from talk_assets.config.automation import ALERT_URL
from talk_assets.config.configuration import Config
from talk_assets.config.wiring import Wiring
from talk_assets.graph import watermarks
from talk_assets.model.system import System

OPEN = "talk/alerts"
"""Where Dagster keeps for us what was sent and is not over: since when, by what it is about."""

TIMEOUT = 10.0
INTERVAL = 30
AT_ONCE = 50
"""Runs that one tick looks at."""

LONGEST = 500
"""Characters of an error that are sent."""

_log = logging.getLogger(__name__)


def alert(wiring: Wiring) -> SensorDefinition:
    """Return the sensor that looks at the runs that ended, whoever began them."""
    config = wiring.config
    active = DefaultSensorStatus.RUNNING if config.alert_url else DefaultSensorStatus.STOPPED

    @sensor(
        name="alert",
        minimum_interval_seconds=INTERVAL,
        default_status=active,
        description=f"Tell the webhook in {ALERT_URL} of runs that failed and systems that were left out, once each.",
    )
    def alerting(context: SensorEvaluationContext) -> SkipReason:
        if not config.alert_url:
            return SkipReason(f"{ALERT_URL} is not set in the environment.")
        return _look(context, wiring)

    return alerting


def _look(context: SensorEvaluationContext, wiring: Wiring) -> SkipReason:
    since = _moment(context.cursor)
    if since is None:
        context.update_cursor(datetime.now(UTC).isoformat())
        return SkipReason("What ends from now on is reported.")
    ended = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]
    records = context.instance.get_run_records(
        RunsFilter(statuses=ended, updated_after=since), limit=AT_ONCE, order_by="update_timestamp", ascending=True
    )
    told = 0
    for record in records:
        told += sum(_tell(wiring.config, context.instance, *one) for one in _troubles(context.instance, wiring, record))
    if records:
        context.update_cursor(records[-1].update_timestamp.replace(tzinfo=UTC).isoformat())
    return SkipReason(f"{len(records)} runs ended, and {told} failures were reported.")


def _troubles(instance: DagsterInstance, wiring: Wiring, record: RunRecord) -> Iterator[tuple[str, datetime, str]]:
    """What a run tells: what each is about, since when, and the sentences for it."""
    run = record.dagster_run
    since = datetime.fromtimestamp(record.start_time or record.create_timestamp.timestamp(), UTC)
    made = instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
    bad, good = watermarks.failures(made)
    for name in good:
        over(instance, name)
    for name, why in bad.items():
        yield name, since, _of_system(wiring.systems[name].label if name in wiring.systems else name, why)
    if run.status is DagsterRunStatus.FAILURE:
        yield f"job {run.job_name}", since, _of_run(instance, run)
    else:
        over(instance, f"job {run.job_name}")


def system(config: Config, instance: DagsterInstance, which: System, why: str) -> None:
    """Tell that a system does not answer, unless that was sent."""
    _tell(config, instance, which.name, datetime.now(UTC), _of_system(which.label, why))


def over(instance: DagsterInstance, about: str) -> None:
    """Note that something is over, so that it is sent again the next time."""
    found = _open(instance)
    if found.pop(about, None):
        instance.daemon_cursor_storage.set_cursor_values({OPEN: json.dumps(found)})


def _tell(config: Config, instance: DagsterInstance, about: str, since: datetime, text: str) -> bool:
    found = _open(instance)
    if (
        not config.alert_url
        or about in found
        or not _posted(config.alert_url, f"{text} Since {since:%Y-%m-%d %H:%M} UTC.")
    ):
        return False
    instance.daemon_cursor_storage.set_cursor_values({OPEN: json.dumps(found | {about: since.isoformat()})})
    return True


def _of_system(label: str, why: str) -> str:
    return (
        f"Talk Assets: {label} could not be synchronised: {_short(why)}. The other systems go on, and nothing is lost:"
        f" what waits for {label} goes out once it answers as it should."
    )


def _of_run(instance: DagsterInstance, run: DagsterRun) -> str:
    return (
        f"Talk Assets: a run of {run.job_name} failed: {_short(_why(instance, run))}. Nothing was written twice, and"
        f" the next run goes on where this one stopped. See run {run.run_id} in the Dagster UI, and `talk status`."
    )


def _why(instance: DagsterInstance, run: DagsterRun) -> str:
    """The innermost error of the first step that failed, or what Dagster says of the run."""
    steps = instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)
    for entry in steps:
        event = entry.dagster_event
        data = event.step_failure_data if event else None
        if data is not None and data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
        error = data.error if data is not None else None
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return error.message
    ended = instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
    said = [entry.dagster_event.message for entry in ended if entry.dagster_event]
    return said[-1] if said and said[-1] else "Dagster does not say why"


def _posted(url: str, text: str) -> bool:
    """Post without httpx's client, which would log the address."""
    request = httpx.Request("POST", url, json={"text": text}, extensions={"timeout": httpx.Timeout(TIMEOUT).as_dict()})
    try:
        with httpx.HTTPTransport() as transport:
            status = transport.handle_request(request).status_code
    except httpx.HTTPError as error:
        said = type(error).__name__
    else:
        if httpx.codes.is_success(status):
            return True
        said = str(status)
    _log.error("An alert could not be posted (%s). Check %s, and that the webhook is there.", said, ALERT_URL)
    return False


def _open(instance: DagsterInstance) -> dict[str, str]:
    try:
        found = json.loads(instance.daemon_cursor_storage.get_cursor_values({OPEN}).get(OPEN, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _moment(cursor: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(cursor) if cursor else None
    except ValueError:
        return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= LONGEST else f"{line[:LONGEST]}…").rstrip(".")
