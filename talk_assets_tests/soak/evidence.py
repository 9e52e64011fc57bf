"""What there is to judge by, once all is quiet: the systems read afresh, and what the hub holds of them.

The records come through the systems' own APIs into an empty database, so that nothing which the hub remembers of them
can hide what they have become.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.hub import Hub
from talk_assets.sync.link import incoming
from talk_assets.sync.link.references import Direction, translate
from talk_assets_tests.soak import shelves
from talk_assets_tests.soak.shelves import LINES, Raw
from talk_assets_tests.soak.village import Village

Row = dict[str, Any]
Name = tuple[str, str]
"""A record: its collection's key, and its id."""


@dataclass
class Evidence:
    """`records` are canonical values of all live records, references being entities; the rest are the hub's tables."""

    records: dict[Name, Row] = field(default_factory=dict)
    links: dict[Name, Row] = field(default_factory=dict)
    golden: dict[str, Row] = field(default_factory=dict)
    changes: list[Row] = field(default_factory=list)
    held: dict[Name, str] = field(default_factory=dict)
    held_fields: set[tuple[str, str, str]] = field(default_factory=set)
    """Collection, entity and field of the values that a system refused, or that can't be read."""
    conflicts: list[Row] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)
    raw: dict[str, dict[str, Raw]] = field(default_factory=dict)
    parents: dict[Name, str] = field(default_factory=dict)
    """The order's id for each line that is a record of its own, those included that are gone."""
    wanted: dict[Name, Row] = field(default_factory=dict)
    """What linked records should hold: golden through the lens, its limits and the links, where it can be written."""

    def live(self, name: Name) -> Row | None:
        """The link of a record that is there."""
        link = self.links.get(name)
        return link if link and link["gone_at"] is None and name in self.records else None

    def entity(self, name: Name) -> str | None:
        """The entity that a record describes or described."""
        return self.links[name]["entity_id"] if name in self.links else None

    def asked(self) -> dict[tuple[str, str], Row]:
        """What is still asked, by collection and entity."""
        return {(change["collection"], change["entity_id"]): change for change in self.changes}

    def clusters(self) -> dict[str, str]:
        """For each order the one that stands for all it shares lines with, as lines may be records of their own."""
        root: dict[str, str] = {}

        def find(entity: str) -> str:
            while root.setdefault(entity, entity) != entity:
                entity = root[entity]
            return entity

        for (key, id_), parent in self.parents.items():
            line, order = self.entity((key, id_)), self.entity((LINES[key][0], parent))
            if line and order:
                root[find(line)] = find(order)
        return {entity: find(entity) for entity in list(root)}


def gather(village: Village) -> Evidence:
    """Read everything, while nothing else does anything."""
    evidence = Evidence()
    evidence.raw = {key: shelves.records(village.sandbox, key) for key in village.wiring.collections}
    fresh = Store(None)
    hub = Hub(fresh, village.wiring.systems, village.wiring.pairs, run="oracle")
    for system in village.wiring.systems:
        asyncio.run(hub.read(system, full=True))
    with village.look() as known, fresh.transaction() as seen:
        _tables(evidence, known)
        for key, (_, property_) in LINES.items():
            if key in evidence.raw:
                lines = known.frame(f'SELECT _id, "{property_}" FROM {tables.raw(key)}')
                evidence.parents |= {(key, id_): parent for id_, parent in lines.iter_rows()}
        for topology in hub.topologies.values():
            if topology.collections:
                _entity(evidence, known, topology.entity)
                rows = known.frame(f"SELECT * FROM {tables.links(topology.entity.name)}")
                seen.run(f"INSERT INTO {tables.links(topology.entity.name)} BY NAME SELECT * FROM rows", rows=rows)
        for topology in hub.topologies.values():
            if topology.collections:
                records = incoming.gather(seen, topology.entity, topology.collections).incoming
                if records is None:
                    continue
                found = seen.frame(f"SELECT * FROM {records} WHERE NOT deleted").to_dicts()
                evidence.records |= {(row["collection"], row["id"]): row for row in found}
        for key in evidence.raw:
            evidence.wanted |= _wanted(seen, key, village.wiring.collections[key], evidence)
        _invalid(evidence, seen)
    return evidence


def _invalid(evidence: Evidence, seen: Transaction) -> None:
    for row in seen.frame("SELECT collection, id, field, reason FROM sync.invalid_values").to_dicts():
        name = row["collection"], row["id"]
        if row["field"] is None:
            evidence.held[name] = row["reason"]
        elif entity := evidence.entity(name):
            evidence.held_fields.add((row["collection"], entity, row["field"]))


def _tables(evidence: Evidence, known: Transaction) -> None:
    evidence.changes = known.frame("SELECT * FROM sync.changes").to_dicts()
    held = known.frame("SELECT collection, id, reason FROM sync.held").to_dicts()
    evidence.held = {(row["collection"], row["id"]): row["reason"] for row in held}
    refused = known.frame("SELECT collection, entity_id, field FROM sync.refused_fields WHERE NOT released")
    evidence.held_fields = set(refused.iter_rows())
    evidence.conflicts = known.frame(
        "SELECT * FROM sync.conflicts UNION ALL BY NAME SELECT * EXCLUDE over_at FROM sync.past_conflicts"
    ).to_dicts()
    evidence.journal = known.frame("SELECT * FROM sync.journal ORDER BY intended_at").to_dicts()


def _entity(evidence: Evidence, known: Transaction, entity: Entity) -> None:
    links = known.frame(f"SELECT * FROM {tables.links(entity.name)}").to_dicts()
    evidence.links |= {(row["collection"], row["id"]): {**row, "entity_type": entity.name} for row in links}
    golden = known.frame(f"SELECT * FROM {tables.golden(entity.name)}").to_dicts()
    evidence.golden |= {row["entity_id"]: row for row in golden}


def _wanted(transaction: Transaction, key: str, collection: Collection, evidence: Evidence) -> dict[Name, Row]:
    """There and back, so that what a reference or a line loses on the way is lost here as well."""
    fields, system = collection.lens.fields, key.partition("/")[0]
    names = [name for name in evidence.records if name[0] == key and evidence.live(name)]
    golden = pl.DataFrame(
        [[evidence.golden[evidence.links[name]["entity_id"]][field] for field in fields] for name in names],
        schema=dict.fromkeys(fields, pl.String),
        orient="row",
    )
    outward = translate(transaction, system, collection, golden, Direction.OUTWARD)
    inward = translate(transaction, system, collection, collection.lens.limit(outward.values), Direction.INWARD)
    unknown = outward.unresolved.to_dicts() or [{}] * len(names)
    return {
        name: {field: value for field, value in row.items() if not without.get(field)}
        for name, row, without in zip(names, inward.values.to_dicts(), unknown, strict=True)
    }
