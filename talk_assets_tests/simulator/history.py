"""Plays a script: what people do, runs of the real hub with faults in them, and runs without, until all is at rest."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock

from talk_assets.errors import ConfigurationError, SystemFailure
from talk_assets.model.entities import ENTITIES
from talk_assets.store import tables
from talk_assets.sync.hub import Hub
from talk_assets.sync.read import reading
from talk_assets_tests.simulator.fate import Fate, Written
from talk_assets_tests.simulator.memory import LAG, MortalStore
from talk_assets_tests.simulator.office import Office
from talk_assets_tests.simulator.promises import BrokenPromise, Ledger
from talk_assets_tests.simulator.script import Act, Run, Script, Setting
from talk_assets_tests.simulator.world import Crash, World
from talk_assets_tests.simulator.writing import TOGETHER, chance, write

REST = 8
"""Runs within which everything must come to rest."""

FEW = 50
"""Records, where so many are to be too many for one transaction."""


@dataclass(frozen=True)
class Played:
    """What came of a script: `runs` are those it took to rest, `script` is it with the faults that happened."""

    script: Script
    broken: BrokenPromise | None
    runs: int
    faults: Counter[str]


class History:
    """A group of histories that is being lived."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.world = World()
        self.office = Office(self.world, script.seed)
        self.store = MortalStore(self.world)
        self.ledger = Ledger(self.world, self.office, self.store)
        self.numbers = itertools.count()
        self.ids = itertools.count(1)
        self.reread = False
        """Whether a lens has changed, and what records show by it may not have been seen yet."""
        self.hub = self._hub()

    def _hub(self) -> Hub:
        """A process that was just started."""
        return Hub(
            self.store,
            self.office.systems,
            self.office.pairs,
            run="0",
            clock=self.world.clock,
            new_id=lambda: str(uuid.UUID(int=next(self.ids))),
        )

    def _configure(self, setting: Setting) -> None:
        """A process is started with another configuration."""
        self.world.faults["configuration that changes"] += 1
        self.reread = self.reread or setting.renamed != self.office.setting.renamed
        self.office.configure(setting)
        self.world.begin(Written())
        self.hub = self._hub()

    def play(self, fate: Callable[[int, Run], Fate]) -> Played:
        """Live through it, then let it come to rest; `fate` decides on the faults of the run of that number."""
        events: list[Act | Run | Setting] = []
        runs, broken = 0, None
        try:
            for event in self.script.events:
                if isinstance(event, Act):
                    events.append(event)
                    self.world.tick()
                    self.office.carry_out(event)
                    continue
                if isinstance(event, Setting):
                    events.append(event)
                    self._configure(event)
                    continue
                decides = fate(sum(isinstance(one, Run) for one in events), event)
                events.append(event)
                try:
                    self._faulty(event, decides)
                finally:
                    events[-1] = replace(event, faults=tuple(decides.happened))
            self._configure(Setting())
            runs = self._rest()
            if self.office.decide(self.hub):
                runs += self._rest()
            self.ledger.check()
        except BrokenPromise as error:
            broken = error
        return Played(Script(self.script.seed, tuple(events)), broken, runs, self.world.faults)

    def _faulty(self, run: Run, fate: Fate) -> None:
        """Run; a process that dies is started again when what it was last answered is what lists show, too."""
        self.world.tick(run.pause)
        try:
            self.run(run, fate)
        except Crash:
            self.world.forget_shown()
            for memory in self.office.memories.values():
                memory.forget()
            self.world.tick(LAG)
            self.world.begin(Written())
            self.hub = self._hub()

    def _rest(self) -> int:
        """Return after how many runs nothing was written any more."""
        self.world.tick(LAG + 1)
        self.run(Run(), Written())  # a first read that was interrupted goes on, and does not look back
        for runs in range(1, REST + 1):
            self.world.tick(LAG + 1)
            if not self.run(Run(full=True), Written()) and not self.office.approve(self.hub):
                return runs
        message = "does not come to rest"
        raise BrokenPromise(message)

    def run(self, run: Run, fate: Fate) -> int:
        """Run once; return how many records were written, or could not be."""
        self.world.begin(fate)
        for memory in self.office.memories.values():
            memory.fresh.clear()
        self.hub.run = str(next(self.numbers))
        self.office.approve(self.hub)
        written = asyncio.run(self._run(run))
        self._look_at_lenses()
        return written

    def _look_at_lenses(self) -> None:
        """Once everything was seen anew, what was edited before counts as if it had been there when records met."""
        if self.reread:
            with super(MortalStore, self.store).transaction() as transaction:
                self.reread = bool(transaction.count("SELECT count(*) FROM sync.remapped"))
            self.world.seen_anew()

    async def _run(self, run: Run) -> int:
        """What the graph does: a system that could not be read is not written to, the others go on."""
        own = {name: [key for key in run.reads if key.startswith(name)] for name in "abcd"}
        failed = {name for name, keys in own.items() if keys and not await self._read(name, keys, full=run.full)}
        for entity in ENTITIES:
            self.hub.reconcile(entity)
            self.ledger.note(entity)
        return sum([await self._write(name) for name in "adbc" if name not in failed])

    async def _read(self, name: str, keys: Sequence[str], *, full: bool) -> bool:
        try:
            await self.hub.read(name, keys, full=full)
        except (SystemFailure, ConfigurationError):
            return False
        return True

    async def _write(self, name: str) -> int:
        try:
            report = await self.hub.write(name, permits=self.office.permits)
        except (SystemFailure, ConfigurationError):
            return 1
        finally:
            if not self.world.dead:
                for entity in ENTITIES:
                    self.ledger.note(entity)
        return sum(done.writes + done.failed for done in report.collections.values())


async def _in_turn(work: Callable[..., object], *args: object) -> object:
    """In place of a thread, so that pages are always taken apart in the same order."""
    return work(*args)


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """What the clock and chance decide elsewhere is always the same; each page of a list is stored by itself.

    For every third seed a few records are too many for one transaction, and go through files.
    """
    with (
        mock.patch.object(tables, "CHUNK", tables.CHUNK if seed % 3 else FEW),
        mock.patch.object(reading, "PATIENCE", float("inf")),
        mock.patch.object(reading, "FLUSH", 0),
        mock.patch.object(asyncio, "to_thread", _in_turn),
    ):
        yield


def play(script: Script) -> Played:
    """Play a script with the faults that are written down in it."""
    with repeatable(script.seed):
        return History(script).play(lambda _, run: Written(run.faults))


def live(seed: int, histories: int = TOGETHER) -> Played:
    """Live through a group of random histories."""
    with repeatable(seed):
        return History(write(seed, histories)).play(lambda n, _: chance(seed, n, histories))
