"""A value that can't be read holds its field, and nothing else of its record."""

from typing import Any

from talk_assets.sandbox.serving import Given
from talk_assets_tests.whole.firm import Firm, Record, only, pairs_of
from talk_assets_tests.whole.firm import firm as opened

ODD = "partially-shipped"
VAST = 1e16
PAIRS = pairs_of("webcrm-customerp")
PRODUCTS = [pair for pair in PAIRS if pair.right == "customerp/product"]
ORDERS = [pair for pair in PAIRS if pair.right in {"customerp/product", "customerp/order"}]


def spoil(firm: Firm, resource: str, number: str, **values: Any) -> str:  # noqa: ANN401 -- whatever a person types in
    """Something that its API would refuse gets into a record of Customerp; return the record's id."""
    id_ = str(only(firm.erp(resource, number=number))["id"])
    firm.later()
    firm.sandbox.edit("customerp", resource, id_, {**values, "updated_at": None, "version": None})
    return id_


def held(firm: Firm) -> list[Record]:
    """The values that are held, without when."""
    return [one for one in firm.held() if one["what"] == "value"]


def order(firm: Firm, number: str = "O-1") -> tuple[Record, Record]:
    """The order of that number, in Webcrm and in Customerp."""
    return only(firm.crm("Opportunities", OpportunityNumber=number)), only(firm.erp("orders", number=number))


def test_an_order_of_a_status_that_nobody_declared_is_linked_and_not_created_once_more() -> None:
    given: Given = {
        "webcrm": {"Opportunities": [{"OpportunityNumber": "O-1", "OpportunityWinYesNo": True}]},
        "customerp": {"orders": [{"number": "O-1", "status": ODD, "description": "Screws"}]},
    }
    with opened(given, pairs=ORDERS) as firm:
        firm.sync()
        crm, erp = order(firm)
        assert (crm["OpportunityDescription"], crm["OpportunityWinYesNo"]) == ("Screws", True)
        assert erp["status"] == ODD
        one = only(held(firm))
        assert (one["collection"], one["id"], one["field"], one["found"]) == (
            "customerp/order", erp["id"], "status", ODD,
        )  # fmt: skip
        assert one["right"] == "one of draft, confirmed, delivered, invoiced, cancelled"
        assert firm.sync(full=True).written == {}
        assert only(held(firm))["since"] == one["since"]


def quantities(firm: Firm, number: str) -> list[str]:
    return [line["quantity"] for line in order(firm, number)[1]["lines"]]


