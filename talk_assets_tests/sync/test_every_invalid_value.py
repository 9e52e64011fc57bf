"""Every property of a declared type, of every collection that is written to: one that can't be read holds one field.

Each collection stands in memory beside one that holds every field of its entity. Of every such property there is a
record in which nothing else happens, one in which somebody edits all else, first here, then there, and a new one. The
other fields travel, and nothing is created twice.
"""

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection, updatable
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Entity, Kind
from talk_assets.model.lens import lens as kinds
from talk_assets.model.lens.lens import ALWAYS, Decimal, Instant, Lens, Lines, OneLine, Property, Ref, Text, Value
from talk_assets.report import overview
from talk_assets.sandbox.world import words
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.conformance.steps import PLAIN, Values, frame
from talk_assets.testing.memory import Memory

WRONG = "neither nor"
CUT = "half of \ud83d"
"""What is left of an emoji that was cut in two."""
LEFT, RIGHT = "left/things", "right/things"


def flat(prop: Property) -> Property:
    """The property with a name that leads into no object, as if the API let it be written; lines have no product."""
    if isinstance(prop, OneLine):
        return replace(prop, writable=ALWAYS)
    if isinstance(prop, Lines):
        return replace(prop, writable=ALWAYS, product=None, id=None)
    assert isinstance(prop, Value)
    return replace(prop, property=prop.property.replace(".", "_"), writable=ALWAYS)


def flattened(lens: Lens) -> Lens:
    own = {name: flat(prop) for name, prop in lens.properties.items()}
    return Lens(
        *(prop for name, prop in own.items() if prop.fields(name) != (name,)),
        **{name: prop for name, prop in own.items() if prop.fields(name) == (name,)},
    )


def plain(entity: Entity, fields: tuple[str, ...]) -> Lens:
    """A property for each field, which holds whatever the field can."""
    return Lens(**{name: _plain(entity, name) for name in fields})


def _plain(entity: Entity, name: str) -> Property:
    """The kind of property that is made for the field."""
    kind = entity.field(name).kind
    if kind is Kind.CHOICE:
        return kinds.Choice(name, {value: value for value in entity.field(name).values})
    if kind is Kind.REFERENCE:
        return Ref(name, to="others")
    if kind is Kind.LINES:
        return Lines(
            name, description=Text("description"), quantity=Decimal("quantity"), unit_price=Decimal("unit_price"),
            discount=Decimal("discount"),
        )  # fmt: skip
    of: dict[Kind, type[Value]] = {
        Kind.TEXT: kinds.Text, Kind.EMAIL: kinds.Email, Kind.PHONE: kinds.Phone, Kind.DIGITS: kinds.Digits,
        Kind.DECIMAL: kinds.Decimal, Kind.DATE: kinds.Date, Kind.INSTANT: kinds.Instant, Kind.COUNTRY: kinds.Country,
        Kind.CURRENCY: kinds.Currency, Kind.ORGANISATION_NUMBER: kinds.OrganisationNumber,
    }  # fmt: skip
    return of[kind](name)


def collection(entity: Entity, lens: Lens) -> Collection:
    return Collection(
        name="things", entity=entity, id="id", modified=Instant("modified at"), version="version", lens=lens
    )


def wrongs(lens: Lens) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """What can't be read, property by property, and the fields that it holds."""
    texts = frame(dict.fromkeys(lens.columns, WRONG))
    first = next((prop.property for prop in lens.properties.values() if isinstance(prop, Text)), None)
    doubted = {doubt.property for doubt in lens.doubts if texts.select(doubt.bad).item()}
    for name, prop in lens.properties.items():
        fields = frozenset(prop.fields(name))
        if isinstance(prop, Lines):
            yield {prop.property: WRONG}, fields
            for item in prop.items.values():
                if item.doubts():
                    line = dict.fromkeys(one.property for one in prop.items.values())
                    yield {prop.property: [{**line, item.property: CUT if item.anything else WRONG}]}, fields
            continue
        for column in prop.columns():
            if column in doubted:
                yield {column: WRONG}, fields
            elif isinstance(prop, Text) and prop.property == first:
                yield {column: CUT}, fields


