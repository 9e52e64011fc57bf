"""The hub and the model live the same histories, and agree after every step: on records, golden and changes due."""

import asyncio
import itertools
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from talk_assets.model import topology
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.entities import person
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.plan.situation import Verdict
from talk_assets_tests.sync.chain import CRM, ERP, SHOP, Chain
from talk_assets_tests.sync.plan.model import FIELDS, Entity, Model

EXAMPLES = int(os.environ.get("HISTORIES", "2"))
"""Each takes a second; HISTORIES=300 in the environment tries more."""

PAIRS = (
    ((CRM, ERP),),
    ((CRM, ERP), (ERP, SHOP)),
    ((CRM, ERP), (SHOP, ERP)),
    ((CRM, ERP), (ERP, CRM)),
    ((CRM, SHOP), (SHOP, ERP)),
    ((CRM, ERP), (ERP, SHOP), (SHOP, CRM)),
)

Act = tuple[str, str, int, str, str | None]
"""What somebody does, in which collection, to which person, and a field with its value; to sync, which pair plans."""


def rewritten(key: str, name: str, value: str | None) -> str | None:
    """The shop shouts."""
    return value.upper() if value and key == SHOP and name == "job_title" else value


@dataclass
class Twins:
    """The hub over systems in memory, and the model over dictionaries."""

    pairs: tuple[Pair, ...]
    chain: Chain = field(init=False)
    model: Model = field(init=False)
    people: list[tuple[str, str]] = field(default_factory=list)
    """Records that people created, as collection and id."""

    def __post_init__(self) -> None:
        self.chain = Chain(pairs=self.pairs)
        self.chain.memories[SHOP].rewrite = lambda name, value: rewritten(SHOP, name, value)
        hub = self.chain.hub()
        self.model = Model(topology.of(person, hub.systems, self.pairs), rewritten)
        self.model.systems = {key: {} for key in self.model.topology.collections}

    def live(self, act: Act) -> None:
        """Somebody does something, in both."""
        what, key, n, name, value = act
        key = key if key in self.model.systems else CRM
        if what == "sync":
            self.sync(self.pairs[n : n + 1])
        elif what == "create":
            id_ = f"p{len(self.people)}"
            values = {"email": value, "first_name": name, "job_title": f"{name}{n}"}
            self.chain.memories[key].employ(0, values, id_)
            self.model.store(key, id_, values)
            self.people.append((key, id_))
        elif found := self._found(key, n):
            here, there = found
            if what == "edit":
                self.chain.memories[key].edit(here, {name: value})
                self.model.store(key, there, {name: value})
            else:
                self.chain.memories[key].delete(here)
                del self.model.systems[key][there]

    def _found(self, key: str, n: int) -> tuple[str, str] | None:
        """The ids, for the hub and for the model, of the record in a collection that belongs to a person."""
        if not self.people:
            return None
        first = self.people[n % len(self.people)]
        with self.chain.transaction() as transaction:
            linked = transaction.frame(
                "SELECT o.id FROM person.links l JOIN person.links o USING (entity_id)"
                " WHERE l.collection = ? AND l.id = ? AND o.collection = ? AND o.gone_at IS NULL",
                *first, key,
            )["id"].to_list()  # fmt: skip
        entity = next((one for one in self.model.entities if first in records_of(one)), None)
        record = entity.live(key) if entity else None
        assert bool(linked) == bool(record), f"{first} has {linked} in {key}, and {record} in the model"
        own = first[1] if first[0] == key and not entity else None
        here, there = (linked[0] if linked else own), (record.id if record else own)
        if (
            not here
            or not there
            or here not in self.chain.memories[key].records
            or there not in self.model.systems[key]
        ):
            return None
        return here, there

    def sync(self, planned: Sequence[Pair] = ()) -> None:
        """Run both; what is due is compared before it is sent, and after."""
        permits = Permits(self.model.topology.pairs, frozenset(planned))
        hub = self.chain.reconcile(full=True)
        self.model.reconcile()
        self.compare()
        for name in hub.systems:
            asyncio.run(hub.write(name, permits=permits))
        self.model.sync(permits)
        self.compare()

    def compare(self) -> None:
        for key, own in self.model.systems.items():
            shown = self.chain.shown(key, *FIELDS)
            assert Counter(shown) == Counter(tuple(one.values[name] for name in FIELDS) for one in own.values())
        assert self._golden() == Counter(
            (
                people_of(one),
                *((one.golden[name].value, one.golden[name].value and one.golden[name].origin) for name in FIELDS),
            )
            for one in self.model.entities
        )
        assert self._due() == Counter(self._planned())

    def _golden(self) -> Counter[Any]:
        values = ", ".join(f"g.{name}, regexp_extract(g.{name}_from, '^[^/]+/[^/]+')" for name in FIELDS)
        with self.chain.transaction() as transaction:
            rows = transaction.frame(
                f"SELECT entity_id, list(l.collection || '/' || l.id), {values} FROM person.golden g"
                " JOIN person.links l USING (entity_id) GROUP BY ALL"
            ).rows()
        return Counter(
            (
                by_people(row[1]),
                *((value, value and origin) for value, origin in zip(row[2::2], row[3::2], strict=True)),
            )
            for row in rows
        )

    def _due(self) -> Counter[Any]:
        """Changes as the hub has them: whose, in which collection, what, and whether they wait for a person."""
        with self.chain.transaction() as transaction:
            rows = transaction.frame(
                "SELECT entity_id, list(l.collection || '/' || l.id), c.collection, action, fields, blocked"
                " FROM sync.changes c JOIN person.links l USING (entity_id) GROUP BY ALL"
            ).rows()
        return Counter(
            (by_people(records), key, action, tuple(sorted(json.loads(fields).items())), blocked)
            for _, records, key, action, fields, blocked in rows
        )

    def _planned(self) -> list[Any]:
        permits = Permits(self.model.topology.pairs)
        return [
            (
                people_of(entity), one.change.collection, one.change.action.value, carried(one.change.fields),
                one.verdict is Verdict.HOLD or (one.verdict is Verdict.WAIT and "could be" in str(one.reason)),
            )
            for entity in self.model.entities
            for one in list(self.model.planned(entity, permits))
        ]  # fmt: skip


