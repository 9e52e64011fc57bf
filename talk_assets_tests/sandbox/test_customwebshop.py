"""What the webshop does, as WooCommerce does it."""

from typing import Any, ClassVar

import httpx
import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, SIGNATURE_TYPE_AUTH_HEADER, SIGNATURE_TYPE_QUERY, Client

from talk_assets.sandbox.serving import Serving


def added(client: httpx.Client, resource: str, **sent: object) -> dict[str, Any]:
    answer = client.post(f"/{resource}", json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shop(sandbox: Serving) -> str:
    return f"{sandbox.base_urls['customwebshop']}/wp-json/wc/v3"


class TestLists:
    def test_only_key_and_secret_open_it(self, sandbox: Serving) -> None:
        codes = ("woocommerce_rest_cannot_view", "woocommerce_rest_authentication_error")
        for auth, code in zip((None, ("ck_sandbox", "wrong")), codes, strict=True):
            answer = httpx.get(f"{shop(sandbox)}/products", auth=auth)
            assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (401, code, {"status": 401})

    def test_key_and_secret_may_be_in_the_query(self, sandbox: Serving) -> None:
        sandbox.fault("customwebshop", switches={"passes_header": False})
        pair = {"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox"}
        assert httpx.get(f"{shop(sandbox)}/products", params=pair).status_code == 200
        answer = httpx.get(f"{shop(sandbox)}/products", auth=("ck_sandbox", "cs_sandbox"))
        assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_cannot_view")

    @pytest.mark.parametrize("place", [SIGNATURE_TYPE_QUERY, SIGNATURE_TYPE_AUTH_HEADER])
    def test_over_plain_http_only_a_signature_counts(self, sandbox: Serving, place: str) -> None:
        sandbox.fault("customwebshop", switches={"tls": False})
        assert httpx.get(f"{shop(sandbox)}/products", auth=("ck_sandbox", "cs_sandbox")).status_code == 401

        def signed(secret: str) -> httpx.Request:
            client = Client("ck_sandbox", secret, signature_method=SIGNATURE_HMAC_SHA256, signature_type=place)
            url, headers, _ = client.sign(f"{shop(sandbox)}/products?search=a+b%26c&include=1%2C2", "GET")
            return httpx.Request("GET", url, headers=headers)

        with httpx.Client() as http:
            good = signed("cs_sandbox")
            assert http.send(good).status_code == 200
            again, wrong = http.send(good), http.send(signed("wrong"))
        assert (again.status_code, again.json()["message"]) == (401, "Invalid nonce - nonce has already been used.")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "woocommerce_rest_authentication_error")

    def test_a_key_that_may_only_read_is_told_so(self, sandbox: Serving, webshop: httpx.Client) -> None:
        sandbox.fault("customwebshop", switches={"permission": "read", "edit_context": False})
        assert webshop.get("/products").status_code == 200
        assert webshop.post("/products", json={"name": "x"}).status_code == 401
        answer = webshop.get("/products", params={"context": "edit"})
        assert (answer.status_code, answer.json()["code"]) == (403, "rest_forbidden_context")

    def test_pages_are_bare_lists_counted_in_headers_ten_at_a_time_newest_first(self, webshop: httpx.Client) -> None:
        ids = [added(webshop, "products", name=str(number))["id"] for number in range(12)]
        first = webshop.get("/products", params={"orderby": "id", "page": 1})
        assert [record["id"] for record in first.json()] == ids[:1:-1]
        assert (first.headers["X-WP-Total"], first.headers["X-WP-TotalPages"]) == ("12", "2")
        assert 'page=2>; rel="next"' in first.headers["Link"]
        last = webshop.get("/products", params={"orderby": "id", "order": "asc", "page": 2})
        assert [record["id"] for record in last.json()] == ids[10:]
        assert "Link" not in last.headers

    def test_more_than_a_hundred_a_page_are_refused(self, webshop: httpx.Client) -> None:
        answer = webshop.get("/products", params={"per_page": 101})
        assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_param")

    def test_modified_after_means_after_in_the_shop_s_time_unless_told_that_it_is_gmt(
        self, sandbox: Serving, webshop: httpx.Client
    ) -> None:
        sandbox.clock.advance(3 * 3600)
        record = added(webshop, "products", name="new")
        moment = record["date_modified_gmt"]
        assert len(moment) == len("2024-05-17T08:30:00")
        assert record["date_modified"] > moment
        gmt = {"modified_after": moment, "dates_are_gmt": "true"}
        assert webshop.get("/products", params=gmt).json() == []
        found = webshop.get("/products", params={"modified_after": moment}).json()
        assert [one["id"] for one in found] == [record["id"]]

    def test_customers_know_no_modified_after(self, webshop: httpx.Client) -> None:
        record = added(webshop, "customers", email="a@b.no")
        found = webshop.get("/customers", params={"modified_after": "2999-01-01T00:00:00"}).json()
        assert found == [record]

    def test_by_id(self, webshop: httpx.Client) -> None:
        ids = [added(webshop, "products", name=str(number))["id"] for number in range(3)]
        found = webshop.get("/products", params={"include": f"{ids[2]},99,{ids[0]}"}).json()
        assert {record["id"] for record in found} == {ids[0], ids[2]}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"status": "on-hold"}, [2]),
            ({"status": "on-hold,processing"}, [1, 2]),
            ({"customer": "1"}, [1]),
            ({"customer": "0"}, [2, 3]),
            ({"search": "FJORD"}, [2]),
            ({"exclude": "1,3"}, [2]),
            ({"offset": "1"}, [2, 3]),
            ({"after": "2999-01-01T00:00:00"}, []),
            ({"before": "2999-01-01T00:00:00"}, [1, 2, 3]),
            ({"modified_before": "2000-01-01T00:00:00"}, []),
            ({"orderby": "include", "include": "3,1"}, [3, 1]),
            ({"product": "1"}, [3]),
            ({"status": "trash"}, [4]),
            ({"status": "any", "include": "4,2"}, [2]),
        ],
    )
    def test_orders_are_filtered(self, webshop: httpx.Client, query: dict[str, str], found: list[int]) -> None:
        added(webshop, "customers", email="a@b.no")
        added(webshop, "products", name="Skrue")
        added(webshop, "orders", status="processing", customer_id=1)
        added(webshop, "orders", status="on-hold", billing={"company": "Fjord AS"})
        added(webshop, "orders", line_items=[{"product_id": 1}])
        trashed = added(webshop, "orders")["id"]
        webshop.delete(f"/orders/{trashed}")
        answer = webshop.get("/orders", params={"orderby": "id", "order": "asc", **query})
        assert [record["id"] for record in answer.json()] == found
        assert answer.headers["X-WP-Total"] == str(len(found) + int(query.get("offset", 0)))

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"search": "skr"}, [1]),
            ({"status": "draft"}, [2]),
            ({"type": "variable"}, [3]),
            ({"sku": "S-1,V-1"}, [1, 3]),
            ({"sku": "s-1"}, [1]),
            ({"min_price": "10"}, [1]),
            ({"stock_status": "outofstock"}, [2]),
            ({"global_unique_id": "7070000009999"}, [1]),
        ],
    )
    def test_products_are_filtered(self, webshop: httpx.Client, query: dict[str, str], found: list[int]) -> None:
        added(webshop, "products", name="Skrue", sku="S-1", regular_price="12", global_unique_id="7070000009999")
        added(webshop, "products", name="Mutter", status="draft", manage_stock=True, stock_quantity=0)
        added(webshop, "products", name="Genser", type="variable", sku="V-1", regular_price="9.5")
        answer = webshop.get("/products", params={"orderby": "id", "order": "asc", **query})
        assert [record["id"] for record in answer.json()] == found

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, ["a@b.no"]),
            ({"role": "all"}, ["a@b.no", "boss@shop.example"]),
            ({"role": "administrator"}, ["boss@shop.example"]),
            ({"role": "all", "search": "boss"}, ["boss@shop.example"]),
            ({"email": "A@B.no"}, ["a@b.no"]),
            ({"status": "trash"}, ["a@b.no"]),
        ],
    )
    def test_customers_are_those_of_the_role_customer_unless_others_are_asked_for(
        self, sandbox: Serving, webshop: httpx.Client, query: dict[str, str], found: list[str]
    ) -> None:
        added(webshop, "customers", email="a@b.no")
        boss = sandbox.create("customwebshop", "customers", {"email": "boss@shop.example", "role": "administrator"})
        answer = webshop.get("/customers", params={"orderby": "id", **query})
        assert [record["email"] for record in answer.json()] == found
        assert webshop.get(f"/customers/{boss}").json()["role"] == "administrator"

    @pytest.mark.parametrize(
        ("path", "name", "value"),
        [
            ("orders", "status", "nonsense"),
            ("orders", "orderby", "nonsense"),
            ("orders", "modified_after", "notadate"),
            ("orders", "dp", "many"),
            ("products", "type", "nonsense"),
            ("products", "context", "nonsense"),
            ("products", "include", "a"),
            ("customers", "role", "nonsense"),
            ("customers", "order", "sideways"),
        ],
    )
    def test_a_parameter_that_holds_nonsense_is_named(
        self, webshop: httpx.Client, path: str, name: str, value: str
    ) -> None:
        answer = webshop.get(f"/{path}", params={name: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_param")
        assert list(answer.json()["data"]["params"]) == [name]

    def test_fields_are_those_asked_for(self, webshop: httpx.Client) -> None:
        added(webshop, "customers", email="a@b.no", billing={"city": "Oslo", "phone": "1"})
        found = webshop.get("/customers", params={"_fields": "email,billing.city"}).json()
        assert found == [{"email": "a@b.no", "billing": {"city": "Oslo"}}]


class TestShowing:
    TEXT: ClassVar = {"description": "Første & andre.\n\nNy\nlinje.", "short_description": 'Si "hei"'}

    def test_a_get_shows_paragraphs_unless_it_is_in_the_context_edit_and_a_write_shows_none(
        self, webshop: httpx.Client
    ) -> None:
        made = added(webshop, "products", name="A & B", **self.TEXT)
        assert (made["name"], made["description"]) == ("A &amp; B", "Første &amp; andre.\n\nNy\nlinje.")
        viewed = webshop.get(f"/products/{made['id']}").json()
        assert viewed["description"] == "<p>Første &amp; andre.</p>\n<p>Ny<br />\nlinje.</p>\n"
        assert viewed["short_description"] == "<p>Si &#8220;hei&#8221;</p>\n"
        (edited,) = webshop.get("/products", params={"context": "edit"}).json()
        assert (edited["description"], edited["short_description"]) == (made["description"], 'Si "hei"')

    def test_markup_that_a_post_may_have_stays_and_what_is_no_markup_becomes_an_entity(
        self, webshop: httpx.Client
    ) -> None:
        made = added(webshop, "products", name="A <AS> &lt; B", description="<b>5 < 6</b> &amp; 7 > 6")
        assert (made["name"], made["description"]) == ("A  &lt; B", "<b>5 &lt; 6</b> &amp; 7 &gt; 6")
        kept = added(webshop, "customers", email="a@b.no", billing={"company": "A & B <AS>"})
        assert kept["billing"]["company"] == "A & B <AS>"

    def test_related_products_are_others_at_each_request(self, webshop: httpx.Client) -> None:
        for number in range(20):
            added(webshop, "products", name=str(number))
        shown = [webshop.get("/products/1").json() for _ in range(5)]
        assert len({tuple(one.pop("related_ids")) for one in shown}) > 1
        assert all(one == shown[0] for one in shown)

    def test_money_comes_with_the_decimals_of_the_shop_unless_others_are_asked_for(
        self, sandbox: Serving, webshop: httpx.Client
    ) -> None:
        product = added(webshop, "products", name="Skrue")["id"]
        sandbox.fault("customwebshop", switches={"decimals": 0})
        line = {"product_id": product, "quantity": 5, "subtotal": "38197.5", "total": "38197.5"}
        made = added(webshop, "orders", line_items=[line])
        assert (made["total"], made["line_items"][0]["total"]) == ("38198", "38198")
        found = webshop.get(f"/orders/{made['id']}", params={"dp": "4"}).json()
        (line,) = found["line_items"]
        assert (found["total"], line["subtotal"], line["price"]) == ("38198.0000", "38197.5000", 7639.5)

    def test_a_mark_and_a_notice_may_stand_before_the_answer(self, sandbox: Serving, webshop: httpx.Client) -> None:
        sandbox.fault("customwebshop", switches={"byte_order_mark": True})
        assert webshop.get("/products").content == b"\xef\xbb\xbf[]"
        sandbox.fault("customwebshop", switches={"byte_order_mark": False, "notice": True})
        answer = webshop.get("/products").content
        assert answer.startswith(b"<br />\n<b>Notice</b>")
        assert answer.endswith(b"<br />\n[]")


class TestEffects:
    @pytest.fixture
    def goods(self, webshop: httpx.Client) -> dict[str, Any]:
        """A product of which there are ten, and a customer."""
        added(webshop, "customers", email="a@b.no")
        return added(webshop, "products", name="Skrue", manage_stock=True, stock_quantity=10)

    def mails(self, sandbox: Serving) -> list[tuple[object, object]]:
        return [(one["to"], one["mail"]) for one in sandbox.effects("customwebshop")["mails"]]

    def test_a_new_account_is_mailed_unless_the_shop_has_turned_that_off(
        self, sandbox: Serving, webshop: httpx.Client
    ) -> None:
        added(webshop, "customers", email="a@b.no")
        assert self.mails(sandbox) == [("a@b.no", "customer_new_account")]
        sandbox.forget_effects("customwebshop")
        sandbox.fault("customwebshop", switches={"mails_accounts": False})
        added(webshop, "customers", email="b@b.no")
        assert self.mails(sandbox) == []

    def test_an_order_mails_who_bought_and_takes_stock_once_it_is_paid(
        self, sandbox: Serving, webshop: httpx.Client, goods: dict[str, Any]
    ) -> None:
        sandbox.forget_effects("customwebshop")
        order = added(webshop, "orders", customer_id=1, line_items=[{"product_id": goods["id"], "quantity": 2}])
        assert order["billing"]["email"] == "a@b.no"
        assert sandbox.effects("customwebshop") == {"mails": [], "stock": []}
        webshop.put(f"/orders/{order['id']}", json={"status": "processing"})
        paid = [("admin@shop.example", "new_order"), ("a@b.no", "customer_processing_order")]
        assert self.mails(sandbox) == paid
        assert webshop.get(f"/products/{goods['id']}").json()["stock_quantity"] == 8
        line = order["line_items"][0]["id"]
        webshop.put(f"/orders/{order['id']}", json={"line_items": [{"id": line, "quantity": 3}]})
        webshop.put(f"/orders/{order['id']}", json={"status": "completed"})
        assert self.mails(sandbox) == [*paid, ("a@b.no", "customer_completed_order")]
        webshop.put(f"/orders/{order['id']}", json={"status": "cancelled"})
        moved = [one["by"] for one in sandbox.effects("customwebshop")["stock"]]
        assert moved == [-2, -1, 3]
        assert webshop.get(f"/products/{goods['id']}").json()["stock_quantity"] == 10


class TestRecords:
    def test_a_put_takes_part_of_a_record(self, webshop: httpx.Client) -> None:
        old = added(webshop, "customers", email="a@b.no", billing={"city": "Oslo", "phone": "1"})
        new = webshop.put(f"/customers/{old['id']}", json={"billing": {"phone": ""}}).json()
        assert (new["email"], new["billing"]["city"], new["billing"]["phone"]) == ("a@b.no", "Oslo", "")
        assert (new["username"], new["billing"]["email"]) == ("a", "")

    def test_a_user_name_is_made_of_the_address_and_is_nobody_else_s(self, webshop: httpx.Client) -> None:
        names = [added(webshop, "customers", email=email)["username"] for email in ("Post+a@a.no", "posta@b.no")]
        assert names[0] == "posta"
        assert names[1].startswith("posta-")

    def test_orders_of_an_account_that_is_deleted_are_a_guest_s(self, webshop: httpx.Client) -> None:
        customer = added(webshop, "customers", email="a@b.no")["id"]
        order = added(webshop, "orders", customer_id=customer)
        webshop.delete(f"/customers/{customer}", params={"force": "true"}).raise_for_status()
        now = webshop.put(f"/orders/{order['id']}", json={"customer_note": "x"}).json()
        assert (now["customer_id"], now["billing"]["email"]) == (0, "a@b.no")

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("5 < 6 & 7 > 6", "5  6"),
            ("A < B", "A &lt; B"),
            ("C:\\ny\\\\sti", "C:ny\\sti"),
            ("a&#92;b", "a&#092;b"),
            ("&bogus; &copy;", "&amp;bogus; &copy;"),
            ("<!-- x -->y", "<!-- x -->y"),
        ],
    )
    def test_a_post_s_text_is_kept_as_wordpress_keeps_it(self, webshop: httpx.Client, sent: str, kept: str) -> None:
        found = added(webshop, "products", name=sent, description=sent)
        assert (found["name"], found["description"]) == (kept, kept)

    def test_a_number_is_a_line_of_text_without_markup(self, webshop: httpx.Client) -> None:
        assert added(webshop, "products", sku="A <b>1</b>\n100%ab <3")["sku"] == "A 1 100 &lt;3"
        assert added(webshop, "products", global_unique_id="12 34")["global_unique_id"] == "1234"

    def test_a_product_without_a_name_gets_one_and_keeps_its_texts_where_all_of_them_are_cleared(
        self, webshop: httpx.Client
    ) -> None:
        old = added(webshop, "products", description="x")
        assert old["name"] == "Product"
        new = webshop.put(f"/products/{old['id']}", json={"name": "", "description": ""}).json()
        assert (new["name"], new["description"]) == ("Product", "x")

    def test_a_price_that_is_no_number_becomes_none(self, webshop: httpx.Client) -> None:
        assert added(webshop, "products", name="x", regular_price="abc")["regular_price"] == ""

    def test_a_number_that_another_product_has_is_refused_with_its_id(self, webshop: httpx.Client) -> None:
        first = added(webshop, "products", sku="VARE-2", global_unique_id="7070000009999")["id"]
        answer = webshop.post("/products", json={"global_unique_id": "7070000009999"}).json()
        data = {"status": 400, "resource_id": first}
        assert (answer["code"], answer["data"]) == ("product_invalid_global_unique_id", data)
        answer = webshop.post("/products", json={"sku": "VARE-2"}).json()
        assert (answer["code"], answer["data"]) == ("product_invalid_sku", {**data, "unique_sku": "VARE-2-1"})

    def test_meta_data_are_kept_by_key(self, webshop: httpx.Client) -> None:
        old = added(webshop, "products", meta_data=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        new = webshop.put(f"/products/{old['id']}", json={"meta_data": [{"key": "b", "value": "3"}]}).json()
        assert [(entry["key"], entry["value"]) for entry in new["meta_data"]] == [("a", "1"), ("b", "3")]
        assert [entry["id"] for entry in new["meta_data"]] == [entry["id"] for entry in old["meta_data"]]

    @pytest.mark.parametrize(
        ("resource", "sent", "code"),
        [
            ("customers", {}, "rest_missing_callback_param"),
            ("customers", {"email": "x"}, "customer_invalid_email"),
            ("customers", {"email": "kåri@b.no"}, "customer_invalid_email"),
            ("customers", {"email": "d@b.no", "username": "d+1"}, "registration-error-invalid-username"),
            ("customers", {"email": "d@b.no", "username": "taken"}, "registration-error-username-exists"),
            ("customers", {"email": "d@b.no", "username": "d" * 61}, "user_login_too_long"),
            ("customers", {"email": "d@b.no", "billing": {"email": None}}, "rest_invalid_param"),
            ("customers", {"email": "taken@b.no"}, "registration-error-email-exists"),
            ("products", {"sku": "TAKEN"}, "product_invalid_sku"),
            ("products", {"regular_price": 12.5}, "rest_invalid_param"),
            ("orders", {"status": "lost"}, "rest_invalid_param"),
            ("orders", {"customer_id": 99}, "woocommerce_rest_invalid_customer_id"),
            ("customers", {"email": "c@b.no", "billing": {"email": ""}}, "rest_invalid_param"),
            ("customers", {"email": "c@b.no", "billing": {"phone": None}}, "rest_invalid_param"),
            ("orders", {"currency": "XYZ"}, "rest_invalid_param"),
            ("orders", {"currency": ""}, "rest_invalid_param"),
            ("orders", {"line_items": [{"product_id": 0, "name": "x"}]}, "woocommerce_rest_required_product_reference"),
            ("orders", {"line_items": [{"product_id": 1, "quantity": 2.5}]}, "rest_invalid_param"),
        ],
    )
    def test_what_is_wrong_is_a_400_with_a_code(
        self, webshop: httpx.Client, resource: str, sent: dict[str, object], code: str
    ) -> None:
        added(webshop, "customers", email="taken@b.no")
        added(webshop, "products", sku="taken")
        answer = webshop.post(f"/{resource}", json=sent)
        assert (answer.status_code, answer.json()["code"]) == (400, code)

    def test_an_unknown_id_is_a_404_to_who_reads_and_a_400_to_who_writes(self, webshop: httpx.Client) -> None:
        assert webshop.get("/products/99").status_code == 404
        assert webshop.put("/products/99", json={}).status_code == 400
        answer = webshop.put("/orders/99", json={"status": "pending"})
        assert (answer.status_code, answer.json()["code"]) == (400, "woocommerce_rest_shop_order_invalid_id")

    def test_a_deletion_puts_into_the_trash_unless_forced_and_customers_have_none(self, webshop: httpx.Client) -> None:
        id_ = added(webshop, "products", name="x")["id"]
        assert webshop.delete(f"/products/{id_}").json()["status"] == "trash"
        assert webshop.get("/products").json() == []
        assert webshop.get("/products", params={"include": str(id_)}).json() == []
        assert [record["id"] for record in webshop.get("/products", params={"status": "trash"}).json()] == [id_]
        assert webshop.delete(f"/products/{id_}", params={"force": "true"}).status_code == 200
        assert webshop.get(f"/products/{id_}").status_code == 404
        official = added(webshop, "products", name="y")["id"]
        assert webshop.delete(f"/products/{official}", params={"force": "True"}).status_code == 200
        assert webshop.get(f"/products/{official}").status_code == 404
        customer = added(webshop, "customers", email="a@b.no")["id"]
        assert webshop.delete(f"/customers/{customer}").status_code == 501
        assert webshop.delete(f"/customers/{customer}", params={"force": "yes"}).status_code == 400
        assert webshop.delete(f"/customers/{customer}", params={"force": "true"}).status_code == 200


class TestLines:
    @pytest.fixture
    def order(self, webshop: httpx.Client) -> dict[str, Any]:
        product = added(webshop, "products", name="Skrue", regular_price="10.50")["id"]
        lines = [
            {"product_id": product, "quantity": 2},
            {"product_id": 999, "name": "Frakt", "quantity": 1, "subtotal": "50.00"},
        ]
        return added(webshop, "orders", line_items=lines)

    def test_a_new_line_takes_name_and_price_from_its_product(self, order: dict[str, Any]) -> None:
        first, second = order["line_items"]
        assert (first["name"], first["subtotal"], first["total"], first["price"]) == ("Skrue", "21.00", "21.00", 10.5)
        assert (second["product_id"], second["name"], second["total"], order["total"]) == (0, "Frakt", "50.00", "71.00")
        assert (order["currency"], order["status"], order["number"]) == ("NOK", "pending", str(order["id"]))

    def test_a_line_with_an_id_is_updated_one_without_is_added_and_one_of_nothing_is_removed(
        self, webshop: httpx.Client, order: dict[str, Any]
    ) -> None:
        first, second = order["line_items"]
        gift = {"product_id": 999, "name": "Gave"}
        sent = [{"id": second["id"], "quantity": 0}, {"id": first["id"], "quantity": 3}, gift]
        lines = webshop.put(f"/orders/{order['id']}", json={"line_items": sent}).json()["line_items"]
        assert [(line["name"], line["quantity"], line["subtotal"]) for line in lines] == [
            ("Skrue", 3, "21.00"),
            ("Gave", 1, "0.00"),
        ]

    def test_a_new_line_of_the_quantity_0_breaks_the_shop(self, webshop: httpx.Client, order: dict[str, Any]) -> None:
        lines = [{"product_id": 1, "quantity": 1}, {"product_id": 1, "quantity": 0}]
        answer = webshop.post("/orders", json={"line_items": lines})
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
        assert len(webshop.get("/orders").json()) == 1

    def test_a_line_of_another_order_is_refused(self, webshop: httpx.Client, order: dict[str, Any]) -> None:
        answer = webshop.put(f"/orders/{order['id']}", json={"line_items": [{"id": 99}]})
        assert (answer.status_code, answer.json()["code"]) == (400, "woocommerce_rest_invalid_item_id")
