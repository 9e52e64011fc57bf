"""The collection assets: a system's records as the system shows them, all its collections in one step.

What reading means is the hub's concern. A system that cannot be read does not stop the others: its collections stay as
they were, with the reason in their metadata and in the log.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from dagster import AssetExecutionContext, AssetsDefinition, AssetSpec, Config, MaterializeResult, multi_asset
from pydantic import Field

from talk_assets.assets import lineage, metadata, names
from talk_assets.assets.turns import hub_in_turn
from talk_assets.errors import CredentialsError, Refused, SystemFailure
from talk_assets.sync import runs
from talk_assets.sync.connection import Collection, System
from talk_assets.sync.hub import Hub, SystemReport
from talk_assets.sync.reading import ReadReport
from talk_assets.sync.report import stops as stopped
from talk_assets.sync.runs import Summary
from talk_assets.wiring import Wiring

LEFT_OUT = (SystemFailure, CredentialsError, Refused)
"""What stops one system, and not the run."""


class Reading(Config):
    """How a system is read."""

    full: bool = Field(default=False, description="Read every record again, and notice those that are gone.")


def collections(wiring: Wiring, system: System) -> AssetsDefinition:
    """Return the step that reads a system's collections."""
    own = {key: one for key, one in wiring.collections.items() if key.startswith(f"{system.name}/")}
    specs = [_spec(system, key, collection) for key, collection in own.items()]

    @multi_asset(name=names.read_step(system.name), specs=specs, can_subset=True)
    def read(context: AssetExecutionContext, config: Reading) -> Iterator[MaterializeResult[None]]:
        chosen = names.keys(specs, context.selected_asset_keys)
        with hub_in_turn(wiring, context.run.run_id, metadata.mode_of(context)) as hub:
            summary, found = _read(hub, system.name, ["/".join(key.path) for key in chosen], full=config.full)
        metadata.log(context, summary)
        for key in chosen:
            yield MaterializeResult(asset_key=key, metadata=found["/".join(key.path)])

    return read


def _spec(system: System, key: str, collection: Collection) -> AssetSpec:
    return AssetSpec(
        names.collection(key),
        group_name=system.name,
        kinds={"duckdb", system.name},
        description=(
            f"The records of {collection.name} as {system.label} shows them, each of which describes"
            f" {metadata.article(collection.entity.name)}. Read from the last change on, or in full when asked."
        ),
        metadata=lineage.of_collection(collection),
    )


def _read(hub: Hub, system: str, keys: Sequence[str], *, full: bool) -> tuple[Summary, Mapping[str, metadata.Metadata]]:
    report, failures = SystemReport[ReadReport](), {}
    try:
        report = asyncio.run(hub.read(system, keys, full=full))
    except LEFT_OUT as error:
        failures[system] = str(error)
    counts = {key: {"read": done.read, "changed": done.changed} for key, done in report.collections.items()}
    summary = metadata.summary(system, report.usage, counts, failures)
    with hub.store.transaction() as transaction:
        runs.add(transaction, hub.run, summary)
        stops = stopped(transaction)
    return summary, {
        key: metadata.of_read(summary, system, report.collections.get(key), stops.get(key)) for key in keys
    }