CASES = {
    f"{system}/{one.name}": (one.entity, flattened(one.lens))
    for system, registered in SYSTEMS.items()
    for one in registered.build(SystemSettings()).collections
    if one.writable and any(wrongs(flattened(one.lens)))
}


@dataclass
class Two:
    """The collection and the one beside it, with a hub over both."""

    entity: Entity
    lens: Lens
    memories: dict[str, Memory] = field(init=False)
    collections: dict[str, Collection] = field(init=False)
    hub: Hub = field(init=False)
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    def __post_init__(self) -> None:
        fields = self.lens.fields
        self.collections = {
            LEFT: collection(self.entity, self.lens),
            RIGHT: collection(self.entity, plain(self.entity, fields)),
        }
        self.memories = {key: Memory([one], size=500) for key, one in self.collections.items()}
        systems = {key.split("/")[0]: memory.system(key.split("/")[0]) for key, memory in self.memories.items()}
        self.hub = Hub(Store(None), systems, [Pair(LEFT, RIGHT)], run="run", clock=self._now)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.memories[LEFT].clock.now(), UTC)

    def later(self) -> None:
        for memory in self.memories.values():
            memory.clock.advance(60)

    def sync(self) -> None:
        self.later()
        for name in ("left", "right"):
            asyncio.run(self.hub.read(name))
        for name in ("right", "left"):
            asyncio.run(self.hub.write(name))
        self.later()

    def values(self) -> Values:
        """Values that both can hold, and no other record has; references stay blank, lines have no product."""
        n = next(self.serial)
        made: Values = {}
        for name in self.lens.fields:
            kind = self.entity.field(name).kind
            if kind is Kind.LINES and self.lens.lines:
                full = {"description": f"Line {n}", "quantity": f"{n}", "unit_price": "17.5", "discount": "12"}
                made[name] = json.dumps([{key: full[key] for key in full if key in self.lens.lines.items}])
            elif name == "unit":
                made[name] = words.UNITS[n % 2 * 3]
            elif kind is Kind.EMAIL:
                made[name] = f"{name}{n}@acme.no"
            elif kind is Kind.DIGITS:
                made[name] = f"{n}{n}"
            elif kind is Kind.TEXT:
                made[name] = f"{n}" if name in {"number", "department_code"} else f"{name.title()}{n}"
            elif kind is not Kind.REFERENCE:
                made[name] = PLAIN[kind][n % 2]
        return made

    def put(self, key: str, id_: str | None, values: Values, raw: dict[str, Any]) -> str:
        """Somebody sets fields, and properties as they are."""
        one = self.collections[key]
        known = frame(dict.fromkeys(one.lens.fields) | values)
        mask = pl.DataFrame({name: [name in values] for name in one.lens.fields})
        body = json.loads(one.lens.put(known, mask)[0])
        return str(self.memories[key].put(one, id_, body | raw)["id"])

    def raw(self, key: str, id_: str) -> dict[str, Any]:
        return self.memories[key].records["things"][id_]

    def shown(self, key: str, id_: str) -> Values:
        one = self.collections[key]
        texts = {
            name: value if value is None else jsontext.whole(value) if isinstance(value, str) else json.dumps(value)
            for name, value in self.raw(key, id_).items()
            if name in one.lens.columns
        }
        return one.lens.get(frame(texts)).row(0, named=True)

    def other(self, id_: str) -> str:
        with self.hub.store.transaction() as transaction:
            found = transaction.frame(
                f"SELECT b.id FROM {tables.links(self.entity.name)} a JOIN {tables.links(self.entity.name)} b"
                " USING (entity_id) WHERE a.id = ? AND a.collection = ? AND b.collection = ?",
                id_,
                LEFT,
                RIGHT,
            )
        return str(found.item())

    def held(self) -> set[tuple[str, str]]:
        with self.hub.store.transaction() as transaction:
            rows = overview.held(transaction)
        assert set(rows["what"]) <= {"value"}, rows.to_dicts()
        return set(rows.select("id", "field").rows())


