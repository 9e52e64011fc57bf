"""Every fast path says what the one decision says, over random entities.

What runs decide by, over frames and tables of many entities, is held against `decide`, which takes one at a time.
"""

import os
from collections import Counter
from dataclasses import replace
from unittest import mock

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from talk_assets.model import ids
from talk_assets.model.collection import updatable
from talk_assets.model.system import Action
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan import changes, deletes, permits
from talk_assets.sync.plan.decide import decide, due
from talk_assets.sync.plan.situation import Change, Decision, LinkedRecord, Verdict
from talk_assets.sync.write.writing import Writer
from talk_assets_tests.sync.plan import stored
from talk_assets_tests.sync.plan.situations import EPOCH, Choices, Town, choices, moved, obstructed, town

EXAMPLES = int(os.environ.get("DECISIONS", "25"))
"""DECISIONS=5000 in the environment tries more, for minutes."""

many = settings(
    max_examples=EXAMPLES, phases=set(Phase) - {Phase.explain}, suppress_health_check=[HealthCheck.too_slow]
)
stored_ones = settings(many, max_examples=max(1, EXAMPLES // 5))
"""With a database, each takes ten times as long."""


def decided(here: Town) -> list[stored.Due]:
    return stored.ordered(stored.comparable(id_, change) for id_, one in here.entities.items() for change in due(one))


@many
@given(choices.map(town))
def test_what_is_due(here: Town) -> None:
    found = changes.due(
        here.topology, stored.golden(here), stored.links(here), stored.fought(here), stored.refused(here)
    )
    assert stored.rows(found) == decided(here)


@many
@given(choices.map(town))
def test_what_a_deletion_demands(here: Town) -> None:
    fields = {key: updatable(one) for key, one in here.topology.collections.items()}
    known = deletes.Sides(
        here.topology.collections, here.topology.pairs, stored.golden(here), stored.links(here), fields
    )
    assert stored.rows(deletes.due(known)) == [
        change for change in decided(here) if change[3] in {Action.DELETE, Action.ARCHIVE}
    ]


def _created(here: Town, change: Change) -> LinkedRecord:
    """The record of a create that was answered: what was left out of it is blank there."""
    values = {name: change.fields.get(name) for name in here.topology.collections[change.collection].lens.fields}
    return LinkedRecord(change.collection, "new", values, values, EPOCH)


Becomes = tuple[str, str, str, Verdict, stored.Fields, str | None]
"""Collection, entity, action, verdict, the fields that are sent, and the reason unless it is held."""


@pytest.fixture(scope="module")
def store() -> Store:
    return stored.empty()


def decisions(here: Town) -> list[Becomes]:
    return sorted(
        (
            (
                change.collection, id_, change.action.value, one.verdict,
                stored.fields(stored.serialised(change)) if one.verdict is Verdict.SEND else (),
                None if one.verdict is Verdict.HOLD else one.reason,
            )
            for id_, entity in here.entities.items()
            for one in decide(entity)
            for change in [one.change]
        ),
        key=str,
    )  # fmt: skip


def planned(transaction: Transaction, here: Town) -> list[Becomes]:
    """What the fast paths say: those changes that are blocked, and what a run may send of the others."""
    found = transaction.frame("SELECT collection, entity_id, action, fields, status, reason, blocked FROM sync.changes")
    blocked = found.filter("blocked").select("collection", "entity_id", "action", "status", "reason").iter_rows()
    becomes: list[Becomes] = [
        (key, id_, action, Verdict.HOLD, (), None)
        if status == "held"
        else (key, id_, action, Verdict.WAIT, (), stored.sorted_names(reason))
        for key, id_, action, status, reason in blocked
    ]
    for key, one in here.topology.collections.items():
        rows = found.filter(~found["blocked"] & (found["collection"] == key)).select("entity_id", "action", "fields")
        judged = permits.of_changes(transaction, here.permits, key, one, rows, here.topology.collections)
        becomes += [
            (key, id_, action, Verdict.SEND, stored.fields(values), kept_back)
            for id_, action, values, kept_back in judged.sent.iter_rows()
        ]
        becomes += [(key, id_, action, Verdict.WAIT, (), reason) for id_, action, reason in judged.waits.iter_rows()]
    return sorted(becomes, key=str)


@stored_ones
@given(here=choices.map(obstructed), chunk=st.sampled_from([1, tables.CHUNK]))
def test_what_becomes_of_it(store: Store, here: Town, chunk: int) -> None:
    """With chunks of one, entities in order are passed over by the hashes of what was sent and agreed on."""
    with stored.stored(store, here) as transaction, mock.patch.object(tables, "CHUNK", chunk):
        changes.reconcile(transaction, here.topology, changes.every(transaction, here.topology.entity), EPOCH)
        assert planned(transaction, here) == decisions(here)
        sends = [one for one in decisions(here) if one[3] is Verdict.SEND]
        for key, one in here.topology.collections.items():
            writer = Writer(key, one, here.permits, "run", here.topology.collections, ids.new_id)
            expected = Counter(action for collection, _, action, *_ in sends if collection == key)
            assert dict(writer.asked(transaction).changes.iter_rows()) == expected


def is_sent_fully(one: Decision) -> bool:
    """Only such changes are done with when the answer comes; the others are planned again in all fields."""
    return one.verdict is Verdict.SEND and one.reason is None


@stored_ones
@given(by=choices)
def test_what_becomes_of_it_where_few_fields_have_moved(store: Store, by: Choices) -> None:
    """And where the answers came to some creates, after which further records may be due."""
    here = obstructed(by)
    later, names = moved(by, here)
    entities, created = {}, []
    for id_, entity in here.entities.items():
        now = list(decide(entity))
        some = by.some([one.change for one in now if one.change.action is Action.CREATE and is_sent_fully(one)])
        created += [(one.collection, id_, one.action.value) for one in some]
        answered = (_created(here, one) for one in some)
        entities[id_] = replace(
            later.entities[id_],
            records=(*later.entities[id_].records, *answered),
            held=tuple(one.change for one in now if one.verdict is Verdict.HOLD),
            refused=frozenset(
                (key, name) for key, name in entity.refused if entity.golden[name] == later.entities[id_].golden[name]
            ),
            approved=tuple(change for change in due(entity) if change.doubt and change in entity.approved),
        )
    later = replace(later, entities=entities)
    with stored.stored(store, here) as transaction:
        every = changes.every(transaction, here.topology.entity)
        changes.reconcile(transaction, here.topology, every, EPOCH)
        changes.done(transaction, pl.DataFrame(created, schema=["collection", "entity_id", "action"], orient="row"))
        stored.agree(transaction, later)
        changes.reconcile(transaction, here.topology, every, EPOCH, only_fields=names)
        assert planned(transaction, later) == decisions(later)
