"""Random entities of up to four collections, with everything that a decision depends on.

All choices of an example are taken from one text of bytes, the simplest choice being 0: hypothesis shrinks that well,
and is ten times as fast as with a strategy per choice.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from talk_assets.model import topology
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.entities import person
from talk_assets.model.gone import Gone
from talk_assets.model.lens.lens import ALWAYS, NEVER, ON_CREATE, Lens, Text
from talk_assets.model.system import Connection, System
from talk_assets.model.topology import Topology
from talk_assets.sync.plan.decide import due
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.plan.situation import Change, LinkedRecord, Situation

KEYS = ("crm/people", "erp/people", "pay/people", "shop/people")
OFF = "old/people"
"""A collection that no pair names any more."""

FIELDS = ("email", "first_name", "job_title")
VALUES = (None, "a", "b")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
PAIRS = tuple(permutations(KEYS, 2))
RING = tuple(zip(KEYS, KEYS[1:] + KEYS[:1], strict=True))
OBSTACLES = ("fought", "refused", "unread", "held_parent", "could_be", "held", "approved")
YES_AND_NO, SELDOM, OFTEN = (False, True), (False, False, False, True), (True, True, True, False)

Choice = TypeVar("Choice")


class Choices:
    """Takes choices from bytes; when there are no more, the first of the options."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def of(self, options: Sequence[Choice]) -> Choice:
        return options[next(self._data, 0) % len(options)]

    def some(self, options: Sequence[Choice], often: Sequence[bool] = YES_AND_NO) -> list[Choice]:
        return [option for option in options if self.of(often)]

    def values(self, names: Sequence[str]) -> dict[str, str | None]:
        return {name: self.of(VALUES) for name in names}


choices = st.binary(min_size=900, max_size=900).map(Choices)


def moment(n: int) -> datetime:
    return EPOCH + timedelta(minutes=n)


@dataclass(frozen=True)
class HeldRecord:
    """A record that waits for a person to link it."""

    collection: str
    id: str
    email: str | None
    since: datetime


@dataclass(frozen=True)
class Town:
    """Entities by id, all of one topology, and what is held there; `lost` are creates whose answer never came."""

    topology: Topology
    permits: Permits
    entities: Mapping[str, Situation]
    held: Sequence[HeldRecord]
    lost: Mapping[tuple[str, str], datetime]

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:  # noqa: FBT001 -- hypothesis's own
        printer.text(str(self))

    def __str__(self) -> str:
        """What makes the example, without what is the same in all."""
        may = self.permits.writing
        lines = [f"{one.left} → {one.right}: {one.on_delete}, {one in may and 'writes'}" for one in self.topology.pairs]
        for key, kept in self.topology.collections.items():
            fields = {name: str(kept.lens.property_of(name).writable) for name in kept.lens.fields}
            traits = {name: getattr(kept, name) for name in ("writable", "creatable", "archived", "reference")}
            lines.append(f"{key}: {fields} {traits}")
        for id_, entity in self.entities.items():
            lines.append(f"{id_}: {entity.golden} from {entity.origins}")
            for its in entity.records:
                gone = f" {its.gone_by} {its.gone_at:%M}" if its.gone_at else ""
                known = f"saw {its.seen}, was sent {its.sent}, {its.archived and 'archived'}"
                lines.append(f"  {its.collection} {its.id}: linked {its.linked_at:%M}{gone}, {known}")
            lines += [f"  {name}: {getattr(entity, name)}" for name in OBSTACLES if getattr(entity, name)]
        return "\n".join(["", *lines, *map(str, self.held), *map(str, self.lost.items())])


def town(by: Choices) -> Town:
    """Several entities at once, as the fast paths take them."""
    one = _topology(by)
    word = {pair: by.of(("write", "write", "plan", "left out")) for pair in one.pairs}
    planned, left_out = (frozenset(pair for pair in one.pairs if word[pair] == why) for why in ("plan", "left out"))
    allowed = Permits(one.pairs, planned, left_out)
    return Town(one, allowed, {f"e{n}": _situation(by, one, allowed) for n in range(by.of((1, 2, 3, 4)))}, (), {})


def obstructed(by: Choices) -> Town:
    """The same, with all that may stand in the way of a change."""
    here = town(by)
    keys = tuple(here.topology.collections)
    unread = frozenset(by.some(keys, SELDOM)) if by.of(YES_AND_NO) else frozenset[str]()
    held = [
        HeldRecord(by.of(keys), f"held{n}", by.of(VALUES), moment(by.of(range(3)))) for n in range(by.of((0, 1, 2, 3)))
    ]
    places = by.some([(id_, key) for id_ in here.entities for key in keys], SELDOM)
    lost = {place: moment(by.of(range(3))) for place in places} if by.of(YES_AND_NO) else {}
    entities = {}
    for id_, one in here.entities.items():
        refers = any(map(is_there, one.records)) and by.of(SELDOM)
        entities[id_] = replace(one, unread=unread, held_parent="crm/companies/7" if refers else None)
    here = looked_up(replace(here, entities=entities, held=held, lost=lost))
    return replace(here, entities={id_: _judged(by, one) for id_, one in here.entities.items()})


