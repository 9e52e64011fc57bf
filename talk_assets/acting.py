"""What a person can do about the sync's state, by the names they see: the commands of `talk` and the jobs of Dagster.

Every act takes the turn, does its work in one transaction, may be repeated, and returns a sentence about what it did.
What it asks of the systems goes out with the next sync; only `undo` writes to them itself. What the acts mean is the
concern of `sync.acts`, `sync.relinking`, `sync.guards` and `sync.undo`.
"""

import asyncio
import uuid
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from talk_assets.assets.turns import turn
from talk_assets.config import Mode
from talk_assets.errors import ConfigurationError, CredentialsError, Refused, SystemFailure
from talk_assets.sync import acts, guards, relinking, runs
from talk_assets.sync import undo as undoing
from talk_assets.sync.hub import Hub, utc_now
from talk_assets.sync.relinking import Record, Scene
from talk_assets.sync.runs import Summary
from talk_assets.sync.undo import Plan
from talk_assets.transaction import Transaction
from talk_assets.wiring import Wiring

BY_HAND = "by hand"
"""The run that edits and conflicts name which a person decided."""


@dataclass(frozen=True)
class Acting:
    """Acts on one data folder; `waiting` is told who has the turn, where another process has it."""

    wiring: Wiring
    waiting: Callable[[str], None] = field(default=lambda _: None)

    def link(self, one: str, other: str) -> str:
        """Make two records, `SYSTEM/COLLECTION/ID`, describe the same; raise ConfigurationError where they cannot."""
        mine, theirs = self._record(one), self._record(other)
        with self._scene(mine) as (transaction, scene):
            if theirs.key not in scene.topology.collections:
                kinds = " and ".join(self.wiring.collections[record.key].entity.name for record in (mine, theirs))
                message = f"{mine} and {theirs} are {kinds}; only records of one entity can be linked."
                raise ConfigurationError(message)
            new = relinking.link(transaction, scene, mine, theirs)
        return f"{mine} and {theirs} are linked." if new else f"{mine} and {theirs} were linked already."

    def unlink(self, record: str) -> str:
        """Give a record an entity of its own, also one that is held because it might be another's."""
        mine = self._record(record)
        with self._scene(mine) as (transaction, scene):
            new = relinking.unlink(transaction, scene, mine)
        return f"{mine} stands by itself." if new else f"{mine} was linked with nothing."

    def retry(self, what: str | None, *, recreate: bool = False) -> str:
        """Let out what is held of a record, of a collection, or everywhere.

        With `recreate`, records that were deleted on the other side of a record are created again.
        """
        if what is None or what in self.wiring.collections:
            if recreate:
                message = "--recreate is for one record: talk retry SYSTEM/COLLECTION/ID --recreate."
                raise ConfigurationError(message)
            with self._transaction() as transaction:
                keys = [what] if what else list(self.wiring.collections)
                count = sum(acts.retry(transaction, key) for key in keys)
            return _let_out(count)
        mine = self._record(what)
        with self._scene(mine) as (transaction, scene):
            entity = relinking.entity_of(transaction, scene, mine)
            if entity is None:
                message = f"{mine}: is not linked; talk held says why, and talk link or talk unlink decides it."
                raise ConfigurationError(message)
            again = acts.recreate(transaction, scene, entity) if recreate else 0
            count = acts.retry(transaction, mine.key, entity)
        return _let_out(count) + (f" {again} deleted records are created again." if again else "")

    def resolve(self, record: str, field_: str, *, take: str | None = None, keep: bool = False) -> str:
        """Decide a conflict over a field: take the value that lost, or that of the record `take`, or keep what won."""
        mine = self._record(record)
        with self._scene(mine) as (transaction, scene):
            if keep:
                gone = acts.keep(transaction, scene, mine, field_)
                return f"{field_} of {mine} is kept; {gone} conflicts are off the list."
            new = acts.resolve(transaction, scene, mine, field_, str(self._record(take)) if take else None)
        return (
            f"{field_} of {mine} is the other value now." if new else f"{field_} of {mine}: there is nothing to decide."
        )

    def approve(self, keys: Sequence[str]) -> str:
        """Let go on what a guard stopped, of these collections."""
        for key in keys:
            if key not in self.wiring.collections:
                message = f"{key}: there is no such collection. There are {', '.join(self.wiring.collections)}."
                raise ConfigurationError(message)
        with self._transaction() as transaction:
            count = sum(guards.approve(transaction, key) for key in keys)
        return f"{count} approved; the next sync goes on." if count else "Nothing was waiting for approval there."

    def plan_undo(self, run: str) -> Plan:
        """Read every system, and return what taking back a run would send now."""
        with self._turn():
            return self._planned(self.wiring.hub(BY_HAND), run)

    def undo(self, run: str) -> tuple[Plan, Summary]:
        """Take back what a run wrote, as far as nobody touched it since; return what was planned, and what was done."""
        hub = self.wiring.hub(str(uuid.uuid4()))
        with self._turn():
            with hub.store.transaction() as transaction:
                runs.begin(transaction, hub.run, "undo", utc_now())
            plan = self._planned(hub, run)
            summary = Summary()
            for system in self._backwards():
                summary.add(_undone(hub, system, self.wiring.writable))
            with hub.store.transaction() as transaction:
                runs.add(transaction, hub.run, summary, utc_now())
                runs.end(transaction, hub.run, "incomplete" if summary.failures else "done", utc_now())
        return plan, summary

    def _planned(self, hub: Hub, run: str) -> Plan:
        with hub.store.transaction() as transaction:
            known = undoing.runs(transaction)
        if run not in known:
            latest = f"The latest are {', '.join(known[:3])}." if known else "There was none yet."
            message = f"{run}: no run of that name wrote anything. {latest}"
            raise ConfigurationError(message)
        asyncio.run(_read(hub))
        for kind in hub.topologies:
            hub.settle(kind)
        return hub.plan_undo(run)

    def _backwards(self) -> list[str]:
        """Systems that may be written to, what was created from another's records first."""
        order = TopologicalSorter({name: set[str]() for name in self.wiring.systems})
        for dataflow in self.wiring.config.dataflows:
            if dataflow.mode is Mode.WRITE:
                order.add(dataflow.dataflow.left, dataflow.dataflow.right)
        return [name for name in order.static_order() if name in self.wiring.systems]

    def _turn(self) -> AbstractContextManager[None]:
        config = self.wiring.config
        return turn(config.folder, self.waiting, patience=config.turn_patience)

    def _record(self, text: str) -> Record:
        return Record(*self.wiring.record(text))

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        hub = self.wiring.hub(BY_HAND)
        with self._turn(), hub.store.transaction() as transaction:
            yield transaction

    @contextmanager
    def _scene(self, record: Record) -> Iterator[tuple[Transaction, Scene]]:
        kind = self.wiring.collections[record.key].entity.name
        with self._transaction() as transaction:
            yield (
                transaction,
                Scene(self.wiring.topologies[kind], self.wiring.topologies, utc_now(), BY_HAND),
            )


async def _read(hub: Hub) -> None:
    """What was edited meanwhile is not taken back."""
    for name in hub.systems:
        await hub.read(name)


def _undone(hub: Hub, system: str, writable: Container[str]) -> Summary:
    try:
        done = asyncio.run(hub.undo(system, writable))
    except (SystemFailure, CredentialsError, Refused) as error:
        with hub.store.transaction() as transaction:
            return Summary(runs.written(transaction, hub.run, system), failures={system: str(error)})
    counts = {
        key: {name: getattr(one, name) for name in (*runs.WRITES, "failed")} for key, one in done.collections.items()
    }
    return Summary(counts, {system: sum(done.usage.requests.values())}, {system: done.usage.waited})


def _let_out(count: int) -> str:
    return f"{count} held {'change goes' if count == 1 else 'changes go'} out with the next sync."
