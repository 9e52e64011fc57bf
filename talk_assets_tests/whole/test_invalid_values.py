"""A value that can't be read holds its field, and nothing else of its record."""

from typing import Any

from talk_assets.sandbox.serving import Given
from talk_assets_tests.whole.firm import Firm, Record, only
from talk_assets_tests.whole.firm import firm as opened

ODD = "partially-shipped"


def spoil(firm: Firm, resource: str, number: str, **values: Any) -> str:  # noqa: ANN401 -- whatever a person types in
    """Something that its API would refuse gets into a record of Customerp; return the record's id."""
    id_ = str(only(firm.erp(resource, number=number))["id"])
    firm.later()
    firm.sandbox.edit("customerp", resource, id_, {**values, "updated_at": None, "version": None})
    return id_


def held(firm: Firm) -> list[Record]:
    """The values that are held, without when."""
    return [one for one in firm.held() if one["what"] == "value"]


def order(firm: Firm) -> tuple[Record, Record]:
    """The one order there is, in Webcrm and in Customerp."""
    return only(firm.crm("Opportunities")), only(firm.erp("orders", number="O-1"))


def test_an_order_of_a_status_that_nobody_declared_is_linked_and_not_created_once_more() -> None:
    given: Given = {
        "webcrm": {"Opportunities": [{"OpportunityNumber": "O-1", "OpportunityWinYesNo": True}]},
        "customerp": {"orders": [{"number": "O-1", "status": ODD, "description": "Screws"}]},
    }
    with opened(given) as firm:
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


def test_an_order_whose_status_becomes_unreadable_travels_in_its_other_fields_both_ways(firm: Firm) -> None:
    id_ = firm.crm_add("Opportunities", OpportunityNumber="O-1", OpportunityWinYesNo=True)
    firm.sync()
    spoil(firm, "orders", "O-1", status=ODD, description="Screws")
    firm.sync()
    assert order(firm)[0]["OpportunityDescription"] == "Screws"
    firm.crm_edit("Opportunities", id_, OpportunityDescription="Nuts", OpportunityOrderDate="2024-05-17T00:00:00")
    firm.sync()
    crm, erp = order(firm)
    assert (erp["description"], erp["order_date"], erp["status"]) == ("Nuts", "2024-05-17", ODD)
    assert crm["OpportunityWinYesNo"] is True
    assert firm.sync().written == {}

    firm.erp_edit("orders", erp["id"], status="draft")
    firm.sync()
    assert order(firm)[0]["OpportunityWinYesNo"] is False
    assert firm.held() == []


def test_a_price_with_a_comma_keeps_no_new_name_back_and_its_number_is_suggested(firm: Firm) -> None:
    firm.crm_add("Products", ProductCustom1="N-1", ProductCustom2="Skrue", ProductPrice=10)
    firm.sync()
    spoil(firm, "products", "N-1", unit_price="1.495,18", name="Screw")
    firm.sync()
    product = only(firm.crm("Products"))
    assert (product["ProductCustom2"], product["ProductPrice"]) == ("Screw", 10)
    one = only(held(firm))
    assert (one["field"], one["property"], one["found"], one["suggested"]) == (
        "unit_price", "unit_price", "1.495,18", "1495.18",
    )  # fmt: skip
    firm.erp_edit("products", one["id"], unit_price="1495.18")
    firm.sync()
    assert only(firm.crm("Products"))["ProductPrice"] == 1495.18
    assert firm.held() == []


def test_a_value_that_cant_be_read_is_overwritten_only_by_an_edit_that_came_after_it(firm: Firm) -> None:
    id_ = firm.crm_add("Products", ProductCustom1="N-1", ProductPrice=10)
    firm.sync()
    spoil(firm, "products", "N-1", unit_price="12,-")
    firm.crm_edit("Products", id_, ProductPrice=11)
    firm.sync()
    assert only(firm.erp("products"))["unit_price"] == "12,-"
    assert only(held(firm))["field"] == "unit_price"
    firm.crm_edit("Products", id_, ProductCustom2="Skrue")
    firm.sync()
    assert (only(firm.erp("products"))["unit_price"], only(firm.erp("products"))["name"]) == ("12,-", "Skrue")
    firm.crm_edit("Products", id_, ProductPrice=13)
    firm.sync()
    assert only(firm.erp("products"))["unit_price"] == "13"
    assert firm.held() == []
    assert firm.sync(full=True).written == {}


def test_a_line_that_cant_be_read_holds_the_lines_and_not_the_order(firm: Firm) -> None:
    firm.crm_add("Products", ProductCustom1="N-1")
    id_ = firm.crm_add("Opportunities", OpportunityNumber="O-1")
    line = {"QuotationLineOpportunityId": id_, "QuotationLineData4": "N-1", "QuotationLinePrice": 5}
    firm.crm_add("QuotationLines", **line, QuotationLineQuantity=2)
    firm.sync()
    lines = only(firm.erp("orders", number="O-1"))["lines"]
    assert [line["quantity"] for line in lines] == ["2"]
    spoil(firm, "orders", "O-1", lines=[{**lines[0], "quantity": "a few"}], description="Screws")
    firm.sync()
    assert order(firm)[0]["OpportunityDescription"] == "Screws"
    assert only(firm.crm("QuotationLines"))["QuotationLineQuantity"] == 2
    one = only(held(firm))
    assert (one["field"], one["property"], one["found"]) == ("lines", "lines[].quantity", "a few")
    assert firm.sync().written == {}


def test_a_line_that_is_a_record_of_its_own_holds_the_lines_of_its_order(firm: Firm) -> None:
    firm.crm_add("Products", ProductCustom1="N-1")
    id_ = firm.crm_add("Opportunities", OpportunityNumber="O-1")
    line = {"QuotationLineOpportunityId": id_, "QuotationLineData4": "N-1", "QuotationLinePrice": 5}
    line_id = firm.crm_add("QuotationLines", **line, QuotationLineQuantity=2)
    firm.sync()
    firm.crm_edit("QuotationLines", line_id, QuotationLineQuantity=1e16)
    firm.crm_edit("Opportunities", id_, OpportunityDescription="Screws")
    firm.sync()
    erp = only(firm.erp("orders", number="O-1"))
    assert erp["description"] == "Screws"
    assert [line["quantity"] for line in erp["lines"]] == ["2"]
    assert {(one["collection"], one["field"], one["property"]) for one in held(firm)} == {
        ("webcrm/opportunities", "lines", "QuotationLines[].QuotationLineQuantity"),
        ("webcrm/quotationline", "lines", "QuotationLineQuantity"),
    }
    firm.crm_edit("QuotationLines", line_id, QuotationLineQuantity=3)
    firm.sync()
    assert [line["quantity"] for line in only(firm.erp("orders", number="O-1"))["lines"]] == ["3"]
    assert firm.held() == []


def test_a_value_is_listed_no_longer_once_its_record_is_gone() -> None:
    with opened({"customerp": {"products": [{"number": "N-1", "unit_price": "a lot"}]}}) as firm:
        firm.sync(full=True)
        assert len(firm.held()) == 1
        firm.sandbox.erase("customerp", "products", only(firm.erp("products"))["id"])
        firm.sync(full=True)
        assert firm.held() == []