def moved(by: Choices, before: Town) -> tuple[Town, list[str]]:
    """Golden and what was sent as they may be later, in no more than the fields that are returned with it."""
    names = by.some(FIELDS)
    entities = {}
    for id_, one in before.entities.items():
        records = [
            replace(record, sent={**record.sent, **by.values([name for name in names if name in record.sent])})
            if is_there(record) and by.of(YES_AND_NO)
            else record
            for record in one.records
        ]
        entities[id_] = replace(one, golden={**one.golden, **by.values(names)}, records=tuple(records))
    return looked_up(replace(before, entities=entities)), names


def looked_up(here: Town) -> Town:
    """The town with what each entity could be."""
    found = {
        id_: {key: why for key in here.topology.collections if (why := _could_be(here, key, id_))}
        for id_ in here.entities
    }
    return replace(here, entities={id_: replace(one, could_be=found[id_]) for id_, one in here.entities.items()})


def is_there(record: LinkedRecord) -> bool:
    return record.gone_at is None


def _topology(by: Choices) -> Topology:
    """Pairs in all directions, cycles included."""
    sides = list(RING) if by.of(SELDOM) else [by.of(PAIRS) for _ in range(by.of((1, 2, 3, 4, 5)))]
    pairs = [Pair(left, right, by.of(tuple(OnDelete))) for left, right in dict.fromkeys(sides)]
    return topology.of(person, systems({key: _collection(by) for key in KEYS}), pairs)


def systems(collections: Mapping[str, Collection]) -> dict[str, System]:
    """A system per collection, which nobody reaches."""
    names = {key.partition("/")[0]: one for key, one in collections.items()}
    return {name: System(name, name, (one,), _unreachable) for name, one in names.items()}


def _unreachable() -> AbstractAsyncContextManager[Connection]:
    raise AssertionError


def _collection(by: Choices) -> Collection:
    writable = {name: by.of((ALWAYS, ALWAYS, ALWAYS, ON_CREATE, NEVER, None)) for name in FIELDS}
    lens = Lens(**{name: Text(name, writable=when) for name, when in writable.items() if when})
    return Collection(
        name="people", entity=person, id="id", lens=lens, writable=by.of(OFTEN), creatable=by.of(OFTEN),
        archived=by.of((None, {"archived": "yes"})), reference=by.of(("ref", None)),
    )  # fmt: skip


def _situation(by: Choices, one: Topology, allowed: Permits) -> Situation:
    golden, in_order, keys = by.values(FIELDS), by.of(YES_AND_NO), tuple(one.collections)
    new = by.of(((), (), keys, (by.of(keys),)))
    held = {name: (golden[name],) if in_order else (golden[name], golden[name], *VALUES) for name in FIELDS}
    return Situation(
        topology=one,
        permits=allowed,
        golden=golden,
        origins={name: by.of((*one.collections, OFF)) for name in FIELDS},
        records=tuple(
            record
            for key, here in one.collections.items()
            if key in new or not new
            for record in _records(by, key, here, held, new=bool(new))
        ),
        fought=frozenset(by.some(FIELDS, SELDOM)) if by.of(YES_AND_NO) else frozenset(),
        refused=frozenset(by.some([(key, name) for key in keys for name in FIELDS], SELDOM))
        if by.of(YES_AND_NO)
        else frozenset(),
    )


def _records(
    by: Choices, key: str, collection: Collection, held: Mapping[str, Sequence[str | None]], *, new: bool
) -> Iterator[LinkedRecord]:
    """At most one record that is there, and two that left before; `held` are the values that they may have.

    In a `new` entity there is one, and never was another.
    """
    left = [] if new else [by.of(tuple(Gone)) for _ in range(by.of((0, 0, 0, 1, 1, 2)))]
    for n, gone in enumerate([*left, None] if new or by.of(YES_AND_NO) else left):
        own = {name: held[name] for name in collection.lens.fields}
        yield LinkedRecord(
            key, f"{key[:3]}{n}",
            seen={name: by.of(values) for name, values in own.items()},
            sent={name: by.of(values) for name, values in own.items()},
            linked_at=moment(by.of(range(0, 12, 3))),
            gone_at=moment(by.of(range(0, 12, 3)) + n) if gone else None,
            gone_by=gone,
            archived=not new and by.of(SELDOM),
        )  # fmt: skip


def _judged(by: Choices, entity: Situation) -> Situation:
    """Some of what is due was held before, or let out by a person, as it is now or when it was another thing."""
    held: list[Change] = []
    approved: list[Change] = []
    for change in due(entity):
        before = by.of((None, None, held, approved))
        if before is not None:
            before.append(by.of((change, change, replace(change, fields={**change.fields, "email": "z"}))))
    return replace(entity, held=tuple(held), approved=tuple(approved))


def _could_be(here: Town, key: str, id_: str) -> str | None:
    """Why a held record of the collection may be the entity's: it matches, or came after a create without answer."""
    email, there = here.entities[id_].golden["email"], [one for one in here.held if one.collection == key]
    alike = [f"{key}/{one.id}" for one in there if email and one.email == email]
    if alike:
        return f"could be {', '.join(alike)}, held with the same e-mail"
    since = here.lost.get((id_, key))
    if since is None or here.topology.collections[key].reference:
        return None
    later = [f"{key}/{one.id}" for one in there if one.since >= since]
    return f"may be there already, as {', '.join(later)}" if later else None
