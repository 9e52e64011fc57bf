"""A real system over HTTP beside collections in memory that hold whatever a field can, and a front between.

The tests of every value share this: records are edited in memory, or in the system, and synced.
"""

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from talk_assets.http.limit import UNLIMITED, Clock
from talk_assets.http.retry import Retry
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import ENTITIES, Entity, Kind
from talk_assets.model.lens import countries
from talk_assets.model.lens import lens as kinds
from talk_assets.model.lens.lens import Decimal, Instant, Lens, Lines, Property, Ref, Text, Value
from talk_assets.model.system import System
from talk_assets.report import overview
from talk_assets.report.rewritten import rewritten
from talk_assets.sandbox.serving import Serving
from talk_assets.sandbox.world import numbers
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.conformance import steps
from talk_assets.testing.conformance.steps import Values, frame
from talk_assets.testing.memory import Memory
from talk_assets_tests.whole.front import Front

OF: dict[Kind, type[Value]] = {
    Kind.TEXT: kinds.Text, Kind.EMAIL: kinds.Email, Kind.PHONE: kinds.Phone, Kind.DIGITS: kinds.Digits,
    Kind.DECIMAL: kinds.Decimal, Kind.DATE: kinds.Date, Kind.INSTANT: kinds.Instant,
    Kind.ORGANISATION_NUMBER: kinds.OrganisationNumber, Kind.COUNTRY: kinds.Country,
}  # fmt: skip
"""The kinds of which every record can have a value that no other has."""

UNTOLD = {"unit", "department_code"}
"""Texts of which the systems know a few alone."""

MATCHED_BY = {"number", "postal_code"}
"""Texts that stay short numbers: what records are matched by, and what may be looked up in a register."""

UNDER = {"poweroffice_peer/contactperson": {"contacts_under": "customer"}}
"""Options that name a record, by collection: the collection of that record."""

FIRM = {"name": "Over others"}
WRONG = "neither nor"
"""What can't be read, whatever the type."""

REFUSED, CUT, REWRITTEN = "refused", "is cut", "is rewritten"
FEW = 12
"""Characters that are left of a text that is cut."""


def plain(entity: Entity, name: str) -> Property:
    """A property in memory for a field, which holds whatever the field can; references lead to what it leads to."""
    found = entity.field(name)
    if found.kind is Kind.CHOICE:
        return kinds.Choice(name, {value: value for value in found.values})
    if found.kind is Kind.CURRENCY:
        return kinds.Currency(name)
    if found.kind is Kind.REFERENCE:
        return Ref(name, to=str(found.to))
    if found.kind is Kind.LINES:
        return Lines(
            name, product=Ref("product", to="product"), description=Text("description"), quantity=Decimal("quantity"),
            unit_price=Decimal("unit_price"), discount=Decimal("discount"),
        )  # fmt: skip
    return OF[found.kind](name)


def in_memory(name: str, entity: Entity, fields: Sequence[str]) -> Collection:
    """A collection in memory that holds these fields."""
    lens = Lens(**{one: plain(entity, one) for one in fields})
    return Collection(name=name, entity=entity, id="id", modified=Instant("modified"), version="version", lens=lens)


def leaves(value: Any) -> Iterator[object]:  # noqa: ANN401 -- whatever JSON
    """The values in some JSON that hold no others."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one)
    else:
        yield value


def unreadable(collection: Collection, fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Fields, and their properties that can hold what can't be read."""
    raw = frame(dict.fromkeys(collection.lens.columns, WRONG))
    doubted = {doubt.property for doubt in collection.lens.doubts if raw.select(doubt.bad).item()}
    for name in fields:
        (source, *more) = collection.lens.sources(name)
        if source in doubted and not more:
            yield name, source


def masked(collection: Collection, values: Values) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some values as the collection's lens takes them, and which they are."""
    fields = collection.lens.fields
    known = frame(dict.fromkeys(fields) | values)
    return known, pl.DataFrame({name: [name in values] for name in fields})


