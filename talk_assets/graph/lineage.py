"""Columns and where they come from: each lens, property by property, in the form that the Dagster UI shows.

A golden field comes from the properties of every collection that has one for it; a property that is written comes from
the golden fields it holds. Dagster+ draws that. The open-source UI does not, so the description of each column says it
too, with links.
"""

from collections.abc import Iterable, Mapping

from dagster import AssetKey, AssetSpec, TableColumn, TableColumnDep, TableColumnLineage, TableSchema

from talk_assets.graph import names
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity
from talk_assets.model.lens.lens import Lens, Writable
from talk_assets.model.topology import Topology

LINEAGE = "dagster/column_lineage"

Definition = dict[str, TableSchema | TableColumnLineage]


def of_collection(collection: Collection) -> Definition:
    """Return the columns of a collection's table."""
    held = _fields(collection.lens)
    own = {
        collection.id: "the record's id",
        **({collection.reference: "external reference"} if collection.reference else {}),
    }
    columns = [TableColumn(name, "text", description) for name, description in own.items() if name not in held]
    entity_type = collection.entity.name
    columns += [
        TableColumn(name, collection.lens.columns[name], _golden(entity_type, fields)) for name, fields in held.items()
    ]
    return {"dagster/column_schema": TableSchema(columns)}


def of_golden(topology: Topology) -> Definition:
    """Return the columns of an entity's golden table, and the properties that they come from."""
    deps: dict[str, list[TableColumnDep]] = {field: [] for field in topology.entity.names}
    for key, collection in topology.collections.items():
        for field in collection.lens.fields:
            asset = names.collection(key)
            deps[field] += [TableColumnDep(asset, name) for name in collection.lens.sources(field)]
    return _definition(topology.entity, deps)


def of_changes(collection: Collection) -> Definition:
    """Return the properties that changes of a collection set, and the golden fields that they come from."""
    golden, lens = names.golden(collection.entity.name), collection.lens
    written = {
        name: fields
        for name, fields in _fields(lens).items()
        if any(lens.property_of(field).writable is not Writable.NEVER for field in fields)
    }
    entity_type = collection.entity.name
    columns = [TableColumn(name, lens.columns[name], _golden(entity_type, fields)) for name, fields in written.items()]
    return {
        "dagster/column_schema": TableSchema(columns),
        LINEAGE: TableColumnLineage(
            {name: [TableColumnDep(golden, field) for field in fields] for name, fields in written.items()}
        ),
    }


def of_materialisation(spec: AssetSpec) -> Definition:
    """Return what a materialisation repeats, because the UI looks for it there."""
    return {name: value for name, value in spec.metadata.items() if name == LINEAGE}


def _fields(lens: Lens) -> dict[str, list[str]]:
    """Return per property the fields that it holds."""
    found: dict[str, list[str]] = {}
    for field in lens.fields:
        for name in lens.sources(field):
            found.setdefault(name, []).append(field)
    return found


def _definition(entity: Entity, deps: Mapping[str, list[TableColumnDep]]) -> Definition:
    columns = [
        TableColumn(
            field.name,
            field.kind.value,
            (f"an entity of {_link(names.golden(field.to))}:  \n" if field.to else "") + _properties(deps[field.name]),
        )
        for field in entity.fields
    ]
    return {
        "dagster/column_schema": TableSchema(columns),
        LINEAGE: TableColumnLineage({name: found for name, found in deps.items() if found}),
    }


def _golden(entity_type: str, fields: Iterable[str]) -> str:
    return f"{' and '.join(f'`{field}`' for field in fields)} of {_link(names.golden(entity_type))}"


def _properties(deps: Iterable[TableColumnDep]) -> str:
    found: dict[AssetKey, list[str]] = {}
    for dep in deps:
        found.setdefault(dep.asset_key, []).append(f"`{dep.column_name}`")
    return "  \n".join(f"{' and '.join(own)} of {_link(key)}" for key, own in found.items())


def _link(key: AssetKey) -> str:
    name = key.to_user_string()
    return f"[{name}](/assets/{name})"
