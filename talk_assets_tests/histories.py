"""Random histories of the whole sync: the real hub on systems in memory, against the promises of the reference model.

    python -m talk_assets_tests.histories 10000 --seed 0

runs that many, prints a line per broken promise with the seed that shows it again, and the faults there were. Histories
are lived in groups of `TOGETHER`, with records of their own in common systems: those of a group have their runs, their
crashes and the traits of their systems in common, and a run costs hardly more than for one of them.
"""

import argparse
import asyncio
import itertools
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import polars as pl

from talk_assets.dataflows import Pair
from talk_assets.entities import ENTITIES, company, person
from talk_assets.sync import tables
from talk_assets.sync.connection import Collection
from talk_assets.sync.hub import Hub
from talk_assets.sync.lens import Digits, Email, Instant, Lens, Ref, Text
from talk_assets_tests.memory import Crash, MemoryCollection, MortalStore, World, system

PAIRS = tuple(
    Pair(f"{left}/{name}", f"{right}/{name}") for name in ("people", "firms") for left, right in ("ab", "bc", "db")
)
"""A chain, and a second source for its middle; people refer to firms."""

LENSES = {
    "people": Lens(
        email=Email("email"),
        first_name=Text("first_name"),
        job_title=Text("job_title"),
        company=Ref("firm", to="firms"),
    ),
    "firms": Lens(organisation_number=Digits("number"), name=Text("name")),
}

TOGETHER = 50
"""Histories that share systems and runs."""

REST = 8
"""Runs within which everything must come to rest."""


class BrokenPromiseError(AssertionError):
    """A history in which the sync did what it must never do."""


def upper(name: str, value: str | None) -> str | None:
    """A system that stores one property in capitals."""
    return value.upper() if name == "job_title" and value else value


def collection(
    world: World, key: str, rng: random.Random, rewrite: Callable[[str, str | None], str | None] | None
) -> MemoryCollection:
    """A collection with the traits of some API: versions, references, tombstones, answers, or none."""
    name = key.split("/")[1]
    watched, tombstones = rng.random() < 0.5, rng.random() < 0.5
    declared = Collection(
        name=name,
        entity={"people": person, "firms": company}[name],
        id="id",
        modified=Instant("modified"),
        version="version",
        deleted="deleted" if tombstones else None,
        reference="ref" if rng.random() < 0.7 else None,
        watched=watched,
        bulk=1 if watched else rng.choice([1, 70]),
        lens=LENSES[name],
    )
    answers = bool(rewrite) or rng.random() < 0.5  # without an answer, a rewritten value counts as an edit
    memory = MemoryCollection(world, key, declared, answers=answers, tombstones=tombstones)
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
        self.memories = {
            f"{name}/{kind}": collection(self.world, f"{name}/{kind}", self.rng, upper if name == "c" else None)
            for name in "abcd"
            for kind in ("people", "firms")
        }
        systems = {
            name: system(self.world, name, [self.memories[f"{name}/firms"], self.memories[f"{name}/people"]])
            for name in "abcd"
        }
        self.store = MortalStore(self.world)
        self.hub = Hub(self.store, systems, PAIRS, run=str(self.seed), clock=self.world.clock)

    def edit(self) -> None:
        """Somebody changes or clears a property somewhere, or says that a person is with another firm."""
        name = self.rng.choice("abcd")
        memory = self.memories[f"{name}/people"]
        if memory.records:
            id_, changed = self.rng.choice(sorted(memory.records)), self.rng.choice(["first_name", "job_title", "firm"])
            value = f"{changed} {self.world.now}" if changed != "firm" else self.some_firm(name)
            memory.edit(id_, {changed: self.rng.choice([None, value])})
            self.faults["edits"] += 1

    def some_firm(self, name: str) -> str | None:
        """The id of a firm in that system."""
        return self.rng.choice([None, *sorted(self.memories[f"{name}/firms"].records)])

    def create(self, history: int) -> None:
        """Somebody creates a record, now and then with an e-mail or a number that others of this history have too."""
        name, now = self.rng.choice("abcd"), self.world.now
        same = self.rng.random() < 0.3
        key = f"{history}{self.rng.randint(0, 2)}" if same else f"9{next(self.keys):05}"
        if self.rng.random() < 0.3:
            self.memories[f"{name}/firms"].create({"number": key, "name": f"firm {now}"})
            return
        values = {"email": f"{key}@example.com", "first_name": f"first {now}", "job_title": f"job {now}"}
        self.memories[f"{name}/people"].create(values | {"firm": self.some_firm(name)})

    def delete(self) -> None:
        """Somebody deletes a record."""
        memory = self.memories[self.rng.choice(sorted(self.memories))]
        if memory.records:
            memory.delete(self.rng.choice(sorted(memory.records)))
            self.faults["deletes"] += 1

    def happen(self, history: int) -> None:
        """Let somebody do something."""
        chance = self.rng.random()
        if chance < 0.5:
            self.create(history)
        elif chance < 0.93:
            self.edit()
        else:
            self.delete()

    def sync(self, *, full: bool) -> int:
        """Run once; return how many records were written, or could not be."""
        return sum(asyncio.run(self._sync(full=full)))

    async def _sync(self, *, full: bool) -> list[int]:
        for name in "abcd":
            await self.hub.read(name, full=full)
        for entity in ENTITIES:
            self.hub.settle(entity)
        writes = []
        for name in "adbc":
            report = await self.hub.write(name)
            writes += [done.writes + done.failed for done in report.collections.values()]
        return writes

    def faulty_sync(self) -> None:
        """Run with people editing meanwhile, answers that get lost, and the process dying."""
        self.world.crash = self.rng.choice([0, 0.002, 0.005, 0.02, 0.05])
        self.world.meddle = self.rng.choice([0, 0.1])
        self.world.lost_answers = self.rng.choice([0, 0, 0.1])
        try:
            self.sync(full=self.rng.random() < 0.3)
        except Crash:
            self.faults["crashes"] += 1
        self.world.crash = self.world.meddle = self.world.lost_answers = 0
        self.world.dead = False

    def play(self) -> int:
        """Live through the history, then let it come to rest; return after how many runs it did."""
        for _ in range(self.rng.randint(2, 10)):
            for history in range(TOGETHER):
                for _ in range(self.rng.randint(0, 4)):
                    self.happen(history)
            self.faulty_sync()
        self.sync(full=False)  # a first read that was interrupted goes on, and does not look back
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
        if self.world.overwritten:
            self.broken(f"overwrote an edit nobody had read: {self.world.overwritten}")
        state = State.of(self.store)
        if state.doubled:
            self.broken("two live records of one collection in one entity")
        for pair in PAIRS:
            self._check_pair(pair, state)
        self._check_values(state)
        for (key, id_), made in self.world.made.items():
            if id_ not in self.memories[key].records or state.entity.get((key, id_)) == made:
                continue
            if (key, id_) in state.held and (key, made) not in state.present:
                continue  # without references, a record that was edited before its answer came is for a person to say
            self.broken(f"created twice: {key}/{id_} for {made}, linked to {state.entity.get((key, id_))}")

    def _check_pair(self, pair: Pair, state: "State") -> None:
        """Every left record has its right one, or is held, or waits."""
        for id_ in self.memories[pair.left].records:
            if (pair.left, id_) in state.held:
                continue
            found = state.entity.get((pair.left, id_))
            if found is None:
                self.broken(f"{pair.left}/{id_} is neither linked nor held")
            elif (pair.right, found) not in state.present and (pair.right, found) not in state.waiting:
                self.broken(f"{pair.left}/{id_} has no record in {pair.right}")

    def _check_values(self, state: "State") -> None:
        """Linked records show the same, but for what a system makes of it and what waits."""
        shown: dict[tuple[str, str], dict[str, str | None]] = {}
        for (key, id_), found in state.entity.items():
            memory = self.memories[key]
            if id_ not in memory.records:
                self.broken(f"{key}/{id_} is linked as if it were there")
            for name in memory.properties:
                value = memory.records[id_][name]
                if name == "firm":
                    if (key, found) in state.waiting or state.unresolved(key, value):
                        continue
                    value = state.known.get((key.replace("people", "firms"), str(value)))
                shown.setdefault((found, name), {})[key] = upper(name, value)
        for (found, name), values in shown.items():
            if len(set(values.values())) > 1:
                self.broken(f"{found}.{name} differs: {values}")


