"""The write assets: what was sent to a system's collections, parents first, all of one system in one step.

What is sent is due to a pair whose dataflow is in mode write, and that the run is about. A system is written to only if
it could be read in this run.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    ResourceParam,
    multi_asset,
)

from talk_assets.config.wiring import Wiring
from talk_assets.graph import checks, metadata, names, watermarks
from talk_assets.graph.collection_assets import LEFT_OUT
from talk_assets.graph.metadata import Cost
from talk_assets.graph.run_hub import RunHub
from talk_assets.graph.run_progress import Teller
from talk_assets.graph.scope import RunScope
from talk_assets.model.collection import Collection
from talk_assets.model.ordering import acyclic
from talk_assets.model.system import System
from talk_assets.report import overview, readable, time_zones
from talk_assets.store.transaction import Transaction
from talk_assets.sync import runs
from talk_assets.sync.hub import Hub, SystemReport
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.runs import WRITES, Summary
from talk_assets.sync.write.tally import WriteReport

PLAN = "every dataflow of this collection is in mode plan; the changes are what would be sent"


def writes(wiring: Wiring, system: System) -> AssetsDefinition:
    """Return the step that writes to a system's collections."""
    own = {key: one for key, one in wiring.collections.items() if key.startswith(f"{system.name}/")}
    before = acyclic({key: _before(wiring, key, collection) for key, collection in wiring.collections.items()})
    specs = [_spec(system, key, collection, before[key]) for key, collection in own.items()]
    checked = [spec for key in own for spec in checks.specs_of_writes(key)]
    collection_of = names.by_asset(names.writes, own)

    @multi_asset(name=names.write_step(system.name), specs=specs, check_specs=checked, can_subset=True)
    def write(
        context: AssetExecutionContext, scope: RunScope, hub: ResourceParam[RunHub]
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        wanted = scope.collections(wiring)
        chosen = {collection_of[asset]: asset for asset in names.keys(specs, context.selected_asset_keys)}
        reasons = {key: scope.left_out for key in chosen if key not in wanted}
        reasons |= {key: PLAN for key in chosen if key not in wiring.writable}
        with hub.locked(context, Teller(context.log.info)) as locked:
            done = _write(wiring, locked, system.name, chosen, reasons, scope.permits(wiring))
            watched = watermarks.watched(wiring, context)
            seen = watermarks.seen(watermarks.read_back(locked, system.name, done.written)) if watched else {}
        metadata.log(context, done.summary)
        failed = watermarks.failed(done.summary.failures, system.name)
        for key, asset in chosen.items():
            yield MaterializeResult(asset_key=asset, metadata=done.metadata[key] | seen.get(key, {}) | failed)
        yield from checks.selected(context, done.checks)

    return write


def _spec(system: System, key: str, collection: Collection, before: Iterable[str]) -> AssetSpec:
    return AssetSpec(
        names.writes(key),
        deps=[names.changes(key), *(names.writes(other) for other in before)],
        group_name=collection.entity.name,
        kinds={system.name},
        description=(
            f"What was sent to {collection.name} of {system.label}, and how it was answered. Every write is in the"
            " journal before it is sent. In mode plan nothing is."
        ),
    )


def _before(wiring: Wiring, key: str, collection: Collection) -> list[str]:
    """What must have been sent: to the left of each pair, so that chains arrive in one run, and to the parents."""
    system = key.partition("/")[0]
    lefts = [pair.left for pair in wiring.pairs if pair.right == key]
    refs = {ref.to for ref in collection.lens.refs.values()}
    if collection.lens.lines and collection.lens.lines.product:
        refs.add(collection.lens.lines.product.to)
    parents = [other for other in wiring.collections if other in {f"{system}/{name}" for name in refs} and other != key]
    return [*lefts, *parents]


@dataclass(frozen=True)
class _Done:
    """What writing brought: the step's part of the run's summary, and what is said of each collection.

    `written` are the collections that something was written to.
    """

    summary: Summary
    metadata: Mapping[str, metadata.Metadata]
    checks: Sequence[AssetCheckResult]
    written: Sequence[str]


def _write(
    wiring: Wiring, hub: Hub, system: str, keys: Iterable[str], reasons: Mapping[str, str], permits: Permits
) -> _Done:
    """Write to the collections for which there is no reason why not."""
    cost, sent, keys, failures, began = Cost(), SystemReport[WriteReport](), list(keys), {}, hub.clock()
    with hub.store.transaction() as transaction:
        unread = runs.summary(transaction, hub.run).failures.get(system)
        reasons = {key: unread for key in keys if unread} | checks.broken(transaction, wiring, keys) | dict(reasons)
    sending = [key for key in keys if key not in reasons]
    if sending:
        try:
            sent = asyncio.run(hub.write(system, sending, permits))
        except LEFT_OUT as error:
            failures[system] = str(error)
            reasons |= dict.fromkeys(sending, str(error))
    cost.usage = sent.usage
    counts = {
        key: {name: getattr(done, name) for name in (*WRITES, "failed")} for key, done in sent.collections.items()
    }
    with hub.store.transaction() as transaction:
        if failures:
            counts = runs.written(transaction, hub.run, system)
        summary = metadata.summary(system, sent.usage, counts, failures)
        if summary.writes:
            summary.notes += _notes(transaction, wiring, system, began)
        runs.add(transaction, hub.run, summary, hub.clock())
        reasons |= {key: done.stopped for key, done in sent.collections.items() if done.stopped}
        checked = checks.of_writing(transaction, wiring, keys, checks.Sent(frozenset(sending), reasons))
        said = {
            key: _said(transaction, wiring, hub.run, key, sent.collections.get(key), reasons.get(key)) for key in keys
        }
    written = [key for key, done in sent.collections.items() if done.writes]
    return _Done(summary, {key: one | cost.shown() for key, one in said.items()}, checked, written)


def _notes(transaction: Transaction, wiring: Wiring, system: str, began: datetime) -> list[str]:
    """What is said of the system's times, if what it answered to writes shows that they are wrong."""
    own = {key: one for key, one in wiring.collections.items() if key.startswith(f"{system}/")}
    return list(time_zones.wrong(transaction, own, began).values())


def _said(
    transaction: Transaction, wiring: Wiring, run: str, key: str, done: WriteReport | None, reason: str | None
) -> metadata.Metadata:
    entity_type = wiring.collections[key].entity.name
    first = overview.written(transaction, run, key, limit=metadata.SHOWN)
    shown = [one for name in ("before", "after") for text in first[name] for one in readable.fields(entity_type, text)]
    reader = readable.reader(transaction, shown, key.partition("/")[0])
    return metadata.of_writes(done, reason, first, entity_type, reader)
