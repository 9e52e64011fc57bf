"""The whole graph, as Dagster loads it: `defs` for the configured instance, `build_definitions` for any other.

    collections ─► links ─► golden ─► changes ─► writes

One step per system reads, one per entity settles, one per system writes. What an asset is called, holds and does stands
in `assets`; what applies to all of them, here.
"""

from dagster import (
    AssetSelection,
    AssetSpec,
    Definitions,
    JobDefinition,
    define_asset_job,
    definitions,
    in_process_executor,
)

from talk_assets.assets import names
from talk_assets.assets.acts import acts
from talk_assets.assets.collections import collections
from talk_assets.assets.entities import entities
from talk_assets.assets.metadata import MODE
from talk_assets.assets.scope import KEY, Scope
from talk_assets.assets.writes import writes
from talk_assets.config import Config, current
from talk_assets.wiring import Wiring

SYNC = "sync"
PLAN = "plan"


@definitions
def defs() -> Definitions:
    """The graph of the instance that this process runs in."""
    return build_definitions()


def build_definitions(overrides: Config | None = None) -> Definitions:
    """Return the graph of a configuration; without one, of the data folder and the environment of this process."""
    wiring = Wiring(overrides or current())
    readings = [collections(wiring, system) for system in wiring.systems.values()]
    settlings = [entities(wiring, topology) for topology in wiring.topologies.values()]
    writings = [writes(wiring, system) for system in wiring.systems.values()]
    assets = [*readings, *settlings, *writings]
    sent = AssetSelection.assets(*writings)
    return Definitions(
        assets=[asset.map_asset_specs(_policy) for asset in assets],
        jobs=[
            define_asset_job(
                SYNC,
                AssetSelection.all(),
                tags={MODE: "write"},
                description="Read, settle, and write what is asked for.",
            ),
            define_asset_job(
                PLAN,
                AssetSelection.all() - sent,
                tags={MODE: "plan"},
                description="Read and settle, and write nothing: the changes are what a sync would send.",
            ),
            *acts(wiring),
        ],
        resources={KEY: Scope()},
        executor=in_process_executor,
    )


def _policy(spec: AssetSpec) -> AssetSpec:
    """What every asset has: who looks after it."""
    return spec.replace_attributes(owners=[*names.OWNERS])


def job(built: Definitions, *, plan: bool) -> JobDefinition:
    """Return the job that a sync runs."""
    return built.resolve_job_def(PLAN if plan else SYNC)
