"""How the generated world looks in the webshop: half of the goods with a newer price, customers as they typed."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from talk_assets.sandbox.customwebshop.records import RESOURCES, stored
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.world.world import Company, Order, Product, World

Row = tuple[dict[str, Any], int, int]
"""What a record holds, when it was created and when modified."""

NEWER_PRICE, BLANK = 0.1, 0.2
HOURS = 1.0
STOCK = 100
STATUSES = ("processing", "completed", "completed")


class Renderer:
    """Writes one world for the webshop; an id is the place and one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"{world.seed}/customwebshop/spelling")
        self._ids = 0

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection with its records."""
        makers: Mapping[str, Callable[[], Iterator[Row]]] = {
            "products": self._products,
            "customers": self._customers,
            "orders": self._orders,
        }
        for name, make in makers.items():
            yield name, self._rows(name, make())

    def _rows(self, name: str, rows: Iterator[Row]) -> Iterator[Stored]:
        resource = RESOURCES[name]
        for id_, (properties, created, modified) in enumerate(rows, 1):
            yield stored(resource, {**resource.blank(), **properties, "id": id_}, (created, modified), HOURS)

    def _products(self) -> Iterator[Row]:
        for product in self._world.products:
            yield self._product(product), product.created, product.modified

    def _product(self, product: Product) -> dict[str, Any]:
        price = product.unit_price + (1000 if self._chance.random() < NEWER_PRICE else 0)
        return {
            "name": product.name,
            "sku": product.number,
            "description": self._or_blank(product.description),
            "regular_price": _money(price),
            "global_unique_id": self._or_blank(product.gtin),
            "manage_stock": True,
            "stock_quantity": STOCK,
        }

    def _customers(self) -> Iterator[Row]:
        for company in self._world.companies:
            yield self._customer(company), company.created, company.modified

    def _customer(self, company: Company) -> dict[str, Any]:
        email = f"post@{company.domain}"
        billing = {
            "company": self._chance.choice((company.name, company.name.upper())),
            "address_1": company.street,
            "city": company.city,
            "postcode": company.postal_code,
            "country": company.country,
            "email": email,
            "phone": company.phone.removeprefix("+47"),
        }
        number = self._or_blank(company.organisation_number)
        return {
            "email": email,
            "username": company.domain,
            "role": "customer",
            "billing": {**RESOURCES["customers"].blank()["billing"], **billing},
            "meta_data": [self._meta("organisation_number", number)] if number else [],
        }

    def _orders(self) -> Iterator[Row]:
        for order in self._world.orders():
            yield self._order(order), order.created, order.modified

    def _order(self, order: Order) -> dict[str, Any]:
        number = [self._meta("order_number", order.number)] if order.shared else []
        return {
            "status": self._chance.choice(STATUSES) if order.won else "pending",
            "currency": order.currency,
            "customer_id": order.customer + 1,
            "customer_note": order.description,
            "line_items": [
                self._line(line.product, line.quantity, line.unit_price, line.discount) for line in order.lines
            ],
            "meta_data": [*number, self._meta("order_date", order.order_date.isoformat())],
        }

    def _line(self, product: int, quantity: int, price: int, discount: int) -> dict[str, Any]:
        total = price * quantity * (100 - discount) // 100
        return {
            "id": self._id(),
            "name": self._world.products[product].name,
            "product_id": product + 1,
            "variation_id": 0,
            "quantity": quantity,
            "subtotal": _money(price * quantity),
            "total": _money(total),
            "price": total / quantity / 100,
            "meta_data": [],
        }

    def _meta(self, key: str, value: str) -> dict[str, Any]:
        return {"id": self._id(), "key": key, "value": value}

    def _id(self) -> int:
        """Generated lines and meta data are numbered far from where the shop itself begins."""
        self._ids += 1
        return 1_000_000_000 + self._ids

    def _or_blank(self, value: str) -> str:
        return "" if self._chance.random() < BLANK else value


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
