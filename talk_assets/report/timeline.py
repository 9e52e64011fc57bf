"""Everything that happened to one record, in order of time: linked, edited, written, deleted.

What the journal and the edits no longer hold is not listed. Values are as people read them, null for blank; times are
UTC instants. How the record stands now is in `story`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from talk_assets.model.collection import Collection
from talk_assets.report import readable
from talk_assets.report.readable import Reader
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction


@dataclass(frozen=True)
class Value:
    """A field's value before, where that is known, and after; the record that it came from, and when it was set there.

    `won`: of an edit, whether it became the entity's value.
    """

    field: str
    before: str | None
    after: str | None
    origin: str | None
    edited_at: datetime | None
    won: bool | None = None


@dataclass(frozen=True)
class Event:
    """What happened `at` an instant: `linked`, `edited`, `gone`, or a write's action.

    Of a write, `outcome` is null as long as it is not known, `answer` is what the system said, and `request_id` what
    it calls the request. `how` is how the record was linked.
    """

    at: datetime
    what: str
    run: str | None = None
    entity: str | None = None
    how: str | None = None
    values: tuple[Value, ...] = ()
    outcome: str | None = None
    reason: str | None = None
    answered_at: datetime | None = None
    request_id: str | None = None
    answer: str | None = None


EDITS = "SELECT * FROM sync.edits WHERE entity_type = $1 AND origin = $2 || '/' || $3 ORDER BY edited_at, field"

WRITES = """
    SELECT * FROM sync.journal
    WHERE entity_type = $1 AND collection = $2
      AND (id = $3 OR (id IS NULL AND action = 'create' AND entity_id = (SELECT entity_id FROM {links} l
        WHERE l.collection = $2 AND l.id = $3)))
    ORDER BY intended_at
"""
"""The tries to create it that came to nothing are its own as well."""


def tell(transaction: Transaction, key: str, collection: Collection, id_: str) -> tuple[Event, ...]:
    """Return what happened to a record, nothing where nothing is known."""
    entity_type = collection.entity.name
    links = transaction.frame(
        f"SELECT entity_id, linked_at, linked_by, gone_at FROM {tables.links(entity_type)}"
        " WHERE collection = ? AND id = ?",
        key,
        id_,
    ).to_dicts()
    edits = transaction.frame(EDITS, entity_type, key, id_).to_dicts()
    writes = transaction.frame(WRITES.format(links=tables.links(entity_type)), entity_type, key, id_).to_dicts()
    shown = [(entity_type, edit["field"], edit["value"]) for edit in edits]
    shown += [
        one for write in writes for which in ("before", "after") for one in readable.fields(entity_type, write[which])
    ]
    reader = readable.reader(transaction, shown, key.partition("/")[0])
    events = [
        *_linked(links),
        *_edited(reader, entity_type, edits),
        *(_written(reader, entity_type, write) for write in writes),
    ]
    return tuple(sorted(events, key=lambda event: event.at))


def _linked(links: Iterable[Mapping[str, Any]]) -> Iterable[Event]:
    for link in links:
        yield Event(link["linked_at"], "linked", entity=link["entity_id"], how=link["linked_by"])
        if link["gone_at"]:
            yield Event(link["gone_at"], "gone", entity=link["entity_id"])


def _edited(reader: Reader, entity_type: str, edits: Iterable[Mapping[str, Any]]) -> Iterable[Event]:
    """One event for what was noticed at once."""
    noticed: dict[tuple[datetime, str, str], list[Value]] = {}
    for edit in edits:
        after = reader.show(entity_type, edit["field"], edit["value"])
        value = Value(edit["field"], None, after, edit["origin"], edit["edited_at"], edit["won"])
        noticed.setdefault((edit["noticed_at"], edit["run"], edit["entity_id"]), []).append(value)
    for (at, run, entity), values in noticed.items():
        yield Event(at, "edited", run, entity, values=tuple(values))


def _written(reader: Reader, entity_type: str, write: Mapping[str, Any]) -> Event:
    before, after = (reader.show_object(entity_type, write[which]) for which in ("before", "after"))
    origins, times = (json.loads(write[which] or "{}") for which in ("cause", "caused_at"))
    values = tuple(
        Value(name, before.get(name), value, origins.get(name), _instant(times.get(name)))
        for name, value in after.items()
    )
    return Event(
        write["intended_at"], write["action"], write["run"], write["entity_id"], values=values,
        outcome=write["outcome"], reason=write["reason"], answered_at=write["answered_at"],
        request_id=write["request_id"], answer=write["answer"],
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
