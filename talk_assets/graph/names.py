"""How assets, steps and groups are named.

Only names belong here. A step carries the verb of the hub's method that it calls.

The Dagster UI labels an asset with the last part of its key only, so that part names the collection or the entity:
`webcrm/persons_changes`, `person_links`. What belongs to one system has the system as the first part of its key.
To get from an asset back to its collection, look it up with `by_asset`; a collection's name may contain underscores.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from dagster import AssetKey, AssetSpec

OWNERS = ("team:integration",)
"""Who looks after every asset, unless somebody says otherwise."""


JOB = "talk/job"
"""The tag that says what a job and its runs are for: a JobType."""


class JobType(StrEnum):
    """What a job is for. All but `sync` and `plan` have it in their names, so that the UI lists equal jobs together."""

    SYNC = "sync"
    DATAFLOW = "dataflow"
    ACT = "act"
    HOUSEKEEPING = "housekeeping"

    @property
    def tags(self) -> dict[str, str]:
        """The tag of such a job."""
        return {JOB: self.value}

    def named(self, name: str) -> str:
        """Return the name of such a job: `dataflow_webcrm_customerp`. Dagster allows no hyphens in it."""
        return f"{self}_{name.replace('-', '_')}"


def collection(key: str) -> AssetKey:
    """Return the asset of a collection's records: `webcrm/persons`."""
    return AssetKey(key.split("/"))


def changes(key: str) -> AssetKey:
    """Return the asset of what must be written to a collection: `webcrm/persons_changes`."""
    return collection(f"{key}_changes")


def writes(key: str) -> AssetKey:
    """Return the asset of what was sent to a collection: `webcrm/persons_writes`."""
    return collection(f"{key}_writes")


def links(entity_type: str) -> AssetKey:
    """Return the asset that ties records to entities: `person_links`."""
    return AssetKey(f"{entity_type}_links")


def golden(entity_type: str) -> AssetKey:
    """Return the asset of agreed values: `person_golden`."""
    return AssetKey(f"{entity_type}_golden")


def by_asset(name: Callable[[str], AssetKey], of: Iterable[str]) -> dict[AssetKey, str]:
    """Return the collection or the entity of each asset: `by_asset(writes, ["webcrm/persons"])`."""
    return {name(one): one for one in of}


def read_step(system: str) -> str:
    """Return the name of the step that reads a system."""
    return f"read_{system}"


def reconcile_step(entity_type: str) -> str:
    """Return the name of the step that links, merges, and computes the changes of an entity."""
    return f"reconcile_{entity_type}"


def write_step(system: str) -> str:
    """Return the name of the step that writes to a system."""
    return f"write_{system}"


def keys(specs: Iterable[AssetSpec], selected: Iterable[AssetKey]) -> list[AssetKey]:
    """Return the selected assets in the order of their specs."""
    chosen = set(selected)
    return [spec.key for spec in specs if spec.key in chosen]
