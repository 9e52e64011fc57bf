"""Lines of every kind in an ERP's order survive an edit of the first line in a CRM and in accounts."""

from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, firm, only, pairs_of

Line = dict[str, str]


def lines(screw: str, nut: str) -> list[Line]:
    """A line of each kind that is hard to hold."""
    return [
        {"product_id": screw, "description": "Skrue", "quantity": "2", "unit_price": "10.5"},
        {"product_id": nut, "description": "Gratis", "quantity": "0", "unit_price": "4.25"},
        {"description": "Leveres i bakgården"},
        {"product_id": nut, "description": "Tilbud", "quantity": "3", "unit_price": "0.3333", "discount": "33.33"},
        {"product_id": screw, "description": "Mye", "quantity": "21146", "unit_price": "0.682512"},
        {"product_id": screw, "description": "Retur", "quantity": "-1", "unit_price": "10.5"},
        {"product_id": nut, "description": "Kappet", "quantity": "2.5", "unit_price": "4"},
    ]


def ordered(here: Firm, number: str) -> list[Line]:
    found = only(here.erp("orders", number=number))["lines"]
    return [{name: value for name, value in line.items() if value is not None and name != "id"} for line in found]


def at_rest(here: Firm) -> bool:
    return here.sync().written == {} and here.sync(full=True).written == {}


@pytest.fixture
def office() -> Iterator[Firm]:
    with firm(pairs=pairs_of("customerp-powerofficego")) as found:
        yield found


def go(here: Firm, method: str, path: str, body: object) -> Any:  # noqa: ANN401 -- JSON is whatever it is
    here.later()
    with clients.powerofficego(here.sandbox) as client:
        answer = client.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def test_in_accounts(office: Firm) -> None:
    screw = office.erp_add("products", number="S-1", name="Skrue", unit_price="10.5")
    nut = office.erp_add("products", number="M-1", name="Mutter", unit_price="4.25")
    customer = office.erp_add("customers", name="Fjord AS", organisation_number="974760673")
    office.erp_add("orders", number="SO-1", customer_id=customer, status="draft", lines=lines(screw, nut))
    office.sync()
    assert at_rest(office), office.held()
    before = ordered(office, "SO-1")
    first = min(office.sandbox.records("powerofficego", "SalesOrderLines"), key=lambda line: line["SortOrder"])
    path = f"/SalesOrders/{first['SalesOrderId']}/Lines/{first['Id']}"
    go(office, "PATCH", path, [{"op": "replace", "path": "/Quantity", "value": 5}])
    office.sync()
    assert ordered(office, "SO-1") == [{**before[0], "quantity": "5"}, *before[1:]]
    assert office.conflicts() == []
    assert at_rest(office)


def test_in_a_crm(firm: Firm) -> None:
    opportunity = firm.crm_add("Opportunities", OpportunityNumber="SO-1", OpportunityDescription="Mye")
    firm.sync()
    screw = firm.erp_add("products", number="S-1", name="Skrue", unit_price="10.5")
    nut = firm.erp_add("products", number="M-1", name="Mutter", unit_price="4.25")
    for number, name in (("S-1", "Skrue"), ("M-1", "Mutter")):
        firm.crm_add("Products", ProductCustom1=number, ProductCustom2=name)
    firm.erp_edit("orders", only(firm.erp("orders", number="SO-1"))["id"], lines=lines(screw, nut))
    firm.sync()
    assert at_rest(firm), firm.held()
    before = ordered(firm, "SO-1")
    quoted = firm.crm("QuotationLines", QuotationLineOpportunityId=opportunity)
    first = min(quoted, key=lambda line: (line["QuotationLineSortOrder"], line["QuotationLineId"]))
    firm.crm_edit("QuotationLines", first["QuotationLineId"], QuotationLineQuantity=5)
    firm.sync()
    assert ordered(firm, "SO-1") == [{**before[0], "quantity": "5"}, *before[1:]]
    assert firm.conflicts() == []
    assert at_rest(firm)


def test_lines_of_an_order_that_is_created_in_a_crm_are_there_once() -> None:
    """Its answer shows the opportunity without its lines, which the next read shows: that is no edit of anybody's."""
    pairs = (Pair("customerp/order", "webcrm/opportunities"), Pair("customerp/product", "webcrm/products"))
    with firm(pairs=pairs) as here:
        screw = here.erp_add("products", number="S-1", name="Skrue", unit_price="10.5")
        line = {"product_id": screw, "description": "Skrue", "quantity": "2", "unit_price": "10.5"}
        order = here.erp_add("orders", number="SO-1", status="draft", lines=[line])
        here.sync()
        assert at_rest(here)
        assert ordered(here, "SO-1") == [line]
        again = {**line, "quantity": "3"}
        here.erp_edit("orders", order, description="Haster", lines=[again])
        here.sync()
        assert at_rest(here)
        assert ordered(here, "SO-1") == [again]
        assert only(here.crm("QuotationLines"))["QuotationLineQuantity"] == 3
