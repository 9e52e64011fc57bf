"""The webshop's connection, where WooCommerce differs from other REST APIs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from talk_assets.errors import ConfigurationError, CredentialsError, Unreachable
from talk_assets.http.access import AuthType
from talk_assets.http.shapes import LineTotals
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, System, Write
from talk_assets.systems import SystemSettings
from talk_assets.systems.customwebshop import CUSTOMWEBSHOP, PROFILE
from talk_assets.testing.conformance.steps import create, find, parsed, read, record, send, shown, update
from talk_assets.testing.served import Served, served
from talk_assets_tests.sandbox import clients

KEYS = {"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox"}


@pytest.fixture
def sandbox() -> Iterator[Served]:
    with served("customwebshop") as found:
        yield found


@pytest.fixture
def shop(sandbox: Served) -> System:
    return CUSTOMWEBSHOP.build(sandbox.settings())


@pytest.fixture
def order(shop: System) -> Collection:
    return shop.collection("order")


def switch(sandbox: Served, **switches: object) -> None:
    sandbox.sandbox.fault("customwebshop", switches=switches)


def web(sandbox: Served, method: str, path: str, **sent: object) -> dict[str, Any]:
    """Somebody does this in the shop."""
    with clients.customwebshop(sandbox.sandbox) as client:
        answer = client.request(method, path, json=sent)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def on_shelf(sandbox: Served, collection: str) -> list[dict[str, Any]]:
    return sandbox.sandbox.records("customwebshop", collection)


def ordering(entity: str = "e1", **properties: object) -> Write:
    return Write(f"key {entity}", Action.CREATE, entity, None, json.dumps(properties).encode())


def changing(shop: System, order: Collection, id_: str, **properties: object) -> Answer:
    now = record(shop, order, id_).row(0, named=True)["_record"].encode()
    return send(shop, order, Write("key", Action.UPDATE, "e1", id_, json.dumps(properties).encode(), record=now))


class TestKeys:
    def real(self, sandbox: Served, type_: AuthType | None = None) -> System:
        """The sandbox as somebody's own shop, which is reached over plain http; `type_` is what talk.toml says."""
        access = replace(PROFILE.access, type=type_, over_http=None) if type_ else PROFILE.access
        profile = replace(PROFILE, access=access)
        return CUSTOMWEBSHOP.build(sandbox.settings(credentials=KEYS, sandbox=False, profile=profile))

    def test_requests_over_plain_http_are_signed_reads_and_writes(self, sandbox: Served) -> None:
        switch(sandbox, tls=False, passes_header=False)
        shop = self.real(sandbox)
        product = shop.collection("product")
        id_ = create(shop, product, {"name": "Skrue & mutter", "number": "S 1"})
        update(shop, product, id_, {"name": "Skrue + mutter"})
        assert shown(shop, product, id_)["name"] == "Skrue + mutter"

    def test_key_and_secret_are_in_the_query_where_talk_toml_says_so(self, sandbox: Served) -> None:
        switch(sandbox, passes_header=False)
        shop = self.real(sandbox, AuthType.QUERY_PAIR)
        assert create(shop, shop.collection("product"), {})
        with pytest.raises(CredentialsError, match="query_pair"):
            read(self.real(sandbox, AuthType.BASIC), shop.collection("product"))

    def test_a_401_over_plain_http_is_not_blamed_on_the_key_alone(self, sandbox: Served) -> None:
        switch(sandbox, tls=False)
        shop = self.real(sandbox, AuthType.BASIC)
        with pytest.raises(CredentialsError, match=r"plain http.*https://") as refused:
            read(shop, shop.collection("product"))
        assert "cs_sandbox" not in str(refused.value)


