"""What people do in the two systems meanwhile, over HTTP: random from a seed, and the same in every office.

Acts name records by natural key, so that they mean the same wherever ids differ. Nobody edits in one round what was
edited in another system in this round or the one before: who is newer would depend on how fast the machine is.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from talk_assets_tests.crashes.shapes import Record, Snapshot

Claim = tuple[str, str, str]
"""A field of an entity, by the entity's natural key; `*` is the whole of it."""

WHOLE = "*"


@dataclass(frozen=True)
class Act:
    """What somebody does to a record; `key` is null for a new one. References are natural keys, line ids places."""

    verb: str
    collection: str
    key: str | None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Editable:
    """A property that people change, the entity's field it holds, and how a new value is made."""

    collection: str
    entity: str
    property: str
    field: str
    make: Callable[[random.Random], Any]


def _word(rng: random.Random) -> str:
    return f"{rng.choice(('Fjell', 'Fjord', 'Skog', 'Sjø', 'Øy'))} {rng.randrange(10**6)}"


def _blank_or_word(rng: random.Random) -> str:
    return "" if rng.random() < 0.3 else _word(rng)


def _phone(rng: random.Random) -> str:
    return f"+47{rng.randrange(40_000_000, 49_999_999)}"


def _money(rng: random.Random) -> str:
    return f"{rng.randrange(100, 99_999)}.5"


EDITABLE = (
    Editable("webcrm/Persons", "person", "PersonTitle", "job_title", _blank_or_word),
    Editable("webcrm/Persons", "person", "PersonMobilePhone", "mobile", _phone),
    Editable("webcrm/Persons", "person", "PersonFirstName", "first_name", _word),
    Editable("webcrm/Organisations", "company", "OrganisationCity", "city", _blank_or_word),
    Editable("webcrm/Organisations", "company", "OrganisationTelephone", "phone", _phone),
    Editable("webcrm/Products", "product", "ProductPrice", "unit_price", lambda rng: float(_money(rng))),
    Editable("webcrm/Products", "product", "ProductMemo", "description", _blank_or_word),
    Editable("webcrm/Opportunities", "order", "OpportunityDescription", "description", _blank_or_word),
    Editable("customerp/contacts", "person", "job_title", "job_title", _blank_or_word),
    Editable("customerp/contacts", "person", "mobile", "mobile", _phone),
    Editable("customerp/contacts", "person", "last_name", "last_name", _word),
    Editable("customerp/customers", "company", "phone", "phone", _phone),
    Editable("customerp/customers", "company", "address", "street", lambda rng: {"street": _blank_or_word(rng)}),
    Editable("customerp/products", "product", "unit_price", "unit_price", _money),
    Editable("customerp/products", "product", "unit", "unit", _blank_or_word),
    Editable("customerp/orders", "order", "description", "description", _blank_or_word),
    Editable("customerp/orders", "order", "currency", "currency", lambda rng: rng.choice(("NOK", "EUR", "SEK"))),
)


