"""The entity assets: links, golden, and what golden asks of each collection, of one entity in one step.

The step always settles the whole entity, whichever of its assets were asked for: that is incremental, and running it
again changes nothing.
"""

from collections.abc import Iterator, Mapping

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, AssetSpec, MaterializeResult, multi_asset

from talk_assets.assets import lineage, metadata, names
from talk_assets.assets.turns import hub_in_turn
from talk_assets.store import Transaction
from talk_assets.sync import readable, report
from talk_assets.sync.changes import Topology
from talk_assets.sync.hub import Hub
from talk_assets.wiring import Wiring


def entities(wiring: Wiring, topology: Topology) -> AssetsDefinition:
    """Return the step that settles an entity."""
    kind = topology.entity.name
    specs = [
        _links(wiring, topology),
        _golden(topology),
        *(_changes(wiring, topology, key) for key in topology.collections),
    ]

    @multi_asset(name=names.settle_step(kind), specs=specs, can_subset=True)
    def settle(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
        chosen = names.keys(specs, context.selected_asset_keys)
        with hub_in_turn(wiring, context.run.run_id, metadata.mode_of(context)) as hub:
            found = _settle(hub, kind, list(topology.collections))
        context.log.info("%s: decided about %s records", kind, found[names.links(kind)]["records decided about"])
        said = {spec.key: lineage.of_materialisation(spec) for spec in specs}
        for key in chosen:
            yield MaterializeResult(asset_key=key, metadata=found[key] | said[key])

    return settle


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


def _settle(hub: Hub, kind: str, keys: list[str]) -> dict[AssetKey, metadata.Metadata]:
    """Return the metadata of the entity's assets."""
    decided = hub.settle(kind)
    with hub.store.transaction() as transaction:
        links = report.link_counts(transaction, kind)
        changes = report.change_counts(transaction)
        asked = {names.changes(key): _asked(transaction, key, kind, changes.get(key, {})) for key in keys}
    return {
        names.links(kind): {
            "dagster/row_count": links["records"],
            "records decided about": decided,
            "records held": links["held"],
            "records gone": links["gone"],
        },
        names.golden(kind): {"dagster/row_count": links["entities"]},
        **asked,
    }


def _asked(transaction: Transaction, key: str, kind: str, counts: Mapping[str, int]) -> metadata.Metadata:
    first = report.changes(transaction, key, limit=metadata.SHOWN)
    shown = [one for text in first["fields"] for one in readable.fields(kind, text)]
    reader = readable.reader(transaction, shown, key.partition("/")[0])
    return metadata.of_changes(counts, first, kind, reader)
