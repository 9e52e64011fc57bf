"""Orders with what they refer to, and their lines, which are records of their own in Webcrm and a list in Customerp."""

import asyncio
from dataclasses import dataclass

import pytest

from talk_assets.sync.write import answers
from talk_assets_tests.whole.firm import Firm, Record, only


@dataclass(frozen=True)
class Sale:
    """An organisation, its person, two products and an opportunity with a line of each; ids as Webcrm gave them."""

    firm: Firm
    organisation: int
    person: int
    opportunity: int
    screws: int
    nuts: int

    @property
    def order(self) -> Record:
        """The opportunity's order in Customerp."""
        return only(self.firm.erp("orders", number="T-1"))

    @property
    def ordered(self) -> list[tuple[str, str, str]]:
        """What its lines say: number of the product, quantity, price."""
        numbers = {product["id"]: product["number"] for product in self.firm.erp("products")}
        return [(numbers[line["product_id"]], line["quantity"], line["unit_price"]) for line in self.order["lines"]]

    @property
    def quoted(self) -> list[tuple[str, float, float]]:
        """What the opportunity's quotation lines say, in their order: number of the product, quantity, price."""
        lines = self.firm.crm("QuotationLines", QuotationLineOpportunityId=self.opportunity)
        ordered = sorted(lines, key=lambda line: (line["QuotationLineSortOrder"], line["QuotationLineId"]))
        return [
            (line["QuotationLineData4"], line["QuotationLineQuantity"], line["QuotationLinePrice"]) for line in ordered
        ]

    def quote(self, product: str, quantity: float, price: float) -> int:
        """Somebody adds a quotation line."""
        return self.firm.crm_add(
            "QuotationLines",
            QuotationLineOpportunityId=self.opportunity,
            QuotationLineOrganisationId=self.organisation,
            QuotationLinePersonId=self.person,
            QuotationLineData4=product,
            QuotationLineQuantity=quantity,
            QuotationLinePrice=price,
            QuotationLineSortOrder=len(self.quoted) + 1,
        )

    def reconciled(self) -> bool:
        """Whether nothing comes back: the next sync writes nothing, though it reads everything again."""
        return self.firm.sync(full=True).written == {}


@pytest.fixture
def sale(firm: Firm) -> Sale:
    """Everything new in Webcrm, nothing synced."""
    for number, name in (("S-1", "Skrue"), ("M-1", "Mutter"), ("B-1", "Bolt")):
        firm.crm_add("Products", ProductCustom1=number, ProductCustom2=name)
    organisation = firm.crm_add("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
    person = firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonOrganisationId=organisation)
    opportunity = firm.crm_add(
        "Opportunities",
        OpportunityNumber="T-1",
        OpportunityDescription="Skruer og muttere",
        OpportunityOrganisationId=organisation,
        OpportunityPersonId=person,
        OpportunityOrderDate="2026-03-02",
        OpportunityCurrencyName="NOK",
        OpportunityWinYesNo=True,
    )
    sale = Sale(firm, organisation, person, opportunity, 1, 2)
    sale.quote("S-1", 100, 1.5)
    sale.quote("M-1", 50, 2)
    return sale


def test_an_organisation_its_person_and_its_opportunity_with_two_lines_arrive_in_one_sync(sale: Sale) -> None:
    synced = sale.firm.sync()
    order = sale.order
    customer, contact = only(sale.firm.erp("customers")), only(sale.firm.erp("contacts"))
    assert customer["name"] == "Fjord AS"
    assert contact["customer_id"] == customer["id"]
    assert (order["customer_id"], order["contact_id"]) == (customer["id"], contact["id"])
    assert (order["order_date"], order["currency"], order["status"]) == ("2026-03-02", "NOK", "confirmed")
    assert sale.ordered == [("S-1", "100", "1.5"), ("M-1", "50", "2")]
    assert synced.unwritten == {}
    assert sale.reconciled()


def test_each_quotation_line_has_an_order_of_one_line_for_the_same_customer(sale: Sale) -> None:
    sale.firm.sync()
    customer = only(sale.firm.erp("customers"))["id"]
    singles = [order for order in sale.firm.erp("orders") if order["id"] != sale.order["id"]]
    assert sorted(line["quantity"] for order in singles for line in order["lines"]) == ["100", "50"]
    assert {order["customer_id"] for order in singles} == {customer}


def test_an_order_refers_to_the_customer_that_its_organisation_was_linked_to(sale: Sale) -> None:
    before = sale.firm.erp_add("customers", name="FJORD", organisation_number="974 760 673")
    sale.firm.sync()
    assert [customer["id"] for customer in sale.firm.erp("customers")] == [before]
    assert {order["customer_id"] for order in sale.firm.erp("orders")} == {before}


