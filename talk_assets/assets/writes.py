"""The write assets: what was sent to a system's collections, parents first, all of one system in one step.

A collection is written to only if one of its dataflows is in mode write, and if its system could be read in this run.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, AssetSpec, MaterializeResult, multi_asset

from talk_assets.assets import metadata, names
from talk_assets.assets.collections import LEFT_OUT
from talk_assets.assets.turns import hub_in_turn
from talk_assets.sync import runs
from talk_assets.sync.connection import Collection, System
from talk_assets.sync.hub import Hub, SystemReport
from talk_assets.sync.runs import WRITES, Summary
from talk_assets.sync.writing import WriteReport
from talk_assets.wiring import Wiring

PLAN = "every dataflow of this collection is in mode plan; the changes are what would be sent"


def writes(wiring: Wiring, system: System) -> AssetsDefinition:
    """Return the step that writes to a system's collections."""
    own = {key: one for key, one in wiring.collections.items() if key.startswith(f"{system.name}/")}
    specs = [_spec(wiring, system, key, collection) for key, collection in own.items()]

    @multi_asset(name=names.write_step(system.name), specs=specs, can_subset=True)
    def write(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
        chosen = names.keys(specs, context.selected_asset_keys)
        keys = {key: "/".join(key.path[:-1]) for key in chosen}
        sending = [key for key in keys.values() if key in wiring.writable]
        with hub_in_turn(wiring, context.run.run_id, metadata.mode_of(context)) as hub:
            summary, found = _write(hub, system.name, sending)
        metadata.log(context, summary)
        for asset, key in keys.items():
            yield MaterializeResult(asset_key=asset, metadata=found.get(key, {"nothing sent": PLAN}))

    return write


def _spec(wiring: Wiring, system: System, key: str, collection: Collection) -> AssetSpec:
    return AssetSpec(
        names.writes(key),
        deps=[names.changes(key), *_before(wiring, key, collection)],
        group_name=system.name,
        kinds={system.name},
        description=(
            f"What was sent to {collection.name} of {system.label}, and how it was answered. Every write is in the"
            " journal before it is sent. In mode plan nothing is."
        ),
    )


def _before(wiring: Wiring, key: str, collection: Collection) -> list[AssetKey]:
    """What must have been sent: to the left of each pair, so that chains arrive in one run, and to the parents."""
    system = key.partition("/")[0]
    lefts = [pair.left for pair in wiring.pairs if pair.right == key]
    refs = {ref.to for ref in collection.lens.refs.values()}
    if collection.lens.lines and collection.lens.lines.product:
        refs.add(collection.lens.lines.product.to)
    parents = [other for other in wiring.collections if other in {f"{system}/{name}" for name in refs} and other != key]
    return [names.writes(other) for other in dict.fromkeys([*lefts, *parents])]


def _write(hub: Hub, system: str, keys: Sequence[str]) -> tuple[Summary, Mapping[str, metadata.Metadata]]:
    report, failures = SystemReport[WriteReport](), {}
    with hub.store.transaction() as transaction:
        reason = runs.summary(transaction, hub.run).failures.get(system)
    if keys and not reason:
        try:
            report = asyncio.run(hub.write(system, keys))
        except LEFT_OUT as error:
            failures[system] = str(error)
    counts = {
        key: {name: getattr(done, name) for name in (*WRITES, "failed")} for key, done in report.collections.items()
    }
    with hub.store.transaction() as transaction:
        if failures:
            counts = runs.written(transaction, hub.run, system)
        summary = metadata.summary(system, report.usage, counts, failures)
        runs.add(transaction, hub.run, summary)
    return summary, {key: metadata.of_writes(summary, system, report.collections.get(key), reason) for key in keys}