@dataclass
class Beside:
    """The records in memory and those of the system, with a hub over both and a front between.

    `fields` are those that are edited; `new` are all that a new record has.
    """

    key: str
    sandbox: Serving
    front: Front
    system: System = field(init=False)
    store: Store = field(default_factory=lambda: Store(None))
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    def __post_init__(self) -> None:
        name, _, collection = self.key.partition("/")
        self.options = {option: self.sandbox.create(name, of, FIRM) for option, of in UNDER.get(self.key, {}).items()}
        self.system = self.opened(self.front.url(name))
        self.there = self.system.collection(collection)
        self.fields, self.new = self.chosen()
        self.here = in_memory("things", self.there.entity, self.new)
        others = self.referred_to()
        self.memory = Memory([self.here, *others.values()], size=500)
        self.organisations = numbers.organisation_numbers(numbers.LANES - 1)
        self.gtins = numbers.gtins(numbers.LANES - 1)
        self.countries = iter(sorted(countries.codes().values()))
        systems = {"left": self.memory.system("left"), name: self.system}
        pairs = [Pair(f"left/{one.name}", key) for key, one in others.items()]
        self.hub = Hub(self.store, systems, [*pairs, Pair("left/things", self.key)], run="", clock=self._now)
        self.front.taken, self.front.spelled = self.taken, self.spelled

    def chosen(self) -> tuple[Sequence[str], Sequence[str]]:
        """The fields that are edited, and those of a new record."""
        raise NotImplementedError

    def referred_to(self) -> dict[str, Collection]:
        """Further collections in memory, by the key of the collection that each is in a pair with."""
        return {}

    def taken(self, body: bytes, path: str) -> bytes | None:
        """What the system makes of the body of a write; null if it refuses it."""
        raise NotImplementedError

    def spelled(self, body: bytes, path: str) -> bytes:
        """How the body of an answer is written."""
        raise NotImplementedError

    def opened(self, url: str) -> System:
        """The system at a URL, which waits in the sandbox's time."""
        settings = SystemSettings(url, rate=UNLIMITED, retry=Retry(clock=self._clock()), options=self.options)
        return SYSTEMS[self.key.partition("/")[0]].build(settings)

    def _clock(self) -> Clock:
        async def sleep(seconds: float) -> None:
            self.sandbox.clock.advance(seconds)

        return Clock(now=self.sandbox.clock.now, wall=self.sandbox.clock.now, sleep=sleep)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.sandbox.clock.now(), UTC)

    def sync(self) -> int:
        """Read, reconcile and write once, a minute later; return how many records were written."""
        self.later()
        self.hub.run = f"run {next(self.serial)}"
        for name in self.hub.systems:
            asyncio.run(self.hub.read(name))
        used = {one.entity.name for one in self.memory.collections}
        for entity in ENTITIES:
            if entity in used:
                self.hub.reconcile(entity)
        done = [asyncio.run(self.hub.write(name)).collections.values() for name in self.hub.systems]
        self.later()
        return sum(report.writes for reports in done for report in reports)

    def later(self) -> None:
        self.sandbox.clock.advance(60)
        self.memory.clock.seconds = self.sandbox.clock.now()

    def values(self, names: Sequence[str] | None = None) -> Values:
        """A value that no record has for each field, or for some."""
        return {name: self.value(name) for name in names or self.fields}

    def value(self, name: str) -> str:
        """A value that no record has."""
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
        return made.get(kind) or (f"{n}" if name in MATCHED_BY else f"{name.title()} {n}")

    def put(self, id_: str | None, values: Values) -> str:
        """Somebody sets fields in memory."""
        return self.put_in(self.here, id_, values)

    def put_in(self, collection: Collection, id_: str | None, values: Values) -> str:
        """Somebody sets fields of a record of a collection in memory."""
        (body,) = collection.lens.put(*masked(collection, values))
        return str(self.memory.put(collection, id_, json.loads(body))["id"])

    def others(self, here: str = "things", there: str | None = None) -> dict[str, str]:
        """Ids of the system's records by those of the records in memory."""
        key = there or self.key
        entity = self.system.collection(key.partition("/")[2]).entity
        links = tables.links(entity.name)
        with self.store.transaction() as transaction:
            return dict(
                transaction.frame(
                    f"SELECT a.id, b.id AS other FROM {links} a JOIN {links} b USING (entity_id)"
                    " WHERE a.collection = ? AND b.collection = ?",
                    f"left/{here}",
                    key,
                ).iter_rows()
            )

    def shown(self, id_: str) -> Values:
        """What the system shows of a record, by its own id."""
        found = steps.shown(self.system, self.there, id_)
        return {name: found[name] for name in self.fields}

    def expected(self, values: Values) -> Values:
        """The values as the system holds them."""
        limited = steps.limited(self.there, values)
        return {name: limited[name] for name in values}

    def in_memory(self, id_: str) -> Values:
        """What a record in memory holds."""
        raw = {name: self.memory.records["things"][id_][name] for name in self.here.lens.columns}
        texts = {name: one if one is None or isinstance(one, str) else json.dumps(one) for name, one in raw.items()}
        found = self.here.lens.get(frame(texts)).row(0, named=True)
        return {name: found[name] for name in self.fields}

    def held(self) -> set[tuple[str, str | None]]:
        """What is held of the records of either side; a line that is a record of its own holds what its order does."""
        with self.store.transaction() as transaction:
            rows = overview.held(transaction)
        parts = [f"{self.system.name}/{part.of}" for part in self.there.parts]
        return set(rows.filter(~pl.col("collection").is_in(parts)).select("id", "field").iter_rows())

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