def test_an_order_of_which_something_becomes_unreadable_travels_in_its_other_fields_both_ways() -> None:
    """The status of one; a line of another; a line of a third that is a record of its own."""
    with opened(pairs=ORDERS) as firm:
        firm.crm_add("Products", ProductCustom1="N-1")
        status = firm.crm_add("Opportunities", OpportunityNumber="O-1", OpportunityWinYesNo=True)
        ids = {number: firm.crm_add("Opportunities", OpportunityNumber=number) for number in ("O-2", "O-3")}
        line = {"QuotationLineData4": "N-1", "QuotationLinePrice": 5, "QuotationLineQuantity": 2}
        lines = {
            number: firm.crm_add("QuotationLines", QuotationLineOpportunityId=id_, **line)
            for number, id_ in ids.items()
        }
        firm.sync()
        assert (quantities(firm, "O-2"), quantities(firm, "O-3")) == (["2"], ["2"])

        spoil(firm, "orders", "O-1", status=ODD, description="Screws")
        few = {**order(firm, "O-2")[1]["lines"][0], "quantity": "a few"}
        spoil(firm, "orders", "O-2", lines=[few], description="Screws")
        firm.crm_edit("QuotationLines", lines["O-3"], QuotationLineQuantity=VAST)
        firm.crm_edit("Opportunities", ids["O-3"], OpportunityDescription="Screws")
        firm.sync()
        assert [order(firm, number)[0]["OpportunityDescription"] for number in ("O-1", "O-2")] == ["Screws", "Screws"]
        assert order(firm, "O-3")[1]["description"] == "Screws"
        assert only(firm.crm("QuotationLines", QuotationLineId=lines["O-2"]))["QuotationLineQuantity"] == 2
        assert quantities(firm, "O-3") == ["2"]
        assert {(one["collection"], one["field"], one["property"], one["found"]) for one in held(firm)} == {
            ("customerp/order", "status", "status", ODD),
            ("customerp/order", "lines", "lines[].quantity", "a few"),
            ("webcrm/opportunities", "lines", "QuotationLines[].QuotationLineQuantity", f"{VAST:.0f}"),
            ("webcrm/quotationline", "lines", "QuotationLineQuantity", f"{VAST:.0f}"),
        }

        news = {"OpportunityDescription": "Nuts", "OpportunityOrderDate": "2024-05-17T00:00:00"}
        firm.crm_edit("Opportunities", status, **news)
        firm.crm_edit("QuotationLines", lines["O-3"], QuotationLineQuantity=3)
        firm.sync()
        crm, erp = order(firm)
        assert (erp["description"], erp["order_date"], erp["status"]) == ("Nuts", "2024-05-17", ODD)
        assert crm["OpportunityWinYesNo"] is True
        assert quantities(firm, "O-3") == ["3"]
        assert {one["found"] for one in held(firm)} == {ODD, "a few"}
        assert firm.sync().written == {}

        firm.erp_edit("orders", erp["id"], status="draft")
        firm.erp_edit("orders", order(firm, "O-2")[1]["id"], lines=[{**few, "quantity": "4"}])
        firm.sync()
        assert order(firm)[0]["OpportunityWinYesNo"] is False
        assert only(firm.crm("QuotationLines", QuotationLineId=lines["O-2"]))["QuotationLineQuantity"] == 4
        assert firm.held() == []


def test_a_price_that_cant_be_read_holds_nothing_else_and_only_a_later_edit_overwrites_it() -> None:
    """One with a comma, whose number is suggested; the other with an edit in Webcrm on top of it."""
    with opened(pairs=PRODUCTS) as firm:
        firm.crm_add("Products", ProductCustom1="N-1", ProductCustom2="Skrue", ProductPrice=10)
        id_ = firm.crm_add("Products", ProductCustom1="N-2", ProductPrice=10)
        firm.sync()
        comma = spoil(firm, "products", "N-1", unit_price="1.495,18", name="Screw")
        spoil(firm, "products", "N-2", unit_price="12,-")
        firm.crm_edit("Products", id_, ProductPrice=11)
        firm.sync()
        product = only(firm.crm("Products", ProductCustom1="N-1"))
        assert (product["ProductCustom2"], product["ProductPrice"]) == ("Screw", 10)
        assert only(firm.erp("products", number="N-2"))["unit_price"] == "12,-"
        told = {one["found"]: (one["field"], one["property"], one["suggested"]) for one in held(firm)}
        assert told.keys() == {"1.495,18", "12,-"}
        assert told["1.495,18"] == ("unit_price", "unit_price", "1495.18")
        assert told["12,-"][0] == "unit_price"

        firm.erp_edit("products", comma, unit_price="1495.18")
        firm.crm_edit("Products", id_, ProductCustom2="Skrue")
        firm.sync()
        assert only(firm.crm("Products", ProductCustom1="N-1"))["ProductPrice"] == 1495.18
        other = only(firm.erp("products", number="N-2"))
        assert (other["unit_price"], other["name"]) == ("12,-", "Skrue")

        firm.crm_edit("Products", id_, ProductPrice=13)
        firm.sync()
        assert only(firm.erp("products", number="N-2"))["unit_price"] == "13"
        assert firm.held() == []
        assert firm.sync(full=True).written == {}


def test_a_value_is_listed_no_longer_once_its_record_is_gone() -> None:
    with opened({"customerp": {"products": [{"number": "N-1", "unit_price": "a lot"}]}}, pairs=PRODUCTS) as firm:
        firm.sync(full=True)
        assert len(firm.held()) == 1
        firm.sandbox.erase("customerp", "products", only(firm.erp("products"))["id"])
        firm.sync(full=True)
        assert firm.held() == []
