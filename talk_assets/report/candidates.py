"""What an unlinked record holds, and which others it could describe the same as: what a person compares to decide.

The same rules as in `matching`, but for one record and for people: every other record that has the same key is named,
also where a sync would not consider it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from talk_assets.model.collection import Collection
from talk_assets.model.entities import ENTITIES, Rule
from talk_assets.report import naming, readable, reviewing
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import incoming, keys

Values = Mapping[str, str | None]
"""Values by field, null for blank."""


@dataclass(frozen=True)
class Candidate:
    """Linked records, or one that is held as well, that an unlinked record could describe the same as.

    `why` names what they have in common; `records` are `system/collection/id`. `values` are the entity's agreed
    ones, or those of the held record. `probability` is how likely they are the same, null where that was not weighed.
    """

    name: str | None
    records: tuple[str, ...]
    why: str
    held: bool
    values: Values
    probability: float | None = None


def values(transaction: Transaction, key: str, collection: Collection, id_: str) -> Values:
    """Return the canonical values that a record holds, by the fields of its lens; nothing where it was never read."""
    raw = transaction.frame(f"SELECT * FROM {tables.raw(key)} WHERE _id = ? AND _record IS NOT NULL", id_)
    if raw.is_empty():
        return {}
    row = incoming.canonical(transaction, key, collection, raw).row(0, named=True)
    return {field: row[field] for field in collection.lens.fields}


def candidates(transaction: Transaction, key: str, collection: Collection, id_: str) -> tuple[Candidate, ...]:
    """Return what an unlinked record could describe the same as: linked ones first, then by match rule in their order.

    What only evidence speaks for comes after them, the likeliest first. Their values are canonical.
    """
    entity_type, mine = collection.entity.name, values(transaction, key, collection, id_)
    entities: dict[str, str] = {}
    held: dict[str, tuple[str, dict[str, str | None]]] = {}
    for rule in collection.entity.rules:
        if all(mine.get(field) for field in rule.fields):
            for entity in _linked(transaction, entity_type, rule, mine):
                entities.setdefault(entity, f"same {rule.name}")
            for record, fields in _held(transaction, entity_type, rule, mine, f"{key}/{id_}"):
                held.setdefault(record, (f"same {rule.name}", fields))
    for entity in _unanswered(transaction, key, collection, id_):
        entities.setdefault(entity, "may have been created for it: the answer was lost")
    weighed = reviewing.of_record(transaction, key, id_)
    for other, (_, evidence) in weighed.items():
        if "/" in other:
            held.setdefault(other, (evidence, _held_values(transaction, other)))
        else:
            entities.setdefault(other, evidence)
    found = (
        *((entity, _of_entity(transaction, entity_type, entity, why)) for entity, why in entities.items()),
        *(
            (record, Candidate(naming.name_of(entity_type, fields), (record,), why, held=True, values=fields))
            for record, (why, fields) in held.items()
        ),
    )
    return tuple(replace(one, probability=weighed[name][0] if name in weighed else None) for name, one in found)


def _held_values(transaction: Transaction, record: str) -> dict[str, str | None]:
    """What a held record holds."""
    found = transaction.frame("SELECT fields FROM sync.held WHERE collection || '/' || id = ?", record)
    return json.loads(found["fields"][0]) if found.height else {}


def compared(
    transaction: Transaction, key: str, collection: Collection, id_: str, *, named: bool
) -> tuple[Values, tuple[Candidate, ...]]:
    """Return what an unlinked record holds, and its candidates, values as people read them.

    `named`: whether references are shown with names before ids.
    """
    entity_type = collection.entity.name
    own, others = values(transaction, key, collection, id_), candidates(transaction, key, collection, id_)
    shown = [
        (entity_type, name, value) for one in (own, *(other.values for other in others)) for name, value in one.items()
    ]
    reader = readable.reader(transaction, shown, key.partition("/")[0], named=named)
    readable_others = (replace(other, values=reader.show_values(entity_type, other.values)) for other in others)
    return reader.show_values(entity_type, own), tuple(readable_others)


def _linked(transaction: Transaction, entity_type: str, rule: Rule, mine: Values) -> list[str]:
    """Entities that have the record's key: as agreed, or as one of their records shows it."""
    return transaction.frame(
        f"SELECT entity_id FROM {tables.golden(entity_type)} g WHERE {_same(rule, 'g')}"
        f" UNION SELECT entity_id FROM {tables.links(entity_type)} l"
        f" WHERE gone_at IS NULL AND {_same(rule, 'l', 'seen_')} ORDER BY entity_id",
        *_given(rule, mine),
    )["entity_id"].to_list()


def _held(
    transaction: Transaction, entity_type: str, rule: Rule, mine: Values, own: str
) -> list[tuple[str, dict[str, str | None]]]:
    """Other records that are held and have the record's key, with what they hold."""
    given = _given(rule, mine)
    names = [*rule.fields, *([rule.within] if rule.within else [])]
    held = ", ".join(f"json_extract_string(fields, '$.{name}') AS \"{name}\"" for name in names)
    entity, record = f"${len(given) + 1}", f"${len(given) + 2}"
    rows = transaction.frame(
        f"""
        SELECT record, fields FROM (
            SELECT collection || '/' || id AS record, fields, {held} FROM sync.held WHERE entity_type = {entity}) h
        WHERE record <> {record} AND {_same(rule, "h")} ORDER BY record
        """,
        *given,
        entity_type,
        own,
    )
    return [(record, json.loads(fields)) for record, fields in rows.iter_rows()]


def _given(rule: Rule, mine: Values) -> list[str | None]:
    """The parameters of `_same`: the rule's fields, and the country where one belongs to the key."""
    return [*(mine[field] for field in rule.fields), *([mine.get(rule.within)] if rule.within else [])]


def _same(rule: Rule, table: str, prefix: str = "") -> str:
    """The SQL condition that a table's columns have the key of the values given as the first parameters."""
    given = [f"${n}::VARCHAR" for n in range(1, len(rule.fields) + 1)]
    same = f"{keys.key_of(rule, table, prefix)} = {keys.key_of_values(rule, given)}"
    if rule.within is None:
        return same
    mine = keys.country_of_values(given, f"${len(given) + 1}::VARCHAR")
    return f"({same} AND {keys.agree(keys.country_of(rule, table, prefix), mine)})"


def _unanswered(transaction: Transaction, key: str, collection: Collection, id_: str) -> list[str]:
    """Entities for which a create was sent and never answered, before the record was held: it may be theirs."""
    if collection.reference:
        return []
    since = transaction.frame("SELECT since FROM sync.held WHERE collection = ? AND id = ?", key, id_)
    if since.is_empty():
        return []
    creates = journal.open_creates(transaction, key)
    return creates.filter(creates["intended_at"] <= since.item())["entity_id"].to_list()


def _of_entity(transaction: Transaction, entity_type: str, entity_id: str, why: str) -> Candidate:
    golden = transaction.frame(f"SELECT * FROM {tables.golden(entity_type)} WHERE entity_id = ?", entity_id).to_dicts()
    agreed = {field: golden[0][field] if golden else None for field in ENTITIES[entity_type].names}
    records = transaction.frame(
        f"SELECT collection || '/' || id AS record FROM {tables.links(entity_type)}"
        " WHERE entity_id = ? AND gone_at IS NULL ORDER BY record",
        entity_id,
    )["record"].to_list()
    return Candidate(naming.name_of(entity_type, agreed), tuple(records), why, held=False, values=agreed)
