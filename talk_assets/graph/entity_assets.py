"""The entity assets: links, golden, and what golden asks of each collection, of one entity in one step.

The step always reconciles the whole entity, whichever of its assets were asked for: that is incremental, and running it
again changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    ResourceParam,
    multi_asset,
)

from talk_assets.config.wiring import Wiring
from talk_assets.graph import checks, lineage, metadata, names
from talk_assets.graph.metadata import Cost
from talk_assets.graph.run_hub import RunHub
from talk_assets.model.topology import Topology
from talk_assets.report import overview, readable, reviewing
from talk_assets.store.transaction import Transaction
from talk_assets.sync import runs
from talk_assets.sync.hub import Hub
from talk_assets.sync.link import weighed
from talk_assets.sync.runs import Summary


def entities(wiring: Wiring, topology: Topology) -> AssetsDefinition:
    """Return the step that reconciles an entity."""
    entity_type = topology.entity.name
    specs = [
        _links(wiring, topology),
        _golden(topology),
        *(_changes(wiring, topology, key) for key in topology.collections),
    ]

    checked = checks.specs_of_links(entity_type)

    @multi_asset(name=names.reconcile_step(entity_type), specs=specs, check_specs=checked, can_subset=True)
    def reconcile(
        context: AssetExecutionContext, hub: ResourceParam[RunHub]
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        chosen = names.keys(specs, context.selected_asset_keys)
        with hub.locked(context) as locked:
            done = _reconcile(wiring, locked, topology)
        context.log.info("%s: reconciled %s records", entity_type, done.decided)
        for note in done.notes:
            context.log.info("%s", note)
        said = {spec.key: lineage.of_materialisation(spec) for spec in specs}
        for key in chosen:
            yield MaterializeResult(asset_key=key, metadata=done.metadata[key] | said[key])
        yield from checks.selected(context, done.checks)

    return reconcile


def _links(wiring: Wiring, topology: Topology) -> AssetSpec:
    entity = topology.entity
    rules = "; ".join(rule.name for rule in entity.rules)
    parents = [names.links(name) for name in wiring.topologies if name in entity.parents]
    return AssetSpec(
        names.links(entity.name),
        deps=[*(names.collection(key) for key in topology.collections), *parents],
        group_name=entity.name,
        kinds={"duckdb", "polars"},
        description=(
            f"Which records describe the same {entity.name}, with how and when they were linked. Records find each"
            f" other by external reference; {rules}. What cannot be decided is held, never guessed."
        ),
    )


def _golden(topology: Topology) -> AssetSpec:
    entity = topology.entity
    return AssetSpec(
        names.golden(entity.name),
        deps=[names.links(entity.name)],
        group_name=entity.name,
        kinds={"duckdb", "polars"},
        description=(
            f"The agreed value of each field of {metadata.article(entity.name)}, with when and by which record it was"
            " set. The newest edit wins, per field; what lost is kept in the conflicts."
        ),
        metadata=lineage.of_golden(topology),
    )


def _changes(wiring: Wiring, topology: Topology, key: str) -> AssetSpec:
    collection, system = topology.collections[key], wiring.systems[key.partition("/")[0]]
    return AssetSpec(
        names.changes(key),
        deps=[names.golden(topology.entity.name)],
        group_name=topology.entity.name,
        kinds={"duckdb", "polars", system.name},
        description=(
            f"What must be written to {collection.name} of {system.label} so that it agrees with golden: creates,"
            " updates and deletes, and what waits or is held, with the reason. Nothing is sent here."
        ),
        metadata=lineage.of_changes(collection),
    )


@dataclass(frozen=True)
class _Done:
    """What reconciling brought: how many records were reconciled, and what is said of each asset.

    `notes` say what was read or planned again because the configuration has changed.
    """

    decided: int
    notes: list[str]
    metadata: Mapping[AssetKey, metadata.Metadata]
    checks: list[AssetCheckResult]


def _reconcile(wiring: Wiring, hub: Hub, topology: Topology) -> _Done:
    cost, entity_type = Cost(), topology.entity.name
    decided = hub.reconcile(entity_type)
    notes, hub.notes = hub.notes, []
    with hub.store.transaction() as transaction:
        links, changes = overview.link_counts(transaction, entity_type), overview.change_counts(transaction)
        found = {
            names.links(entity_type): metadata.of_links(
                links,
                decided,
                overview.held_records(transaction, entity_type, limit=metadata.SHOWN),
                reviewing.counts(transaction, entity_type) if entity_type in weighed.ENTITIES else None,
            ),
            names.golden(entity_type): _agreed(transaction, entity_type, links["entities"]),
            **{
                names.changes(key): _asked(transaction, key, entity_type, changes.get(key, {}))
                for key in topology.collections
            },
        }
        checked = checks.of_reconciling(transaction, wiring, topology, hub.clock())
        runs.add(transaction, hub.run, Summary(failures=checked.blocking, notes=notes), hub.clock())
    again = {"read or planned again": "; ".join(notes)} if notes else {}
    shown = {key: one | again | cost.shown() for key, one in found.items()}
    return _Done(decided, notes, shown, checked.results)


def _agreed(transaction: Transaction, entity_type: str, entities: int) -> metadata.Metadata:
    lost = overview.conflicts(transaction, entity_type, limit=metadata.SHOWN)
    shown = [(entity_type, row["field"], row[which]) for row in lost.to_dicts() for which in ("value", "winner")]
    count = overview.conflict_count(transaction, entity_type)
    return metadata.of_golden(entities, count, lost, entity_type, readable.reader(transaction, shown))


def _asked(transaction: Transaction, key: str, entity_type: str, counts: Mapping[str, int]) -> metadata.Metadata:
    first = overview.changes(transaction, key, limit=metadata.SHOWN)
    shown = [one for text in first["fields"] for one in readable.fields(entity_type, text)]
    reader = readable.reader(transaction, shown, key.partition("/")[0])
    return metadata.of_changes(counts, first, entity_type, reader)
