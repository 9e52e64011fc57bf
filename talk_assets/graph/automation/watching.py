"""One sensor per system: it asks the API whether anything changed, and has the run that follows from it.

What was seen is known from the runs' metadata, so the database is never opened. A record that was deleted shows only in
a feed that tells it, or in the nightly full read; a write that the API put off waits for the next run, too.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from talk_assets.config.wiring import Wiring
from talk_assets.graph import watermarks
from talk_assets.graph.automation import alerts
from talk_assets.graph.collection_assets import LEFT_OUT
from talk_assets.graph.watermarks import Left
from talk_assets.model.collection import Collection
from talk_assets.model.system import Connection, System
from talk_assets.sync.read import asking

VERSION = 1
PATIENCE = 20.0
"""Seconds within which a system must have answered: Dagster gives a sensor no more than a minute."""

LONGEST = 3600.0
"""Seconds after which a system that is down is asked again in any case."""

DOWN = 3
"""Times in a row that a system does not answer before an alert is sent."""

UNDER_WAY = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Memory:
    """What a sensor remembers from tick to tick, as its cursor.

    After `failures` in a row, the last one for the reason `why`, nothing is done before `until` (seconds since 1970).
    `asked` is what the last run was asked for, by collection: what had been seen of it by then.
    """

    failures: int = 0
    until: float = 0.0
    why: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)
    version: int = VERSION

    @classmethod
    def load(cls, cursor: str | None) -> "Memory":
        """A cursor of another version, or of nobody's, is as good as none."""
        try:
            found = json.loads(cursor or "{}")
            if found["version"] != VERSION:
                return cls()
            asked = {str(key): str(state) for key, state in found["asked"].items()}
            return cls(int(found["failures"]), float(found["until"]), str(found["why"]), asked)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()

    def dump(self) -> str:
        """Return it as a cursor."""
        return json.dumps(asdict(self))

    def failed(self, why: str, interval: float, now: float) -> "Memory":
        """After one more failure: the pause doubles each time."""
        pause = min(interval * 2.0 ** min(self.failures, 20), LONGEST)
        return replace(self, failures=self.failures + 1, until=now + pause, why=why)


def watch(wiring: Wiring, system: System, job: str) -> SensorDefinition:
    """Return the sensor of a system; `job` is the one of which it has parts run."""
    settings = wiring.config.automation

    @sensor(
        name=f"watch_{system.name}",
        job_name=job,
        minimum_interval_seconds=settings.interval,
        default_status=DefaultSensorStatus.RUNNING if settings.enabled else DefaultSensorStatus.STOPPED,
        description=f"Ask {system.label} what changed, and synchronise just that, with all that follows from it.",
    )
    def watching(context: SensorEvaluationContext) -> SensorResult:
        return Watch(wiring, system, context.instance, time.time()).tick(Memory.load(context.cursor))

    return watching


@dataclass(frozen=True)
class Watch:
    """One tick, at `now` in seconds since 1970."""

    wiring: Wiring
    system: System
    instance: DagsterInstance
    now: float

    def tick(self, memory: Memory) -> SensorResult:
        """Ask, unless there is a reason not to."""
        if memory.until > self.now:
            return _skip(memory, f"{memory.why} {self._again(memory)}")
        under_way = self.instance.get_runs(
            RunsFilter(statuses=UNDER_WAY, tags={watermarks.WATCHED: self.system.name}), limit=1
        )
        if under_way:
            return _skip(memory, f"Run {under_way[0].run_id}, which is for this, has not ended yet.")
        left = {key: watermarks.left(self.instance, key) for key in self._keys()}
        try:
            news = asyncio.run(asyncio.wait_for(_ask(self.system, left, self._due(left)), PATIENCE))
        except (*LEFT_OUT, TimeoutError) as error:
            return self._down(memory, str(error) or f"no answer within {PATIENCE:.0f} seconds")
        alerts.over(self.instance, self.system.name)
        return self._decide(memory, left, news)

    def _decide(self, memory: Memory, left: Mapping[str, Left], news: Mapping[str, bool]) -> SensorResult:
        changed = [key for key in left if left[key].again or news[key]]
        if not changed:
            return _skip(Memory(), f"Nothing changed in {self.system.label}.")
        asked = {key: _state(left[key]) for key in changed}
        if asked.items() & memory.asked.items():
            why = f"The last run did not bring {self.system.label} up to date."
            memory = replace(memory.failed(why, 2.0 * self.wiring.config.automation.interval, self.now), asked=asked)
        else:
            memory = Memory(asked=asked)
        request = RunRequest(
            asset_selection=watermarks.following(self.wiring, changed),
            tags={watermarks.WATCHED: self.system.name, "talk/changed": ", ".join(changed)},
        )
        return SensorResult(run_requests=[request], cursor=memory.dump())

    def _down(self, memory: Memory, why: str) -> SensorResult:
        said = f"{self.system.label} could not be asked: {why}."
        memory = memory.failed(said, 2.0 * self.wiring.config.automation.interval, self.now)
        if memory.failures >= DOWN:
            alerts.system(self.wiring.config, self.instance, self.system, why)
        return _skip(memory, f"{said} {self._again(memory)}")

    def _keys(self) -> list[str]:
        return [key for key in self.wiring.collections if key.startswith(f"{self.system.name}/")]

    def _due(self, left: Mapping[str, Left]) -> dict[str, bool]:
        """Whether it is time to read a collection whose API cannot say whether anything changed."""
        before = datetime.fromtimestamp(self.now, UTC) - timedelta(seconds=self.wiring.config.automation.full_interval)
        return {key: one.known is None or one.known.mark.moment < before for key, one in left.items()}

    def _again(self, memory: Memory) -> str:
        return f"It is asked again in {max(memory.until - self.now, 0.0):.0f} seconds."


async def _ask(system: System, left: Mapping[str, Left], due: Mapping[str, bool]) -> dict[str, bool]:
    """Return by collection whether it has news; the collections are asked at the same time, over one connection."""
    collections = {key: system.collection(key.partition("/")[2]) for key in left}
    async with system.connect() as connection:
        asked = {key: one for key, one in collections.items() if one.changes_via is None}
        found = await asyncio.gather(*(_news(connection, one, left[key], due[key]) for key, one in asked.items()))
        news = dict(zip(asked, found, strict=True))
        for key, one in collections.items():
            if one.changes_via is not None:
                teller = f"{system.name}/{one.changes_via}"
                other = system.collection(one.changes_via)
                news[key] = news[teller] if teller in news else await _news(connection, other, left[key], due[key])
    return news


async def _news(connection: Connection, collection: Collection, left: Left, due: bool) -> bool:  # noqa: FBT001 -- one of two values of a mapping
    if left.known is None:
        return True
    news = await asking.has_changes(connection, collection, left.known)
    return due if news is None else news


def _state(left: Left) -> str:
    """What a run that gets anywhere moves on."""
    return "again" if left.again else left.known.mark.moment.isoformat() if left.known else "never"


def _skip(memory: Memory, reason: str) -> SensorResult:
    return SensorResult(skip_reason=SkipReason(reason), cursor=memory.dump())
