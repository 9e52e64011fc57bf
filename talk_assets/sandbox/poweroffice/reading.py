"""How PowerOffice v1 lists records: from a copy that is a little behind, filtered, in order, some at a time.

Nothing here writes.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from talk_assets.sandbox.poweroffice.filters import (
    EVERYTHING,
    Malformed,
    Node,
    compared,
    conjuncts,
    holds,
    parse,
    valued,
)
from talk_assets.sandbox.poweroffice.properties import KEYS, Role
from talk_assets.sandbox.poweroffice.records import Record
from talk_assets.sandbox.store import Shelf, Stored, Term

COLUMNS = {"id": "id", "lastChanged": "stamp", "isPerson": "isPerson", "partyId": "partyId"}
"""Which column of a shelf holds a property; the reference is added for each role."""


@dataclass
class Replica:
    """What was written lately, and is not to be seen yet."""

    now: Callable[[], float]
    lag: Callable[[], float]
    _recent: deque[tuple[float, str, int, Stored | None]] = field(default_factory=deque)

    def note(self, collection: str, id_: int, before: Stored | None) -> None:
        """A record is about to be written; `before` is what it was."""
        self._recent.append((self.now(), collection, id_, before))

    def unseen(self, collection: str) -> dict[int, Stored | None]:
        """By id, what the copy still has in place of what was written."""
        while self._recent and self._recent[0][0] <= self.now() - self.lag():
            self._recent.popleft()
        return {id_: before for _, name, id_, before in reversed(self._recent) if name == collection}


@dataclass(frozen=True)
class Asked:
    """A list that was asked for; `top` is None for all of it."""

    node: Node = EVERYTHING
    order: str = "id"
    descending: bool = False
    skip: int = 0
    top: int | None = None


def asked(role: Role, query: Mapping[str, str]) -> Asked:
    """Understand the query of a request; raises Malformed."""
    node = parse(query["$filter"], role.kinds) if "$filter" in query else EVERYTHING
    paged = {"$skip", "$top"} & query.keys()
    if paged and "$orderby" not in query:
        message = f"{min(paged)} needs $orderby"
        raise Malformed(message)
    if "$skip" in query and "$top" not in query:
        message = "$skip needs $top"
        raise Malformed(message)
    name, _, way = query.get("$orderby", "Id").strip().partition(" ")
    wire = name[:1].lower() + name[1:]
    if wire not in role.kinds or not name[:1].isupper() or way.strip() not in {"", "asc", "desc"}:
        message = f"Could not find a property named '{name}'"
        raise Malformed(message)
    numbers = [query.get("$skip", "0"), query.get("$top", "0")]
    if not all(number.isdecimal() for number in numbers):
        message = "$skip and $top are numbers"
        raise Malformed(message)
    top = int(numbers[1]) if "$top" in query else None
    return Asked(node, wire, way.strip() == "desc", int(numbers[0]), top)


def listed(shelf: Shelf, role: Role, wanted: Asked, unseen: Mapping[int, Stored | None]) -> tuple[list[Record], int]:
    """The records asked for, and how many there are before any are skipped or left out."""
    plan = _plan(wanted)
    if plan is None:
        return _scanned(shelf, role, wanted, unseen)
    terms, order = plan
    past = [json.loads(before.body) for before in unseen.values() if before]
    past = [record for record in past if holds(wanted.node, record, role.kinds)]
    current = [found for id_ in unseen if (found := shelf.get(id_)) is not None]
    hidden = sum(holds(wanted.node, json.loads(found.body), role.kinds) for found in current)
    limit = -1 if wanted.top is None else wanted.skip + wanted.top + len(unseen)
    rows = shelf.select(terms, order=order, descending=wanted.descending, limit=limit)
    records = [json.loads(row.body) for row in rows if row.id not in unseen]
    return _cut(role, wanted, [*records, *past]), shelf.count(terms) - hidden + len(past)


def _plan(wanted: Asked) -> tuple[Sequence[Term], str] | None:
    """Terms and order in which the store can answer all by itself, None where it cannot."""
    order = {"id": "id", "lastChanged": "stamp"}.get(wanted.order)
    terms = []
    for one in conjuncts(wanted.node):
        found = compared(one)
        column = COLUMNS.get(found[0]) if found else None
        if found is None or column is None or found[2] is None:
            return None
        terms.append((column, found[1], int(found[2]) if column in KEYS else found[2]))
    return (terms, order) if order else None


def _scanned(shelf: Shelf, role: Role, wanted: Asked, unseen: Mapping[int, Stored | None]) -> tuple[list[Record], int]:
    """Ask every record that could do."""
    rows = [row for row in _candidates(shelf, role, wanted.node) if row.id not in unseen]
    rows += [before for before in unseen.values() if before]
    records = [record for row in rows if holds(wanted.node, record := json.loads(row.body), role.kinds)]
    return _cut(role, wanted, records), len(records)


def _candidates(shelf: Shelf, role: Role, node: Node) -> Sequence[Stored]:
    """The few records that one of several ids or references names, or all of them."""
    columns = {"id": "id", role.reference: "reference"}
    found = [compared(part) for part in (node.parts if node.kind == "or" else (node,))]
    if found and all(one and one[0] in columns and one[1] == "=" and one[2] is not None for one in found):
        rows = [row for one in found if one for row in shelf.select([(columns[one[0]], "=", one[2])])]
        return list({row.id: row for row in rows}.values())
    return shelf.select()


def _cut(role: Role, wanted: Asked, records: list[Record]) -> list[Record]:
    def place(record: Record) -> tuple[bool, Any, int]:
        value = valued(Node("property", value=wanted.order), record, role.kinds)
        return value is not None, value if value is not None else 0, record["id"]

    ordered = sorted(records, key=place, reverse=wanted.descending)
    return ordered[wanted.skip : None if wanted.top is None else wanted.skip + wanted.top]
