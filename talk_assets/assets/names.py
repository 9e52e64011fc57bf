"""How assets, steps and groups are called; the keys are the nouns of the design.

Only names belong here. A step carries the verb of the hub's method that it calls.
"""

from collections.abc import Iterable

from dagster import AssetKey, AssetSpec

OWNERS = ("team:integration",)
"""Who looks after every asset, unless somebody says otherwise."""


def collection(key: str) -> AssetKey:
    """Return the asset of a collection's records: `webcrm/persons`."""
    return AssetKey(key.split("/"))


def changes(key: str) -> AssetKey:
    """Return the asset of what is asked of a collection: `webcrm/persons/changes`."""
    return AssetKey([*key.split("/"), "changes"])


def writes(key: str) -> AssetKey:
    """Return the asset of what was sent to a collection: `webcrm/persons/writes`."""
    return AssetKey([*key.split("/"), "writes"])


def links(entity: str) -> AssetKey:
    """Return the asset that ties records to entities: `person/links`."""
    return AssetKey([entity, "links"])


def golden(entity: str) -> AssetKey:
    """Return the asset of agreed values: `person/golden`."""
    return AssetKey([entity, "golden"])


def read_step(system: str) -> str:
    """Return the name of the step that reads a system."""
    return f"read_{system}"


def settle_step(entity: str) -> str:
    """Return the name of the step that links, merges, and computes the changes of an entity."""
    return f"settle_{entity}"


def write_step(system: str) -> str:
    """Return the name of the step that writes to a system."""
    return f"write_{system}"


def keys(specs: Iterable[AssetSpec], selected: Iterable[AssetKey]) -> list[AssetKey]:
    """Return the selected assets in the order of their specs."""
    chosen = set(selected)
    return [spec.key for spec in specs if spec.key in chosen]