@dataclass(frozen=True)
class State:
    """What the database says at rest. `entity` has live records, `known` also those that are gone."""

    entity: dict[tuple[str, str], str]
    known: dict[tuple[str, str], str]
    present: set[tuple[str, str]]
    held: set[tuple[str, str]]
    waiting: set[tuple[str, str]]
    doubled: bool

    @classmethod
    def of(cls, store: MortalStore) -> "State":
        """Read it."""
        with store.transaction() as transaction:
            links = pl.concat(
                transaction.frame(f"SELECT collection, id, entity, gone_at IS NULL AS live FROM {tables.links(kind)}")
                for kind in ("person", "company")
            )
            held = set(transaction.frame("SELECT collection, id FROM sync.held").iter_rows())
            waiting = set(transaction.frame("SELECT collection, entity FROM sync.changes").iter_rows())
        live = links.filter("live")
        twice = live.select("collection", "entity").is_duplicated() | live.select("collection", "id").is_duplicated()
        return cls(
            entity={(key, id_): found for key, id_, found, _ in live.iter_rows()},
            known={(key, id_): found for key, id_, found, _ in links.iter_rows()},
            present=set(links.select("collection", "entity").iter_rows()),
            held=held,
            waiting=waiting,
            doubled=bool(twice.any()),
        )

    def unresolved(self, key: str, firm: str | None) -> bool:
        """Whether a firm is one that has no entity, since it is held or was deleted before anybody read it."""
        return firm is not None and (key.replace("people", "firms"), firm) not in self.known


def live(seed: int) -> tuple[str | None, int, Counter[str]]:
    """Live through one group; return the broken promise, the runs to rest, and the faults."""
    history = History(seed)
    try:
        return None, history.play(), history.faults
    except BrokenPromiseError as broken:
        return str(broken), 0, history.faults


def main() -> int:
    """Run histories from the command line, a process per core."""
    parser = argparse.ArgumentParser(description="Random histories of the sync against its promises.")
    parser.add_argument("histories", type=int)
    parser.add_argument("--seed", type=int, default=0, help="the first group's seed")
    arguments = parser.parse_args()
    groups = -(-arguments.histories // TOGETHER)
    rests: Counter[int] = Counter()
    faults: Counter[str] = Counter()
    violations = 0
    os.environ["POLARS_MAX_THREADS"] = "1"
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for broken, runs, met in pool.map(live, range(arguments.seed, arguments.seed + groups)):
            faults += met
            if broken:
                violations += 1
                sys.stdout.write(f"{broken}\n")
                sys.stdout.flush()
            else:
                rests[runs] += 1
    sys.stdout.write(
        f"{groups * TOGETHER} histories, {violations} violations, {dict(faults)},"
        f" groups by runs to rest {dict(sorted(rests.items()))}\n"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