def test_a_quotation_line_that_is_changed_changes_the_order_s_line(sale: Sale) -> None:
    sale.firm.sync()
    sale.firm.crm_edit("QuotationLines", sale.screws, QuotationLineQuantity=120, QuotationLinePrice=1.25)
    sale.firm.sync()
    assert sale.ordered == [("S-1", "120", "1.25"), ("M-1", "50", "2")]
    assert sale.quoted == [("S-1", 120, 1.25), ("M-1", 50, 2)]
    assert sale.reconciled()


def test_a_line_that_names_its_product_by_a_former_number_still_means_it(sale: Sale) -> None:
    """Else what people edit in such an order would not be noticed, and be overwritten."""
    sale.firm.sync()
    sale.firm.erp_edit("products", only(sale.firm.erp("products", number="S-1"))["id"], number="S-9")
    sale.firm.sync()
    sale.firm.crm_edit("QuotationLines", sale.screws, QuotationLineQuantity=120)
    sale.firm.sync()
    assert sale.ordered == [("S-9", "120", "1.5"), ("M-1", "50", "2")]
    assert sale.reconciled()


def test_a_quotation_line_that_is_added_is_added_to_the_order(sale: Sale) -> None:
    sale.firm.sync()
    sale.quote("B-1", 7, 9.5)
    sale.firm.sync()
    assert sale.ordered == [("S-1", "100", "1.5"), ("M-1", "50", "2"), ("B-1", "7", "9.5")]
    assert len(sale.quoted) == 3
    assert sale.reconciled()


def test_a_quotation_line_that_is_deleted_leaves_the_order_at_the_next_full_sync(sale: Sale) -> None:
    sale.firm.sync()
    sale.firm.crm_remove_line(sale.screws)
    sale.firm.sync(full=True)
    assert sale.ordered == [("M-1", "50", "2")]
    assert sale.quoted == [("M-1", 50, 2)]
    assert sale.reconciled()


def test_an_order_s_line_that_is_changed_changes_the_quotation_line_and_keeps_it(sale: Sale) -> None:
    sale.firm.sync()
    first, second = sale.order["lines"]
    sale.firm.erp_edit("orders", sale.order["id"], lines=[{**first, "quantity": "120", "discount": "10"}, second])
    sale.firm.sync()
    assert sale.quoted == [("S-1", 120, 1.5), ("M-1", 50, 2)]
    assert only(sale.firm.crm("QuotationLines", QuotationLineId=sale.screws))["QuotationLineDiscount"] == 10
    assert sale.ordered == [("S-1", "120", "1.5"), ("M-1", "50", "2")]
    assert sale.reconciled()


def test_an_order_of_one_line_that_is_changed_changes_the_quotation_that_has_the_line(sale: Sale) -> None:
    """What we write to a quotation line changes the opportunity that it is a part of, too."""
    sale.firm.sync()
    (single,) = (
        order
        for order in sale.firm.erp("orders")
        if order["id"] != sale.order["id"] and order["lines"][0]["quantity"] == "100"
    )
    sale.firm.erp_edit("orders", single["id"], lines=[{**single["lines"][0], "quantity": "130"}])
    sale.firm.sync()
    sale.firm.sync()
    assert sale.quoted == [("S-1", 130, 1.5), ("M-1", 50, 2)]
    assert sale.ordered == [("S-1", "130", "1.5"), ("M-1", "50", "2")]
    assert sale.reconciled()


def test_an_order_s_line_that_is_added_becomes_a_quotation_line(sale: Sale) -> None:
    sale.firm.sync()
    bolt = only(sale.firm.erp("products", number="B-1"))["id"]
    new = {"product_id": bolt, "quantity": "7", "unit_price": "9.5"}
    sale.firm.erp_edit("orders", sale.order["id"], lines=[*sale.order["lines"], new])
    sale.firm.sync()
    assert sale.quoted == [("S-1", 100, 1.5), ("M-1", 50, 2), ("B-1", 7, 9.5)]
    assert sale.ordered == [("S-1", "100", "1.5"), ("M-1", "50", "2"), ("B-1", "7", "9.5")]
    assert sale.reconciled()


def test_an_order_s_line_that_is_removed_leaves_the_quotation(sale: Sale) -> None:
    sale.firm.sync()
    sale.firm.erp_edit("orders", sale.order["id"], lines=sale.order["lines"][1:])
    sale.firm.sync()
    assert sale.quoted == [("M-1", 50, 2)]
    assert sale.ordered == [("M-1", "50", "2")]
    assert sale.reconciled()


class Dead(BaseException):
    """The process died."""


