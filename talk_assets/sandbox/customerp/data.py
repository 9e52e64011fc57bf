"""How the generated world looks in Customerp: clean values, a few newer values, one name too long for others."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from talk_assets.sandbox.customerp.properties import RESOURCES
from talk_assets.sandbox.customerp.records import instant, reconciled, uuid7
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.wire import dumps
from talk_assets.sandbox.world import numbers
from talk_assets.sandbox.world.world import Company, Order, Person, Product, World

Properties = dict[str, Any]
Row = tuple[Properties, int, int]
"""What a record holds, when it was created and when modified."""

NEWER_MOBILE, BLANK = 0.1, 0.15
MICROS = 1_000_000
DAY = 24 * 3600
STATUSES = ("confirmed", "delivered", "invoiced")
LONG_NAME = "Stiftelsen til fremme av samvirke mellom kystens og innlandets håndverkere og næringsdrivende "


class Renderer:
    """Writes one world for Customerp; an id says the resource and the place."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"{world.seed}/customerp/spelling")

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection with its records, in the order of their changes."""
        makers: Mapping[str, Callable[[], Iterator[Row]]] = {
            "customers": self._customers,
            "contacts": self._contacts,
            "products": self._products,
            "orders": self._orders,
            "projects": self._projects,
        }
        for name, make in makers.items():
            yield name, self._rows(name, make())

    def _rows(self, name: str, rows: Iterator[Row]) -> Iterator[Stored]:
        resource = RESOURCES[name]
        blank = resource.blank()
        lines = 0

        def line_id() -> str:
            nonlocal lines
            lines += 1
            return self._id("lines", lines)

        found = [(modified, place, created, properties) for place, (properties, created, modified) in enumerate(rows)]
        found.sort(key=lambda row: row[:2])
        for seq, (modified, place, created, properties) in enumerate(found, 1):
            stamp, id_ = modified * MICROS + place % MICROS, self._id(name, place)
            record: Properties = {"id": id_, "version": 1, "change_seq": seq}
            record |= {"created_at": instant(created * MICROS), "updated_at": instant(stamp)}
            record |= reconciled(resource, {**blank, **properties}, line_id)
            yield Stored(id_, dumps(record), stamp, seq, keys=tuple(record[key] for key in resource.keys))

    def _id(self, name: str, place: int) -> str:
        """Always the same for one place, and in the order of places."""
        lane = (*RESOURCES, "lines").index(name)
        return uuid7((self._world.epoch - 2 * 365 * DAY) * 1000 + place, (lane << 40) + place)

    def _customers(self) -> Iterator[Row]:
        for company in self._world.companies:
            yield self._customer(company), company.created, self._later(company.modified)
        if self._world.records:
            name = (LONG_NAME * 3)[:220].strip()
            yield {"name": name, "email": "post@stiftelsen.example"}, self._world.epoch - DAY, self._world.epoch - DAY

    def _customer(self, company: Company) -> Properties:
        return {
            "name": company.name,
            "organisation_number": company.organisation_number,
            "email": f"post@{company.domain}",
            "phone": self._or_none(company.phone),
            "website": self._or_none(f"https://www.{company.domain}"),
            "address": {
                "street": company.street,
                "postal_code": company.postal_code,
                "city": company.city,
                "country": company.country,
            },
        }

    def _contacts(self) -> Iterator[Row]:
        for person in (*self._world.persons(), *(person for person in self._world.staff() if person.shared)):
            contact, modified = self._contact(person), self._later(person.modified)
            if self._chance.random() < NEWER_MOBILE:
                contact["mobile"] = numbers.mobile(self._chance)
                modified = min(modified + 30 * DAY, self._world.epoch - 1)
            yield contact, person.created, modified

    def _contact(self, person: Person) -> Properties:
        employer = self._id("customers", person.company) if person.company >= 0 else None
        return {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "job_title": self._or_none(person.job_title),
            "email": person.email,
            "phone": self._or_none(person.phone),
            "mobile": person.mobile,
            "birth_date": self._or_none(person.birth_date.isoformat()),
            "customer_id": employer,
        }

    def _products(self) -> Iterator[Row]:
        for product in self._world.products:
            yield self._product(product), product.created, self._later(product.modified)

    def _product(self, product: Product) -> Properties:
        return {
            "number": product.number,
            "name": product.name,
            "description": self._or_none(product.description),
            "unit_price": _money(product.unit_price),
            "unit_cost": _money(product.unit_cost),
            "unit": product.unit,
            "gtin": product.gtin,
        }

    def _orders(self) -> Iterator[Row]:
        for order in self._world.orders():
            yield self._order(order), order.created, self._later(order.modified)

    def _order(self, order: Order) -> Properties:
        lines = [
            {
                "product_id": self._id("products", line.product),
                "description": self._world.products[line.product].name,
                "quantity": str(line.quantity),
                "unit_price": _money(line.unit_price),
                "discount": str(line.discount),
            }
            for line in order.lines
        ]
        return {
            "number": order.number,
            "description": order.description,
            "customer_id": self._id("customers", order.customer),
            "contact_id": self._id("contacts", order.contact),
            "order_date": order.order_date.isoformat(),
            "delivery_date": order.delivery_date.isoformat(),
            "currency": order.currency,
            "status": self._chance.choice(STATUSES) if order.won else "draft",
            "lines": lines,
        }

    def _projects(self) -> Iterator[Row]:
        for place, company in enumerate(self._world.companies[::3]):
            modified = self._later(company.modified)
            project = {
                "number": f"P-{100 + place}",
                "name": f"Leveranse til {company.name}",
                "starts_at": instant(company.modified // 3600 * 3600 * MICROS),
                "ends_at": instant((company.modified // 3600 + 24 * 30) * 3600 * MICROS),
                "customer_id": self._id("customers", place * 3),
            }
            yield project, company.created, modified

    def _later(self, modified: int) -> int:
        """The two systems were never edited at quite the same moment."""
        return min(modified + self._chance.randrange(-10 * DAY, 10 * DAY), self._world.epoch - 1)

    def _or_none(self, value: str) -> str | None:
        return None if self._chance.random() < BLANK else value


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
