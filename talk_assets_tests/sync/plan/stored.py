"""A town as the fast paths have it: frames, and tables of a database in memory."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl

from talk_assets.model.entities import person
from talk_assets.model.system import Action
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan.changes import LET_OUT
from talk_assets.sync.plan.refused import IN_FORCE
from talk_assets.sync.plan.situation import Change, LinkedRecord, Situation
from talk_assets_tests.sync.plan.situations import EPOCH, FIELDS, KEYS, OFF, Town

NAMES = person.names
Fields = tuple[tuple[str, str | None], ...]
Due = tuple[str, str, str | None, str, Fields, str | None]
"""Collection, entity, id, action, fields and doubt."""

TABLES = (
    "sync.changes",
    "sync.cursors",
    "sync.fights",
    "sync.held",
    "sync.journal",
    "sync.refused_fields",
    "person.links",
    "person.golden",
)
TIME = pl.Datetime("us", "UTC")

LINK: dict[str, Any] = dict.fromkeys(("collection", "id", "entity_id", "linked_by", "gone_by", "awaits"), pl.String)
LINK |= dict.fromkeys(("linked_at", "gone_at", "archived_at"), TIME)
LINK |= {f"{state}_{name}": pl.String for state in ("seen", "sent") for name in NAMES}

CHANGE: dict[str, Any] = {**dict.fromkeys(("entity_type", "collection", "entity_id", "id", "action"), pl.String)}
CHANGE |= {**dict.fromkeys(("fields", "status", "reason"), pl.String), "blocked": pl.Boolean, "since": TIME}


GOLDEN = " ".join(f"WHEN '{name}' THEN g.{name}" for name in FIELDS)
"""The SQL of what golden has for a field."""


def golden(town: Town) -> pl.DataFrame:
    rows = [{"entity_id": id_, **dict.fromkeys(NAMES), **one.golden} for id_, one in town.entities.items()]
    return pl.DataFrame(rows, schema=dict.fromkeys(("entity_id", *NAMES), pl.String))


def links(town: Town) -> pl.DataFrame:
    """A row per record, and one of a collection that is switched off, which counts for nothing."""
    rows = []
    for id_, one in town.entities.items():
        rows += [_link(id_, record, one.held_parent) for record in one.records]
        off = LinkedRecord(OFF, f"{id_}", dict(one.golden), dict.fromkeys(FIELDS, "b"), EPOCH)
        rows.append(_link(id_, off, None))
    return pl.DataFrame(rows, schema=LINK)


def _link(id_: str, record: LinkedRecord, parent: str | None) -> dict[str, Any]:
    return {
        "collection": record.collection, "id": f"{id_} {record.id}", "entity_id": id_, "linked_by": "new",
        "linked_at": record.linked_at, "gone_at": record.gone_at, "gone_by": record.gone_by,
        "archived_at": record.linked_at if record.archived else None, "awaits": parent,
        **{f"seen_{name}": value for name, value in record.seen.items()},
        **{f"sent_{name}": value for name, value in record.sent.items()},
    }  # fmt: skip


def fought(town: Town) -> pl.DataFrame:
    rows = [(id_, name) for id_, one in town.entities.items() for name in sorted(one.fought)]
    return pl.DataFrame(rows, schema={"entity_id": pl.String, "field": pl.String}, orient="row")


def refused(town: Town) -> pl.DataFrame:
    rows = [(key, id_, name) for id_, one in town.entities.items() for key, name in sorted(one.refused)]
    return pl.DataFrame(rows, schema=IN_FORCE, orient="row")


def empty() -> Store:
    """A database in memory with the tables of persons."""
    store = Store(None)
    with store.transaction() as transaction:
        transaction.ensure(
            {
                tables.links("person"): tables.links_columns(person),
                tables.golden("person"): tables.golden_columns(person),
            }
        )
    return store


@contextmanager
def stored(store: Store, town: Town) -> Iterator[Transaction]:
    """The town in the place of whatever was in the database."""
    with store.transaction() as transaction:
        transaction.ensure(
            {
                tables.links("person"): tables.links_columns(person),
                tables.golden("person"): tables.golden_columns(person),
                **{tables.raw(key): tables.raw_columns([]) for key in KEYS},
            }
        )
        for table in TABLES:
            transaction.run(f"DELETE FROM {table}")
        agree(transaction, town)
        transaction.run(
            "INSERT INTO sync.fights BY NAME SELECT 'person' AS entity_type, * FROM rows", rows=fought(town)
        )
        transaction.run(
            f"""
            INSERT INTO sync.refused_fields BY NAME
            SELECT 'person' AS entity_type, r.*, CASE field {GOLDEN} END AS agreed, false AS released
            FROM rows r JOIN person.golden g USING (entity_id)
            """,
            rows=refused(town),
        )
        unread = {key for one in town.entities.values() for key in one.unread}
        read = pl.DataFrame({"collection": [key for key in KEYS if key not in unread]})
        transaction.run("INSERT INTO sync.cursors BY NAME SELECT collection, now() AS full_at FROM read", read=read)
        for one in town.held:
            transaction.run(
                "INSERT INTO sync.held VALUES ('person', ?, ?, ?, 'several', ?)",
                one.collection, one.id, json.dumps({"email": one.email}, separators=(",", ":")), one.since,
            )  # fmt: skip
        for (id_, key), since in town.lost.items():
            transaction.run(
                "INSERT INTO sync.journal BY NAME"
                " SELECT ? AS entity_id, ? AS collection, 'create' AS action, ?::TIMESTAMPTZ AS intended_at",
                id_, key, since,
            )  # fmt: skip
        _judge(transaction, town.entities)
        yield transaction


def agree(transaction: Transaction, town: Town) -> None:
    """Store golden and the links, in place of those that were there."""
    agreed = golden(town)
    origins = {f"{name}_from": [f"{one.origins[name]}/1" for one in town.entities.values()] for name in FIELDS}
    agreed = agreed.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in origins.items())
    for table, rows in (("golden", agreed), ("links", links(town))):
        transaction.run(f"DELETE FROM person.{table}")
        transaction.run(f"INSERT INTO person.{table} BY NAME FROM rows", rows=rows)


def _judge(transaction: Transaction, entities: Mapping[str, Situation]) -> None:
    """What was held before, and what a person let out."""
    rows = [
        (
            "person", change.collection, id_, change.id, change.action.value, serialised(change),
            "held" if held else "planned", "not like this" if held else LET_OUT, held, EPOCH,
        )
        for id_, one in entities.items()
        for held, changes in ((True, one.held), (False, one.approved))
        for change in changes
    ]  # fmt: skip
    transaction.run("INSERT INTO sync.changes BY NAME FROM rows", rows=pl.DataFrame(rows, schema=CHANGE, orient="row"))


def serialised(change: Change) -> str:
    """A change's fields as they are stored: a create carries no blanks."""
    values = {name: value for name, value in change.fields.items() if value is not None or not creates(change)}
    return json.dumps(values, separators=(",", ":"))


def creates(change: Change) -> bool:
    return change.action is Action.CREATE


def comparable(id_: str, change: Change) -> Due:
    """A change as `rows` has those of the fast paths."""
    record = f"{id_} {change.id}" if change.id else None
    return change.collection, id_, record, change.action.value, fields(serialised(change)), change.doubt


def rows(frame: pl.DataFrame) -> list[Due]:
    """Changes of a fast path, sorted."""
    found = frame.select("collection", "entity_id", "id", "action", "fields", "doubt").iter_rows()
    return ordered((*row[:4], fields(row[4]), row[5]) for row in found)


def fields(text: str) -> Fields:
    return tuple(sorted(json.loads(text).items()))


def sorted_names(reason: str) -> str:
    """A reason with the collections that it names in the order of their names."""
    names, unread, rest = reason.partition(" not read in full yet")
    return f"{', '.join(sorted(names.split(', ')))}{unread}{rest}" if unread else reason


def ordered(changes: Iterator[Due]) -> list[Due]:
    return sorted(changes, key=str)
