"""What a person says about links: these two records are one, this one belongs to nothing here.

Otherwise links never move. What an act needs of the systems goes out with the next sync. A refusal names the commands
that lead to what was wanted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from talk_assets.errors import ConfigurationError
from talk_assets.model import ids
from talk_assets.model.collection import Collection
from talk_assets.model.entities import ENTITIES, Entity, Kind
from talk_assets.model.gone import Gone
from talk_assets.model.ids import NewId
from talk_assets.model.topology import Topology
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import incoming
from talk_assets.sync.merge import conflicts, merging
from talk_assets.sync.plan import changes

BY_HAND = "hand"
"""How a record was linked of which a person said so."""


@dataclass(frozen=True)
class Record:
    """A record by its collection's key and its id."""

    key: str
    id: str

    def __str__(self) -> str:
        return f"{self.key}/{self.id}"


@dataclass(frozen=True)
class Scene:
    """Where an act takes place: the entity's collections and pairs, all entities of the instance, when, which run."""

    topology: Topology
    topologies: Mapping[str, Topology]
    now: datetime
    run: str
    new_id: NewId = ids.new_id

    @property
    def entity(self) -> Entity:
        """What the records describe."""
        return self.topology.entity

    @property
    def links(self) -> str:
        """The table of its links."""
        return tables.links(self.entity.name)

    @property
    def golden(self) -> str:
        """The table of its agreed values."""
        return tables.golden(self.entity.name)


def link(transaction: Transaction, scene: Scene, one: Record, other: Record) -> bool:
    """Make two records describe one entity; return whether they did not yet.

    Raise ConfigurationError where that cannot be: they are in one collection, one of them is not there, or both belong
    to entities that have other records, or already have another record in the same collection.
    """
    if one == other:
        message = f"{one}: is one record. Name the record that it is to be linked with: talk link {one} OTHER"
        raise ConfigurationError(message)
    if one.key == other.key:
        message = (
            f"{one} and {other} are both in {one.key}, and an entity has one record there at most. If they are"
            f" duplicates, delete or merge one of them in {one.key.partition('/')[0]}, then run talk sync. To link one"
            f" with a record of another collection: talk link {one} SYSTEM/COLLECTION/ID"
        )
        raise ConfigurationError(message)
    mine, theirs = (entity_of(transaction, scene, record) for record in (one, other))
    if mine is None and theirs is None:
        theirs = _found(transaction, scene, other)
    if mine == theirs:
        return False
    if mine is None and theirs is not None:
        _require_place(transaction, scene, one, theirs, other)
        _join(transaction, scene, one, theirs)
    elif theirs is None and mine is not None:
        _require_place(transaction, scene, other, mine, one)
        _join(transaction, scene, other, mine)
    elif mine and theirs:
        _merge(transaction, scene, (one, mine), (other, theirs))
    return True


def unlink(transaction: Transaction, scene: Scene, record: Record) -> bool:
    """Give a record an entity of its own; return whether it shared one, or had none because it was held.

    The other records of the entity get no new one in its place by themselves. What refers to the record refers to its
    new entity from then on.
    """
    entity = entity_of(transaction, scene, record)
    if entity is None:
        held = transaction.count(
            "SELECT count(*) FROM sync.held WHERE collection = ? AND id = ?", record.key, record.id
        )
        return bool(held and _found(transaction, scene, record))
    if not _siblings(transaction, scene, record, entity):
        return False
    new = ids.unnamed(scene.new_id)
    transaction.run(
        f"""
        INSERT INTO {scene.links} BY NAME SELECT * REPLACE (
            NULL::VARCHAR AS id, $1::TIMESTAMPTZ AS gone_at, '{Gone.UNLINKED}' AS gone_by, false AS unresolved,
            NULL::VARCHAR AS awaits)
        FROM {scene.links} WHERE collection = $2 AND id = $3 AND gone_at IS NULL
        """,
        scene.now,
        record.key,
        record.id,
    )
    _establish(transaction, scene, record, new, entity)
    _move(transaction, scene, record, new)
    reconcile(transaction, scene, (entity, new))
    refer(transaction, scene, record, entity, new)
    return True


def entity_of(transaction: Transaction, scene: Scene, record: Record) -> str | None:
    """The entity of a record that is there, null where it has none; raise ConfigurationError for any other."""
    found = transaction.frame(
        f"SELECT NOT r._deleted AND r._record IS NOT NULL AS present, l.entity_id FROM {tables.raw(record.key)} r"
        f" LEFT JOIN {scene.links} l ON l.collection = ? AND l.id = r._id AND l.gone_at IS NULL WHERE r._id = ?",
        record.key,
        record.id,
    )
    if found.is_empty():
        message = f"{record}: there is no such record. Check the id. If it is new, run talk sync first, which reads it."
        raise ConfigurationError(message)
    if not found["present"][0]:
        raise _gone(transaction, scene, record)
    entity: str | None = found["entity_id"].to_list()[0]
    return entity


