"""How many requests a sync makes, counted by the sandbox, beside what is needed: no time is taken.

Needed is: to read a collection, one request for each of its largest pages, and one where nothing changed; to write a
record, one request, or one for as many as the API takes at once, and before that a look at what was edited meanwhile,
where the API has no versions: one for each batch, or for each record. A token is fetched once.

Beyond that, some APIs ask for more, and nothing that we know of them helps:

- Custom shows deleted products and orders in a list of their own. (It gives customers only in full: all are needed.)
- What a run writes after it has read is shown to the next one: again as many pages, and the lines of these orders.
- Powerofficego has no list of order lines: they are asked for order by order, once for each time the order changes.
- An order and its lines are two collections in Powerofficego and in Webcrm, and a write to one changes the other: both
  are looked at before the write, and once more after it.
- Webcrm tells of no deleted line: an opportunity's are asked for before they are changed. Lines are sent apart from it:
  those of many together, what is changed in one request and what is added in another, but one for each that goes.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.system import Action
from talk_assets.store import tables
from talk_assets.sync.write.writing import UNWATCHED
from talk_assets.systems import crmoffice, customerp, customwebshop
from talk_assets.systems.poweroffice import wire as poweroffice
from talk_assets.systems.powerofficego import wire as powerofficego
from talk_assets.systems.webcrm import wire as webcrm
from talk_assets_tests.benchmarks.figures import Count
from talk_assets_tests.soak.hands import Hands
from talk_assets_tests.soak.shelves import Raw, records
from talk_assets_tests.whole.firm import Firm, firm, pairs_of

LARGEST = {
    "webcrm": webcrm.SIZE,
    "crmoffice": crmoffice.API.paging.size,
    "customerp": customerp.API.paging.size,
    "customwebshop": customwebshop.API.paging.size,
    "poweroffice": poweroffice.SIZE,
    "poweroffice_peer": poweroffice.SIZE,
    "powerofficego": powerofficego.SIZE,
}
"""Records of the largest page, by system."""

WITH_TOKENS = ("webcrm", "crmoffice", "poweroffice", "poweroffice_peer", "powerofficego")
LINES = "powerofficego/salesorderlines"
LISTED = {LINES: "powerofficego/salesorders"}
UNFILTERED = "customwebshop/customer"
TRASH = ("customwebshop/product", "customwebshop/order")
ORDERS_AND_LINES = (
    "webcrm/opportunities",
    "webcrm/quotationline",
    "powerofficego/salesorders",
    "powerofficego/salesorderlines",
)
OPPORTUNITIES, ORDERS = "webcrm/opportunities", "customerp/order"
CHECKED = ("crmoffice", "customwebshop")
"""Systems in which each record is asked for once more before it is updated."""

VARIED = "customwebshop/product"
"""The collection of which variations are listed apart, where there are any."""

EDITS: Mapping[str, Mapping[str, object]] = {
    "webcrm/persons": {"PersonDirectPhone": "+4722111111"},
    "crmoffice/companies": {"name": "Spade 2"},
    "customerp/customer": {"phone": "+4722222222"},
    "customwebshop/product": {"description": "Of steel"},
    "poweroffice/supplier": {"phoneNumber": "+4722333333"},
    "powerofficego/contactperson": {"PhoneNumber": "+4722444444"},
}
"""What somebody edits, one record of each."""


@dataclass(frozen=True)
class Lines:
    """How many lines of opportunities are to be changed, to be added and to be removed."""

    changed: int
    added: int
    removed: int

    def requests(self, bulk: int) -> int:
        """How many it takes, with so many lines in one."""
        return math.ceil(self.changed / bulk) + math.ceil(self.added / bulk) + self.removed


@dataclass
class Account:
    """Requests of one system: those made, by method and path, those needed, and what its API asks for besides."""

    system: str
    what: str
    made: Mapping[str, int]
    needed: int = 0
    besides: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many were made."""
        return sum(self.made.values())

    @property
    def figure(self) -> Count:
        """As a row of the table."""
        why = "".join(f"; {count} {reason}" for reason, count in self.besides.items() if count)
        return Count(f"{self.system}: {self.what}{why}", [self.total], "needed", self.needed)

    def beside(self, reason: str, count: int) -> None:
        """Add requests that the API asks for besides."""
        self.besides[reason] = self.besides.get(reason, 0) + count


def figures() -> list[Count]:
    """Return a row for each system and each thing that is done."""
    return [account.figure for account in accounts(200, [dataflow.name for dataflow in DATAFLOWS])]


def accounts(persons: int, dataflows: Iterable[str]) -> Iterator[Account]:
    """Sync systems with that many persons for the first time, then with nothing to do, and after an edit in each."""
    with firm(records=persons, pairs=pairs_of(*dataflows)) as office:
        pages = {key: _pages(office, key) for key in _collections(office)}
        lines = _lying(office, LINES) if LINES in pages else []
        asked = len({line["SalesOrderId"] for line in lines})
        yield from _synced(office, "a first sync", pages, asked=asked, tokens=WITH_TOKENS)
        wrote = _sent(office)
        office.later()
        changed = wrote.get(LISTED[LINES], {}).get(Action.UPDATE, 0)
        yield from _synced(office, "a quiet run", asked=changed, wrote=wrote)
        _edit_each(office)
        yield from _synced(office, "one edit in each system")
        yield from _synced(office, "a quiet run after that")
        if OPPORTUNITIES in pages:
            edited = _synced(office, "every opportunity's lines edited in Customerp", lines=_edit_lines(office))
            yield from (account for account in edited if account.system == "webcrm")


