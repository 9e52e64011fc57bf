"""Random entities of up to four collections, with everything that a decision depends on."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import strategies as st

from talk_assets.model import topology
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.entities import person
from talk_assets.model.gone import Gone
from talk_assets.model.lens.lens import Lens, Text, Writable
from talk_assets.model.system import Connection, System
from talk_assets.model.topology import Topology
from talk_assets.sync.plan.decide import due
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.plan.situation import Change, LinkedRecord, Situation, Values

KEYS = ("crm/people", "erp/people", "pay/people", "shop/people")
OFF = "old/people"
"""A collection that no pair names any more."""

FIELDS = ("email", "first_name", "job_title")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

texts = st.sampled_from([None, "a", "b", "c"])


def moment(n: int) -> datetime:
    return EPOCH + timedelta(minutes=n)


@dataclass(frozen=True)
class HeldRecord:
    """A record that waits for a person to link it."""

    collection: str
    id: str
    email: str | None
    since: datetime


@dataclass(frozen=True)
class Town:
    """Entities by id, all of one topology, and what is held there; `lost` are creates whose answer never came."""

    topology: Topology
    permits: Permits
    entities: Mapping[str, Situation]
    held: Sequence[HeldRecord]
    lost: Mapping[tuple[str, str], datetime]


def unreachable() -> AbstractAsyncContextManager[Connection]:
    raise AssertionError


def systems(collections: Mapping[str, Collection]) -> dict[str, System]:
    """A system per collection."""
    keys = {key.partition("/")[0]: one for key, one in collections.items()}
    return {name: System(name, name, (one,), unreachable) for name, one in keys.items()}


@st.composite
def collections(draw: st.DrawFn) -> Collection:
    when = st.sampled_from([*Writable, Writable.ALWAYS, Writable.ALWAYS, None])
    fields = draw(st.fixed_dictionaries(dict.fromkeys(FIELDS, when)))
    lens = Lens(**{name: Text(name, writable=writable) for name, writable in fields.items() if writable})
    often = st.sampled_from([True, True, True, False])
    return Collection(
        name="people", entity=person, id="id", lens=lens, writable=draw(often), creatable=draw(often),
        archived={"archived": "yes"} if draw(st.booleans()) else None, reference="ref" if draw(st.booleans()) else None,
    )  # fmt: skip


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Pairs in all directions, cycles included."""
    two_ways = st.sampled_from(list(permutations(KEYS, 2)))
    sides = draw(st.lists(two_ways, min_size=1, max_size=5, unique=True))
    pairs = [Pair(left, right, draw(st.sampled_from(OnDelete))) for left, right in sides]
    return topology.of(person, systems({key: draw(collections()) for key in KEYS}), pairs)


@st.composite
def permits(draw: st.DrawFn, pairs: Sequence[Pair]) -> Permits:
    what = draw(st.lists(st.sampled_from(["write", "write", "plan", "left out"]), min_size=len(pairs)))
    either = {word: frozenset(pair for pair, one in zip(pairs, what, strict=False) if one == word) for word in what}
    return Permits(pairs, either.get("plan", frozenset()), either.get("left out", frozenset()))


@st.composite
def records(draw: st.DrawFn, key: str, collection: Collection, golden: Values) -> Iterable[LinkedRecord]:
    """At most one record that is there, and at most two that left before."""
    found = []
    ways = st.lists(st.sampled_from([None, None, *Gone]), max_size=2, unique_by=lambda way: way is None)
    for n, gone in enumerate(draw(st.lists(st.sampled_from([*Gone]), max_size=1)) + draw(ways)):
        own = dict.fromkeys(collection.lens.fields)
        mostly = {name: st.one_of(st.just(golden[name]), st.just(golden[name]), texts) for name in own}
        linked, left = draw(st.integers(0, 9)), draw(st.integers(0, 9)) * 3 + n
        found.append(
            LinkedRecord(
                key, f"{n}", seen=draw(st.fixed_dictionaries(mostly)), sent=draw(st.fixed_dictionaries(mostly)),
                linked_at=moment(linked * 3), gone_at=moment(left) if gone else None, gone_by=gone,
                archived=draw(st.booleans()),
            )
        )  # fmt: skip
    return found


@st.composite
def situations(draw: st.DrawFn, town: Topology, allowed: Permits) -> Situation:
    golden = draw(st.fixed_dictionaries(dict.fromkeys(FIELDS, texts)))
    known = [record for key, one in town.collections.items() for record in draw(records(key, one, golden))]
    keys = [*town.collections, OFF]
    return Situation(
        topology=town,
        permits=allowed,
        golden=golden,
        origins=draw(st.fixed_dictionaries(dict.fromkeys(FIELDS, st.sampled_from(keys)))),
        records=tuple(known),
        fought=draw(st.frozensets(st.sampled_from(FIELDS), max_size=1)) if draw(st.booleans()) else frozenset(),
    )


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """Several entities at once, as the fast paths take them."""
    town = draw(topologies())
    allowed = draw(permits(town.pairs))
    entities = draw(st.lists(situations(town, allowed), min_size=1, max_size=4))
    return Town(town, allowed, {f"e{n}": one for n, one in enumerate(entities)}, (), {})


@st.composite
def obstructed(draw: st.DrawFn) -> Town:
    """The same, with all that may stand in the way of a change."""
    town = draw(towns())
    keys = list(town.topology.collections)
    unread = draw(st.frozensets(st.sampled_from(keys), max_size=1)) if draw(st.booleans()) else frozenset()
    held = [
        HeldRecord(draw(st.sampled_from(keys)), f"held{n}", draw(texts), moment(draw(st.integers(0, 9))))
        for n in range(draw(st.integers(0, 2)))
    ]
    places = st.tuples(st.sampled_from(list(town.entities)), st.sampled_from(keys))
    times = st.integers(0, 9).map(moment)
    lost = draw(st.dictionaries(places, times, max_size=1)) if draw(st.booleans()) else {}
    entities = {}
    for id_, one in town.entities.items():
        parent = draw(st.sampled_from([None, None, "crm/companies/7"])) if any(map(is_there, one.records)) else None
        could_be = {key: why for key in keys if (why := _could_be(town, key, id_, held, lost))}
        entities[id_] = draw(judged(replace(one, unread=unread, held_parent=parent, could_be=could_be)))
    return replace(town, entities=entities, held=held, lost=lost)


def is_there(record: LinkedRecord) -> bool:
    return record.gone_at is None


@st.composite
def judged(draw: st.DrawFn, entity: Situation) -> Situation:
    """Some of what is due was held before, or let out by a person, as it is now or when it was another thing."""
    held, approved = [], []
    for change in due(entity):
        other = replace(change, fields={**change.fields, "email": "z"})
        before = draw(st.sampled_from([None, None, None, held, approved]))
        if before is not None:
            before.append(draw(st.sampled_from([change, change, other])))
    return replace(entity, held=tuple(held), approved=tuple(approved))


def _could_be(
    town: Town, key: str, id_: str, held: Sequence[HeldRecord], lost: Mapping[tuple[str, str], datetime]
) -> str | None:
    """Why a held record of the collection may be the entity's: it matches, or came after a create without answer."""
    email = town.entities[id_].golden["email"]
    alike = [f"{key}/{one.id}" for one in held if one.collection == key and email and one.email == email]
    if alike:
        return f"could be {', '.join(alike)}, held with the same e-mail"
    since = lost.get((id_, key))
    if since is None or town.topology.collections[key].reference:
        return None
    later = sorted(f"{key}/{one.id}" for one in held if one.collection == key and one.since >= since)
    return f"may be there already, as {', '.join(later)}" if later else None