def _gone(transaction: Transaction, scene: Scene, record: Record) -> ConfigurationError:
    """The refusal for a record that is not there, or of which only the id is known."""
    siblings = transaction.frame(
        f"SELECT o.collection || '/' || o.id AS record FROM {scene.links} o JOIN {scene.links} l USING (entity_id)"
        " WHERE l.collection = ? AND l.id = ? AND l.gone_at IS NOT NULL AND o.gone_at IS NULL ORDER BY ALL LIMIT 1",
        record.key,
        record.id,
    )["record"].to_list()
    again = f" To create it again: talk retry {siblings[0]} --recreate." if siblings else ""
    message = (
        f"{record}: was deleted in {record.key.partition('/')[0]}, or was not read since it was created.{again}"
        " To read it: talk sync --full"
    )
    return ConfigurationError(message)


def _siblings(transaction: Transaction, scene: Scene, record: Record, entity_id: str) -> list[str]:
    return transaction.frame(
        f"SELECT collection || '/' || id AS record FROM {scene.links}"
        " WHERE entity_id = ? AND gone_at IS NULL AND NOT (collection = ? AND id = ?) ORDER BY ALL",
        entity_id,
        record.key,
        record.id,
    )["record"].to_list()


def _values(transaction: Transaction, scene: Scene, record: Record) -> pl.DataFrame:
    """The record as it is, in canonical text: one row of `incoming`."""
    raw = transaction.frame(f"SELECT * FROM {tables.raw(record.key)} WHERE _id = ?", record.id)
    row = incoming.canonical(transaction, record.key, scene.topology.collections[record.key], raw)
    absent = [name for name in scene.entity.names if name not in row.columns]
    return row.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def _found(transaction: Transaction, scene: Scene, record: Record) -> str:
    """Let a record without an entity found one."""
    own = ids.of_first_record(record.key, record.id)
    taken = transaction.count(f"SELECT count(*) FROM {scene.golden} WHERE entity_id = ?", own)
    entity = ids.unnamed(scene.new_id) if taken else own
    transaction.run(f"INSERT INTO {scene.golden} (entity_id) VALUES (?)", entity)
    _join(transaction, scene, record, entity)
    return entity


def _join(transaction: Transaction, scene: Scene, record: Record, entity_id: str) -> None:
    """Link a record that has no entity to one that has no other record of its collection."""
    row = _values(transaction, scene, record)
    fields = scene.topology.collections[record.key].lens.fields
    both = [pl.col(field).alias(f"{state}_{field}") for state in ("seen", "sent") for field in fields]
    rows = row.select(
        "collection", "id", "unresolved", "awaits", *both, pl.lit(entity_id).alias("entity_id"),
        pl.lit(scene.now).alias("linked_at"), pl.lit(BY_HAND).alias("linked_by"),
    )  # fmt: skip
    transaction.run(f"INSERT INTO {scene.links} BY NAME SELECT * FROM rows", rows=rows)
    transaction.run("DELETE FROM sync.held WHERE collection = ? AND id = ?", record.key, record.id)
    _introduce(transaction, scene, row, entity_id)
    reconcile(transaction, scene, (entity_id,))


def _merge(transaction: Transaction, scene: Scene, one: tuple[Record, str], other: tuple[Record, str]) -> None:
    """Whichever record is alone with its entity goes over to the other's."""
    for (record, left), (beside, entity) in ((one, other), (other, one)):
        if not _siblings(transaction, scene, record, left):
            _require_place(transaction, scene, record, entity, beside)
            _move(transaction, scene, record, entity)
            _introduce(transaction, scene, _values(transaction, scene, record), entity)
            come_to_an_end(transaction, scene, left, entity)
            reconcile(transaction, scene, (entity, left))
            return
    mine, theirs = (", ".join(_siblings(transaction, scene, *side)) for side in (one, other))
    ways = ". Or: ".join(
        _commands(record, _occupants(transaction, scene, record, entity), beside)
        for record, beside, entity in ((one[0], other[0], other[1]), (other[0], one[0], one[1]))
    )
    message = f"{one[0]} is linked with {mine}, and {other[0]} with {theirs}. Unlink one of the two first: {ways}"
    raise ConfigurationError(message)


def _commands(record: Record, occupants: Iterable[str], beside: Record) -> str:
    """What to type so that a record is linked with another one, out of its own link and in place of the occupants."""
    leaving = [f"talk unlink {one}" for one in (record, *occupants)]
    return ", then ".join([*leaving, f"talk link {record} {beside}"])


def _occupants(transaction: Transaction, scene: Scene, record: Record, entity_id: str) -> list[str]:
    """The records that an entity has in a record's collection, one at most."""
    return transaction.frame(
        f"SELECT collection || '/' || id AS record FROM {scene.links}"
        " WHERE entity_id = ? AND collection = ? AND gone_at IS NULL",
        entity_id,
        record.key,
    )["record"].to_list()


def _require_place(transaction: Transaction, scene: Scene, record: Record, entity_id: str, beside: Record) -> None:
    """An entity has one record of a collection; a mark that it had another makes room for a person's choice."""
    there = _occupants(transaction, scene, record, entity_id)
    if there:
        message = (
            f"{beside} is already linked with {there[0]}, and cannot be linked with a second record of {record.key}."
            f" To put {record} in its place: talk unlink {there[0]}, then talk link {record} {beside}"
        )
        raise ConfigurationError(message)
    transaction.run(
        f"DELETE FROM {scene.links} WHERE entity_id = ? AND collection = ? AND id IS NULL", entity_id, record.key
    )