class TestReading:
    def test_what_is_no_key_for_the_context_edit_shows_the_same_texts(self, sandbox: Served, shop: System) -> None:
        text = "Første & andre.\n\nNy\nlinje."
        id_ = web(sandbox, "POST", "/products", name="A & B", description=text)["id"]
        product = shop.collection("product")
        edited = shown(shop, product, str(id_))
        switch(sandbox, permission="read", edit_context=False)
        (viewed,) = parsed(product, read(shop, product))[0]["_id"]
        assert viewed == str(id_)
        assert shown(shop, product, viewed) == edited
        assert (edited["name"], edited["description"]) == ("A & B", text)

    def test_what_is_written_is_kept_whatever_is_in_it(self, shop: System) -> None:
        product = shop.collection("product")
        text = "5 < 6 & 7 > 6; &amp; &bogus; <AS> <b>fett</b> C:\\ny\\\\sti \\"
        name = "A & B <AS> &lt; 1\\2"
        id_ = create(shop, product, {"name": name, "description": text})
        found = shown(shop, product, id_)
        assert (found["name"], found["description"]) == (name, text)

    def test_people_of_every_role_are_read(self, sandbox: Served, shop: System) -> None:
        customer = shop.collection("customer")
        boss = sandbox.sandbox.create("customwebshop", "customers", {"email": "b@b.no", "role": "shop_manager"})
        assert parsed(customer, read(shop, customer))[0]["_id"].to_list() == [boss]
        assert record(shop, customer, boss).height == 1

    def test_totals_are_read_with_more_decimals_than_the_shop_shows(
        self, sandbox: Served, shop: System, order: Collection
    ) -> None:
        product = web(sandbox, "POST", "/products", name="Skrue")["id"]
        switch(sandbox, decimals=0)
        line = {"product_id": product, "quantity": 19, "subtotal": "107720.5", "total": "107720.5"}
        id_ = web(sandbox, "POST", "/orders", line_items=[line])["id"]
        (found,) = json.loads(shown(shop, order, str(id_))["lines"] or "")
        assert found["unit_price"] == "5669.5"

    def test_a_byte_order_mark_is_skipped(self, sandbox: Served, shop: System) -> None:
        switch(sandbox, byte_order_mark=True)
        product = shop.collection("product")
        id_ = create(shop, product, {"name": "Skrue"})
        assert shown(shop, product, id_)["name"] == "Skrue"

    def test_related_products_are_no_edit(self, sandbox: Served, shop: System) -> None:
        product = shop.collection("product")
        for number in range(20):
            web(sandbox, "POST", "/products", name=str(number))
        first, second = (parsed(product, read(shop, product))[0].sort("_id")["_hash"].to_list() for _ in range(2))
        assert first == second


@pytest.mark.parametrize(
    ("totals", "price", "discount"),
    [
        ({"subtotal": "10", "total": "9"}, 5.0, 10.0),
        ({"subtotal": "a lot", "total": "9"}, "a lot", None),
        ({"subtotal": "10", "total": "a lot"}, 5.0, "a lot"),
        ({"subtotal": "", "total": None}, None, None),
    ],
)
def test_a_total_that_is_no_number_is_shown_so_that_the_lines_are_held(
    totals: dict[str, object], price: object, discount: object
) -> None:
    record = {"line_items": [{"id": 1, "quantity": 2, **totals}]}
    LineTotals("line_items").shown(record)
    (line,) = record["line_items"]
    assert (line["price"], line["discount"]) == (price, discount)


