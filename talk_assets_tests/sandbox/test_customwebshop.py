"""What the webshop does, as WooCommerce does it."""

from typing import Any

import httpx
import pytest

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
        for auth in (None, ("ck_sandbox", "wrong")):
            answer = httpx.get(f"{shop(sandbox)}/products", auth=auth)
            assert (answer.status_code, answer.json()["data"]) == (401, {"status": 401})

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
        assert webshop.get("/products", params={"modified_after": moment}).json() == [record]

    def test_customers_know_no_modified_after(self, webshop: httpx.Client) -> None:
        record = added(webshop, "customers", email="a@b.no")
        found = webshop.get("/customers", params={"modified_after": "2999-01-01T00:00:00"}).json()
        assert found == [record]

    def test_by_id(self, webshop: httpx.Client) -> None:
        ids = [added(webshop, "products", name=str(number))["id"] for number in range(3)]
        found = webshop.get("/products", params={"include": f"{ids[2]},99,{ids[0]}"}).json()
        assert {record["id"] for record in found} == {ids[0], ids[2]}


class TestRecords:
    def test_a_put_takes_part_of_a_record(self, webshop: httpx.Client) -> None:
        old = added(webshop, "customers", email="a@b.no", billing={"city": "Oslo", "phone": "1"})
        new = webshop.put(f"/customers/{old['id']}", json={"billing": {"phone": ""}}).json()
        assert (new["email"], new["billing"]["city"], new["billing"]["phone"]) == ("a@b.no", "Oslo", "")

    def test_meta_data_are_kept_by_key(self, webshop: httpx.Client) -> None:
        old = added(webshop, "products", meta_data=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        new = webshop.put(f"/products/{old['id']}", json={"meta_data": [{"key": "b", "value": "3"}]}).json()
        assert [(entry["key"], entry["value"]) for entry in new["meta_data"]] == [("a", "1"), ("b", "3")]
        assert [entry["id"] for entry in new["meta_data"]] == [entry["id"] for entry in old["meta_data"]]

    @pytest.mark.parametrize(
        ("resource", "sent", "code"),
        [
            ("customers", {}, "rest_missing_callback_param"),
            ("customers", {"email": "x"}, "rest_invalid_param"),
            ("customers", {"email": "taken@b.no"}, "registration-error-email-exists"),
            ("products", {"sku": "TAKEN"}, "product_invalid_sku"),
            ("products", {"regular_price": 12.5}, "rest_invalid_param"),
            ("products", {"name": None}, "rest_invalid_param"),
            ("orders", {"status": "lost"}, "rest_invalid_param"),
            ("orders", {"customer_id": 99}, "woocommerce_rest_invalid_customer_id"),
            ("orders", {"line_items": [{"product_id": 99}]}, "woocommerce_rest_invalid_product_id"),
            ("orders", {"line_items": [{"quantity": 1.5}]}, "rest_invalid_param"),
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

    def test_a_deletion_puts_into_the_trash_unless_forced_and_customers_have_none(self, webshop: httpx.Client) -> None:
        id_ = added(webshop, "products", name="x")["id"]
        assert webshop.delete(f"/products/{id_}").json()["status"] == "trash"
        assert webshop.get("/products").json() == []
        assert webshop.get("/products", params={"include": str(id_)}).json() == []
        assert [record["id"] for record in webshop.get("/products", params={"status": "trash"}).json()] == [id_]
        assert webshop.delete(f"/products/{id_}", params={"force": "true"}).status_code == 200
        assert webshop.get(f"/products/{id_}").status_code == 404
        customer = added(webshop, "customers", email="a@b.no")["id"]
        assert webshop.delete(f"/customers/{customer}").status_code == 501
        assert webshop.delete(f"/customers/{customer}", params={"force": "true"}).status_code == 200


class TestLines:
    @pytest.fixture
    def order(self, webshop: httpx.Client) -> dict[str, Any]:
        product = added(webshop, "products", name="Skrue", regular_price="10.50")["id"]
        lines = [{"product_id": product, "quantity": 2}, {"name": "Frakt", "quantity": 1, "subtotal": "50.00"}]
        return added(webshop, "orders", line_items=lines)

    def test_a_new_line_takes_name_and_price_from_its_product(self, order: dict[str, Any]) -> None:
        first, second = order["line_items"]
        assert (first["name"], first["subtotal"], first["total"], first["price"]) == ("Skrue", "21.00", "21.00", 10.5)
        assert (second["total"], order["total"]) == ("50.00", "71.00")
        assert (order["currency"], order["status"], order["number"]) == ("NOK", "pending", str(order["id"]))

    def test_a_line_with_an_id_is_updated_one_without_is_added_and_one_of_nothing_is_removed(
        self, webshop: httpx.Client, order: dict[str, Any]
    ) -> None:
        first, second = order["line_items"]
        sent = [{"id": second["id"], "quantity": 0}, {"id": first["id"], "quantity": 3}, {"name": "Gave"}]
        lines = webshop.put(f"/orders/{order['id']}", json={"line_items": sent}).json()["line_items"]
        assert [(line["name"], line["quantity"], line["subtotal"]) for line in lines] == [
            ("Skrue", 3, "21.00"),
            ("Gave", 1, ""),
        ]

    def test_a_line_of_another_order_is_refused(self, webshop: httpx.Client, order: dict[str, Any]) -> None:
        answer = webshop.put(f"/orders/{order['id']}", json={"line_items": [{"id": 99}]})
        assert (answer.status_code, answer.json()["code"]) == (400, "woocommerce_rest_invalid_item_id")