def _move(transaction: Transaction, scene: Scene, record: Record, entity_id: str) -> None:
    transaction.run(
        f"UPDATE {scene.links} SET entity_id = ?, linked_by = ?, linked_at = ?, archived_at = NULL"
        " WHERE collection = ? AND id = ? AND gone_at IS NULL",
        entity_id,
        BY_HAND,
        scene.now,
        record.key,
        record.id,
    )


def _establish(transaction: Transaction, scene: Scene, record: Record, new: str, old: str) -> None:
    """Golden of a record by itself: what it holds, set when it was set, if it was by this record."""
    fields = scene.topology.collections[record.key].lens.fields
    values = ", ".join(
        f'l.seen_{name} AS "{name}", if(g.{name}_from = $1, g.{name}_at, r._modified) AS {name}_at, $1 AS {name}_from'
        for name in fields
    )
    transaction.run(
        f"""
        INSERT INTO {scene.golden} BY NAME SELECT $2 AS entity_id, {values}
        FROM {scene.links} l JOIN {scene.golden} g USING (entity_id) JOIN {tables.raw(record.key)} r ON r._id = l.id
        WHERE l.entity_id = $3 AND l.collection = $4 AND l.id = $5
        """,
        str(record),
        new,
        old,
        record.key,
        record.id,
    )


def _introduce(transaction: Transaction, scene: Scene, row: pl.DataFrame, entity_id: str) -> None:
    scope = merging.MergeScope(scene.entity, scene.topology.collections, scene.now, scene.run)
    merging.introduce(transaction, scope, ["newcomer"], newcomer=row.with_columns(pl.lit(entity_id).alias("entity_id")))


def come_to_an_end(transaction: Transaction, scene: Scene, old: str, new: str) -> None:
    """What referred to an entity that has come to an end refers to the one it became."""
    for entity in ENTITIES.values():
        for field in entity.fields:
            if field.to == scene.entity.name or field.kind is Kind.LINES:
                for table, column in (
                    (tables.golden(entity.name), f'"{field.name}"'),
                    (tables.links(entity.name), f"seen_{field.name}"),
                    (tables.links(entity.name), f"sent_{field.name}"),
                ):
                    transaction.run(
                        f"UPDATE {table} SET {column} = replace({column}, $1, $2) WHERE contains({column}, $1)",
                        old,
                        new,
                    )
    conflicts.follow(transaction, scene.entity.name, old, new)
    for table in (scene.golden, scene.links):
        transaction.run(f"DELETE FROM {table} WHERE entity_id = ?", old)


def refer(transaction: Transaction, scene: Scene, record: Record, old: str, new: str) -> None:
    """What refers to a record shows another entity when the record does.

    Where one of its own system said so, that is what is agreed on; where not, it is to be written to that system again.
    """
    system, _, name = record.key.partition("/")
    for topology in scene.topologies.values():
        for key, collection in topology.collections.items():
            if key.partition("/")[0] == system:
                for field in _referring(collection, name):
                    _redirect(transaction, topology, key, field, old, new, scene.now)


def _referring(collection: Collection, name: str) -> list[str]:
    lines = collection.lens.lines
    fields = [field for field, ref in collection.lens.refs.items() if ref.to == name]
    return [*fields, *(["lines"] if lines and lines.product and lines.product.to == name else [])]


def _redirect(
    transaction: Transaction, topology: Topology, key: str, field: str, old: str, new: str, now: datetime
) -> None:
    linked, agreed = tables.links(topology.entity.name), tables.golden(topology.entity.name)
    system = key.partition("/")[0]
    transaction.run(
        f"""
        UPDATE {agreed} SET "{field}" = replace("{field}", $1, $2)
        WHERE contains("{field}", $1) AND starts_with({field}_from, '{system}/') AND entity_id IN (
            SELECT entity_id FROM {linked} WHERE collection = $3 AND gone_at IS NULL AND contains(seen_{field}, $1))
        """,
        old,
        new,
        key,
    )
    transaction.run(
        f"""
        UPDATE {linked} SET seen_{field} = replace(seen_{field}, $1, $2), sent_{field} = replace(sent_{field}, $1, $2)
        WHERE collection = $3 AND gone_at IS NULL AND contains(seen_{field}, $1)
        """,
        old,
        new,
        key,
    )
    touched = transaction.frame(
        f"SELECT DISTINCT entity_id FROM {linked} WHERE collection = ? AND contains(seen_{field}, ?)", key, new
    )
    changes.reconcile(transaction, topology, touched, now)


def reconcile(transaction: Transaction, scene: Scene, entities: Iterable[str]) -> None:
    """Decide again what entities ask of the collections."""
    frame = pl.DataFrame({"entity_id": list(dict.fromkeys(entities))}, schema={"entity_id": pl.String})
    changes.reconcile(transaction, scene.topology, frame, scene.now)
