"""Canonical values as people read them: an entity's id is shown as one of its records.

Only showing belongs here; nothing that is stored or sent passes through.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from talk_assets.model.entities import ENTITIES, LINE, Kind
from talk_assets.report import naming
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction


@dataclass(frozen=True)
class Reader:
    """Shows values as somebody who works with `system` knows them; without one, by any record."""

    names: Mapping[str, str]
    """By entity id: `system/collection/id`, after the entity's name where names are wanted."""

    def show(self, entity_type: str, field: str, value: str | None) -> str | None:
        """Return a canonical value of an entity's field as people read it."""
        if value is None:
            return None
        match ENTITIES[entity_type].field(field).kind:
            case Kind.REFERENCE:
                return self.names.get(value, value)
            case Kind.LINES:
                return "; ".join(self._line(line) for line in json.loads(value))
            case _:
                return value

    def show_object(self, entity_type: str, text: str | None) -> dict[str, str | None]:
        """Return a JSON object of canonical values by field, each as people read it."""
        return self.show_values(entity_type, json.loads(text or "{}"))

    def show_values(self, entity_type: str, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return canonical values by field, each as people read it."""
        return {field: self.show(entity_type, field, value) for field, value in values.items()}

    def _line(self, line: Mapping[str, str]) -> str:
        shown = {name: self.names.get(value, value) for name, value in line.items()}
        return ", ".join(f"{name} {shown[name]}" for name in LINE if name in shown)


def reader(
    transaction: Transaction,
    shown: Iterable[tuple[str, str, str | None]],
    system: str | None = None,
    *,
    named: bool = False,
) -> Reader:
    """Return what shows the references among `(entity_id, field, value)`, by the records of a system where it has them.

    With `named` they are shown as people know them: `Acme (crm/companies/1)`.
    """
    wanted: dict[str, set[str]] = {}
    for entity_type, field, value in shown:
        for parent, entity in _references(entity_type, field, value):
            wanted.setdefault(parent, set()).add(entity)
    names: dict[str, str] = {}
    for parent, entities in wanted.items():
        records = _names(transaction, parent, sorted(entities), system)
        known = _known(transaction, parent, sorted(entities)) if named else {}
        names |= {
            entity: f"{known[entity]} ({record})" if entity in known else record for entity, record in records.items()
        }
    return Reader(names)


def fields(entity_type: str, text: str | None) -> list[tuple[str, str, str | None]]:
    """Return a JSON object of canonical values by field in the form that `reader` takes."""
    return [(entity_type, field, value) for field, value in json.loads(text or "{}").items()]


def _references(entity_type: str, field: str, value: str | None) -> list[tuple[str, str]]:
    declared = ENTITIES[entity_type].field(field)
    if value is None:
        return []
    if declared.kind is Kind.REFERENCE and declared.to:
        return [(declared.to, value)]
    if declared.kind is Kind.LINES:
        refs = {name: line.to for name, line in LINE.items() if line.to}
        return [(to, line[name]) for line in json.loads(value) for name, to in refs.items() if name in line]
    return []


def _known(transaction: Transaction, entity_type: str, entities: list[str]) -> dict[str, str]:
    """The names of entities that have one."""
    found = transaction.frame(
        f"SELECT entity_id, {naming.name_sql(entity_type)} AS name"
        f" FROM {tables.golden(entity_type)} SEMI JOIN wanted USING (entity_id)",
        wanted=pl.DataFrame({"entity_id": entities}, schema={"entity_id": pl.String}),
    )
    return {entity: name for entity, name in found.iter_rows() if name}


def _names(transaction: Transaction, entity_type: str, entities: list[str], system: str | None) -> dict[str, str]:
    """Of an entity's records, one that is there goes before one that is gone, then the system's own before others."""
    found = transaction.frame(
        f"""
        SELECT w.entity_id, arg_min(l.collection || '/' || l.id,
            (l.gone_at IS NOT NULL, NOT starts_with(l.collection, $1), l.collection, l.id)) AS name
        FROM wanted w JOIN {tables.links(entity_type)} l USING (entity_id) GROUP BY w.entity_id
        """,
        f"{system}/",
        wanted=pl.DataFrame({"entity_id": entities}, schema={"entity_id": pl.String}),
    )
    return dict(found.iter_rows())
