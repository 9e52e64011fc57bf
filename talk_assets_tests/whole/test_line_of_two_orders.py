"""A quotation line is a line of its opportunity's order, and an order of one line itself: edited in both at once."""

import json

from talk_assets_tests.whole.firm import firm as opened
from talk_assets_tests.whole.firm import only, pairs_of

ORDERS = [pair for pair in pairs_of("webcrm-customerp") if pair.right == "customerp/order"]


def test_a_newer_edit_of_a_line_s_own_order_is_not_lost_to_an_older_one_of_the_order_it_is_in() -> None:
    """The newer words stand somewhere, or in conflicts."""
    with opened(pairs=ORDERS) as firm:
        opportunity = firm.crm_add("Opportunities", OpportunityNumber="N-1", OpportunityDescription="Both")
        firm.crm_add(
            "QuotationLines", QuotationLineOpportunityId=opportunity, QuotationLineSortOrder=1,
            QuotationLineComment="Words", QuotationLineQuantity=1.0, QuotationLinePrice=2.0,
        )  # fmt: skip
        firm.sync()
        whole = only(firm.erp("orders", number="N-1"))
        (own,) = [order for order in firm.erp("orders") if order["id"] != whole["id"]]

        firm.erp_edit("orders", whole["id"], lines=[{**whole["lines"][0], "description": "Older"}])
        firm.erp_edit("orders", own["id"], lines=[{**own["lines"][0], "description": "Newer"}])
        firm.sync()
        firm.sync()
        held = [*firm.erp("orders"), *firm.crm("QuotationLines"), *(row["value"] for row in firm.conflicts())]
        assert "Newer" in json.dumps(held, default=str)
