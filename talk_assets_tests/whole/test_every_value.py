"""Every property of a real system: a value that can't be read, is refused, cut or rewritten.

Over HTTP, beside a collection in memory that holds whatever a field can. One sync carries two records for each
property: in one it alone is edited, in the other everything. The other fields arrive or stay, the one is held or
reported, nothing is created twice, and the next sync writes nothing.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from talk_assets.http.limit import UNLIMITED, Clock
from talk_assets.http.retry import Retry
from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Kind
from talk_assets.model.lens import countries
from talk_assets.model.lens import lens as kinds
from talk_assets.model.lens.lens import Instant, Lens, Text, Value
from talk_assets.model.system import System
from talk_assets.report import overview
from talk_assets.report.rewritten import rewritten
from talk_assets.sandbox.serving import Serving, serving
from talk_assets.sandbox.world import numbers
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.conformance import steps
from talk_assets.testing.conformance.steps import Values, frame
from talk_assets.testing.memory import Memory
from talk_assets_tests.whole.front import Front, front

OF: dict[Kind, type[Value]] = {
    Kind.TEXT: kinds.Text, Kind.EMAIL: kinds.Email, Kind.PHONE: kinds.Phone, Kind.DIGITS: kinds.Digits,
    Kind.DECIMAL: kinds.Decimal, Kind.DATE: kinds.Date, Kind.INSTANT: kinds.Instant,
    Kind.ORGANISATION_NUMBER: kinds.OrganisationNumber, Kind.COUNTRY: kinds.Country,
}  # fmt: skip
"""The kinds of which every record can have a value that no other has."""

UNTOLD = {"unit", "department_code"}
"""Texts of which the systems know a few alone."""

ELSEWHERE = ("customwebshop/product",)
"""Collections whose records are more than their properties: what can't be read in them is in tests of their own."""

FIRM = {"name": "Over others"}
WRONG = "neither nor"
CUT, REWRITTEN = "is cut", "is rewritten"
FEW = 12
"""Characters that are left of what is cut."""


def fields_of(collection: Collection) -> list[str]:
    """The fields that a new record of it can have, and that an update can set."""
    entity, both = collection.entity, set(settable(collection)) & set(updatable(collection))
    return [name for name in entity.names if name in both - UNTOLD and entity.field(name).kind in OF]


def unreadable(collection: Collection) -> Iterator[tuple[str, str]]:
    """Fields, and their properties that can hold what can't be read."""
    raw = frame(dict.fromkeys(collection.lens.columns, WRONG))
    doubted = {doubt.property for doubt in collection.lens.doubts if raw.select(doubt.bad).item()}
    for name in fields_of(collection):
        (source, *more) = collection.lens.sources(name)
        if source in doubted and not more:
            yield name, source


DEFAULT = ("customerp/product", "webcrm/products")
CASES = {
    f"{name}/{one.name}": one
    for name, system in SYSTEMS.items()
    for one in system.build(SystemSettings()).collections
    if one.writable and one.creatable and not one.parts and one.lens.lines is None
    if not any(prop.required for prop in one.lens.properties.values() if isinstance(prop, kinds.Ref))
}
"""Those whose records stand alone: orders and their lines, and contact persons of a customer, are in other tests."""

UNDER = {"poweroffice_peer/contactperson": {"contacts_under": "customer"}}
"""Options that name a record, by collection: the collection of that record."""


