"""How Powerofficego writes sales orders and their lines: what it fills in, what it locks, and what invoicing does.

ASSUMED: that an order without a currency gets one when it is created, and may be left without one afterwards; that a
change of a line moves the order's time; VAT of 25 per cent on everything; the words of refusals.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from talk_assets.sandbox.powerofficego.properties import (
    CONTACT_PERSONS,
    CUSTOMERS,
    LINES,
    PRODUCTS,
    SALES_ORDERS,
    Table,
)
from talk_assets.sandbox.powerofficego.reading import nowhere
from talk_assets.sandbox.powerofficego.records import (
    Record,
    Rejected,
    blank,
    instant,
    missing,
    patched,
    posted,
    stamped,
)
from talk_assets.sandbox.wire import Reply, reply

VAT_CODE, VAT_ID, VAT_RATE = "3", 6, 0.25


class Keeper(Protocol):
    """What the orders need of the system."""

    def find(self, table: Table, id_: int | str) -> Record | None:
        """A record as it is, null where there is none."""
        ...

    def keep(self, table: Table, record: Record, *, gone: bool = False) -> None:
        """Store a record."""
        ...

    def drop(self, table: Table, id_: int | str) -> None:
        """Remove a record."""
        ...

    def having(self, table: Table, name: str, value: object) -> Record | None:
        """The first record with this value, null where there is none."""
        ...

    def check(self, table: Table, record: Record, old: Record | None = None) -> None:
        """Raise Rejected where the record cannot be."""
        ...

    def lines(self, order: str) -> list[Record]:
        """An order's lines as they are, in their order."""
        ...


