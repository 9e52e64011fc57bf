"""The whole graph of an instance, put together: assets, jobs, schedules and sensors.

    collections ─► links ─► golden ─► changes ─► writes

One step per system reads, one per entity reconciles, one per system writes. What an asset is called, holds and does
stands in the modules beside this one; what applies to all of them, here.
"""

from dagster import (
    AssetKey,
    AssetSelection,
    AssetSpec,
    Definitions,
    JobDefinition,
    define_asset_job,
    in_process_executor,
)

from talk_assets.config.configuration import Config, DataflowSettings, Mode, current
from talk_assets.config.wiring import Wiring
from talk_assets.graph import names, run_hub
from talk_assets.graph.act_jobs import acts
from talk_assets.graph.automation.alerts import alert
from talk_assets.graph.automation.housekeeping import pruning, reaper, schedules
from talk_assets.graph.automation.watching import watch
from talk_assets.graph.collection_assets import collections
from talk_assets.graph.entity_assets import entities
from talk_assets.graph.metadata import MODE
from talk_assets.graph.names import JobType
from talk_assets.graph.scope import KEY, RunScope
from talk_assets.graph.write_assets import writes

SYNC = "sync"
PLAN = "plan"
SAYS = {
    Mode.WRITE: "read, reconcile, and write what is asked for.",
    Mode.PLAN: "read and reconcile, and write nothing. The changes are what would be sent.",
}


def build_definitions(overrides: Config | None = None) -> Definitions:
    """Return the graph of a configuration; without one, of the data folder and the environment of this process."""
    wiring = Wiring(overrides or current())
    readings = [collections(wiring, system) for system in wiring.systems.values()]
    reconcilings = [entities(wiring, topology) for topology in wiring.topologies.values()]
    writings = [writes(wiring, system) for system in wiring.systems.values()]
    assets = [*readings, *reconcilings, *writings]
    sent = AssetSelection.assets(*writings)
    return Definitions(
        assets=[asset.map_asset_specs(_policy) for asset in assets],
        jobs=[
            define_asset_job(
                SYNC,
                AssetSelection.all(),
                tags={**JobType.SYNC.tags, MODE: "write"},
                description=f"Everything: {SAYS[Mode.WRITE]}",
            ),
            define_asset_job(
                PLAN,
                AssetSelection.all() - sent,
                tags={**JobType.SYNC.tags, MODE: "plan"},
                description=f"Everything: {SAYS[Mode.PLAN]}",
            ),
            *(
                define_asset_job(
                    JobType.DATAFLOW.named(dataflow.name),
                    AssetSelection.assets(*_of_dataflow(wiring, dataflow)),
                    config={"resources": {KEY: {"config": {"dataflows": [dataflow.name]}}}},
                    tags={**JobType.DATAFLOW.tags, MODE: dataflow.mode.value},
                    description=f"Only the dataflow {dataflow.name}: {SAYS[dataflow.mode]}",
                )
                for dataflow in wiring.config.dataflows
                if dataflow.pairs
            ),
            *acts(wiring),
            pruning(wiring),
        ],
        schedules=schedules(wiring, SYNC),
        sensors=[*(watch(wiring, system, SYNC) for system in wiring.systems.values()), reaper(), alert(wiring)],
        resources={KEY: RunScope(), run_hub.KEY: run_hub.resource(wiring)},
        executor=in_process_executor,
    )


def _of_dataflow(wiring: Wiring, dataflow: DataflowSettings) -> list[AssetKey]:
    """In mode plan it has no writes, even where another dataflow may write to its collections."""
    return assets_of(wiring, wiring.collections_of([dataflow]), plan=dataflow.mode is Mode.PLAN)


def assets_of(
    wiring: Wiring, keys: frozenset[str], unread: frozenset[str] = frozenset(), *, plan: bool
) -> list[AssetKey]:
    """Return the assets of some collections, and of the entities that their records describe; with `plan` no writes.

    Of the collections in `unread`, which are only read, there is no other asset.
    """
    own = [key for key in wiring.collections if key in keys]
    kinds = dict.fromkeys(wiring.collections[key].entity.name for key in own)
    assets = [of(entity_type) for entity_type in kinds for of in (names.links, names.golden)]
    assets += [of(key) for key in own for of in (names.collection, names.changes)]
    assets += [names.collection(key) for key in wiring.collections if key in unread - keys]
    return assets if plan else [*assets, *(names.writes(key) for key in own)]


def _policy(spec: AssetSpec) -> AssetSpec:
    """What every asset has: who looks after it."""
    return spec.replace_attributes(owners=[*names.OWNERS])


def job(built: Definitions, *, plan: bool) -> JobDefinition:
    """Return the job that a sync runs."""
    return built.resolve_job_def(PLAN if plan else SYNC)