@dataclass
class Beside:
    """The records in memory and those of the system, with a hub over both and a front between."""

    key: str
    sandbox: Serving
    front: Front
    system: System = field(init=False)
    store: Store = field(default_factory=lambda: Store(None))
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(100))
    refused: set[str] = field(default_factory=set)
    garbled: set[bytes] = field(default_factory=set)
    """Values, as JSON has them, in whose place the system shows what can't be read."""

    def __post_init__(self) -> None:
        name, _, collection = self.key.partition("/")
        options = {option: self.sandbox.create(name, of, FIRM) for option, of in UNDER.get(self.key, {}).items()}
        settings = SystemSettings(
            self.front.url(name), rate=UNLIMITED, retry=Retry(clock=self._clock()), options=options
        )
        self.system = SYSTEMS[name].build(settings)
        self.there = self.system.collection(collection)
        entity, self.fields = self.there.entity, fields_of(self.there)
        lens = Lens(**{name: OF[entity.field(name).kind](name) for name in self.fields})
        self.here = Collection(
            name="things", entity=entity, id="id", modified=Instant("modified"), version="version", lens=lens
        )
        self.memory = Memory([self.here], size=500)
        self.organisations = numbers.organisation_numbers(numbers.LANES - 1)
        self.gtins = numbers.gtins(numbers.LANES - 1)
        self.countries = iter(sorted(countries.codes().values()))
        systems = {"left": self.memory.system("left"), name: self.system}
        self.hub = Hub(self.store, systems, [Pair("left/things", self.key)], run="", clock=self._now)
        self.front.taken, self.front.spelled = self._taken, self._spelled

    def _clock(self) -> Clock:
        async def sleep(seconds: float) -> None:
            self.sandbox.clock.advance(seconds)

        return Clock(now=self.sandbox.clock.now, wall=self.sandbox.clock.now, sleep=sleep)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.sandbox.clock.now(), UTC)

    def _taken(self, body: bytes) -> bytes | None:
        """What the system makes of a write: it cuts and rewrites some texts, and refuses some values."""
        values = [str(leaf) for leaf in _leaves(json.loads(body))]
        if self.refused & set(values):
            return None
        for value in values:
            if CUT in value:
                body = body.replace(json.dumps(value).encode(), json.dumps(value[:FEW]).encode())
            elif REWRITTEN in value:
                body = body.replace(
                    json.dumps(value).encode(), json.dumps(value.replace(REWRITTEN, "became another")).encode()
                )
        return body

    def _spelled(self, body: bytes) -> bytes:
        """What the system shows: nothing that can be read in place of some values."""
        for value in self.garbled:
            body = re.sub(rb"(?<=[:,\[\s])" + re.escape(value) + rb"(?=[,\]}\s])", json.dumps(WRONG).encode(), body)
        return body

    def sync(self) -> int:
        """Read, reconcile and write once, a minute later; return how many records were written."""
        self.later()
        self.hub.run = f"run {next(self.serial)}"
        for name in self.hub.systems:
            asyncio.run(self.hub.read(name))
        self.hub.reconcile(self.here.entity.name)
        done = [asyncio.run(self.hub.write(name)).collections.values() for name in self.hub.systems]
        self.later()
        return sum(report.writes for reports in done for report in reports)

    def later(self) -> None:
        self.sandbox.clock.advance(60)
        self.memory.clock.seconds = self.sandbox.clock.now()

    def values(self, names: Sequence[str] | None = None) -> Values:
        """A value that no record has for each field, or for some."""
        return {name: self._value(name) for name in names or self.fields}

    def _value(self, name: str) -> str:
        n, kind = next(self.serial), self.there.entity.field(name).kind
        if kind is Kind.COUNTRY:
            return next(self.countries)
        made = {
            Kind.EMAIL: f"{name}{n}@acme.example",
            Kind.PHONE: f"+4790{n:06}",
            Kind.DIGITS: next(self.gtins),
            Kind.DECIMAL: f"{n}.5",
            Kind.DATE: f"{date(1990, 1, 1) + timedelta(days=n)}",
            Kind.INSTANT: f"{datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n):%Y-%m-%dT%H:%M:%S.000000Z}",
            Kind.ORGANISATION_NUMBER: next(self.organisations),
        }
        return made.get(kind) or (f"{n}" if name in {"number", "postal_code"} else f"{name.title()} {n}")

    def put(self, id_: str | None, values: Values) -> str:
        """Somebody sets fields in memory."""
        mask = pl.DataFrame({name: [name in values] for name in self.fields})
        body = json.loads(self.here.lens.put(frame(dict.fromkeys(self.fields) | values), mask)[0])
        return str(self.memory.put(self.here, id_, body)["id"])

    def others(self) -> dict[str, str]:
        """Ids of the system's records by those of the records in memory."""
        links = tables.links(self.here.entity.name)
        with self.store.transaction() as transaction:
            return dict(
                transaction.frame(
                    f"SELECT a.id, b.id AS other FROM {links} a JOIN {links} b USING (entity_id)"
                    " WHERE a.collection = 'left/things' AND b.collection = ?",
                    self.key,
                ).iter_rows()
            )

    def shown(self, id_: str) -> Values:
        """What the system shows of a record, by its own id."""
        found = steps.shown(self.system, self.there, id_)
        return {name: found[name] for name in self.fields}

    def stored(self, id_: str) -> dict[str, Any]:
        """The system's record as it is there."""
        records = self.sandbox.records(self.system.name, self.shelf)
        (found,) = (one for one in records if str(one[self.there.id]) == id_)
        return found

    def settable(self, id_: str, name: str) -> bool:
        """Whether a field is a property by itself or within an object, and no element of a list."""
        found = self.stored(id_)
        return not any(isinstance(found.get(one.partition(".")[0]), list) for one in self.there.lens.sources(name))

    def edit(self, id_: str, properties: dict[str, Any]) -> None:
        """Somebody sets properties as they are in the system, those within an object beside what else it holds."""
        found = self.stored(id_)
        outer = {name.partition(".")[0]: found[name.partition(".")[0]] for name in properties if "." in name}
        merged: dict[str, Any] = {name: dict(value or {}) for name, value in outer.items()}
        for name, value in properties.items():
            first, _, inner = name.partition(".")
            if inner:
                merged[first][inner] = value
            else:
                merged[name] = value
        self.sandbox.edit(self.system.name, self.shelf, found[self.there.id], merged)

    def in_memory(self, id_: str) -> Values:
        """What a record in memory holds."""
        raw = {name: self.memory.records["things"][id_][name] for name in self.fields}
        texts = {name: one if one is None or isinstance(one, str) else json.dumps(one) for name, one in raw.items()}
        return self.here.lens.get(frame(texts)).row(0, named=True)

    def expected(self, values: Values) -> Values:
        """The values as the system holds them."""
        limited = steps.limited(self.there, values)
        return {name: limited[name] for name in values}

    def held(self) -> set[tuple[str, str | None]]:
        with self.store.transaction() as transaction:
            rows = overview.held(transaction)
        return set(rows.select("id", "field").iter_rows())

    def reported(self) -> set[tuple[str, str]]:
        with self.store.transaction() as transaction:
            rows = rewritten(transaction, {self.key: self.there})
        return set(rows.select("id", "field").iter_rows())

    @property
    def shelf(self) -> str:
        """What the sandbox calls the collection."""
        path = str(getattr(self.there, "path")).rpartition("/")[2]  # noqa: B009 -- every system has paths, each its own class
        return path.removeprefix("Party")

    def counts(self) -> tuple[int, int]:
        """How many records there are on either side."""
        there = [one for one in self.sandbox.records(self.system.name, self.shelf) if not one.get("deleted")]
        return len(self.memory.records["things"]), len(there)