class Orders:
    """Writes orders and lines; `switches` are the system's, `now` is in ticks, `number` counts a series."""

    def __init__(
        self, keeper: Keeper, switches: Mapping[str, Any], now: Callable[[], int], number: Callable[[str], int]
    ) -> None:
        self._keeper, self._switches, self._now, self._number = keeper, switches, now, number

    def answer(self, method: str, rest: Sequence[str], sent: Callable[[], object]) -> Reply:  # noqa: PLR0911 -- one each
        """Carry a write out; `rest` is the path after the collection, `sent` reads the body."""
        match method, *(part.lower() for part in rest):
            case ["POST", "complete"]:
                return reply(self.create(sent()), 201)
            case ["POST", id_, "createandsendinvoice"]:
                self.invoice(id_)
                return Reply(202, headers={"Location": f"/SalesOrders/sentState?id={id_}"})
            case ["POST", id_, "lines"]:
                return reply(self.add_line(id_, sent()), 201)
            case ["PATCH", id_]:
                return reply(self.patch(id_, sent()))
            case ["PATCH", id_, "lines", line]:
                return reply(self.patch_line(id_, line, sent()))
            case ["DELETE", id_]:
                self.delete(id_)
                return Reply()
            case ["DELETE", id_, "lines", line]:
                self.delete_line(id_, line)
                return Reply()
        return nowhere()

    def create(self, sent: object) -> Record:
        """Create an order with its lines, and return it complete; nothing is kept of one that is refused."""
        record = {**blank(SALES_ORDERS), **posted(SALES_ORDERS, sent), "IsCreatedByCurrentIntegration": True}
        found = isinstance(sent, dict) and next((v for n, v in sent.items() if n.lower() == "salesorderlines"), None)
        given = list(found or ())
        if record["CustomerId"] is None and record["CustomerNo"] is not None:
            record["CustomerId"] = self._named(CUSTOMERS, "Number", record["CustomerNo"])
        self._keeper.check(SALES_ORDERS, record)
        order = stamped({**record, "SalesOrderNo": self._number("orders")}, str(uuid.uuid4()), self._now())
        lines = [self._line(order, posted(LINES, line), place) for place, line in enumerate(given)]
        for line in lines:
            self._keeper.keep(LINES, line)
        customer = self._keeper.find(CUSTOMERS, order["CustomerId"]) if order["CustomerId"] else None
        order["CurrencyCode"] = order["CurrencyCode"] or (customer or {}).get("CurrencyCode") or "NOK"
        order = self.filled(order, lines)
        self._keeper.keep(SALES_ORDERS, order)
        return {**order, "SalesOrderLines": sorted(lines, key=lambda line: (line["SortOrder"], line["Id"]))}

    def patch(self, id_: str, operations: object) -> Record:
        """Change an order's header; of a confirmed one nothing but its status, and not together with anything else."""
        old = self.found(id_)
        record = patched(SALES_ORDERS, old, operations, lenient=not self._switches["checks_paths"])
        others = {**record, "SalesOrderStatus": old["SalesOrderStatus"]}
        if others != old:
            self._unlocked(old)
        self._keeper.check(SALES_ORDERS, record, old)
        self._keeper.keep(SALES_ORDERS, self.filled(self._moved(record), self._keeper.lines(id_)))
        return self.found(id_)

    def delete(self, id_: str) -> None:
        """Remove an order and its lines, unless it is confirmed."""
        order = self.found(id_)
        if order["SalesOrderStatus"] == "Confirmed" and self._switches["locks_confirmed"]:
            raise Rejected(_locked(id_), 409, "SalesOrder conflict")
        self._drop_lines(id_)
        self._keeper.drop(SALES_ORDERS, id_)

    def invoice(self, id_: str) -> None:
        """Send the invoice: the order is one no longer, its lines are none, and only its id lives on."""
        order = self.found(id_)
        self._drop_lines(id_)
        if self._switches["invoiced_leaves"]:
            self._keeper.keep(SALES_ORDERS, self._moved(order), gone=True)

    def add_line(self, id_: str, sent: object) -> Record:
        """Add a line at the end, unless it says where."""
        order = self.found(id_)
        self._unlocked(order)
        line = self._line(order, posted(LINES, sent), len(self._keeper.lines(id_)))
        self._keeper.keep(LINES, line)
        self._touch(order)
        return line

    def patch_line(self, id_: str, line_id: str, operations: object) -> Record:
        """Change a line."""
        order, old = self.found(id_), self._found_line(id_, line_id)
        self._unlocked(order)
        line = patched(LINES, old, operations, lenient=not self._switches["checks_paths"])
        self._keeper.check(LINES, line, old)
        line = self.counted(line)
        self._keeper.keep(LINES, line)
        self._touch(order)
        return line

    def delete_line(self, id_: str, line_id: str) -> None:
        """Remove a line."""
        order = self.found(id_)
        self._found_line(id_, line_id)
        self._unlocked(order)
        self._keeper.drop(LINES, line_id)
        self._touch(order)

    def found(self, id_: str) -> Record:
        """The order as it is; an invoiced one is none."""
        order = self._keeper.find(SALES_ORDERS, id_)
        if order is None:
            raise missing(SALES_ORDERS, id_)
        return order

    def filled(self, order: Record, lines: Sequence[Record]) -> Record:
        """The order with what follows from its customer, its contact person and its lines."""
        contact = order["CustomerReferenceContactPersonId"]
        customer = self._keeper.find(CUSTOMERS, order["CustomerId"]) if order["CustomerId"] else None
        person = self._keeper.find(CONTACT_PERSONS, contact) if contact else None
        return filled(order, customer, person, lines)

    def counted(self, line: Record) -> Record:
        """The line with its amounts and what its product says of it."""
        return counted(line, self._keeper.find(PRODUCTS, line["ProductId"]) if line["ProductId"] else None)

    def _line(self, order: Record, sent: Record, place: int) -> Record:
        line = {**blank(LINES), **sent}
        line |= {"Id": str(uuid.uuid4()), "SalesOrderId": order["Id"]}
        if line["SortOrder"] is None:
            line["SortOrder"] = place
        if line["ProductId"] is None and line["ProductCode"] is not None:
            line["ProductId"] = self._named(PRODUCTS, "Code", line["ProductCode"])
        self._keeper.check(LINES, line)
        product = self._keeper.find(PRODUCTS, line["ProductId"]) if line["ProductId"] else None
        if product and line["Quantity"] is None:
            message = "Quantity is required when the line has a product."
            raise Rejected(message)
        if product and self._switches["fills_lines"]:
            fillings = {
                "Description": product["Name"],
                "ProductUnitPrice": product["UnitPrice"],
                "ProductUnitCost": product["UnitCost"],
                "UnitOfMeasureCode": product["UnitOfMeasureCode"],
            }
            line |= {name: value for name, value in fillings.items() if line[name] is None}
        return self.counted(line)

    def _named(self, table: Table, name: str, value: object) -> object:
        """The id of the record that a create calls by its number or code. The words for one that is not: ASSUMED."""
        found = self._keeper.having(table, name, value)
        if found is None:
            message = f"{table.name} with {name} = {value} not found."
            raise Rejected(message)
        return found["Id"]

    def _found_line(self, order: str, id_: str) -> Record:
        line = self._keeper.find(LINES, id_)
        if line is None or line["SalesOrderId"] != order:
            raise missing(LINES, id_)
        return line

    def _unlocked(self, order: Record) -> None:
        if order["SalesOrderStatus"] == "Confirmed" and self._switches["locks_confirmed"]:
            raise Rejected(_locked(order["Id"]))

    def _touch(self, order: Record) -> None:
        touched = self._moved(order) if self._switches["lines_move_order"] else order
        self._keeper.keep(SALES_ORDERS, self.filled(touched, self._keeper.lines(order["Id"])))

    def _moved(self, order: Record) -> Record:
        return {**order, "LastChangedDateTimeOffset": instant(self._now())}

    def _drop_lines(self, id_: str) -> None:
        for line in self._keeper.lines(id_):
            self._keeper.drop(LINES, line["Id"])


def _locked(id_: str) -> str:
    return f"SalesOrder with id = {id_} is confirmed and cannot be changed."


def filled(order: Record, customer: Record | None, person: Record | None, lines: Sequence[Record]) -> Record:
    """An order with what follows from its customer, its contact person and its lines."""
    if person:
        order = {**order, "CustomerReference": f"{person['FirstName']} {person['LastName']}".strip()}
    return {
        **order,
        "CustomerNo": customer["Number"] if customer else None,
        "LineCount": len(lines),
        "NetAmount": round(sum(line["NetAmount"] for line in lines), 2),
        "TotalAmount": round(sum(line["TotalAmount"] for line in lines), 2),
    }


def counted(line: Record, product: Record | None) -> Record:
    """A line with its amounts and what its product says of it."""
    net = (line["Quantity"] or 0) * (line["ProductUnitPrice"] or 0) * (100 - (line["Allowance"] or 0)) / 100
    vat = net * VAT_RATE if product else 0.0
    return {
        **line,
        "ProductCode": product["Code"] if product else None,
        "VatCode": VAT_CODE if product else None,
        "VatId": VAT_ID if product else None,
        "VatRate": VAT_RATE if product else None,
        "NetAmount": round(net, 2),
        "VatAmount": round(vat, 2),
        "TotalAmount": round(net + vat, 2),
    }
