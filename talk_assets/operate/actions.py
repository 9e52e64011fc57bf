"""What a person can do about the sync's state, by the names they see: the commands of `talk` and the jobs of Dagster.

Every act takes the run lock, does its work in one transaction, and returns a sentence about what it did. One that would
change nothing, as when it is repeated, raises NothingToDo with a sentence about how things are. What it asks of the
systems goes out with the next sync; only `undo` writes to them itself. What the acts mean is the concern of
`sync.acts`, `sync.relinking`, `sync.guards` and `sync.undo`.
"""

import asyncio
import uuid
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from talk_assets.config.configuration import Mode
from talk_assets.config.wiring import Wiring
from talk_assets.errors import ConfigurationError, CredentialsError, NothingToDo, Refused, SystemFailure
from talk_assets.model.ordering import ordered
from talk_assets.operate import decisions, relinking, reviewing
from talk_assets.operate.relinking import Record, Scene
from talk_assets.operate.reviewing import Verdict
from talk_assets.operate.run_lock import run_lock
from talk_assets.store.transaction import Transaction
from talk_assets.sync import guards, runs
from talk_assets.sync.hub import Hub, utc_now
from talk_assets.sync.runs import Summary
from talk_assets.sync.write import undo_run as undoing
from talk_assets.sync.write.undo_run import UndoPlan

BY_HAND = "by hand"
"""The run that edits and conflicts name which a person decided."""

SHORTEST = 4
"""Characters of a run's id that are enough, if no other run's id begins with them."""


