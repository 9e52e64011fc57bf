"""Random histories of the whole sync: the real hub on systems in memory, against the promises of the reference model.

    python -m talk_assets_tests.histories 10000 --seed 0

runs that many, prints a line per broken promise with the seed that shows it again, and the faults there were. Histories
are lived in groups of `TOGETHER`, with records of their own in common systems: those of a group have their runs, their
crashes and the traits of their systems in common, and a run costs hardly more than for one of them.
"""

import argparse
import asyncio
import itertools
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from talk_assets.dataflows import Pair
from talk_assets.entities import person
from talk_assets.sync import tables
from talk_assets.sync.connection import Collection
from talk_assets.sync.hub import Hub
from talk_assets.sync.lens import Email, Instant, Lens, Text
from talk_assets_tests.memory import Crash, MemoryCollection, MortalStore, World, system

PAIRS = (Pair("a/people", "b/people"), Pair("b/people", "c/people"), Pair("d/people", "b/people"))
"""A chain, and a second source for its middle."""

TOGETHER = 20
"""Histories that share systems and runs."""

REST = 8
"""Runs within which everything must come to rest."""


class BrokenPromiseError(AssertionError):
    """A history in which the sync did what it must never do."""


def upper(name: str, value: str | None) -> str | None:
    """A system that stores one property in capitals."""
    return value.upper() if name == "job_title" and value else value


def people(
    world: World, name: str, rng: random.Random, rewrite: Callable[[str, str | None], str | None] | None = None
) -> MemoryCollection:
    """A collection of people with the traits of some API: versions, references, tombstones, answers, or none."""
    watched = rng.random() < 0.5
    tombstones = rng.random() < 0.5
    collection = Collection(
        name="people",
        entity=person,
        id="id",
        modified=Instant("modified"),
        version="version",
        deleted="deleted" if tombstones else None,
        reference="ref" if rng.random() < 0.7 else None,
        watched=watched,
        bulk=1 if watched else rng.choice([5, 50]),
        lens=Lens(email=Email("email"), first_name=Text("first_name"), job_title=Text("job_title")),
    )
    answers = bool(rewrite) or rng.random() < 0.5
    memory = MemoryCollection(world, f"{name}/people", collection, answers=answers, tombstones=tombstones)
    if rewrite:
        memory.rewrite = rewrite
    return memory


