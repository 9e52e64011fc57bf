"""A small configured instance for tests: a CRM and an ERP in memory, with companies and people on both sides.

What is real: the configuration, the hub, and the graph over them. The systems are stand-ins, and the database is one in
memory unless a test asks for the file, which costs time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from talk_assets.config import wiring
from talk_assets.config.configuration import Config, DataflowSettings, Mode
from talk_assets.config.wiring import Wiring
from talk_assets.errors import SystemFailure
from talk_assets.http.limit import UNLIMITED
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Dataflow, OnDelete, Pair
from talk_assets.model.entities import Entity, company, person
from talk_assets.model.lens.lens import Email, Instant, Lens, OrganisationNumber, Ref, Text
from talk_assets.model.system import System
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.guards import UNLIMITED as UNGUARDED
from talk_assets.sync.guards import Limits
from talk_assets.sync.hub import Hub
from talk_assets.sync.link.weighed import OFF, Evidence
from talk_assets.sync.plan.permits import Permits
from talk_assets.systems import Opening, Registered, SystemSettings
from talk_assets_tests import data_folder
from talk_assets_tests.simulator.memory import MemoryCollection, MemoryConnection
from talk_assets_tests.simulator.world import World

DATAFLOW = Dataflow("crm", "erp", (Pair("crm/companies", "erp/customers"), Pair("crm/people", "erp/contacts")))


def pairs_saying(on_delete: OnDelete) -> tuple[Pair, ...]:
    """The office's pairs, with what they say about deletions."""
    return tuple(replace(pair, on_delete=on_delete) for pair in DATAFLOW.pairs)


def collection(name: str, entity: Entity, lens: Lens) -> Collection:
    return Collection(
        name=name, entity=entity, id="id", modified=Instant("modified"), version="version", reference="ref",
        optimistic_lock=True, lens=lens,
    )  # fmt: skip


def companies(name: str) -> Collection:
    return collection(name, company, Lens(name=Text("name"), organisation_number=OrganisationNumber("number")))


def people(name: str, employer: str) -> Collection:
    lens = Lens(email=Email("email"), first_name=Text("first_name"), company=Ref("employer", to=employer))
    return collection(name, person, lens)


@dataclass
class Office:
    """The world, its collections by key, and the instance in `folder`. `broken` are systems that cannot be reached."""

    folder: Path
    mode: Mode = Mode.WRITE
    run: str = "test"
    world: World = field(default_factory=World)
    memories: dict[str, MemoryCollection] = field(init=False)
    broken: dict[str, str] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = DATAFLOW.pairs
    limits: Limits = UNGUARDED
    start_date: date | None = None
    evidence: Evidence = OFF
    _hub: tuple[object, Hub] | None = None

    def __post_init__(self) -> None:
        found = {
            "crm/companies": companies("companies"),
            "crm/people": people("people", "companies"),
            "erp/customers": companies("customers"),
            "erp/contacts": people("contacts", "customers"),
        }
        self.memories = {key: MemoryCollection(self.world, key, one) for key, one in found.items()}

    @property
    def config(self) -> Config:
        settings = {name: SystemSettings("http://127.0.0.1:1") for name in ("crm", "erp")}
        flow = DataflowSettings(DATAFLOW, self.mode, self.pairs, self.start_date)
        return Config(
            self.folder, self.folder / "talk.duckdb", 8765, settings, (flow,), limits=self.limits,
            evidence=self.evidence,
        )  # fmt: skip

    def registered(self, name: str) -> Registered:
        own = [memory for key, memory in self.memories.items() if key.startswith(f"{name}/")]

        @asynccontextmanager
        async def connect() -> AsyncIterator[MemoryConnection]:
            if name in self.broken:
                raise SystemFailure(self.broken[name])
            yield MemoryConnection(self.world, {memory.collection.name: memory for memory in own})

        def opened(_: Opening) -> System:
            return System(name, name.upper(), tuple(memory.collection for memory in own), connect)

        return Registered(name, name.upper(), None, UNLIMITED, (), {}, open=opened)

    def create(self, key: str, **values: str) -> str:
        """Somebody creates a record."""
        return self.memories[key].create(values)

    def records(self, key: str) -> list[dict[str, Any]]:
        """What a collection holds now."""
        return list(self.memories[key].records.values())

    @property
    def hub(self) -> Hub:
        """The hub of this test, as the office is configured now."""
        configured = (self.pairs, self.limits, self.evidence, *(memory.collection for memory in self.memories.values()))
        if self._hub is None or self._hub[0] != configured:
            self._hub = configured, self.wiring().hub(self.run)
        self._hub[1].run = self.run
        return self._hub[1]

    def reopen(self) -> None:
        """Take up whatever database there is now."""
        self._hub = None

    def sync(self, run: str = "run") -> None:
        """Run the hub once, without Dagster."""
        hub = self.reconcile_only(run)
        for name in ("crm", "erp"):
            asyncio.run(hub.write(name, permits=self.permits))

    def sync_in_full(self) -> None:
        """As `sync`, everything being read again."""
        for name in ("crm", "erp"):
            asyncio.run(self.hub.read(name, full=True))
        self.sync()

    def reconcile_only(self, run: str = "run") -> Hub:
        """Read and reconcile, and write nothing."""
        self.run = run
        hub = self.hub
        for name in ("crm", "erp"):
            asyncio.run(hub.read(name))
        for entity in ("company", "person"):
            hub.reconcile(entity)
        return hub

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Look into the database."""
        with self.hub.store.transaction() as transaction:
            transaction.ensure(tables.of({key: memory.collection for key, memory in self.memories.items()}))
            yield transaction

    @property
    def permits(self) -> Permits:
        """What a run of all dataflows may write."""
        return self.wiring().permits(self.config.dataflows)

    def wiring(self) -> Wiring:
        return Wiring(self.config)


def open_office(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, mode: Mode = Mode.WRITE, on_disk: bool = False
) -> Office:
    """Return an office whose systems are the registered ones for the length of a test."""
    office = Office(folder, mode)
    if on_disk:
        data_folder.fill(folder)
    else:
        store = Store(None)
        monkeypatch.setattr(Wiring, "store", lambda _: store)
    monkeypatch.setattr(wiring, "SYSTEMS", {name: office.registered(name) for name in ("crm", "erp")})
    return office