@dataclass(frozen=True)
class Acting:
    """Acts on one data folder; `waiting` is called with who holds the run lock, where another process has it."""

    wiring: Wiring
    waiting: Callable[[str], None] = field(default=lambda _: None)

    def link(self, one: str, other: str) -> str:
        """Make two records, `SYSTEM/COLLECTION/ID`, describe the same.

        Raise ConfigurationError where they cannot, and NothingToDo where they do already.
        """
        mine, theirs, act = self._record(one), self._record(other), reviewing.new_act()
        self._require_same_type(mine, theirs)
        with self._scene(mine) as (transaction, scene):
            asked = reviewing.is_asked(transaction, mine) or reviewing.is_asked(transaction, theirs)
            new = reviewing.link(transaction, scene, mine, theirs, act)
        if not new:
            message = f"{mine} and {theirs} are linked already. Nothing was changed."
            raise NothingToDo(message)
        return f"{mine} and {theirs} are linked.{_taken_back(act) if asked else ''}"

    def link_all(self, above: float) -> str:
        """Link every pair that waits for review and is the same with at least this probability, the likeliest first.

        Raise NothingToDo where there is none.
        """
        act, count, refused = reviewing.new_act(), 0, list[str]()
        with self._transaction() as transaction:
            waiting = reviewing.waiting(transaction, above)
            for name, topology_ in self.wiring.topologies.items():
                scene = Scene(topology_, self.wiring.topologies, utc_now(), BY_HAND)
                done, reasons = reviewing.link_all(
                    transaction, scene, [pair for pair in waiting if pair.entity_type == name], act
                )
                count, refused = count + done, refused + reasons
        if not count:
            message = f"no pair that waits for review has a probability of {above:g} or more. Nothing was changed."
            raise NothingToDo(" ".join([message, *refused]))
        left = f" {len(refused)} could not be: {refused[0]}" if refused else ""
        return f"{count:,} {'pair is' if count == 1 else 'pairs are'} linked.{_taken_back(act)}{left}"

    def reviewed(self, start: str) -> tuple[str, list[Verdict]] | None:
        """Return the act of review whose id begins with a text, and what was said in it; None where there is none."""
        with self.wiring.reading() as transaction:
            found = reviewing.acts(transaction, start) if len(start) >= SHORTEST else []
            return (found[0], reviewing.said(transaction, found[0])) if len(found) == 1 else None

    def undo_review(self, act: str) -> str:
        """Restore what records were before an act of review.

        Raise ConfigurationError where a sync has written because of it.
        """
        count = 0
        with self._transaction() as transaction:
            for topology_ in self.wiring.topologies.values():
                scene = Scene(topology_, self.wiring.topologies, utc_now(), BY_HAND)
                count += reviewing.take_back(transaction, scene, act)
        return f"{count:,} {'record is' if count == 1 else 'records are'} as before."

    def _require_same_type(self, mine: Record, theirs: Record) -> None:
        here, there = (self.wiring.collections[record.key].entity for record in (mine, theirs))
        if here.name == there.name:
            return
        fitting = [key for key in self.wiring.topologies[here.name].collections if key != mine.key]
        message = (
            f"{mine} and {theirs} are {here.name} and {there.name}, and only records of the same entity type can be"
            f" linked. Link {mine} with a record of {' or '.join(fitting)}: talk link {mine} {fitting[0]}/ID"
        )
        raise ConfigurationError(message)

    def unlink(self, record: str) -> str:
        """Give a record an entity of its own, also one that is held because it might be another's.

        Raise NothingToDo where it is neither linked nor held.
        """
        mine, act = self._record(record), reviewing.new_act()
        with self._scene(mine) as (transaction, scene):
            asked = reviewing.is_asked(transaction, mine)
            new = reviewing.unlink(transaction, scene, mine, act)
        if not new:
            message = f"{mine} is linked with no other record. Nothing was changed."
            raise NothingToDo(message)
        return f"{mine} is unlinked.{_taken_back(act) if asked else ''}"

    def retry(self, what: str | None, *, recreate: bool = False) -> str:
        """Send what is held of a record, of a collection, or everywhere with the next sync.

        Raise NothingToDo where nothing is held, and ConfigurationError where nothing can be sent.
        With `recreate`, records that were deleted on the other side of a record are created again.
        """
        if what is None or what in self.wiring.collections:
            return self._retry_all(what, recreate=recreate)
        mine = self._record(what)
        with self._scene(mine) as (transaction, scene):
            entity = relinking.entity_of(transaction, scene, mine)
            if entity is None:
                message = (
                    f"{mine}: is not linked, so nothing is sent for it. To see why: talk explain {mine}. To link it:"
                    f" talk link {mine} SYSTEM/COLLECTION/ID. To treat it as a new one: talk unlink {mine}"
                )
                raise ConfigurationError(message)
            again = decisions.recreate(transaction, scene, entity) if recreate else 0
            count = decisions.retry(transaction, mine.key, entity)
        if not count and not again:
            deleted = " and no record that it is linked with was deleted" if recreate else ""
            message = f"{mine}: no change is held{deleted}. Nothing was changed."
            raise NothingToDo(message)
        return " ".join([*([_sent_again(count)] if count else []), *([_created_again(again)] if again else [])])

    def _retry_all(self, key: str | None, *, recreate: bool) -> str:
        if recreate:
            message = "--recreate is for one record: talk retry SYSTEM/COLLECTION/ID --recreate."
            raise ConfigurationError(message)
        with self._transaction() as transaction:
            count = sum(decisions.retry(transaction, one) for one in ([key] if key else self.wiring.collections))
        if not count:
            message = f"{key or 'all collections'}: no change is held. Records that wait for a decision: talk held"
            raise NothingToDo(message)
        return _sent_again(count)

    def resolve(
        self, record: str, field_: str, *, take: str | None = None, keep: bool = False, force: bool = False
    ) -> str:
        """Decide a conflict over a field: take the value that lost, or that of the record `take`, or keep what won.

        What was read and not reconciled yet is reconciled first. Raise ConfigurationError where that would overwrite a
        value that is newer than the conflict, unless `force`, and NothingToDo where nothing is in conflict.
        """
        mine, other = self._record(record), str(self._record(take)) if take else None
        with self._turn():
            _reconcile(self.wiring.hub(str(uuid.uuid4())), outstanding=False)
            with self._scene(mine) as (transaction, scene):
                if keep or (other and decisions.agrees(transaction, scene, mine, field_, other)):
                    done = decisions.keep(transaction, scene, mine, field_, force=force) > 0
                else:
                    done = decisions.resolve(transaction, scene, mine, field_, other, force=force) is not None
                now = decisions.agreed(transaction, scene, mine, field_)
        if not done:
            message = f"{mine}: {field_} is not in conflict. It is {now}. Nothing was changed."
            raise NothingToDo(message)
        return f"{mine}: {field_} is {now}. The conflict is resolved; the next sync writes this value where it differs."

    def approve(self, keys: Sequence[str]) -> str:
        """Let the next sync carry out what a guard stopped in these collections.

        Raise NothingToDo where nothing was stopped.
        """
        for key in keys:
            if key not in self.wiring.collections:
                message = f"{key}: there is no such collection. There are {', '.join(self.wiring.collections)}."
                raise ConfigurationError(message)
        with self._transaction() as transaction:
            count = sum(guards.approve(transaction, key) for key in keys)
        if not count:
            where = ", ".join(keys) if len(keys) < len(self.wiring.collections) else "all collections"
            message = f"{where}: nothing needs approval. Records that need review: talk held"
            raise NothingToDo(message)
        return f"{count} approved; the next sync goes on."

    def plan_undo(self, run: str) -> UndoPlan:
        """Read every system, and return what taking back a run would send now; `run` may be the start of its id."""
        with self._turn():
            hub = self.wiring.hub(str(uuid.uuid4()))
            return self._planned(hub, self._run(hub, run))

    def undo(self, run: str) -> tuple[UndoPlan, Summary]:
        """Take back what a run wrote, as far as nobody touched it since; return what was planned, and what was done."""
        hub = self.wiring.hub(str(uuid.uuid4()))
        with self._turn():
            hub.prepare()
            meant = self._run(hub, run)
            with hub.store.transaction() as transaction:
                runs.begin(transaction, hub.run, "undo", utc_now())
            outcome = "failed"
            try:
                plan, summary = self._planned(hub, meant), Summary()
                for system in self._backwards():
                    summary.add(_undone(hub, system, self.wiring.writable))
                outcome = "incomplete" if summary.failures or summary.failed else "done"
                with hub.store.transaction() as transaction:
                    runs.add(transaction, hub.run, summary, utc_now())
            finally:
                with hub.store.transaction() as transaction:
                    runs.end(transaction, hub.run, outcome, utc_now())
        return plan, summary

    def _run(self, hub: Hub, run: str) -> str:
        """The whole id of a run that wrote something, of which `run` is the start, as the Dagster UI shows it."""
        with hub.store.transaction() as transaction:
            known = undoing.runs(transaction)
        if run in known:
            return run
        meant = [one for one in known if one.startswith(run) and len(run) >= SHORTEST]
        if len(meant) == 1:
            return meant[0]
        if meant:
            listed = ", ".join(meant)
            message = f"{run}: {len(meant)} runs begin with that: {listed}. Give more characters of the one to undo."
        else:
            latest = f"The latest are {', '.join(known[:3])}." if known else "No run wrote anything yet."
            message = f"{run}: no run with that id wrote anything. {latest}"
        raise ConfigurationError(message)

    def _planned(self, hub: Hub, run: str) -> UndoPlan:
        asyncio.run(_read(hub))
        _reconcile(hub, outstanding=True)
        return hub.plan_undo(run)

    def _backwards(self) -> list[str]:
        """Systems that may be written to, what was created from another's records first."""
        before: dict[str, list[str]] = {name: [] for name in self.wiring.systems}
        for dataflow in self.wiring.config.dataflows:
            if dataflow.mode is Mode.WRITE and dataflow.dataflow.left in before:
                before[dataflow.dataflow.left].append(dataflow.dataflow.right)
        return [name for name in ordered(before) if name in self.wiring.systems]

    def _turn(self) -> AbstractContextManager[None]:
        config = self.wiring.config
        return run_lock(config.folder, self.waiting, patience=config.lock_patience)

    def _record(self, text: str) -> Record:
        return Record(*self.wiring.record(text))

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        hub = self.wiring.hub(BY_HAND)
        with self._turn():
            hub.prepare()
            with hub.store.transaction() as transaction:
                yield transaction

    @contextmanager
    def _scene(self, record: Record) -> Iterator[tuple[Transaction, Scene]]:
        entity_type = self.wiring.collections[record.key].entity.name
        with self._transaction() as transaction:
            yield (
                transaction,
                Scene(self.wiring.topologies[entity_type], self.wiring.topologies, utc_now(), BY_HAND),
            )


