"""Customerp and Powerofficego in step: the four pairs of their dataflow over HTTP, both ways, and what may go wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from talk_assets.errors import SystemFailure
from talk_assets.sync.write import answers
from talk_assets.systems.powerofficego.orders import GoConnection
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, Record, Synced, firm, only, pairs_of

PAIRS = pairs_of("customerp-powerofficego")


@dataclass(frozen=True)
class Office:
    """A firm with its ERP and its accounts; `go` is what people do there, in the API's own names."""

    firm: Firm

    def go(self, collection: str, **having: object) -> list[Record]:
        """The records of Powerofficego with these values, as they are there."""
        records = self.firm.sandbox.records("powerofficego", collection)
        return [record for record in records if having.items() <= record.items()]

    def go_send(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 -- JSON is whatever it is
        """Somebody does something in Powerofficego."""
        self.firm.later()
        with clients.powerofficego(self.firm.sandbox) as client:
            answer = client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def go_edit(self, path: str, **properties: object) -> None:
        """Somebody edits a record in Powerofficego."""
        self.go_send("PATCH", path, [{"op": "replace", "path": f"/{n}", "value": v} for n, v in properties.items()])

    def sync(self, *, full: bool = False) -> Synced:
        return self.firm.sync(full=full)

    def reconciled(self) -> bool:
        """Whether nothing comes back: the next syncs write nothing, though they read everything again."""
        return self.sync().written == {} and self.sync(full=True).written == {}

    @property
    def order(self) -> Record:
        return only(self.go("SalesOrders"))

    @property
    def lines(self) -> list[tuple[str, float, float]]:
        """What the order's lines say in Powerofficego: product, quantity, price."""
        lines = sorted(self.go("SalesOrderLines"), key=lambda line: line["SortOrder"])
        return [(line["ProductCode"], line["Quantity"], line["ProductUnitPrice"]) for line in lines]


@pytest.fixture
def office() -> Iterator[Office]:
    """Nothing anywhere."""
    with firm(pairs=PAIRS) as found:
        yield Office(found)


@dataclass(frozen=True)
class Sale:
    """A customer, its contact, two products and an order of both, as Customerp gave them ids."""

    customer: str
    contact: str
    screw: str
    nut: str
    order: str


@pytest.fixture
def sale(office: Office) -> Sale:
    """Everything new in Customerp, nothing synced."""
    add = office.firm.erp_add
    customer = add("customers", name="Fjord AS", organisation_number="974760673", address={"city": "Bergen"})
    contact = add("contacts", first_name="Anna", last_name="Berg", email="anna@fjord.example", customer_id=customer)
    screw = add("products", number="S-1", name="Skrue", unit_price="1.50", unit="stk")
    nut = add("products", number="M-1", name="Mutter", unit_price="2.00")
    order = add(
        "orders",
        number="20001",
        customer_id=customer,
        contact_id=contact,
        order_date="2026-03-02",
        currency="NOK",
        status="confirmed",
        lines=[
            {"product_id": screw, "quantity": "100", "unit_price": "1.25", "description": "Skruer", "discount": "10"},
            {"product_id": nut, "quantity": "50"},
        ],
    )
    return Sale(customer, contact, screw, nut, order)


def test_a_customer_its_contact_its_products_and_its_order_arrive_in_one_sync(office: Office, sale: Sale) -> None:
    synced = office.sync()
    assert synced.unwritten == {}
    customer, person, order = only(office.go("Customers")), only(office.go("ContactPersons")), office.order
    assert (customer["Name"], customer["OrganizationNumber"]) == ("Fjord AS", "974760673")
    assert (customer["MailAddress"]["City"], customer["InvoiceDeliveryType"]) == ("Bergen", "Print")
    assert (person["ContactId"], person["FirstName"], person["LastName"]) == (customer["Id"], "Anna", "Berg")
    assert {product["Code"]: product["UnitOfMeasureCode"] for product in office.go("Products")} == {
        "S-1": "EA",
        "M-1": None,
    }
    assert (order["CustomerId"], order["CustomerReferenceContactPersonId"]) == (customer["Id"], person["Id"])
    assert (order["ImportedOrderNo"], order["SalesOrderDate"]) == (20001, "2026-03-02")
    assert (order["SalesOrderStatus"], order["CurrencyCode"]) == ("Confirmed", "NOK")
    assert office.lines == [("S-1", 100, 1.25), ("M-1", 50, 2.0)]  # the nut's price is its product's
    assert office.reconciled()
    assert only(office.firm.erp("orders"))["lines"][1]["unit_price"] is None
    del sale


def test_what_is_edited_on_either_side_arrives_on_the_other(office: Office, sale: Sale) -> None:
    office.sync()
    customer, person = only(office.go("Customers")), only(office.go("ContactPersons"))
    office.go_edit(f"/Customers/{customer['Id']}", EmailAddress="post@fjord.example", PhoneNumber="22 33 44 55")
    office.go_edit(f"/ContactPersons/{customer['Id']}/{person['Id']}", Title="Innkjøper")
    office.firm.erp_edit("products", sale.screw, unit_price="1.75")
    office.sync()
    found = only(office.firm.erp("customers"))
    assert (found["email"], found["phone"]) == ("post@fjord.example", "+4722334455")
    assert only(office.firm.erp("contacts"))["job_title"] == "Innkjøper"
    assert only(office.go("Products", Code="S-1"))["UnitPrice"] == 1.75
    assert office.reconciled()


def test_an_address_edited_in_powerofficego_does_not_move_the_customer_and_arrives_with_the_next_full_sync(
    office: Office, sale: Sale
) -> None:
    office.sync()
    id_ = only(office.go("Customers"))["Id"]
    office.firm.later(600)
    office.go_send("POST", "/Customers", {"Name": "Vidda AS", "InvoiceDeliveryType": "Print"})
    office.sync()
    office.go_edit(f"/Customers/{id_}", **{"MailAddress/City": "Os"})
    assert office.sync().written == {}
    office.sync(full=True)
    assert only(office.firm.erp("customers", id=sale.customer))["address"]["city"] == "Os"
    assert office.reconciled()


def test_a_confirmed_order_is_unlocked_changed_and_confirmed_again(office: Office, sale: Sale) -> None:
    office.sync()
    first, second = only(office.firm.erp("orders"))["lines"]
    office.firm.erp_edit("orders", sale.order, delivery_date="2026-04-01", lines=[{**first, "quantity": "120"}, second])
    before = {line["ProductCode"]: line["Id"] for line in office.go("SalesOrderLines")}
    assert office.sync().written == {"powerofficego/salesorders": 1}
    assert (office.order["SalesOrderStatus"], office.order["DeliveryDate"]) == ("Confirmed", "2026-04-01")
    assert office.lines == [("S-1", 120, 1.25), ("M-1", 50, 2.0)]
    assert {line["ProductCode"]: line["Id"] for line in office.go("SalesOrderLines")} == before
    assert office.reconciled()


def test_lines_added_and_removed_in_customerp_are_so_in_powerofficego(office: Office, sale: Sale) -> None:
    bolt = office.firm.erp_add("products", number="B-1", name="Bolt", unit_price="9.50")
    office.sync()
    _, second = only(office.firm.erp("orders"))["lines"]
    office.firm.erp_edit("orders", sale.order, lines=[second, {"product_id": bolt, "quantity": "7"}])
    office.sync()
    assert office.lines == [("M-1", 50, 2.0), ("B-1", 7, 9.5)]
    assert office.reconciled()


def test_a_line_edited_in_powerofficego_arrives_in_the_order(office: Office, sale: Sale) -> None:
    office.sync()
    order = office.order["Id"]
    line = next(line for line in office.go("SalesOrderLines") if line["ProductCode"] == "S-1")
    office.go_edit(f"/SalesOrders/{order}", SalesOrderStatus="Draft")
    office.go_edit(f"/SalesOrders/{order}/Lines/{line['Id']}", Quantity=99)
    office.sync()
    found = only(office.firm.erp("orders", id=sale.order))
    assert found["status"] == "draft"
    assert [line["quantity"] for line in found["lines"]] == ["99", "50"]
    assert office.reconciled()


def test_a_line_deleted_in_powerofficego_leaves_the_order(office: Office, sale: Sale) -> None:
    """The line itself is never mentioned again; the order it is missing from was changed."""
    office.firm.erp_edit("orders", sale.order, status="draft")
    office.sync()
    first = min(office.go("SalesOrderLines"), key=lambda line: line["SortOrder"])
    office.go_send("DELETE", f"/SalesOrders/{office.order['Id']}/Lines/{first['Id']}")
    office.sync()
    assert [line["quantity"] for line in only(office.firm.erp("orders"))["lines"]] == ["50"]
    assert office.lines == [("M-1", 50, 2.0)]
    assert office.reconciled()


def test_an_invoiced_order_is_not_deleted_and_not_written_to_any_more(office: Office, sale: Sale) -> None:
    office.sync()
    office.go_send("POST", f"/SalesOrders/{office.order['Id']}/createAndSendInvoice")
    assert office.go("SalesOrders") == []
    reads = office.sync(full=True).reads
    assert reads["powerofficego/salesorders"].deleted == 0
    assert office.firm.erp("orders", id=sale.order)
    office.firm.erp_edit("orders", sale.order, delivery_date="2026-04-01")
    office.sync()
    with office.firm.store.transaction() as transaction:
        change = only(transaction.frame("SELECT status, reason FROM sync.changes").to_dicts())
    assert change["status"] == "held"
    assert "invoiced" in change["reason"]
    assert office.go("SalesOrders") == []


class Dead(BaseException):
    """The process died."""


def die(*_: object) -> None:
    raise Dead


def test_a_process_that_dies_before_it_knows_its_creates_finds_each_of_them_again(
    office: Office, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Customers", "ContactPersons", "Products", "SalesOrders")
    for _ in names:
        with monkeypatch.context() as patched:
            patched.setattr(answers, "store", die)
            with pytest.raises(Dead):
                office.sync()
        office.firm.later()
    office.sync()
    office.sync()
    assert {name: len(office.go(name)) for name in names} == dict(zip(names, (1, 1, 2, 1), strict=True))
    assert len(office.firm.erp("orders")) == 1
    assert office.reconciled()
    del sale


def test_a_process_that_dies_while_an_order_is_unlocked_confirms_it_again(
    office: Office, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draft is then no edit of anybody's: nothing of it comes to Customerp."""
    office.sync()
    first, second = only(office.firm.erp("orders"))["lines"]
    office.firm.erp_edit("orders", sale.order, lines=[{**first, "quantity": "120"}, second])
    with monkeypatch.context() as patched:
        patched.setattr(GoConnection, "_put_lines", die)
        with pytest.raises(Dead):
            office.sync()
    assert office.order["SalesOrderStatus"] == "Draft"
    office.sync()
    assert office.order["SalesOrderStatus"] == "Confirmed"
    assert office.lines == [("S-1", 120, 1.25), ("M-1", 50, 2.0)]
    assert only(office.firm.erp("orders", id=sale.order))["status"] == "confirmed"
    assert office.reconciled()


def test_reads_that_lag_behind_writes_bring_nothing_back(office: Office, sale: Sale) -> None:
    office.firm.sandbox.fault("powerofficego", switches={"lag": 2.0})
    office.sync()
    customer = only(office.go("Customers"))["Id"]
    for name in ("Vidda AS", "Fjell AS"):
        office.firm.erp_edit("customers", sale.customer, name=name)
        assert office.sync().written == {"powerofficego/customers": 1}
        assert only(office.go("Customers", Id=customer))["Name"] == name
    first, second = only(office.firm.erp("orders"))["lines"]
    office.firm.erp_edit("orders", sale.order, lines=[{**second, "quantity": "9"}])
    office.sync()
    assert office.lines == [("M-1", 9, 2.0)]
    assert office.reconciled()
    assert office.firm.conflicts() == []
    del first


def test_generated_data_are_in_step_after_two_syncs() -> None:
    """What the first sync finds in both systems may still be sent back and forth once: names are spelled two ways."""
    with firm(records=12, pairs=PAIRS) as generated:
        first = generated.sync()
        assert set(first.written) >= {f"powerofficego/{name}" for name in ("contactperson", "customers", "product")}
        generated.sync()
        assert generated.sync(full=True).written == {}


def test_a_system_that_fails_halfway_is_taken_up_again(office: Office, sale: Sale) -> None:
    office.firm.sandbox.fault("powerofficego", drop_after_accept=0.3)
    for _ in range(12):
        try:
            office.sync()
        except SystemFailure:
            office.firm.later()
    office.firm.sandbox.fault("powerofficego", drop_after_accept=0.0)
    office.sync()
    office.sync()
    found = {name: len(office.go(name)) for name in ("Customers", "ContactPersons", "Products", "SalesOrders")}
    assert found == {"Customers": 1, "ContactPersons": 1, "Products": 2, "SalesOrders": 1}
    assert office.lines == [("S-1", 100, 1.25), ("M-1", 50, 2.0)]
    assert office.reconciled()
    del sale