def _leaves(value: Any) -> Iterator[object]:  # noqa: ANN401 -- whatever JSON
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


@contextmanager
def beside(key: str) -> Iterator[Beside]:
    with serving() as sandbox, front(sandbox.root) as before:
        yield Beside(key, sandbox, before)


def texts(two: Beside) -> Sequence[str]:
    """The fields whose text may be any, and that are not what records are matched by."""
    return [
        name
        for name in two.fields
        if isinstance(two.there.lens.property_of(name), Text) and name not in {"number", "postal_code"}
    ]


@pytest.mark.parametrize(
    "key", [key if key in DEFAULT else pytest.param(key, marks=pytest.mark.thorough) for key in CASES]
)
def test_what_a_system_refuses_cuts_or_rewrites_is_held_or_said_and_the_rest_arrives(key: str) -> None:
    with beside(key) as two:
        ways = [(name, how) for name in two.fields for how in ("refused", CUT, REWRITTEN)]
        ways = [(name, how) for name, how in ways if how == "refused" or name in texts(two)]
        cases = [(*way, alone) for way in ways for alone in (False, True)]
        ids = [two.put(None, two.values()) for _ in cases]
        assert two.sync() == len(ids)
        others, before = two.others(), {}
        sent: list[Values] = []
        for (name, how, alone), id_ in zip(cases, ids, strict=True):
            before[id_] = two.shown(others[id_])
            values = two.values([name] if alone else two.fields)
            if how == "refused":
                leaf = json.loads(two.there.lens.put(*_alone(two, {name: values[name]}))[0])
                two.refused |= {str(one) for one in _leaves(leaf)}
            else:
                values[name] = f"{values[name]} {how} {next(two.serial)}"
            two.put(id_, values)
            sent.append(values)
        two.sync()
        assert two.sync() == 0
        held, reported = two.held(), two.reported()
        assert held == {(others[id_], name) for (name, how, _), id_ in zip(cases, ids, strict=True) if how == "refused"}
        assert reported == {
            (others[id_], name) for (name, how, _), id_ in zip(cases, ids, strict=True) if how != "refused"
        }
        for (name, how, alone), id_, values in zip(cases, ids, sent, strict=True):
            shown = two.shown(others[id_])
            rest = {one: value for one, value in (before[id_] | two.expected(values)).items() if one != name}
            assert {one: shown[one] for one in rest} == rest, (name, how, alone)
            if how == "refused":
                assert shown[name] == before[id_][name]
        assert two.counts() == (len(ids), len(ids))
        assert two.others() == others


