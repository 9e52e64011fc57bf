"""Crmoffice with Customerp, and Customerp with the webshop: what people edit in one arrives in the other."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.model.dataflows import DATAFLOWS, Pair
from talk_assets.model.entities import ENTITIES
from talk_assets.sync.write.tally import WriteReport
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, firm, only

OFFICE = tuple(pair for dataflow in DATAFLOWS if dataflow.name == "crmoffice-customerp" for pair in dataflow.pairs)
SHOP = tuple(Pair(f"customerp/{name}", f"customwebshop/{name}") for name in ("product", "customer", "order"))
MAIL = "anna.berg@fjord.example"


@pytest.fixture
def office() -> Iterator[Firm]:
    with firm(pairs=OFFICE) as found:
        yield found


@pytest.fixture
def shop() -> Iterator[Firm]:
    with firm(pairs=SHOP) as found:
        yield found


def crm(office: Firm, method: str, path: str, **properties: object) -> dict[str, Any]:
    """Somebody does this in Crmoffice."""
    office.later()
    with clients.crmoffice(office.sandbox) as client:
        answer = client.request(method, path, json=properties)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else {}


def web(shop: Firm, method: str, path: str, *, query: dict[str, str] | None = None, **sent: object) -> dict[str, Any]:
    """Somebody does this in the webshop."""
    shop.later()
    with clients.customwebshop(shop.sandbox) as client:
        answer = client.request(method, path, json=sent, params=query)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def decided(firm_: Firm) -> None:
    """Read and reconcile everything, and write nothing."""
    firm_.later()
    firm_.hub.run = "decided"
    for name in firm_.hub.systems:
        asyncio.run(firm_.hub.read(name))
    for entity in ENTITIES:
        firm_.hub.reconcile(entity)


def write(firm_: Firm, system: str) -> dict[str, WriteReport]:
    """Write what is asked of one system."""
    return asyncio.run(firm_.hub.write(system)).collections


def sold(shop: Firm, sku: str) -> dict[str, Any]:
    return only([one for one in shop.sandbox.records("customwebshop", "products") if one["sku"] == sku])


def meta(record: dict[str, Any]) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in record["meta_data"]}


class TestCrmofficeAndCustomerp:
    @pytest.fixture
    def anna(self, office: Firm) -> str:
        crm(office, "POST", "/companies", name="Fjord AS", orgNr="974760673")
        sent = {"givenName": "Anna", "familyName": "Berg", "email": MAIL, "mobilePhone": "900 11 111"}
        id_ = crm(office, "POST", "/contacts", **sent)["id"]
        times = {"startsAt": "2026-01-05T08:00:00Z", "endsAt": "2026-01-05T10:00:00Z"}
        crm(office, "POST", "/activities", subject="Befaring", ownerId=id_, **times)
        office.sync()
        return str(id_)

    def test_every_record_on_the_left_has_one_on_the_right_and_an_edit_of_either_arrives_on_the_other(
        self, office: Firm, anna: str
    ) -> None:
        contact = only(office.erp("contacts"))
        assert (contact["first_name"], contact["email"], contact["mobile"]) == ("Anna", MAIL, "+4790011111")
        product = only(office.erp("products"))
        assert (product["name"], product["number"]) == ("Fjord AS", "974760673")
        project = only(office.erp("projects"))
        assert (project["name"], project["owner_id"]) == ("Befaring", contact["id"])
        assert (project["starts_at"], project["ends_at"]) == (
            "2026-01-05T08:00:00.000000Z",
            "2026-01-05T10:00:00.000000Z",
        )
        assert office.sync().written == {}

        crm(office, "PATCH", f"/contacts/{anna}", mobilePhone="+4790022222")
        office.erp_edit("projects", project["id"], name="Befaring hos Fjord", ends_at=None)
        office.erp_edit("products", product["id"], name="Fjord Nord AS")
        assert office.sync().written == {"customerp/contact": 1, "crmoffice/activities": 1, "crmoffice/companies": 1}
        assert only(office.erp("contacts"))["mobile"] == "+4790022222"
        activity = only(office.sandbox.records("crmoffice", "activities"))
        assert (activity["subject"], activity["endsAt"]) == ("Befaring hos Fjord", None)
        assert only(office.sandbox.records("crmoffice", "companies"))["name"] == "Fjord Nord AS"
        assert office.sync().written == {}

    def test_what_was_edited_after_it_was_read_is_not_overwritten(self, office: Firm, anna: str) -> None:
        office.erp_edit("contacts", only(office.erp("contacts"))["id"], mobile="+4790022222")
        decided(office)
        crm(office, "PATCH", f"/contacts/{anna}", directPhone="+4722334455")
        (report,) = [one for key, one in write(office, "crmoffice").items() if key == "crmoffice/contacts"]
        assert (report.updated, report.failed) == (1, 0)
        office.sync()
        contact = only(office.sandbox.records("crmoffice", "contacts"))
        assert (contact["mobilePhone"], contact["directPhone"]) == ("+4790022222", "+4722334455")
        assert only(office.erp("contacts"))["phone"] == "+4722334455"
        assert office.sync().written == {}


class TestCustomerpAndTheWebshop:
    @pytest.fixture
    def order(self, shop: Firm) -> dict[str, Any]:
        """An order of two lines in both systems, as the webshop has it."""
        address = {"street": "Storgata 1", "postal_code": "0150", "city": "Oslo", "country": "NO"}
        fjord = {"name": "Fjord AS", "organisation_number": "974760673", "email": "post@fjord.example"}
        customer = shop.erp_add("customers", address=address, **fjord)
        screw = shop.erp_add("products", name="Skrue", number="S-1", unit_price="10.50")
        nut = shop.erp_add("products", name="Mutter", number="M-1", unit_price="4.25", description="To\nlinjer")
        lines = [
            {"product_id": screw, "description": "Skrue", "quantity": "2", "unit_price": "10.5", "discount": "10"},
            {"product_id": nut, "description": "Mutter", "quantity": "4", "unit_price": "4.25"},
        ]
        order = {"number": "SO-7", "customer_id": customer, "status": "confirmed", "currency": "EUR"}
        shop.erp_add("orders", **order, order_date="2026-01-02", lines=lines)
        shop.sync()
        return only(shop.sandbox.records("customwebshop", "orders"))

    def test_every_record_on_the_left_has_one_on_the_right_and_an_edit_of_either_arrives_on_the_other(
        self, shop: Firm, order: dict[str, Any]
    ) -> None:
        """A first sync mails nobody about orders, and takes no stock."""
        customer = only(shop.sandbox.records("customwebshop", "customers"))
        billing = customer["billing"]
        assert (billing["company"], billing["email"]) == ("Fjord AS", "post@fjord.example")
        assert (billing["address_1"], billing["postcode"], billing["country"]) == ("Storgata 1", "0150", "NO")
        assert meta(customer)["organisation_number"] == "974760673"
        products = shop.sandbox.records("customwebshop", "products")
        ids = {one["sku"]: one["id"] for one in products}
        assert {one["sku"]: one["regular_price"] for one in products} == {"S-1": "10.5", "M-1": "4.25"}
        assert (order["customer_id"], order["status"], order["currency"]) == (customer["id"], "pending", "EUR")
        assert meta(order)["talk_status"] == "processing"
        assert (meta(order)["order_number"], meta(order)["order_date"]) == ("SO-7", "2026-01-02")
        told = [(line["product_id"], line["quantity"], line["subtotal"], line["total"]) for line in order["line_items"]]
        assert told == [(ids["S-1"], 2, "21", "18.9"), (ids["M-1"], 4, "17", "17")]
        assert shop.sync(full=True).written == {}
        assert only(shop.erp("orders"))["status"] == "confirmed"
        mails = [("post@fjord.example", "customer_new_account")]
        effects = shop.sandbox.effects("customwebshop")
        assert [(one["to"], one["mail"]) for one in effects["mails"]] == mails
        assert effects["stock"] == []

        web(shop, "PUT", f"/customers/{customer['id']}", billing={"city": "Bergen"})
        shop.erp_edit("orders", only(shop.erp("orders"))["id"], status="delivered")
        shop.erp_edit("products", only(shop.erp("products", number="S-1"))["id"], unit_price="11")
        assert shop.sync().written == {
            "customerp/customer": 1,
            "customwebshop/order": 1,
            "customwebshop/product": 1,
        }
        assert only(shop.erp("customers"))["address"]["city"] == "Bergen"
        effects = shop.sandbox.effects("customwebshop")
        assert [(one["to"], one["mail"]) for one in effects["mails"]] == mails

        web(shop, "PUT", f"/orders/{order['id']}", status="on-hold")
        shop.erp_edit("customers", only(shop.erp("customers"))["id"], email=None, website="www.fjord.example")
        assert shop.sync().written == {"customerp/order": 1, "customwebshop/customer": 1}
        assert only(shop.erp("orders"))["status"] == "draft"
        customer = only(shop.sandbox.records("customwebshop", "customers"))
        assert (customer["billing"]["email"], meta(customer)["website"]) == (billing["email"], "www.fjord.example")
        assert customer["billing"]["city"] == "Bergen"
        assert shop.sync().written == {}

    def test_a_product_is_updated_though_others_are_related_to_it_at_each_request(self, shop: Firm) -> None:
        """And an entity in its title is a spelling of its character, and no edit."""
        screw = shop.erp_add("products", name="Skrue", number="S-1")
        nut = shop.erp_add("products", name="Nuts & bolts", number="N-1")
        web(shop, "POST", "/products", name="Nuts &amp; bolts", sku="N-1")
        for number in range(20):
            web(shop, "POST", "/products", name=f"Vare {number}", sku=f"V-{number}")
        shop.sync()
        assert only(shop.erp("products", number="N-1"))["name"] == "Nuts & bolts"
        assert sold(shop, "N-1")["name"] == "Nuts &amp; bolts"
        assert shop.conflicts() == []
        shop.erp_edit("products", screw, name="Skrue & mutter", description="Lang & fin")
        shop.erp_edit("products", nut, name="Screws & bolts &lt; 5")
        assert shop.sync().written == {"customwebshop/product": 2}
        kept = sold(shop, "S-1")
        assert (kept["name"], kept["description"]) == ("Skrue &amp; mutter", "Lang &amp; fin")
        other = sold(shop, "N-1")
        assert other["name"] == "Screws &amp; bolts &amp;lt; 5"
        for full in (False, True):
            assert shop.sync(full=full).written == {}
        found = only(shop.erp("products", number="S-1"))
        assert (found["name"], found["description"]) == ("Skrue & mutter", "Lang & fin")
        assert only(shop.erp("products", number="N-1"))["name"] == "Screws & bolts &lt; 5"
        web(shop, "PUT", f"/products/{kept['id']}", regular_price="12")
        assert shop.sync().written == {"customerp/product": 1}
        assert only(shop.erp("products", number="S-1"))["description"] == "Lang & fin"

    def test_a_customer_without_an_address_is_held_and_gets_none_of_ours(self, shop: Firm) -> None:
        shop.erp_add("customers", name="Vik AS", organisation_number="974760673")
        assert shop.sync().written == {}
        (held,) = shop.held()
        assert "email" in held["reason"]
        assert shop.sandbox.records("customwebshop", "customers") == []
        shop.erp_edit("customers", only(shop.erp("customers"))["id"], email="post@vik.example")
        assert shop.sync().written == {"customwebshop/customer": 1}

    def test_a_customer_of_another_role_is_still_there(self, shop: Firm, order: dict[str, Any]) -> None:
        customer = only(shop.sandbox.records("customwebshop", "customers"))
        shop.later()
        shop.sandbox.edit("customwebshop", "customers", customer["id"], {"role": "shop_manager"})
        for _ in range(2):
            assert shop.sync(full=True).written == {}
        assert "customwebshop" not in str(shop.held())

    def test_a_line_of_text_and_money_of_a_shop_that_shows_no_decimals_stay_as_they_are(
        self, shop: Firm, order: dict[str, Any]
    ) -> None:
        shop.sandbox.fault("customwebshop", switches={"decimals": 0})
        erp = only(shop.erp("orders"))
        first, second = erp["lines"]
        text = {"description": "Leveres i bakgården", "quantity": "0"}
        shop.erp_edit("orders", erp["id"], lines=[{**first, "quantity": "19", "unit_price": "5669.5"}, second, text])
        assert shop.sync().written == {"customwebshop/order": 1}
        lines = only(shop.sandbox.records("customwebshop", "orders"))["line_items"]
        assert [(line["name"], line["quantity"], line["total"]) for line in lines][2:] == [
            ("Leveres i bakgården", 1, "0")
        ]
        assert shop.sync(full=True).written == {}
        web(shop, "PUT", f"/orders/{order['id']}", customer_note="Haster")
        assert shop.sync().written == {"customerp/order": 1}
        lines_there = only(shop.erp("orders"))["lines"]
        assert [line["unit_price"] for line in lines_there][:2] == ["5669.5", "4.25"]
        assert [line["quantity"] for line in lines_there] == ["19", "4", "0"]
        shop.erp_edit("orders", erp["id"], description="Haster ikke")
        assert shop.sync(full=True).written == {"customwebshop/order": 1}
        after = only(shop.sandbox.records("customwebshop", "orders"))["line_items"]
        assert [line["id"] for line in after] == [line["id"] for line in lines]

    def test_lines_are_changed_added_and_removed_both_ways(self, shop: Firm, order: dict[str, Any]) -> None:
        erp = only(shop.erp("orders"))
        first, _ = erp["lines"]
        added = {"product_id": first["product_id"], "description": "Gave", "quantity": "1", "unit_price": "0"}
        shop.erp_edit("orders", erp["id"], lines=[{**first, "quantity": "3"}, added])
        assert shop.sync().written == {"customwebshop/order": 1}
        lines = only(shop.sandbox.records("customwebshop", "orders"))["line_items"]
        assert [(line["name"], line["quantity"], line["total"]) for line in lines] == [
            ("Skrue", 3, "28.35"),
            ("Gave", 1, "0"),
        ]
        assert lines[0]["id"] == order["line_items"][0]["id"]
        assert shop.sync().written == {}
        web(shop, "PUT", f"/orders/{order['id']}", line_items=[{"id": lines[1]["id"], "quantity": 0}])
        assert shop.sync().written == {"customerp/order": 1}
        assert [line["quantity"] for line in only(shop.erp("orders"))["lines"]] == ["3"]
        assert shop.sync().written == {}

    def test_an_order_in_the_trash_is_cancelled_and_can_be_taken_out_again(
        self, shop: Firm, order: dict[str, Any]
    ) -> None:
        """When it is deleted for good, it is gone, and its sibling stays."""
        before = only(shop.erp("orders"))["status"]
        web(shop, "DELETE", f"/orders/{order['id']}")
        for full in (False, True):
            shop.sync(full=full)
            assert only(shop.erp("orders"))["status"] == "cancelled"
            with shop.store.transaction() as transaction:
                assert transaction.count('SELECT count(*) FROM "order".links WHERE gone_at IS NOT NULL') == 0
        web(shop, "PUT", f"/orders/{order['id']}", status="processing")
        shop.sync()
        assert only(shop.erp("orders"))["status"] == before

        web(shop, "DELETE", f"/orders/{order['id']}?force=true")
        for _ in range(2):
            assert shop.sync(full=True).written == {}
            assert only(shop.erp("orders"))["number"] == "SO-7"
        assert shop.sandbox.records("customwebshop", "orders") == []

    def test_a_create_whose_answer_is_lost_is_found_by_its_meta_data(self, shop: Firm, order: dict[str, Any]) -> None:
        shop.erp_add("products", name="Bolt", number="B-1")
        decided(shop)
        shop.sandbox.fault("customwebshop", drop_after_accept=1.0)
        assert write(shop, "customwebshop")["customwebshop/product"].failed == 1
        shop.sandbox.fault("customwebshop", drop_after_accept=0.0)
        bolts = [one for one in shop.sandbox.records("customwebshop", "products") if one["sku"] == "B-1"]
        web(shop, "PUT", f"/products/{only(bolts)['id']}", sku="B-2")
        assert shop.sync().written == {"customerp/product": 1}
        assert len(shop.sandbox.records("customwebshop", "products")) == 3
        assert only(shop.erp("products", name="Bolt"))["number"] == "B-2"


def test_generated_worlds_meet_and_come_to_rest() -> None:
    """The shared records match, what only one system has is created, and then nothing more is written."""
    with firm(records=30, pairs=(*OFFICE, *SHOP)) as all_three:
        created = all_three.sync().written
        assert created
        assert all_three.sync().written == {}, all_three.held()