@pytest.mark.parametrize("read", [["webcrm/quotationline"], ["webcrm/quotationline", "webcrm/opportunities"]])
def test_a_removed_line_stays_removed_though_the_process_died_before_it_knew(
    sale: Sale, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Webcrm tells nothing of deleted lines; what is left of an order's lines is no edit, whatever was read since."""
    sale.firm.sync()
    bolt = only(sale.firm.erp("products", number="B-1"))["id"]
    new = {"product_id": bolt, "quantity": "7", "unit_price": "9.5"}
    sale.firm.erp_edit("orders", sale.order["id"], lines=[new])

    def die(*_: object) -> None:
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(answers, "store", die)
        with pytest.raises(Dead):
            sale.firm.sync()
    sale.firm.later()
    asyncio.run(sale.firm.hub.read("webcrm", read))
    sale.firm.hub.reconcile("order")
    sale.firm.sync()
    assert sale.ordered == [("B-1", "7", "9.5")]
    assert sale.quoted == [("B-1", 7, 9.5)]
    assert sale.reconciled()


def test_an_order_moved_to_another_customer_moves_its_opportunity(sale: Sale) -> None:
    other = sale.firm.crm_add("Organisations", OrganisationName="Vidda AS", OrganisationVatNumber="923609016")
    sale.firm.sync()
    customer = only(sale.firm.erp("customers", name="Vidda AS"))["id"]
    sale.firm.erp_edit("orders", sale.order["id"], customer_id=customer)
    sale.firm.sync()
    found = only(sale.firm.crm("Opportunities", OpportunityId=sale.opportunity))
    assert found["OpportunityOrganisationId"] == other
    assert sale.reconciled()


def test_an_order_without_a_customer_is_created_without_one(firm: Firm) -> None:
    firm.crm_add("Opportunities", OpportunityNumber="T-2", OpportunityDescription="Ukjent")
    firm.sync()
    assert only(firm.erp("orders"))["customer_id"] is None


def test_nothing_of_a_held_customer_is_created_before_it_is_reconciled(sale: Sale) -> None:
    twin = sale.firm.crm_add("Organisations", OrganisationName="Fjord Nord", OrganisationVatNumber="974760673")
    sale.firm.sync()
    assert {one["id"] for one in sale.firm.held()} == {str(sale.organisation), str(twin)}
    assert sale.firm.erp("customers") == []
    assert sale.firm.erp("contacts") == []
    assert sale.firm.erp("orders") == []

    sale.firm.crm_edit("Organisations", twin, OrganisationVatNumber="")
    sale.firm.sync()
    customer = only(sale.firm.erp("customers", name="Fjord AS"))["id"]
    assert {contact["customer_id"] for contact in sale.firm.erp("contacts")} == {customer}
    assert {order["customer_id"] for order in sale.firm.erp("orders")} == {customer}
    assert sale.reconciled()


def test_a_removed_line_stays_removed_when_the_order_changes_after_the_process_died(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next sync finds the line gone already, and nobody else ever says so."""
    sale.firm.sync()
    sale.firm.erp_edit("orders", sale.order["id"], lines=sale.order["lines"][:1])

    def die(*_: object) -> None:
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(answers, "store", die)
        with pytest.raises(Dead):
            sale.firm.sync()
    sale.firm.erp_edit("orders", sale.order["id"], currency="EUR")
    sale.firm.sync()
    assert sale.ordered == [("S-1", "100", "1.5")]
    assert sale.quoted == [("S-1", 100, 1.5)]
    assert sale.reconciled()


def test_a_line_that_somebody_deletes_after_the_process_died_is_not_taken_for_a_write_cut_short(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale.quote("B-1", 7, 9.5)
    sale.firm.sync()
    first, second, third = sale.order["lines"]
    sale.firm.erp_edit("orders", sale.order["id"], lines=[{**first, "quantity": "120"}, second, third])

    def die(*_: object) -> None:
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(answers, "store", die)
        with pytest.raises(Dead):
            sale.firm.sync()
    sale.firm.crm_remove_line(sale.nuts)
    sale.firm.sync(full=True)
    assert sale.quoted == [("S-1", 120, 1.5), ("B-1", 7, 9.5)]
    assert sale.ordered == [("S-1", "120", "1.5"), ("B-1", "7", "9.5")]
    assert sale.reconciled()


def test_a_line_s_value_that_is_cleared_in_the_order_is_cleared_in_the_quotation(sale: Sale) -> None:
    sale.firm.sync()
    first, second = sale.order["lines"]
    sale.firm.erp_edit("orders", sale.order["id"], lines=[{**first, "unit_price": None, "description": None}, second])
    sale.firm.sync()
    assert sale.quoted == [("S-1", 100, 0), ("M-1", 50, 2)]
    assert sale.ordered == [("S-1", "100", None), ("M-1", "50", "2")]
    assert sale.reconciled()