def agree(two: Two, id_: str, without: frozenset[str]) -> dict[str, tuple[str | None, str | None]]:
    """Fields in which the two records differ."""
    left, right = two.shown(LEFT, id_), two.shown(RIGHT, two.other(id_))
    limited = two.lens.limit(frame({name: value for name, value in right.items() if name in two.lens.fields}))
    right = limited.row(0, named=True)
    return {name: (left[name], right[name]) for name in left if name not in without and left[name] != right[name]}


@pytest.mark.parametrize(
    "case", [case if n % 11 == 0 else pytest.param(case, marks=pytest.mark.thorough) for n, case in enumerate(CASES)]
)
def test_a_value_that_cant_be_read_holds_its_field_and_the_others_arrive(case: str) -> None:
    entity, lens = CASES[case]
    two, cases = Two(entity, lens), list(wrongs(lens))
    alone, beside = ([two.put(LEFT, None, two.values(), {}) for _ in cases] for _ in range(2))
    two.sync()
    before = {id_: two.shown(RIGHT, two.other(id_)) for id_ in (*alone, *beside)}

    new, expected = [], set()
    for (wrong, fields), first, second in zip(cases, alone, beside, strict=True):
        two.put(LEFT, first, {}, wrong)
        values = {name: value for name, value in two.values().items() if name not in fields}
        two.put(LEFT, second, values, wrong)
        new.append(two.put(LEFT, None, two.values(), wrong))
        expected |= {(id_, name) for id_ in (first, second, new[-1]) for name in fields}
    two.sync()
    assert two.held() == expected
    ids = (*alone, *beside, *new)
    assert len(two.memories[RIGHT].records["things"]) == len(ids)
    for (wrong, fields), *three in zip(cases, alone, beside, new, strict=True):
        for id_ in three:
            assert agree(two, id_, fields) == {}
            kept = two.shown(RIGHT, two.other(id_))
            assert {name: kept[name] for name in fields} == {
                name: before.get(id_, dict.fromkeys(fields))[name] for name in fields
            }
            assert wrong.items() <= two.raw(LEFT, id_).items()

    edit_the_other_side(two, cases, beside)


def another(two: Two, id_: str, fields: frozenset[str]) -> Values:
    """Other values than a record has in some fields."""
    now = two.shown(RIGHT, id_)
    every = ({name: value for name, value in two.values().items() if name in fields} for _ in range(2))
    return next(values for values in every if not values or any(now[name] != values[name] for name in values))


def edit_the_other_side(two: Two, cases: list[tuple[dict[str, Any], frozenset[str]]], ids: list[str]) -> None:
    """What is edited there arrives beside the value that can't be read; that is replaced by what is set after it."""
    for (_, fields), id_ in zip(cases, ids, strict=True):
        values = {name: value for name, value in two.values().items() if name not in fields}
        two.put(RIGHT, two.other(id_), values, {})
    two.sync()
    for (wrong, fields), id_ in zip(cases, ids, strict=True):
        assert agree(two, id_, fields) == {}
        assert wrong.items() <= two.raw(LEFT, id_).items()
        two.put(RIGHT, two.other(id_), another(two, two.other(id_), fields), {})
    two.sync()
    for (_, fields), id_ in zip(cases, ids, strict=True):
        if all(two.entity.field(name).kind is not Kind.REFERENCE for name in fields):
            assert agree(two, id_, frozenset()) == {}
            assert not {(id_, name) for name in fields} & two.held()
    assert set(updatable(two.collections[LEFT])) == set(two.lens.fields)
    assert len(two.memories[LEFT].records["things"]) == len(two.memories[RIGHT].records["things"])


def test_there_are_such_properties_of_every_kind_that_can_be_wrong() -> None:
    found = {
        type(prop).__name__
        for _, lens in CASES.values()
        for name, prop in lens.properties.items()
        if isinstance(prop, Value) and prop.doubts()
    }
    assert {"Decimal", "Date", "Instant", "Choice"} <= found
