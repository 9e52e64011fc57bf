"""Three systems in a row, crm → erp → shop, each with people: what depends on which pairs are in use, and how."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import person
from talk_assets.model.lens.lens import Email, Instant, Lens, Text
from talk_assets.model.system import System
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.guards import UNLIMITED, Limits
from talk_assets.sync.hub import Hub
from talk_assets.sync.plan.permits import Permits
from talk_assets_tests.simulator.memory import MemoryCollection, system
from talk_assets_tests.simulator.world import World

CRM, ERP, SHOP = "crm/people", "erp/people", "shop/people"
FIRST, SECOND = Pair(CRM, ERP), Pair(ERP, SHOP)
NAMES = ("crm", "erp", "shop")


def people() -> Collection:
    lens = Lens(email=Email("email"), first_name=Text("first_name"), job_title=Text("job_title"))
    return Collection(
        name="people", entity=person, id="id", modified=Instant("modified"), version="version", reference="ref",
        optimistic_lock=True, lens=lens,
    )  # fmt: skip


@dataclass
class Chain:
    """The systems and a hub over them; `pairs` are those in use."""

    pairs: tuple[Pair, ...] = (FIRST, SECOND)
    limits: Limits = UNLIMITED
    world: World = field(default_factory=World)
    store: Store = field(default_factory=lambda: Store(None))
    memories: dict[str, MemoryCollection] = field(init=False)
    systems: dict[str, System] = field(init=False)

    def __post_init__(self) -> None:
        self.memories = {key: MemoryCollection(self.world, key, people()) for key in (CRM, ERP, SHOP)}
        self.systems = {name: system(self.world, name, [self.memories[f"{name}/people"]]) for name in NAMES}

    def declare(self, key: str, **changes: Any) -> None:  # noqa: ANN401
        """Declare a collection otherwise from now on, as another talk.toml would."""
        memory = self.memories[key]
        memory.collection = replace(memory.collection, **changes)
        name = key.split("/", maxsplit=1)[0]
        self.systems[name] = system(self.world, name, [memory])

    def hub(self, run: str = "run") -> Hub:
        """A process that was just started."""
        systems = {name: self.systems[name] for name in NAMES if any(name in str(pair) for pair in self.pairs)}
        return Hub(self.store, systems, self.pairs, run=run, limits=self.limits, clock=self.world.clock)

    def sync(self, *, planned: Iterable[Pair] = (), left_out: Iterable[Pair] = (), full: bool = False) -> Hub:
        """Run once; some of the pairs are in mode plan, others are not what the run is about."""
        hub = self.reconcile(full=full)
        permits = Permits(self.pairs, frozenset(planned), frozenset(left_out))
        for name in hub.systems:
            asyncio.run(hub.write(name, permits=permits))
        return hub

    def reconcile(self, *, full: bool = False) -> Hub:
        """Read and reconcile, and write nothing."""
        hub = self.hub()
        for name in hub.systems:
            asyncio.run(hub.read(name, full=full))
        hub.reconcile("person")
        return hub

    def create(self, key: str, **values: str) -> str:
        """Somebody creates a record."""
        return self.memories[key].employ(0, values)

    def edit(self, key: str, id_: str, **values: str | None) -> None:
        """Somebody edits a record."""
        self.memories[key].edit(id_, values)

    def shown(self, key: str, *names: str) -> list[tuple[str | None, ...]]:
        """What the records of a collection hold in some properties."""
        return [tuple(record.get(name) for name in names) for record in self.memories[key].records.values()]

    def changes(self) -> Sequence[Mapping[str, Any]]:
        """What still waits."""
        with self.transaction() as transaction:
            return transaction.frame("SELECT * FROM sync.changes ORDER BY collection, action").to_dicts()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Look into the database."""
        with self.store.transaction() as transaction:
            transaction.ensure(tables.of({key: memory.collection for key, memory in self.memories.items()}))
            yield transaction
