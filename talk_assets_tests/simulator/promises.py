"""What must be true of a history that came to rest, and of every moment before.

`Ledger` takes notes after every decision of the hub, since what golden once held, and what two records looked like when
they were linked, cannot be told at the end.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import polars as pl

from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.sync.link import matching
from talk_assets_tests.simulator.office import PAIRS, Office, common
from talk_assets_tests.simulator.world import EPOCH, TICK, Edit, World, identity

KINDS = {"people": "person", "firms": "company"}
FIELDS = {
    "people": {"first_name": "first_name", "job_title": "job_title"},
    "firms": {"name": "name", "website": "website"},
}
"""The properties that people edit, and the fields they are, but for references."""

SECOND = 4
"""Ticks that a clock of whole seconds may be behind, and one for the measuring."""


class BrokenPromise(AssertionError):  # noqa: N818 -- what the sync must never do, not an error of the simulator
    """`promise` is the same for all that break it, `case` says where and how, `history` in which one, if in one."""

    def __init__(self, promise: str, case: str = "", history: int | None = None) -> None:
        super().__init__(f"{promise}: {case}" if case else promise)
        self.promise = promise
        self.case = case
        self.history = history

    def __reduce__(self) -> tuple[type["BrokenPromise"], tuple[str, str, int | None]]:
        return type(self), (self.promise, self.case, self.history)


@dataclass(frozen=True)
class Link:
    """A link as it is in the database."""

    entity: str
    live: bool
    at: float
    by: str


@dataclass(frozen=True)
class State:
    """What the database says at rest."""

    links: Mapping[tuple[str, str], Link]
    present: set[tuple[str, str]]
    """Collections and entities with a record, or the mark of one."""
    alive: set[tuple[str, str]]
    held: set[tuple[str, str]]
    waiting: set[tuple[str, str]]
    refused: set[tuple[str, str, str]]
    """Collection, entity and field of the values that a system refused."""
    doubled: bool
    lost: Mapping[tuple[str, str], list[tuple[float, Mapping[str, str | None]]]]
    """By record, updates whose answer was lost: when they were sent, and what the record held before."""

    @classmethod
    def of(cls, store: Store) -> "State":
        """Read it."""
        with store.transaction() as transaction:
            links = pl.concat(
                transaction.frame(
                    f"SELECT collection, id, entity_id, gone_at IS NULL AS live, linked_at, linked_by FROM {table}"
                    " ORDER BY gone_at IS NULL"
                )
                for table in (tables.links(kind) for kind in KINDS.values())
            )
            held = set(transaction.frame("SELECT collection, id FROM sync.held").iter_rows())
            waiting = set(transaction.frame("SELECT collection, entity_id FROM sync.changes").iter_rows())
            refused = set(transaction.frame("SELECT collection, entity_id, field FROM sync.refused_fields").iter_rows())
            lost: dict[tuple[str, str], list[tuple[float, Mapping[str, str | None]]]] = {}
            for key, id_, at, before in transaction.frame(
                "SELECT collection, id, intended_at, before FROM sync.journal"
                " WHERE action = 'update' AND outcome = 'looked up'"
            ).iter_rows():
                lost.setdefault((key, id_), []).append(((at - EPOCH) / TICK, json.loads(before)))
        live = links.filter("live")
        twice = live.select("collection", "entity_id").is_duplicated() | live.select("collection", "id").is_duplicated()
        return cls(
            links={
                (key, id_): Link(entity, alive, (at - EPOCH) / TICK, by)
                for key, id_, entity, alive, at, by in links.iter_rows()
            },
            present=set(links.select("collection", "entity_id").iter_rows()),
            alive=set(live.select("collection", "entity_id").iter_rows()),
            held=held,
            waiting=waiting,
            refused=refused,
            doubled=bool(twice.any()),
            lost=lost,
        )

    def record(self, entity: str) -> tuple[str, str]:
        """One of its records."""
        return next(record for record, link in self.links.items() if link.entity == entity)

    def undone(self, edit: Edit) -> bool:
        """Whether somebody put back what a record had held before a write whose answer was lost."""
        field_, nothing = FIELDS[edit.key.split("/")[1]].get(edit.name, ""), object()
        return any(
            at < edit.at and before.get(field_, nothing) == edit.value
            for at, before in self.lost.get((edit.key, edit.id), ())
        )

    def entity(self, key: str, id_: str) -> str | None:
        """The entity of a record that is linked and not gone."""
        link = self.links.get((key, id_))
        return link.entity if link and link.live else None


@dataclass
class Ledger:
    """Notes on one group of histories, and the promises."""

    world: World
    office: Office
    store: Store
    held: defaultdict[tuple[str, str], set[str | None]] = field(default_factory=lambda: defaultdict(set))
    """By entity and field, every value that golden has had."""
    linked: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.world.linked = lambda key, id_: (key, id_) in self.linked

    def note(self, entity: str) -> None:
        """Note what golden holds, and look at what was linked since."""
        name = next((name for name, kind in KINDS.items() if kind == entity), None)
        if name is None:
            return
        fields = list(FIELDS[name].values())
        with Store.transaction(self.store) as transaction:
            golden = transaction.frame(f"SELECT entity_id, {', '.join(fields)} FROM {tables.golden(entity)}")
            links = transaction.frame(f"SELECT collection, id, linked_by, linked_at FROM {tables.links(entity)}")
        for row in golden.iter_rows(named=True):
            for one in fields:
                self.held[row["entity_id"], one].add(common(one, row[one]))
        for key, id_, by, at in links.iter_rows():
            if (key, id_) not in self.linked:
                self.linked.add((key, id_))
                self._check_guess(key, id_, by, (at - EPOCH) / TICK)

    def _check_guess(self, key: str, id_: str, by: str, at: float) -> None:
        """Where others had the same key when a record was linked by it, it was a guess.

        If the process died just after, it is looked at only now, and there may be more by now.
        """
        name = {"e-mail": "email", "organisation number": "number"}.get(by)
        memory = self.office.memories[key]
        shown = memory.shown
        if name is None or id_ not in shown:
            return
        there = [other for other in memory.records if other in shown and other != id_ and memory.born[other] <= at]
        same = [other for other in there if shown[other][name] == shown[id_][name]]
        if same:
            self._broken("guessed which of several records was meant", f"{key}/{id_}, as {', '.join(same)}", (key, id_))

    def check(self) -> None:
        """Hold the state at rest against the promises."""
        if self.world.overwritten:
            self._broken("overwrote an edit that nobody had read", ", ".join(self.world.overwritten))
        if self.world.planned:
            self._broken("wrote what only a planned dataflow knows", ", ".join(self.world.planned))
        if self.world.wiped:
            self._broken("cleared what no person had cleared", ", ".join(self.world.wiped))
        if self.world.removed:
            self._broken("deleted what no person deleted", ", ".join(self.world.removed))
        if self.world.beside:
            self._broken("created a record beside one that nobody had looked at", ", ".join(self.world.beside))
        self._check_mappings()
        state = State.of(self.store)
        if state.doubled:
            self._broken("two live records of one collection in one entity, or one record in two")
        self._check_copies(state)
        self._check_made(state)
        self._check_dead(state)
        self._check_pairs(state)
        self._check_values(state)
        self._check_edits(state)

    def _broken(self, promise: str, case: str = "", record: tuple[str, str] | None = None) -> NoReturn:
        key, id_ = record or ("", "")
        raise BrokenPromise(promise, case, self.office.memories[key].history.get(id_) if record else None)

    def _records(self) -> Iterator[tuple[str, str]]:
        return ((key, id_) for key, memory in self.office.memories.items() for id_ in memory.records)

    def _check_mappings(self) -> None:
        """What a record shows in another property than before is no edit."""
        with self.store.transaction() as transaction:
            edits = transaction.frame("SELECT origin, value FROM sync.edits WHERE contains(value, ' nick')")
        for origin, value in edits.iter_rows():
            key, id_ = origin.rsplit("/", 1)
            if self.world.nicks.get((key, id_)) == identity(value):
                self._broken("took a mapping for an edit", f"{origin}: {value}", (key, id_))

    def _check_copies(self, state: State) -> None:
        """What a create left in a record says nothing of a copy of it."""
        for (key, id_), original in self.world.copies.items():
            copy, first = state.links.get((key, id_)), state.links.get((key, original))
            if copy and first and copy.entity == first.entity and copy.by == matching.REFERENCE:
                self._broken("took a copy for its original", f"{key}/{id_} for {original}", (key, id_))

    def _check_made(self, state: State) -> None:
        """Without references, a record that was edited before its answer came is for a person to say."""
        for (key, id_), made in self.world.made.items():
            found = state.entity(key, id_)
            if id_ not in self.office.memories[key].records or found == made:
                continue
            if (key, id_) in state.held and (key, made) not in state.present:
                continue
            memory = self.office.memories[key]
            if not memory.collection.reference and id_ in memory.slipped:
                continue  # archived before its answer came and before any list showed it: nobody could find it
            if id_ in memory.buried and (key, id_) in state.held:
                continue  # deleted before its answer came, created again, and taken out of the trash
            if made not in {entity for _, entity in state.alive}:
                continue  # what it was created for was deleted before it was found: it is there once
            link = state.links.get((key, id_))
            if link and link.entity == made and (key, made) in state.alive:
                continue  # deleted, replaced by a person's, and taken out of the trash
            self._broken("created twice", f"{key}/{id_} for {made}, linked to {found}", (key, id_))

    def _check_dead(self, state: State) -> None:
        """A record that is there is not taken for deleted, unless another has its place meanwhile."""
        for key, id_ in self._records():
            link = state.links.get((key, id_))
            known = id_ in self.office.memories[key].known  # an id used again for what was archived at once is not
            if link and known and not link.live and (key, link.entity) not in state.alive:
                self._broken("took a record for deleted that is there", f"{key}/{id_}", (key, id_))
        for (key, id_), link in state.links.items():
            if link.live and id_ not in self.office.memories[key].records:
                self._broken("took a record to be there that was deleted", f"{key}/{id_}", (key, id_))

    def _check_pairs(self, state: State) -> None:
        """Every left record has its right one, or is held, or waits."""
        for pair in PAIRS:
            for id_ in self.office.memories[pair.left].records:
                link = state.links.get((pair.left, id_))
                known = id_ in self.office.memories[pair.left].known  # no list shows what was archived at once
                if link is None and known and (pair.left, id_) not in state.held:
                    self._broken("a record is neither linked nor held", f"{pair.left}/{id_}", (pair.left, id_))
                if link and link.live and (pair.right, link.entity) not in state.present | state.waiting:
                    case = f"{pair.left}/{id_} in {pair.right}"
                    self._broken("a record has none on the other side", case, (pair.left, id_))

    def _check_values(self, state: State) -> None:
        """Linked records show the same, but for what a system makes of it and what waits."""
        shown: dict[tuple[str, str], dict[str, str | None]] = {}
        for key, id_ in self._records():
            entity = state.entity(key, id_)
            if entity is None or ((key, entity) in self.world.refused and (key, entity) in state.waiting):
                continue
            record = self.office.memories[key].records[id_]
            for name in self.office.memories[key].properties:
                value = record[name]
                lens = self.office.memories[key].collection.lens
                if any((key, entity, field) in state.refused and name in lens.sources(field) for field in lens.fields):
                    continue
                edits = self.world.edits.get((key, id_, name))
                if value is None and edits and edits[-1].value is None and edits[-1].hidden:
                    continue  # cleared unseen; the answer to a write may be the first to show it, and takes it for ours
                if name == "firm":
                    firm = state.links.get((key.replace("people", "firms"), str(value)))
                    if (key, entity) in state.waiting or (value is not None and firm is None):
                        continue
                    value = firm.entity if firm else None
                shown.setdefault((entity, name), {})[key] = common(name, value)
        for (entity, name), values in shown.items():
            if len(set(values.values())) > 1:
                self._broken("linked records differ", f"{entity}.{name}: {values}", state.record(entity))

    def _check_edits(self, state: State) -> None:
        """Golden has the newest edit, and what lost to another person's is in the conflicts."""
        with self.store.transaction() as transaction:
            conflicts = {
                row
                for table in ("sync.conflicts", "sync.past_conflicts")
                for row in transaction.frame(f"SELECT entity_id, field, value FROM {table}").iter_rows()
            }
            golden = {
                (row["entity_id"], one): common(one, row[one])
                for name, kind in KINDS.items()
                for row in transaction.frame(f"SELECT * FROM {tables.golden(kind)}").iter_rows(named=True)
                for one in FIELDS[name].values()
            }
        lost = {(entity, one, common(one, value)) for entity, one, value in conflicts}
        edits: defaultdict[tuple[str, str], list[Edit]] = defaultdict(list)
        for (key, id_, name), found in self.world.edits.items():
            link = state.links.get((key, id_))
            if link and name in FIELDS[key.split("/")[1]]:
                edits[link.entity, name] += found
        for place, found in edits.items():
            self._check_newest(state, place, golden[place], found)
            self._check_lost(state, place, lost, found)

    def _counting(self, state: State, found: list[Edit]) -> list[Edit]:
        """Edits that the hub took in as such: of linked records, and the last one of each.

        Nobody can tell that a property was cleared of which no list had ever shown what it held, nor that it was put
        back to what it held before a write whose answer was lost.
        """
        counting = []
        for edit in found:
            link = state.links[edit.key, edit.id]
            *earlier, last = self.world.edits[edit.key, edit.id, edit.name]
            unheard = edit.value is None and earlier and all(one.first is None for one in earlier)
            shown = edit is last and edit.last is not None and not unheard and not state.undone(edit)
            if link.live and shown and not edit.created and edit.at > link.at + 1:
                counting.append(edit)
        return counting

    def _check_newest(self, state: State, place: tuple[str, str], golden: str | None, found: list[Edit]) -> None:
        """A record has one time for all its properties: an edit may count as late as it was first shown."""
        newest = max(self._counting(state, found), key=_earliest, default=None)
        links = [link for link in state.links.values() if link.entity == place[0]]
        if newest is None or any(link.at > newest.at and link.by != "created" for link in links):
            return
        if newest.value is None and any(
            _came_late(edit, newest) for edit in found if common(edit.name, edit.value) == golden
        ):
            return
        latest = max(
            (self._latest(edit, newest) for edit in found if common(edit.name, edit.value) == golden),
            default=float("-inf"),
        )
        if latest < _earliest(newest):
            self._broken(
                "an older edit won",
                f"{place[0]}.{place[1]} is {golden!r}, and not {newest.value!r} of {newest.key}",
                (newest.key, newest.id),
            )

    def _latest(self, edit: Edit, newest: Edit) -> float:
        """What the hub wrote once it had been shown the newest edit makes no older one any later."""
        shown = edit.late if edit.late is not None else edit.at
        same, known = common(edit.name, edit.value), newest.last if newest.last is not None else float("inf")
        echoes = [at for value, at in self.world.echoes.items() if common(edit.name, value) == same and at <= known]
        echoes += [at for value, at in self.world.met.items() if common(edit.name, value) == same]
        return max([shown, *echoes]) + SECOND

    def _check_lost(
        self, state: State, place: tuple[str, str], lost: set[tuple[str, str, str | None]], found: list[Edit]
    ) -> None:
        for edit in self._counting(state, found):
            value = common(edit.name, edit.value)
            if value is None or value in self.held[place] or (*place, value) in lost:
                continue
            case = f"{place[0]}.{place[1]} = {value!r} of {edit.key}"
            self._broken("an edit was lost without a conflict", case, (edit.key, edit.id))


def _earliest(edit: Edit) -> float:
    """A system without times counts from when the hub began to read."""
    return min(edit.at, edit.first if edit.first is not None else edit.at) - SECOND


def _came_late(edit: Edit, clearing: Edit) -> bool:
    """Whether the API showed a value only after another record was cleared: who cleared that had never seen it."""
    return edit.hidden and (edit.first is None or edit.first > clearing.at)