@dataclass
class People:
    """Everybody who edits, from a seed."""

    rng: random.Random
    serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    claims: set[Claim] = field(default_factory=set)
    before: set[Claim] = field(default_factory=set)

    def next_round(self) -> None:
        """From now on, what was edited two rounds ago may be edited again."""
        self.before, self.claims = self.claims, set()

    def plan(self, now: Snapshot) -> list[Act]:
        """Return what happens next in an office that holds `now`."""
        makers = (self._edit, self._edit, self._edit, self._line, self._lines, self._newcomers, self._delete)
        return [act for _ in range(self.rng.randint(3, 6)) for act in self.rng.choice(makers)(now)]

    def _edit(self, now: Snapshot) -> Iterator[Act]:
        one = self.rng.choice(EDITABLE)
        record = self._pick(now, one.collection, one.entity, one.field)
        if record:
            yield Act("edit", one.collection, record.key, {one.property: one.make(self.rng)})

    def _line(self, now: Snapshot) -> Iterator[Act]:
        """In Webcrm a line is a record."""
        order = self._pick(now, "webcrm/Opportunities", "order", "lines")
        lines = _unique(now["webcrm/QuotationLines"])
        own = [line for line in lines if order and line.values["QuotationLineOpportunityId"] == order.key]
        if own:
            quantity = float(self.rng.randint(1, 90))
            yield Act("edit", "webcrm/QuotationLines", self.rng.choice(own).key, {"QuotationLineQuantity": quantity})

    def _lines(self, now: Snapshot) -> Iterator[Act]:
        """In Customerp lines are part of the order: one is changed, added or removed."""
        order = self._pick(now, "customerp/orders", "order", "lines")
        products = self._shared_products(now)
        if order is None or not products:
            return
        lines: list[dict[str, Any]] = [{"id": place} for place in range(len(order.values["lines"]))]
        what = self.rng.choice(("change", "add", "remove"))
        if what == "add" or not lines:
            lines.append({"product_id": self.rng.choice(products), "description": _word(self.rng), "quantity": "2"})
        elif what == "remove" and len(lines) > 1:
            lines.pop(self.rng.randrange(len(lines)))
        else:
            self.rng.choice(lines)["quantity"] = str(self.rng.randint(1, 90))
        yield Act("edit", "customerp/orders", order.key, {"lines": lines})

    def _newcomers(self, now: Snapshot) -> Iterator[Act]:
        n = next(self.serial)
        yield from self.rng.choice((self._family, self._both, self._product))(now, n)

    def _family(self, now: Snapshot, n: int) -> Iterator[Act]:
        """A new organisation, its person, and what it buys."""
        number, email, order = f"8{n:08}", f"ny{n}@familien{n}.example", f"N{n}"
        self.claims |= {("company", number, WHOLE), ("person", email, WHOLE), ("order", order.lower(), WHOLE)}
        organisation = {"OrganisationName": f"Familien {n}", "OrganisationVatNumber": number}
        person = {"PersonFirstName": "Ny", "PersonLastName": f"Familie {n}", "PersonEmail": email}
        yield Act("create", "webcrm/Organisations", None, organisation)
        yield Act("create", "webcrm/Persons", None, person | {"PersonOrganisationId": number})
        parents = {"OpportunityOrganisationId": number, "OpportunityPersonId": email}
        words = {"OpportunityNumber": order, "OpportunityDescription": f"Til familien {n}"}
        yield Act("create", "webcrm/Opportunities", None, words | parents | {"OpportunityCurrencyName": "NOK"})
        for place, product in enumerate(self._shared_products(now)[:2], 1):
            line = {"QuotationLineData4": product.upper(), "QuotationLineComment": f"Linje {place} av {n}"}
            more = {"QuotationLineQuantity": float(place), "QuotationLinePrice": 10.5, "QuotationLineSortOrder": place}
            yield Act(
                "create", "webcrm/QuotationLines", None, line | more | {"QuotationLineOpportunityId": order.lower()}
            )

    def _both(self, _now: Snapshot, n: int) -> Iterator[Act]:
        """Somebody whom people enter in both systems at once: one person, not two."""
        email = f"begge{n}@begge.example"
        self.claims.add(("person", email, WHOLE))
        here = {"PersonFirstName": "Begge", "PersonLastName": f"To {n}", "PersonEmail": email}
        there = {"first_name": "Begge", "last_name": f"To {n}", "email": email, "job_title": _word(self.rng)}
        acts = [Act("create", "webcrm/Persons", None, here), Act("create", "customerp/contacts", None, there)]
        yield from self.rng.sample(acts, 2)

    def _product(self, _now: Snapshot, n: int) -> Iterator[Act]:
        number = f"NY-{n}"
        self.claims.add(("product", number.lower(), WHOLE))
        yield Act(
            "create",
            "webcrm/Products",
            None,
            {"ProductCustom1": number, "ProductCustom2": _word(self.rng), "ProductPrice": 99.5},
        )

    def _delete(self, now: Snapshot) -> Iterator[Act]:
        """A contact that no order names; rarely, for everybody would be gone in the end."""
        named = {order.values["contact_id"] for order in now["customerp/orders"]}
        if self.rng.random() < 0.3:
            record = self._pick(now, "customerp/contacts", "person", WHOLE, lambda contact: contact.key not in named)
            if record:
                yield Act("delete", "customerp/contacts", record.key)

    def _pick(
        self,
        now: Snapshot,
        collection: str,
        entity: str,
        field_: str,
        fits: Callable[[Record], bool] = lambda _: True,
    ) -> Record | None:
        """Take a record whose field nobody has claimed, and claim it."""
        able = [record for record in _unique(now[collection]) if _lasting(entity, record) and fits(record)]
        free = [record for record in able if self._free(entity, record.key, field_)]
        if not free:
            return None
        record = self.rng.choice(free)
        self.claims.add(_claim(entity, record.key, field_))
        return record

    def _free(self, entity: str, key: str, field_: str) -> bool:
        taken = self.claims | self.before
        if field_ == WHOLE:
            return not any(claim[:2] == _claim(entity, key, field_)[:2] for claim in taken)
        return not {_claim(entity, key, field_), _claim(entity, key, WHOLE)} & taken

    def _shared_products(self, now: Snapshot) -> list[str]:
        here, there = (
            {record.key for record in _unique(now[name])} for name in ("webcrm/Products", "customerp/products")
        )
        return sorted(key for key in here & there if self._free("product", key, "exists"))


def _lasting(entity: str, record: Record) -> bool:
    """Whether the record keeps its natural key whatever people edit, as those do not that are known by their words."""
    if entity == "order":
        return bool(record.values.get("number") or record.values.get("OpportunityNumber"))
    return entity != "person" or "@" in record.key


def _claim(entity: str, key: str, field_: str) -> Claim:
    """Organisation numbers are spelled in many ways."""
    digits = re.sub(r"\D", "", key)
    return entity, digits if entity == "company" and digits else key, field_


def _unique(records: Sequence[Record]) -> list[Record]:
    """The records that their natural key tells apart, in an order that does not depend on ids."""
    known: dict[str, list[Record]] = {}
    for record in records:
        known.setdefault(record.key, []).append(record)
    return [found[0] for key, found in sorted(known.items()) if key and len(found) == 1]