def carried(fields: Mapping[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    """A create, which has every field, carries no blanks."""
    return tuple(sorted((name, one) for name, one in fields.items() if one is not None or len(fields) < len(FIELDS)))


def records_of(entity: Entity) -> list[tuple[str, str]]:
    return [(one.collection, one.id) for one in entity.records]


def by_people(records: Sequence[str]) -> frozenset[str]:
    """Of records by collection and id, those that people created."""
    return frozenset(one for one in records if one.rpartition("/")[2].startswith("p"))


def people_of(entity: Entity) -> frozenset[str]:
    return by_people([f"{key}/{id_}" for key, id_ in records_of(entity)])


keys, numbers = st.sampled_from([CRM, ERP, SHOP]), st.integers(0, 2)
emails = st.sampled_from(["kari@acme.no", "ola@acme.no", None])
names = st.sampled_from(["first_name", "job_title"])
words = st.sampled_from(["a", "b", "c"])
creates = st.tuples(st.just("create"), keys, numbers, words, emails)
edits = st.one_of(
    st.tuples(st.just("edit"), keys, numbers, names, words),
    st.tuples(st.just("edit"), keys, numbers, st.just("email"), emails),
)
clears = st.tuples(st.just("edit"), keys, numbers, names, st.none())
deletes = st.tuples(st.just("delete"), keys, numbers, st.just(""), st.none())
syncs = st.tuples(st.just("sync"), st.just(""), st.integers(0, 5), st.just(""), st.none())
in_turn = st.tuples(st.permutations([CRM, ERP, SHOP]), numbers, names).map(
    lambda drawn: tuple(("edit", key, drawn[1], drawn[2], value) for key, value in zip(drawn[0], "de", strict=False))
)
"""The same field of a person is edited in two systems, one after the other, before either was read."""

alone = st.one_of(creates, edits, clears, deletes, syncs).map(lambda act: (act,))
acts = st.lists(st.one_of(alone, in_turn), max_size=4).map(lambda some: list(itertools.chain(*some)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[tuple[Pair, ...], list[Act]]:
    """A few people, and what happens to them; so few clearings that no guard asks whether people did that."""
    sides = draw(st.sampled_from(PAIRS))
    pairs = tuple(Pair(left, right, draw(st.sampled_from([OnDelete.KEEP, OnDelete.DELETE]))) for left, right in sides)
    some = [*draw(st.lists(creates, min_size=1, max_size=4)), *draw(acts), ("sync", "", 9, "", None), *draw(acts)]
    cleared = [n for n, act in enumerate(some) if act[0] == "edit" and act[4] is None]
    return pairs, [act for n, act in enumerate(some) if n not in cleared[2:]]


@settings(
    max_examples=EXAMPLES, phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(histories())
def test_the_hub_does_what_the_model_does(history: tuple[tuple[Pair, ...], list[Act]]) -> None:
    pairs, some = history
    twins = Twins(pairs)
    for act in some:
        twins.live(act)
    for _ in range(3):
        twins.sync()


def test_where_pairs_make_a_ring_what_was_created_demands_the_next() -> None:
    """The ERP's record demands one in the shop, and only that one a record in the CRM."""
    twins = Twins((Pair(CRM, ERP), Pair(ERP, SHOP), Pair(SHOP, CRM)))
    twins.live(("create", ERP, 0, "a", "kari@acme.no"))
    twins.sync()
    assert twins.chain.shown(SHOP, "email") == [("kari@acme.no",)]
    twins.sync()
    assert twins.chain.shown(CRM, "email") == [("kari@acme.no",)]


def test_a_second_sync_writes_nothing() -> None:
    """Which the model shows of itself as well: it comes to rest."""
    twins = Twins((replace(Pair(CRM, ERP), on_delete=OnDelete.DELETE), Pair(ERP, SHOP)))
    for email in ("kari@acme.no", "ola@acme.no"):
        twins.live(("create", CRM, 0, "a", email))
    twins.sync()
    before = twins.model.now
    twins.sync()
    assert len(twins.model.systems[SHOP]) == 2
    assert twins.model.now == before + 1
