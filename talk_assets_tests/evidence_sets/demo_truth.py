"""Which records of the sandbox describe the same thing, and what a sync made of that.

The truth is in the generator alone: shared records come first and have the same place in every system, and everything
else belongs to one system. Nothing of it is in the records themselves, so that no sync can read it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.report.candidates import candidates
from talk_assets.sandbox.registry import SYSTEMS as EMULATED
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.world.world import World
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.systems import SYSTEMS, SystemSettings

Record = tuple[str, str]
"""A collection's key, as `webcrm/persons`, and a record's id."""

Truth = Mapping[Record, str]
"""What each generated record describes: records of one thing have the same text."""


@dataclass(frozen=True)
class Generated:
    """What a collection's records describe: a row of `kind` each, and what comes `after` them, a thing of its own.

    `first` rows come before them; `more` is the kind of the shared rows that follow.
    """

    kind: str
    first: int = 0
    more: str | None = None


GENERATED: Mapping[str, Mapping[str, tuple[str, Generated]]] = {
    "webcrm": {
        "Organisations": ("organisations", Generated("company")),
        "Persons": ("persons", Generated("person")),
        "Users": ("users", Generated("staff")),
        "Products": ("products", Generated("product")),
        "Opportunities": ("opportunities", Generated("order")),
    },
    "customerp": {
        "customers": ("customer", Generated("company")),
        "contacts": ("contact", Generated("person", more="staff")),
        "products": ("product", Generated("product")),
        "orders": ("order", Generated("order")),
        "projects": ("project", Generated("project")),
    },
    "powerofficego": {
        "Customers": ("customers", Generated("company")),
        "Departments": ("departments", Generated("department")),
        "ContactPersons": ("contactperson", Generated("person")),
        "Products": ("product", Generated("product")),
        "SalesOrders": ("salesorders", Generated("order")),
    },
    "poweroffice": {
        "customer": ("customer", Generated("person", more="staff")),
        "supplier": ("supplier", Generated("company")),
        "employee": ("employee", Generated("staff")),
    },
    "poweroffice_peer": {
        "customer": ("customer", Generated("company", first=1)),
        "contactperson": ("contactperson", Generated("person")),
    },
    "crmoffice": {
        "companies": ("companies", Generated("company")),
        "contacts": ("contacts", Generated("person")),
        "activities": ("activities", Generated("activity")),
    },
    "customwebshop": {
        "products": ("product", Generated("product")),
        "customers": ("customer", Generated("company")),
        "orders": ("order", Generated("order")),
    },
}
"""By system and emulated collection: the collection that reads it, and what its records are made of."""


def truth(*, records: int, seed: int, epoch: int) -> Truth:
    """Return what each record of a generated world describes, lines of orders aside, which describe no more."""
    found: dict[Record, str] = {}
    for system, collections in GENERATED.items():
        world = World(system, seed, records, epoch)
        shared = _shared(world)
        for path, rows in EMULATED[system].render(world).collections():
            if path in collections:
                name, generated = collections[path]
                things = _things(system, generated, shared)
                found |= {
                    (f"{system}/{name}", str(row.id)): things(_place(system, n, row)) for n, row in enumerate(rows)
                }
            else:
                for _ in rows:  # a renderer makes later records out of earlier ones
                    pass
    return found


def _place(system: str, row: int, stored: Stored) -> int:
    """The place of a record among those of its collection: Customerp has them in the order of their changes."""
    return int(str(stored.id).replace("-", ""), 16) & ((1 << 40) - 1) if system == "customerp" else row


def _shared(world: World) -> Mapping[str, list[bool]]:
    """By kind, whether the thing at each place is known to all systems."""
    return {
        "company": [one.shared for one in world.companies],
        "person": [one.shared for one in world.persons()],
        "staff": [one.shared for one in world.staff()],
        "product": [one.shared for one in world.products],
        "order": [one.shared for one in world.orders()],
    }


def _things(system: str, generated: Generated, shared: Mapping[str, list[bool]]) -> Callable[[int], str]:
    """Return what says of a row of a collection which thing it describes."""
    known, more = shared.get(generated.kind, []), shared.get(generated.more or "", [])

    def thing(row: int) -> str:
        place = row - generated.first
        if 0 <= place < len(known):
            return f"{generated.kind} {place}" if known[place] else f"{system}'s {generated.kind} {place}"
        later = place - len(known)
        if 0 <= later < len(more) and more[later]:
            return f"{generated.more} {later}"
        return f"{system}'s further {generated.kind} {row}"

    return thing


@dataclass(frozen=True)
class Wrong:
    """An entity to which records of different `things` are linked: the thing by record."""

    entity_type: str
    entity_id: str
    things: Mapping[str, str]


@dataclass(frozen=True)
class Missed:
    """Two records of one thing that are neither linked nor suggested, nor held with each other as candidates."""

    thing: str
    left: str
    right: str


def wrong_links(store: Store, truth: Truth) -> list[Wrong]:
    """Return the entities whose records describe different things; what a sync created describes none of its own."""
    with store.reading() as transaction:
        entities: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for record, (entity_type, entity_id) in _linked(transaction).items():
            if record in truth:
                entities[entity_type, entity_id]["/".join(record)] = truth[record]
    return [Wrong(*entity, things) for entity, things in entities.items() if len(set(things.values())) > 1]


def missed(store: Store, truth: Truth) -> list[Missed]:
    """Return the records of one thing that a person would have to find without help.

    Records of two systems count that some dataflows connect, if both were read, as records of one entity type.
    """
    with store.reading() as transaction:
        linked, suggested = _linked(transaction), _suggested(transaction)
    groups: dict[tuple[str, str, int], list[Record]] = defaultdict(list)
    for record, thing in truth.items():
        if record in linked or record in suggested:
            groups[thing, _collections()[record[0]].entity.name, _component(record[0])].append(record)
    found = []
    for (thing, *_), records in groups.items():
        joined = _joined(records, linked, suggested)
        found += [
            Missed(thing, "/".join(one), "/".join(other))
            for one, other in combinations(sorted(records), 2)
            if joined[one] != joined[other] and one[0].partition("/")[0] != other[0].partition("/")[0]
        ]
    return found


def _joined(
    records: list[Record], linked: Mapping[Record, tuple[str, str]], suggested: Mapping[Record, set[Record]]
) -> dict[Record, int]:
    """Number the groups of records that links and suggestions join."""
    group = {record: n for n, record in enumerate(records)}
    for one, other in combinations(records, 2):
        same = one in linked and linked[one] == linked.get(other)
        if same or other in suggested.get(one, ()) or one in suggested.get(other, ()):
            old, new = group[one], group[other]
            group = {record: new if n == old else n for record, n in group.items()}
    return group


def _linked(transaction: Transaction) -> dict[Record, tuple[str, str]]:
    """The entity of each live record: its type and id."""
    found: dict[Record, tuple[str, str]] = {}
    for entity_type in {collection.entity.name for collection in _collections().values()}:
        rows = transaction.frame(
            f"SELECT collection, id, entity_id FROM {tables.links(entity_type)} WHERE gone_at IS NULL"
        )
        found |= {(key, id_): (entity_type, entity_id) for key, id_, entity_id in rows.iter_rows()}
    return found


def _suggested(transaction: Transaction) -> dict[Record, set[Record]]:
    """By record that is held, those that a person is shown beside it."""
    held = transaction.frame("SELECT DISTINCT collection, id FROM sync.held WHERE id IS NOT NULL")
    return {(key, id_): set(_shown(transaction, key, id_)) for key, id_ in held.iter_rows()}


def _shown(transaction: Transaction, key: str, id_: str) -> Iterator[Record]:
    for candidate in candidates(transaction, key, _collections()[key], id_):
        for record in candidate.records:
            collection, _, other = record.rpartition("/")
            yield collection, other


@cache
def _collections() -> Mapping[str, Collection]:
    """Every collection that ships, by key."""
    settings = SystemSettings("http://127.0.0.1")
    return {
        f"{name}/{collection.name}": collection
        for name in GENERATED
        for collection in SYSTEMS[name].build(settings).collections
    }


def _component(key: str) -> int:
    """Which systems are connected by dataflows: a number for each group of them."""
    group = {name: n for n, name in enumerate(GENERATED)}
    for dataflow in DATAFLOWS:
        old, new = group[dataflow.left], group[dataflow.right]
        group = {name: new if n == old else n for name, n in group.items()}
    return group[key.partition("/")[0]]