def _synced(
    office: Firm,
    what: str,
    pages: Mapping[str, int] | None = None,
    *,
    asked: int = 0,
    tokens: Sequence[str] = (),
    lines: Lines | None = None,
    wrote: Mapping[str, Mapping[str, int]] | None = None,
) -> list[Account]:
    """Sync, and return what each system got and why.

    `asked` are orders of Powerofficego whose lines are to be read, `lines` what is to be done to those of Webcrm, and
    `wrote` what the run before sent, by collection and action.
    """
    with office.counted() as made:
        office.sync()
    own = {name: Account(name, what, made[name], name in tokens) for name in office.hub.systems}
    sent, shown = _sent(office), {key: sum(written.values()) for key, written in (wrote or {}).items()}
    for key, collection in _collections(office).items():
        account = own[key.partition("/")[0]]
        if pages is not None:
            account.needed += pages[key]
        elif key == UNFILTERED:
            account.needed += _pages(office, key)
        else:
            account.needed += 1
        if key in shown and key != UNFILTERED:
            account.beside("for what the run before wrote", math.ceil(shown[key] / LARGEST[account.system]) - 1)
        account.beside("for what was put into the trash", pages is None and key in TRASH)
        account.beside("for whether any product has variations", key == VARIED)
        _write(account, key, collection, sent.get(key, {}), lines if key == OPPORTUNITIES else None)
    if asked:
        own["powerofficego"].beside("for lines, order by order", asked)
    return list(own.values())


def _write(
    account: Account, key: str, collection: Collection, sent: Mapping[str, int], lines: Lines | None = None
) -> None:
    """Add what it takes to send so many writes, by action, or nothing of them but these lines."""
    total = sum(sent.values())
    if lines is None:
        account.needed += sum(math.ceil(count / collection.bulk) for count in sent.values())
        if account.system == "webcrm":
            stored = [count for action, count in sent.items() if action != Action.DELETE]
            account.beside("to see what was stored", sum(math.ceil(count / collection.bulk) for count in stored))
    else:
        account.needed += lines.requests(collection.bulk)
        account.beside("for the lines that there are, order by order", total)
    batches = 0 if collection.optimistic_lock else math.ceil(total / max(UNWATCHED, collection.bulk))
    account.needed += batches
    if key.startswith(CHECKED):
        account.needed += total - sent.get(Action.CREATE, 0)
    if key in ORDERS_AND_LINES and total:
        account.beside("for what an order and its lines share", batches + 2)


def _sent(office: Firm) -> dict[str, dict[str, int]]:
    """How many writes the latest run sent, by collection and action."""
    found: dict[str, dict[str, int]] = {}
    with office.store.transaction() as transaction:
        rows = transaction.frame(
            "SELECT collection, action, count(*) FROM sync.journal WHERE run = ? AND request_id IS NOT NULL"
            " GROUP BY collection, action",
            office.hub.run,
        )
    for key, action, count in rows.iter_rows():
        found.setdefault(key, {})[action] = count
    return found


def _collections(office: Firm) -> dict[str, Collection]:
    return {key: one for name in office.hub.systems for key, one in office.hub.collections(name).items()}


def _lying(office: Firm, key: str) -> list[Raw]:
    return list(records(office.sandbox, key).values())


def _pages(office: Firm, key: str) -> int:
    """How many of the largest pages a collection fills; an empty one is a page as well."""
    height = len(_lying(office, LISTED.get(key, key)))
    return max(1, math.ceil(height / LARGEST[key.partition("/")[0]]))


def _edit_each(office: Firm) -> None:
    """Edit records that have others elsewhere, a minute after whatever happened last."""
    office.later()
    for key in EDITS.keys() & _collections(office).keys():
        Hands(office.sandbox, office.http).edit(key, _linked(office, key)[0], EDITS[key])


def _edit_lines(office: Firm) -> Lines:
    """Take a line from every other opportunity's order in Customerp; elsewhere change the first line and add one."""
    office.later()
    hands, orders = Hands(office.sandbox, office.http), records(office.sandbox, ORDERS)
    edited = [orders[id_] for id_ in _linked(office, ORDERS, OPPORTUNITIES)]
    for order in edited[::2]:
        hands.save_lines(order["id"], order, order["lines"][:-1])
    for order in edited[1::2]:
        first, *rest = order["lines"]
        new = {"product_id": first["product_id"], "quantity": "1", "unit_price": "2"}
        hands.save_lines(order["id"], order, [{**first, "quantity": "77"}, *rest, new])
    return Lines(len(edited[1::2]), len(edited[1::2]), len(edited[::2]))


def _linked(office: Firm, key: str, other: str | None = None) -> list[str]:
    """The ids of a collection's records that have another one elsewhere, or in that collection."""
    entity = _collections(office)[key].entity.name
    with office.store.transaction() as transaction:
        return transaction.frame(
            f"SELECT DISTINCT a.id FROM {tables.links(entity)} a JOIN {tables.links(entity)} b USING (entity_id)"
            " WHERE a.collection = $1 AND b.collection <> $1 AND b.collection = coalesce($2, b.collection)"
            " AND a.gone_at IS NULL AND b.gone_at IS NULL ORDER BY a.id",
            key,
            other,
        )["id"].to_list()
