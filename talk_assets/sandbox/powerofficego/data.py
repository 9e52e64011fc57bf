"""How the generated world looks in Powerofficego: what an accountant typed, with departments and invoiced orders.

A few records make trouble: two customers with one organisation number, a customer without e-mail, one with a national
identity number, contact persons of a supplier, a confirmed order, and one that has been invoiced.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from talk_assets.sandbox.powerofficego.orders import counted, filled
from talk_assets.sandbox.powerofficego.properties import (
    CONTACT_PERSONS,
    CUSTOMERS,
    DEPARTMENTS,
    LINES,
    PRODUCTS,
    SALES_ORDERS,
    SUPPLIERS,
    TABLES,
    Table,
)
from talk_assets.sandbox.powerofficego.records import TICKS, Record, blank, instant, stored
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.world.world import Company, Order, Person, World

UNITS = {"stk": "EA", "time": "HUR", "kg": "KGM", "meter": "MTR"}
SALES, STOCK, ADMINISTRATION, MARKET = ("10", "Salg"), ("20", "Lager"), ("30", "Administrasjon"), ("40", "Marked")
FIRST_CONTACT, APART = 5000, 3
"""Ids of contacts: customers have every third, as suppliers and employees are contacts too."""

FIRST_NUMBER = 10_000
DAY = 24 * 3600
INVOICED_EVERY, SUPPLYING_EVERY = 5, 4


class Renderer:
    """Writes one world for Powerofficego; an id follows from the place."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"{world.seed}/powerofficego/spelling")
        self._kept: dict[str, dict[Any, Record]] = {table.path: {} for table in TABLES}

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection with its records, those first that others refer to."""
        makers: Mapping[Table, Callable[[], Iterator[Record]]] = {
            DEPARTMENTS: self._departments,
            CUSTOMERS: self._customers,
            SUPPLIERS: self._suppliers,
            CONTACT_PERSONS: self._contact_persons,
            PRODUCTS: self._products,
        }
        for table, make in makers.items():
            yield table.path, self._rows(table, make())
        orders, lines = self._orders_and_lines()
        yield SALES_ORDERS.path, iter(orders)
        yield LINES.path, iter(lines)

    def _rows(self, table: Table, records: Iterator[Record]) -> Iterator[Stored]:
        for record in records:
            whole = {**blank(table), **record}
            self._kept[table.path][whole["Id"]] = whole
            yield stored(table, whole)

    def _departments(self) -> Iterator[Record]:
        for place, (code, name) in enumerate((SALES, STOCK, ADMINISTRATION, MARKET), 1):
            if self._world.records:
                moved = self._world.epoch - place * DAY
                yield {"Id": place, "Code": code, "Name": name, "IsActive": code != MARKET[0], **_times(moved, moved)}

    def _customers(self) -> Iterator[Record]:
        companies = self._world.companies
        for place, company in enumerate(companies):
            yield self._customer(place, company)
        for company in companies[1:2]:  # two customers with one organisation number
            twin = replace(company, name=f"{company.name} Filial", domain=f"filial.{company.domain}")
            yield self._customer(len(companies), twin)

    def _customer(self, place: int, company: Company) -> Record:
        id_, number = _contact(place), company.organisation_number
        mailed = place != 2  # noqa: PLR2004 -- the third: nobody knows its e-mail
        return {
            "Id": id_,
            "Number": FIRST_NUMBER + place,
            "Name": self._one_of(company.name, company.name, company.name.upper()),
            "LegalName": company.name,
            "OrganizationNumber": self._one_of(number, f"{number[:3]} {number[3:6]} {number[6:]}"),
            "EmailAddress": f"post@{company.domain}" if mailed else None,
            "InvoiceDeliveryType": "PdfByEmail" if mailed else "Print",
            "PhoneNumber": self._phone(company.phone),
            "WebsiteUrl": self._one_of(f"www.{company.domain}", f"https://www.{company.domain}", None),
            "MailAddress": self._address(id_, company),
            "NationalIdNumber": "30011679680" if place == 0 else None,
            "DepartmentId": self._one_of(1, None),
            "SubledgerAccountId": id_ * 10,
            **_times(company.created, company.modified),
        }

    def _address(self, id_: int, company: Company) -> Record | None:
        if self._chance.random() < 0.1:  # noqa: PLR2004 -- one in ten has none
            return None
        return {
            "AddressLine1": company.street,
            "AddressLine2": None,
            "ZipCode": company.postal_code,
            "City": self._one_of(company.city, company.city.upper()),
            "CountryCode": company.country,
            "ExternalCode": None,
            "Id": id_ * 100,
            "LastChangedDateTimeOffset": instant(company.modified * TICKS),
        }

    def _suppliers(self) -> Iterator[Record]:
        """Some customers supply as well, under the same id; one supplier is nobody's customer."""
        kept = list(self._kept[CUSTOMERS.path].values())
        names = ("Id", "Name", "OrganizationNumber", "PhoneNumber", "LastChangedDateTimeOffset")
        for number, customer in enumerate(kept[::SUPPLYING_EVERY], 20_000):
            yield {name: customer[name] for name in names} | {"Number": number}
        if kept:
            yield {
                "Id": FIRST_CONTACT - 1,
                "Number": 19_999,
                "Name": "Kraft og Nett AS",
                "LastChangedDateTimeOffset": kept[0]["LastChangedDateTimeOffset"],
            }

    def _contact_persons(self) -> Iterator[Record]:
        place = -1
        for place, person in enumerate(self._world.persons()):
            yield self._contact_person(place, person, _contact(person.company))
        if place >= 0:  # a supplier's
            supplier = {"FirstName": "Kåre", "LastName": "Strøm", "EmailAddress": "kare.strom@kraft.example"}
            now = self._world.epoch - DAY
            yield {"Id": place + 2, "ContactId": FIRST_CONTACT - 1, **supplier, **_times(now, now)}

    def _contact_person(self, place: int, person: Person, contact: int) -> Record:
        return {
            "Id": place + 1,
            "ContactId": contact,
            "FirstName": person.first_name,
            "LastName": person.last_name,
            "Title": self._one_of(person.job_title, None),
            "EmailAddress": self._one_of(person.email, person.email, person.email.title()),
            "PhoneNumber": self._phone(person.phone),
            "IsDefault": False,
            **_times(person.created, person.modified),
        }

    def _products(self) -> Iterator[Record]:
        for place, product in enumerate(self._world.products):
            yield {
                "Id": place + 1,
                "Code": product.number,
                "Name": product.name,
                "Description": self._one_of(product.description, None),
                "Gtin": self._one_of(product.gtin, product.gtin, None),
                "UnitPrice": product.unit_price / 100,
                "UnitCost": self._one_of(product.unit_cost / 100, None),
                "UnitOfMeasureCode": UNITS[product.unit],
                **_times(product.created, product.modified),
            }

    def _orders_and_lines(self) -> tuple[list[Stored], list[Stored]]:
        kept = self._kept
        orders, rows = [], []
        for place, order in enumerate(self._world.orders()):
            id_ = self._uuid()
            invoiced = order.won and place % INVOICED_EVERY == INVOICED_EVERY - 1
            lines = [counted(line, kept[PRODUCTS.path][line["ProductId"]]) for line in self._lines(order, id_)]
            record = {**blank(SALES_ORDERS), **self._order(place, order, id_)}
            customer = kept[CUSTOMERS.path][record["CustomerId"]]
            person = kept[CONTACT_PERSONS.path][record["CustomerReferenceContactPersonId"]]
            record = filled(record, customer, person, lines)
            orders.append(stored(SALES_ORDERS, record, gone=invoiced))
            rows += [] if invoiced else [stored(LINES, line) for line in lines]
        return orders, rows

    def _order(self, place: int, order: Order, id_: str) -> Record:
        return {
            "Id": id_,
            "SalesOrderNo": FIRST_NUMBER + place,
            "ImportedOrderNo": int(order.number) if order.number.isdecimal() else None,
            "CustomerId": _contact(order.customer),
            "CustomerReferenceContactPersonId": order.contact + 1,
            "SalesOrderDate": order.order_date.isoformat(),
            "DeliveryDate": self._one_of(order.delivery_date.isoformat(), None),
            "CurrencyCode": order.currency,
            "SalesOrderStatus": "Confirmed" if order.won else "Draft",
            **_times(order.created, order.modified),
        }

    def _lines(self, order: Order, id_: str) -> Iterator[Record]:
        for place, line in enumerate(order.lines):
            product = self._world.products[line.product]
            yield {
                **blank(LINES),
                "Id": self._uuid(),
                "SalesOrderId": id_,
                "ProductId": line.product + 1,
                "Description": product.name,
                "Quantity": float(line.quantity),
                "ProductUnitPrice": line.unit_price / 100,
                "ProductUnitCost": product.unit_cost / 100,
                "Allowance": float(line.discount) if line.discount else None,
                "UnitOfMeasureCode": UNITS[product.unit],
                "SortOrder": place,
            }

    def _phone(self, number: str) -> str:
        local = number.removeprefix("+47")
        return str(self._one_of(number, local, f"{local[:2]} {local[2:4]} {local[4:6]} {local[6:]}"))

    def _uuid(self) -> str:
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def _one_of(self, *values: Any) -> Any:  # noqa: ANN401 -- JSON scalars
        return self._chance.choice(values)


def _contact(place: int) -> int:
    return FIRST_CONTACT + APART * place


def _times(created: int, modified: int) -> dict[str, str]:
    """Each of the names by which collections call these times is there; what one lacks is left out when stored."""
    first, last = instant(created * TICKS), instant(modified * TICKS + 1_234_567)
    made = ("ContactCreatedDateTimeOffset", "CustomerCreatedDateTimeOffset", "CreatedDateTimeOffset")
    return {**dict.fromkeys(made, first), "LastChangedDateTimeOffset": last}
