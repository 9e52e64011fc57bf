"""An ERP whose orders keep their time of the last change when somebody edits their lines, as Directus does."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from talk_assets.http.api import Changes, Since, Spelling
from talk_assets.model.dataflows import Pair
from talk_assets.systems import SYSTEMS, Registered
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets_tests.whole.firm import Firm, Record, firm, only

PAIRS = tuple(
    Pair(f"webcrm/{left}", f"customerp/{right}")
    for left, right in (("products", "product"), ("organisations", "customer"), ("opportunities", "order"))
)


def unmoved() -> Registered:
    """The connector as talk.toml would have it: changes by time, and orders whose lines don't move them."""
    profile = CUSTOMERP.profile
    assert profile
    changes = Changes(Since.TIME, "updated_since", Spelling.MICROSECONDS, params={"include_deleted": "true"})
    collections = tuple(replace(one, parts_move=one.name != "order") for one in profile.collections)
    api = replace(profile.api, changes=changes)
    return replace(CUSTOMERP, profile=replace(profile, api=api, collections=collections))


@dataclass(frozen=True)
class Sale:
    """An order of one line in both systems; the line's id in Webcrm."""

    firm: Firm
    line: int

    @property
    def order(self) -> Record:
        return only(self.firm.erp("orders"))

    def quantities(self) -> tuple[float, float]:
        """What Webcrm has, and the ERP."""
        quoted = only(self.firm.crm("QuotationLines"))["QuotationLineQuantity"]
        return float(quoted), float(only(self.order["lines"])["quantity"])

    def edit_line(self, quantity: int) -> None:
        """Somebody edits the line in the ERP, and the order says that it was last modified when it was before."""
        before = self.order
        line = only(before["lines"])
        self.firm.erp_edit("orders", before["id"], lines=[line | {"quantity": str(quantity)}])
        assert self.order == before | {"lines": [line | {"quantity": str(quantity)}]}


@pytest.fixture
def sale() -> Iterator[Sale]:
    with firm(pairs=PAIRS, registered={**SYSTEMS, "customerp": unmoved()}) as opened:
        opened.sandbox.fault("customerp", switches={"lines_move_order": False})
        opened.crm_add("Products", ProductCustom1="S-1", ProductCustom2="Skrue")
        organisation = opened.crm_add("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
        opportunity = opened.crm_add(
            "Opportunities",
            OpportunityNumber="T-1",
            OpportunityDescription="Skruer",
            OpportunityOrganisationId=organisation,
            OpportunityOrderDate="2026-03-02",
            OpportunityCurrencyName="NOK",
        )
        line = opened.crm_add(
            "QuotationLines",
            QuotationLineOpportunityId=opportunity,
            QuotationLineOrganisationId=organisation,
            QuotationLineData4="S-1",
            QuotationLineQuantity=1,
            QuotationLinePrice=2,
            QuotationLineSortOrder=1,
        )
        opened.sync()
        opened.later(3600)
        assert opened.sync().written == {}
        yield Sale(opened, line)


def test_an_edit_of_a_line_is_seen_by_the_next_read(sale: Sale) -> None:
    sale.edit_line(3)
    sale.firm.sync()
    assert sale.quantities() == (3, 3)
    assert sale.firm.sync(full=True).written == {}


@pytest.mark.parametrize("full", [False, True])
def test_it_counts_from_when_it_was_noticed(sale: Sale, *, full: bool) -> None:
    """An edit in Webcrm is older, and newer than what the order says."""
    sale.firm.crm_edit("QuotationLines", sale.line, QuotationLineQuantity=5)
    sale.firm.sync()
    assert sale.quantities() == (5, 5)
    sale.firm.later(3600)
    sale.edit_line(7)
    sale.firm.sync(full=full)
    sale.firm.sync()
    assert sale.quantities() == (7, 7)
    assert sale.firm.conflicts() == []
    assert sale.firm.sync().written == {}