def _alone(two: Beside, values: Values) -> tuple[Any, Any]:
    """Some values as the system's lens takes them, and which they are."""
    fields = two.there.lens.fields
    known = frame(dict.fromkeys(fields) | values)
    return known, pl.DataFrame({name: [name in values] for name in fields})


@pytest.mark.parametrize(
    "key",
    [
        key if key in DEFAULT else pytest.param(key, marks=pytest.mark.thorough)
        for key, one in CASES.items()
        if any(unreadable(one)) and key not in ELSEWHERE
    ],
)
def test_what_cant_be_read_holds_its_field_and_the_rest_arrives(key: str) -> None:
    with beside(key) as two:
        cases = [(*one, alone) for one in unreadable(two.there) for alone in (False, True)]
        ids = [two.put(None, two.values()) for _ in cases]
        assert two.sync() == len(ids)
        others, sent = two.others(), []
        before = [dict(two.memory.records["things"][id_]) for id_ in ids]
        modified = two.there.modified
        assert modified
        for (name, source, alone), id_ in zip(cases, ids, strict=True):
            edited = [one for one in two.fields if not alone and one != name and two.settable(others[id_], one)]
            values = two.values(edited) if edited else {}
            body = json.loads(two.there.lens.put(*_alone(two, values))[0]) if values else {}
            hidden = json.loads(two.there.lens.put(*_alone(two, {name: two.values()[name]}))[0])
            two.garbled |= {json.dumps(one).encode() for one in _leaves(hidden)}
            touched = {name: None for name in (modified.property, two.there.version) if name}
            two.later()
            two.edit(others[id_], {**body, **hidden, **touched})
            two.garbled.add(json.dumps(two.stored(others[id_])[source.partition(".")[0]]).encode())
            sent.append(values)
        two.sync()
        assert two.held() == {(others[id_], name) for (name, *_), id_ in zip(cases, ids, strict=True)}
        for (name, *_), id_, values, was in zip(cases, ids, sent, before, strict=True):
            now = two.in_memory(id_)
            if values:
                expected = two.expected(values)
                assert {one: now[one] for one in expected} == expected, name
            else:
                assert two.memory.records["things"][id_] == was, name
            assert two.memory.records["things"][id_][name] == was[name]
        assert two.counts() == (len(ids), len(ids))
        assert two.sync() == 0
        assert two.others() == others