@dataclass
class History:
    """A group of histories, from a seed."""

    seed: int
    rng: random.Random = field(init=False)
    world: World = field(init=False)
    memories: dict[str, MemoryCollection] = field(init=False)
    keys: "itertools.count[int]" = field(default_factory=itertools.count)
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.world = World(self.rng)
        self.world.somebody = self.edit
        self.memories = {name: people(self.world, name, self.rng, upper if name == "c" else None) for name in "abcd"}
        systems = {name: system(self.world, name, [memory]) for name, memory in self.memories.items()}
        self.store = MortalStore(self.world)
        self.hub = Hub(self.store, systems, PAIRS, run=str(self.seed), clock=self.world.clock)

    def edit(self) -> None:
        """Somebody changes or clears a property somewhere."""
        memory = self.memories[self.rng.choice("abcd")]
        if memory.records:
            id_, name = self.rng.choice(sorted(memory.records)), self.rng.choice(["first_name", "job_title"])
            memory.edit(id_, {name: self.rng.choice([None, f"{name} {self.world.now}"])})
            self.faults["edits"] += 1

    def create(self, history: int) -> None:
        """Somebody creates a record, now and then with an e-mail that others of this history have too."""
        memory = self.memories[self.rng.choice("abcd")]
        same = f"same{history}.{self.rng.randint(0, 2)}"
        key = f"k{next(self.keys)}" if self.rng.random() < 0.7 else same
        now = self.world.now
        memory.create({"email": f"{key}@example.com", "first_name": f"first {now}", "job_title": f"job {now}"})

    def delete(self) -> None:
        """Somebody deletes a record."""
        memory = self.memories[self.rng.choice("abcd")]
        if memory.records:
            memory.delete(self.rng.choice(sorted(memory.records)))
            self.faults["deletes"] += 1

    def sync(self, *, full: bool) -> int:
        """Run once; return how many records were written, or could not be."""
        reports = asyncio.run(self._sync(full=full))
        return sum(reports)

    async def _sync(self, *, full: bool) -> list[int]:
        for name in self.memories:
            await self.hub.read(name, full=full)
        self.hub.settle("person")
        writes = []
        for name in ("a", "d", "b", "c"):
            report = await self.hub.write(name)
            writes += [done.writes + done.failed for done in report.collections.values()]
        return writes

    def faulty_sync(self) -> None:
        """Run with people editing meanwhile, answers that get lost, and the process dying."""
        self.world.crash = self.rng.choice([0, 0, 0.002, 0.01, 0.05])
        self.world.meddle = self.rng.choice([0, 0.1])
        self.world.lost_answers = self.rng.choice([0, 0, 0.1])
        try:
            self.sync(full=self.rng.random() < 0.3)
        except Crash:
            self.faults["crashes"] += 1
        self.world.crash = self.world.meddle = self.world.lost_answers = 0
        self.world.dead = False

    def happen(self, history: int) -> None:
        """Let somebody do something."""
        chance = self.rng.random()
        if chance < 0.5:
            self.create(history)
        elif chance < 0.93:
            self.edit()
        else:
            self.delete()

    def play(self) -> int:
        """Live through the history, then let it come to rest; return after how many runs it did."""
        for _ in range(self.rng.randint(2, 10)):
            for history in range(TOGETHER):
                for _ in range(self.rng.randint(0, 4)):
                    self.happen(history)
            self.faulty_sync()
        runs = next((n for n in range(1, REST + 1) if self.sync(full=True) == 0), None)
        if runs is None:
            self.broken("does not come to rest")
        self.check()
        return runs or 0

    def broken(self, promise: str) -> None:
        """Raise with what it takes to see it again."""
        message = f"seed {self.seed}: {promise}"
        raise BrokenPromiseError(message)

    def check(self) -> None:
        """Hold the state at rest against the promises."""
        with self.store.transaction() as transaction:
            links = transaction.frame(
                f"SELECT collection, id, entity FROM {tables.links('person')} WHERE gone_at IS NULL"
            )
            gone = transaction.frame(
                f"SELECT collection, entity FROM {tables.links('person')} WHERE gone_at IS NOT NULL"
            )
            held = set(transaction.frame("SELECT collection, id FROM sync.held").iter_rows())
            waiting = set(transaction.frame("SELECT collection, entity FROM sync.changes").iter_rows())
        entity = {(key, id_): found for key, id_, found in links.iter_rows()}
        present = {(key, found) for (key, _), found in entity.items()} | set(gone.iter_rows())
        if self.world.overwritten:
            self.broken(f"overwrote an edit nobody had read: {self.world.overwritten}")
        if (
            links.select("collection", "entity").is_duplicated().any()
            or links.select("collection", "id").is_duplicated().any()
        ):
            self.broken("two live records of one collection in one entity")
        self._check_pairs(entity, present, held, waiting)
        self._check_values(entity)
        for (key, id_), made in self.world.made.items():
            if id_ in self.memories[key.split("/")[0]].records and entity.get((key, id_)) != made:
                self.broken(f"created twice: {key}/{id_} for {made}, linked to {entity.get((key, id_))}")

    def _check_pairs(
        self,
        entity: dict[tuple[str, str], str],
        present: set[tuple[str, str]],
        held: set[tuple[str, str]],
        waiting: set[tuple[str, str]],
    ) -> None:
        for pair in PAIRS:
            for id_ in self.memories[pair.left.split("/")[0]].records:
                if (pair.left, id_) in held:
                    continue
                found = entity.get((pair.left, id_))
                if found is None:
                    self.broken(f"{pair.left}/{id_} is neither linked nor held")
                elif (pair.right, found) not in present and (pair.right, found) not in waiting:
                    self.broken(f"{pair.left}/{id_} has no record in {pair.right}")

    def _check_values(self, entity: dict[tuple[str, str], str]) -> None:
        shown: dict[tuple[str, str], set[str | None]] = {}
        for (key, id_), found in entity.items():
            record = self.memories[key.split("/")[0]].records.get(id_)
            if record is None:
                self.broken(f"{key}/{id_} is linked as if it were there")
                continue
            for name in ("email", "first_name", "job_title"):
                shown.setdefault((found, name), set()).add(upper(name, record[name]))
        for (found, name), values in shown.items():
            if len(values) > 1:
                self.broken(f"{found}.{name} differs: {values}")


def main() -> int:
    """Run histories from the command line."""
    parser = argparse.ArgumentParser(description="Random histories of the sync against its promises.")
    parser.add_argument("histories", type=int)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    arguments = parser.parse_args()
    rests: Counter[int] = Counter()
    faults: Counter[str] = Counter()
    violations = 0
    groups = -(-arguments.histories // TOGETHER)
    for seed in range(arguments.seed, arguments.seed + groups):
        history = History(seed)
        try:
            rests[history.play()] += 1
        except BrokenPromiseError as broken:
            violations += 1
            sys.stdout.write(f"{broken}\n")
            sys.stdout.flush()
        faults += history.faults
    sys.stdout.write(
        f"{groups * TOGETHER} histories, {violations} violations, {dict(faults)},"
        f" runs to rest {dict(sorted(rests.items()))}\n"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