class TestWriting:
    def test_the_answer_that_a_notice_spoils_is_looked_for_before_it_is_sent_again(
        self, sandbox: Served, shop: System
    ) -> None:
        switch(sandbox, notice=True)
        product = shop.collection("product")
        write = ordering(name="Skrue")
        answer = send(shop, product, write)
        assert (answer.outcome, len(on_shelf(sandbox, "products"))) == (Outcome.UNKNOWN, 1)
        switch(sandbox, notice=False)
        assert parsed(product, find(shop, product, ["e1"]))[0].height == 1

    def test_a_notice_around_one_record_fails_that_write_alone(self, sandbox: Served, shop: System) -> None:
        product = shop.collection("product")
        id_ = create(shop, product, {"name": "Skrue"})
        now = record(shop, product, id_).row(0, named=True)["_record"].encode()
        switch(sandbox, notice=True)
        answer = send(shop, product, Write("key", Action.UPDATE, "e1", id_, b'{"name": "X"}', record=now))
        assert answer.outcome is Outcome.FAILED
        assert "Notice" in (answer.reason or "")

    def test_lines_of_text_are_lines_without_a_product(self, sandbox: Served, shop: System, order: Collection) -> None:
        lines = [
            {"name": "Leveres i bakgården"},
            {"name": "Kontakt vakten", "quantity": 0},
            {"name": "Frakt", "quantity": 1, "price": 50},
        ]
        answer = send(shop, order, ordering(line_items=lines))
        assert answer.outcome is Outcome.DONE, answer
        (kept,) = on_shelf(sandbox, "orders")
        told = [(line["product_id"], line["name"], line["quantity"], line["total"]) for line in kept["line_items"]]
        assert told == [(0, "Leveres i bakgården", 1, "0"), (0, "Kontakt vakten", 1, "0"), (0, "Frakt", 1, "50")]
        read_ = json.loads(shown(shop, order, answer.id or "")["lines"] or "")
        assert [line.get("quantity") for line in read_] == [None, "0", "1"]

    def test_no_product_of_the_quantity_0_is_sent(self, sandbox: Served, shop: System, order: Collection) -> None:
        product = int(create(shop, shop.collection("product"), {"name": "Skrue"}))
        answer = send(shop, order, ordering(line_items=[{"product_id": product, "quantity": 0}]))
        assert answer.outcome is Outcome.REFUSED
        assert "line 1 has the quantity 0" in (answer.reason or "")
        assert on_shelf(sandbox, "orders") == []

    def test_what_the_shop_breaks_at_again_and_again_is_held(self, sandbox: Served, shop: System) -> None:
        product = shop.collection("product")
        id_ = create(shop, product, {"name": "Skrue"})
        now = record(shop, product, id_).row(0, named=True)["_record"].encode()
        switch(sandbox, breaks_at="Giftig")
        made = send(shop, product, ordering(name="Giftig"))
        edited = send(shop, product, Write("key", Action.UPDATE, "e2", id_, b'{"name": "Giftig"}', record=now))
        assert (made.outcome, edited.outcome) == (Outcome.REFUSED, Outcome.REFUSED)
        assert "critical error" in (made.reason or "")
        assert [one["name"] for one in on_shelf(sandbox, "products")] == ["Skrue"]
        assert create(shop, product, {"name": "Mutter"})

    def test_what_the_shop_breaks_at_after_it_was_created_is_created_once(self, sandbox: Served, shop: System) -> None:
        switch(sandbox, breaks_after="Giftig")
        answer = send(shop, shop.collection("product"), ordering(name="Giftig"))
        assert (answer.outcome, answer.id) == (Outcome.DONE, "1")
        assert len(on_shelf(sandbox, "products")) == 1

    def test_a_shop_that_breaks_at_everything_holds_nothing(self, sandbox: Served, shop: System) -> None:
        sandbox.fail(error_rate=1.0)
        unreachable = 0
        for number in range(6):
            try:
                answer = send(shop, shop.collection("product"), ordering(f"e{number}", name="Skrue"))
            except Unreachable:
                unreachable += 1
            else:
                assert answer.outcome is Outcome.UNKNOWN
        assert unreachable

    def test_every_part_of_a_bill_is_cleared_but_for_the_address_which_a_shop_never_clears(self, shop: System) -> None:
        customer = shop.collection("customer")
        id_ = create(shop, customer, {"email": "a@b.no", "phone": "+4722334455", "name": "Vik AS"})
        update(shop, customer, id_, {"email": None})
        update(shop, customer, id_, {"email": None, "phone": None, "name": None})
        found = shown(shop, customer, id_)
        assert (found["email"], found["phone"], found["name"]) == ("a@b.no", None, None)

    def test_a_description_is_cleared_together_with_a_name_which_a_shop_never_clears(self, shop: System) -> None:
        product = shop.collection("product")
        id_ = create(shop, product, {"name": "Skrue", "description": "Lang"})
        update(shop, product, id_, {"name": None, "description": None})
        found = shown(shop, product, id_)
        assert (found["name"], found["description"]) == ("Skrue", None)