def unfinished(plan: UndoPlan, summary: Summary | None) -> list[str]:
    """Return what an undo has left undone, a sentence each; `summary` is None where it was only planned."""
    if not plan.possible.height:
        return [undoing.NOTHING]
    if summary is None:
        return []
    sentences = [*summary.failures.values()]
    if summary.failed:
        sentences.append(f"{runs.unwritten(summary.failed)}.")
    left = plan.possible.height - summary.writes - summary.failed
    if left and not summary.failures:
        sentences.append(
            f"{left} {'record was' if left == 1 else 'records were'} not restored: refused by the system, edited"
            " meanwhile, or in a collection whose dataflows are in mode plan. talk held shows what was refused."
        )
    return sentences


async def _read(hub: Hub) -> None:
    """What was edited meanwhile is not taken back."""
    for name in hub.systems:
        await hub.read(name)


def _reconcile(hub: Hub, *, outstanding: bool) -> None:
    for entity_type in hub.topologies:
        hub.reconcile(entity_type, outstanding=outstanding)


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


def _taken_back(act: str) -> str:
    return f" To take it back: talk undo {act[:8]} --write"


def _sent_again(count: int) -> str:
    return f"{count} held {'change goes' if count == 1 else 'changes go'} out with the next sync."


def _created_again(count: int) -> str:
    return f"{count} deleted {'record is' if count == 1 else 'records are'} created again with the next sync."
