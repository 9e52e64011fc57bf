"""The collection assets: a system's records as the system shows them, all its collections in one step.

What reading means is the hub's concern. A system that cannot be read does not stop the others: its collections stay as
they were, with the reason in their metadata and in the log.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    Config,
    MaterializeResult,
    ResourceParam,
    multi_asset,
)
from pydantic import Field

from talk_assets.config.wiring import Wiring
from talk_assets.errors import ConfigurationError, Refused, SystemFailure
from talk_assets.graph import checks, lineage, metadata, names, watermarks
from talk_assets.graph.metadata import Cost
from talk_assets.graph.run_hub import RunHub
from talk_assets.graph.run_progress import Teller
from talk_assets.graph.scope import RunScope
from talk_assets.model.collection import Collection
from talk_assets.model.system import System
from talk_assets.operate import authorising
from talk_assets.report import health, time_zones
from talk_assets.report.overview import pending_approvals
from talk_assets.sync import runs
from talk_assets.sync.hub import Hub, SystemReport
from talk_assets.sync.read import asking, reading
from talk_assets.sync.read.asking import Snapshot
from talk_assets.sync.read.reading import ReadReport
from talk_assets.sync.runs import Summary

LEFT_OUT = (SystemFailure, ConfigurationError, Refused)
"""What stops one system, and not the run."""


class Reading(Config):
    """How a system is read."""

    full: bool = Field(default=False, description="Read every record again, and notice those that are gone.")


def collections(wiring: Wiring, system: System) -> AssetsDefinition:
    """Return the step that reads a system's collections."""
    own = {key: one for key, one in wiring.collections.items() if key.startswith(f"{system.name}/")}
    specs = [_spec(system, key, collection) for key, collection in own.items()]
    checked = [spec for key in own for spec in checks.specs_of_collection(key)]

    @multi_asset(name=names.read_step(system.name), specs=specs, check_specs=checked, can_subset=True)
    def read(
        context: AssetExecutionContext, config: Reading, scope: RunScope, hub: ResourceParam[RunHub]
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        wanted = scope.collections(wiring)
        chosen = {"/".join(key.path): key for key in names.keys(specs, context.selected_asset_keys)}
        with hub.locked(context, Teller(context.log.info)) as locked:
            with locked.store.transaction() as transaction:
                shown = wanted | reading.unread(transaction, scope.needed(wiring))
            done = _read(
                wiring,
                locked,
                system.name,
                list(chosen),
                [key for key in chosen if key in shown],
                full=config.full or scope.full,
            )
        metadata.log(context, done.summary)
        seen = watermarks.seen(
            {key: one for key, one in done.known.items() if watermarks.follows_through(wiring, context, key, wanted)}
        )
        failed = watermarks.failed(done.summary.failures, system.name)
        for key, asset in chosen.items():
            left_out = {} if key in shown else {"failure": f"not read: {scope.left_out}"}
            said = done.metadata[key] | left_out | seen.get(key, {}) | failed
            yield MaterializeResult(asset_key=asset, metadata=said)
        yield from checks.selected(context, done.checks)

    return read


def _spec(system: System, key: str, collection: Collection) -> AssetSpec:
    return AssetSpec(
        names.collection(key),
        group_name=collection.entity.name,
        kinds={"duckdb", system.name},
        description=(
            f"The records of {collection.name} as {system.label} shows them, each of which describes"
            f" {metadata.article(collection.entity.name)}. Read from the last change on, or in full when asked."
        ),
        metadata=lineage.of_collection(collection),
    )


@dataclass(frozen=True)
class _Done:
    """What reading brought: the step's part of the run's summary, and what is said of each collection.

    `known` is what was seen of those that could be read.
    """

    summary: Summary
    metadata: Mapping[str, metadata.Metadata]
    checks: Sequence[AssetCheckResult]
    known: Mapping[str, Snapshot]


def _read(wiring: Wiring, hub: Hub, system: str, keys: Sequence[str], wanted: Sequence[str], *, full: bool) -> _Done:
    cost, report, failures, began = Cost(), SystemReport[ReadReport](), {}, hub.clock()
    try:
        report = asyncio.run(hub.read(system, wanted, full=full))
    except LEFT_OUT as error:
        failures[system] = str(error)
    cost.usage = report.usage
    counts = {key: {"read": done.read, "changed": done.changed} for key, done in report.collections.items()}
    summary = metadata.summary(system, report.usage, counts, failures)
    summary.notes += [said for name, said in authorising.ending(wiring.config, hub.clock()).items() if name == system]
    with hub.store.transaction() as transaction:
        pending = pending_approvals(transaction)
        if any(done.changed for done in report.collections.values()):
            own = {key: one for key, one in wiring.collections.items() if key.startswith(f"{system}/")}
            summary.notes += time_zones.wrong(transaction, own, began).values()
        reads = health.reads(transaction, {key: wiring.collections[key] for key in keys}, hub.clock())
        runs.add(transaction, hub.run, summary, hub.clock())
        known = {key: asking.known(transaction, key, began, report.skew) for key in report.collections}
    checked = checks.of_reading(reads, wiring, hub.clock(), failures.get(system))
    said = {
        key: metadata.of_read(reads[key].records, report.collections.get(key), failures.get(system), pending.get(key))
        for key in keys
    }
    return _Done(summary, {key: one | cost.shown() for key, one in said.items()}, checked, known)
