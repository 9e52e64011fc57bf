"""What runs leave in the assets' metadata for who watches: what was seen of a collection, and what must be done again.

Written by the steps, read by the sensors; the database is not opened for it. What was seen counts only if everything
that follows from it was done as well, by a run that got to its end.
"""

import asyncio
import json
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetRecordsFilter,
    DagsterInstance,
    DagsterRunStatus,
    EventLogEntry,
    EventLogRecord,
    MetadataValue,
)

from talk_assets.config.wiring import Wiring
from talk_assets.errors import ConfigurationError, Refused, SystemFailure
from talk_assets.graph import metadata, names
from talk_assets.model.collection import Collection
from talk_assets.report import overview
from talk_assets.sync.hub import Hub
from talk_assets.sync.read import asking
from talk_assets.sync.read.asking import Snapshot

SEEN = "talk/seen"
FAILED = "talk/failed"

WATCHED = "talk/watched"
"""The tag of a run that was asked for because a system has news: that system's name."""

SENSORS = "SENSOR"
"""What Dagster calls the daemon that evaluates sensors."""

HEARTBEAT = 120.0
"""Seconds that a daemon may be silent."""

BEFORE = 20
"""Runs back that are looked through for what was seen last."""


@dataclass(frozen=True)
class Left:
    """What runs left of a collection: what was seen last, and whether the latest run did not do all it should."""

    known: Snapshot | None
    again: bool


def seen(known: Mapping[str, Snapshot]) -> dict[str, metadata.Metadata]:
    """Return the metadata that says what was seen, by collection."""
    return {key: {SEEN: MetadataValue.json(json.loads(one.dump()))} for key, one in known.items()}


def failed(failures: Mapping[str, str], system: str) -> metadata.Metadata:
    """Return the metadata that says that a system failed, and how."""
    return {FAILED: failures[system]} if system in failures else {}


def follows_through(wiring: Wiring, context: AssetExecutionContext, key: str, wanted: Container[str]) -> bool:
    """Whether the run, which is about the collections `wanted`, goes on to write whatever follows from reading one."""
    if metadata.mode_of(context) != "write":
        return False
    chosen, (kinds, keys) = context.run.asset_selection, _concerned(wiring, [wiring.collections[key]])
    return all(one in wanted for one in keys) and (not chosen or {*_assets(kinds, keys)} <= chosen)


def following(wiring: Wiring, keys: Iterable[str]) -> list[AssetKey]:
    """Return the assets of some collections with all that follows from them, other collections not being read."""
    wanted = set(keys)
    own = [key for key in wiring.collections if key in wanted]
    return [*map(names.collection, own), *_assets(*_concerned(wiring, [wiring.collections[key] for key in own]))]


def _concerned(wiring: Wiring, collections: Iterable[Collection]) -> tuple[list[str], list[str]]:
    """Return the entities that some collections concern, and the collections that are written to because of them.

    Once a parent has arrived, its children can be sent, so the entities that refer to these entities are among them.
    """
    kinds = {collection.entity.name for collection in collections}
    for name, topology in wiring.topologies.items():  # parents before children
        if kinds & set(topology.entity.parents):
            kinds.add(name)
    keys = [key for key, one in wiring.collections.items() if one.entity.name in kinds]
    return [entity_type for entity_type in wiring.topologies if entity_type in kinds], keys


def _assets(kinds: Iterable[str], keys: Iterable[str]) -> list[AssetKey]:
    return [
        *(of(entity_type) for entity_type in kinds for of in (names.links, names.golden)),
        *(of(key) for key in keys for of in (names.changes, names.writes)),
    ]


def watched(wiring: Wiring, context: AssetExecutionContext) -> bool:
    """Whether somebody watches the systems, for whom our own writes must not be news: a sensor, in a daemon."""
    if WATCHED in context.run.tags:
        return True
    beat = context.instance.get_daemon_heartbeats().get(SENSORS)
    alive = beat is not None and beat.timestamp > time.time() - HEARTBEAT
    return alive and wiring.config.automation.enabled


def read_back(hub: Hub, system: str, written: Sequence[str]) -> dict[str, Snapshot]:
    """Read once more what was written to, so that nobody takes our own writes for news; return what was seen.

    That is nothing where somebody edited meanwhile: the next run is for that.
    """
    if not written:
        return {}
    began, asked = hub.clock(), _asked(hub)
    try:
        found = asyncio.run(hub.read_back(system, written))
    except (SystemFailure, ConfigurationError, Refused):
        return {}
    if _asked(hub) != asked:
        return {}
    with hub.store.transaction() as transaction:
        return {key: asking.known(transaction, key, began, found.skew) for key in found.collections}


def _asked(hub: Hub) -> dict[str, dict[str, int]]:
    with hub.store.transaction() as transaction:
        return overview.change_counts(transaction)


def left(instance: DagsterInstance, key: str) -> Left:
    """Return what runs left of a collection."""
    reads = _records(instance, names.collection(key))
    writes = _records(instance, names.writes(key))
    found = [one for one in map(_known, [*reads, *writes]) if one is not None]
    again = not reads or _known(reads[0]) is None or _broken(instance, reads[0])
    again = again or (bool(writes) and (FAILED in _metadata(writes[0]) or _broken(instance, writes[0])))
    return Left(max(found, key=lambda one: one.mark.moment, default=None), again)


def failures(events: Iterable[EventLogEntry]) -> tuple[dict[str, str], set[str]]:
    """Return, of a run's materialisations, the systems that failed, with how, and those that were read."""
    bad: dict[str, str] = {}
    good: set[str] = set()
    for event in events:
        made = event.asset_materialization
        if made is not None and FAILED in made.metadata:
            bad.setdefault(made.asset_key.path[0], str(made.metadata[FAILED].value))
        elif made is not None and SEEN in made.metadata:
            good.add(made.asset_key.path[0])
    return bad, good - bad.keys()


def _records(instance: DagsterInstance, key: AssetKey) -> Sequence[EventLogRecord]:
    """The latest first."""
    return instance.fetch_materializations(AssetRecordsFilter(key), limit=BEFORE).records


def _metadata(record: EventLogRecord) -> Mapping[str, Any]:
    made = record.asset_materialization
    return made.metadata if made is not None else {}


def _known(record: EventLogRecord) -> Snapshot | None:
    value = _metadata(record).get(SEEN)
    try:
        return Snapshot.load(json.dumps(value.value)) if value is not None else None
    except ValueError:
        return None


def _broken(instance: DagsterInstance, record: EventLogRecord) -> bool:
    """Whether the run of a materialisation did not get to its end."""
    run = instance.get_run_by_id(record.run_id)
    return run is not None and run.status in {DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