class TestOrders:
    def build(self, sandbox: Served, **options: str) -> System:
        settings = sandbox.settings()
        return CUSTOMWEBSHOP.build(SystemSettings(settings.base_url, retry=settings.retry, options=options))

    def effects(self, sandbox: Served) -> tuple[list[object], int]:
        found = sandbox.sandbox.effects("customwebshop")
        return [one["mail"] for one in found["mails"]], len(found["stock"])

    @pytest.fixture
    def sold(self, sandbox: Served) -> dict[str, Any]:
        customer = web(sandbox, "POST", "/customers", email="a@b.no")["id"]
        product = web(sandbox, "POST", "/products", name="Skrue", manage_stock=True, stock_quantity=9)["id"]
        sandbox.sandbox.forget_effects("customwebshop")
        return {"customer_id": customer, "line_items": [{"product_id": product, "quantity": 2, "price": 5}]}

    def test_those_of_other_systems_mail_nobody_and_take_no_stock(self, sandbox: Served, sold: dict[str, Any]) -> None:
        shop = self.build(sandbox)
        order = shop.collection("order")
        id_ = send(shop, order, ordering(status="processing", **sold)).id or ""
        assert shown(shop, order, id_)["status"] == "confirmed"
        assert changing(shop, order, id_, status="completed").outcome is Outcome.DONE
        assert shown(shop, order, id_)["status"] == "delivered"
        assert changing(shop, order, id_, status="trash").outcome is Outcome.DONE
        assert shown(shop, order, id_)["status"] == "cancelled"
        assert changing(shop, order, id_, status="processing").outcome is Outcome.DONE
        assert shown(shop, order, id_)["status"] == "confirmed"
        assert [one["status"] for one in on_shelf(sandbox, "orders")] == ["pending"]
        assert self.effects(sandbox) == ([], 0)
        web(sandbox, "PUT", f"/orders/{id_}", status="on-hold")
        assert shown(shop, order, id_)["status"] == "draft"

    def test_one_that_begins_as_a_draft_stays_silent_when_it_is_confirmed(
        self, sandbox: Served, sold: dict[str, Any]
    ) -> None:
        shop = self.build(sandbox)
        order = shop.collection("order")
        id_ = send(shop, order, ordering(**sold)).id or ""
        assert shown(shop, order, id_)["status"] == "draft"
        assert changing(shop, order, id_, status="processing").outcome is Outcome.DONE
        assert self.effects(sandbox) == ([], 0)

    def test_talk_toml_may_let_them_live(self, sandbox: Served, sold: dict[str, Any]) -> None:
        before = self.build(sandbox)
        id_ = send(before, before.collection("order"), ordering(**sold)).id or ""
        shop = self.build(sandbox, new_orders="live")
        order = shop.collection("order")
        assert changing(shop, order, id_, status="processing").outcome is Outcome.DONE
        assert self.effects(sandbox) == (["new_order", "customer_processing_order"], 1)
        assert shown(shop, order, id_)["status"] == "confirmed"
        assert send(shop, order, ordering("e2", status="processing", **sold)).outcome is Outcome.DONE
        assert self.effects(sandbox)[1] == 2

    def test_one_that_was_made_in_the_shop_has_the_status_that_it_gets_elsewhere(
        self, sandbox: Served, sold: dict[str, Any]
    ) -> None:
        line = {"product_id": sold["line_items"][0]["product_id"]}
        id_ = str(web(sandbox, "POST", "/orders", status="processing", line_items=[line])["id"])
        shop = self.build(sandbox)
        assert changing(shop, shop.collection("order"), id_, status="completed").outcome is Outcome.DONE
        assert [one["status"] for one in on_shelf(sandbox, "orders")] == ["completed"]

    def test_an_account_has_the_customer_s_own_address_or_is_not_created(self, sandbox: Served) -> None:
        shop = self.build(sandbox)
        customer = shop.collection("customer")
        create(shop, customer, {"email": "post@fjord.example"})
        assert [one["email"] for one in on_shelf(sandbox, "customers")] == ["post@fjord.example"]
        answer = send(shop, customer, ordering("e2", **{"billing.company": "Vik AS"}))
        assert answer.outcome is Outcome.REFUSED
        assert "must have email" in (answer.reason or "")
        assert not self.build(sandbox, new_accounts="none").collection("customer").creatable

    def test_a_choice_that_there_is_not_names_those_there_are(self, sandbox: Served) -> None:
        with pytest.raises(ConfigurationError, match=r'new_orders.*"often".*"pending" or "live"'):
            self.build(sandbox, new_orders="often")


def test_a_plan_says_what_the_shop_does_besides(sandbox: Served) -> None:
    shop = CUSTOMWEBSHOP.build(sandbox.settings(options={"new_orders": "live"}))
    assert "mails it there" in shop.collection("customer").side_effects
    assert "takes stock" in shop.collection("order").side_effects
    assert "mails nobody" in CUSTOMWEBSHOP.build(sandbox.settings()).collection("order").side_effects
    assert shop.collection("product").side_effects == ""
