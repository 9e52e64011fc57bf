"""What Customerp does, as its default profile has it."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients
from talk_assets_tests.sandbox.clients import create, patch

DAY = 24 * 3600


def customer(client: httpx.Client, **sent: object) -> dict[str, Any]:
    answer = create(client, "customers", **({"name": "Fjord AS"} | sent))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


class TestRecords:
    def test_a_create_answers_with_the_stored_record_and_its_etag(self, customerp: httpx.Client) -> None:
        answer = create(customerp, "customers", name="  Fjord AS ", email="post@fjord.example", phone="")
        record = answer.json()
        assert answer.status_code == 201
        assert answer.headers["ETag"] == '"1"'
        assert (record["name"], record["phone"], record["version"], record["change_seq"]) == ("Fjord AS", None, 1, 1)
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", record["id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["updated_at"])
        assert record["address"] == {"street": None, "postal_code": None, "city": None, "country": None}
        shown = customerp.get(f"/customers/{record['id']}")
        assert (shown.json(), shown.headers["ETag"]) == (record, '"1"')

    def test_only_the_token_opens_it(self, sandbox: Serving) -> None:
        url = f"{sandbox.base_urls['customerp']}/v1/customers"
        for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Basic sandbox-customerp"}):
            assert httpx.get(url, headers=headers).status_code == 401

    @pytest.mark.parametrize(
        ("resource", "sent", "wrong"),
        [
            ("customers", {}, ("/name", "required")),
            ("customers", {"name": "  "}, ("/name", "required")),
            ("customers", {"name": 5}, ("/name", "wrong_type")),
            ("customers", {"name": "x" * 256}, ("/name", "too_long")),
            ("customers", {"name": "x", "email": "a b@c.no"}, ("/email", "invalid_format")),
            ("customers", {"name": "x", "address": "Oslo"}, ("/address", "wrong_type")),
            ("customers", {"name": "x", "address": {"town": "Oslo"}}, ("/address/town", "unknown_property")),
            ("customers", {"name": "x", "version": 3}, ("/version", "read_only")),
            ("customers", {"name": "x", "fax": "1"}, ("/fax", "unknown_property")),
            ("contacts", {"last_name": "x", "birth_date": "17.05.1980"}, ("/birth_date", "invalid_format")),
            ("contacts", {"last_name": "x", "customer_id": "none"}, ("/customer_id", "unknown_reference")),
            ("products", {"name": "x", "unit_price": 12.5}, ("/unit_price", "wrong_type")),
            ("products", {"name": "x", "unit_price": "1e3"}, ("/unit_price", "invalid_format")),
            ("orders", {"status": "lost"}, ("/status", "invalid_format")),
            ("orders", {"currency": "kr"}, ("/currency", "invalid_format")),
            ("orders", {"lines": [{"product_id": "none"}]}, ("/lines/0/product_id", "unknown_reference")),
            ("projects", {"name": "x", "starts_at": "2024-01-01"}, ("/starts_at", "invalid_format")),
        ],
    )
    def test_what_is_wrong_is_a_422_that_points_at_it(
        self, customerp: httpx.Client, resource: str, sent: dict[str, object], wrong: tuple[str, str]
    ) -> None:
        answer = create(customerp, resource, **sent)
        assert answer.status_code == 422
        assert codes(answer) == [wrong]
        assert customerp.get(f"/{resource}").json()["items"] == []

    def test_an_order_gets_a_number_a_status_and_ids_for_its_lines(self, customerp: httpx.Client) -> None:
        first, second = (create(customerp, "orders", lines=[{"quantity": "2"}]).json() for _ in range(2))
        assert (first["number"], second["number"], first["status"]) == ("SO-10001", "SO-10002", "draft")
        kept = first["lines"][0]
        changed = patch(customerp, f"/orders/{first['id']}", '"1"', lines=[{"quantity": "1"}, kept]).json()["lines"]
        assert changed[1] == kept
        assert changed[0]["id"] not in {None, kept["id"]}

    def test_a_line_that_the_order_does_not_have_is_refused(self, customerp: httpx.Client) -> None:
        order = create(customerp, "orders").json()
        assert patch(customerp, f"/orders/{order['id']}", '"1"', lines=[{"id": "other"}]).status_code == 422

    def test_a_product_number_is_unique(self, customerp: httpx.Client) -> None:
        create(customerp, "products", name="A", number="1")
        assert codes(create(customerp, "products", name="B", number="1")) == [("/number", "taken")]

    def test_a_request_id_is_echoed_and_the_date_is_the_sandboxs(
        self, sandbox: Serving, customerp: httpx.Client
    ) -> None:
        sandbox.clock.advance(400 * DAY)
        answer = customerp.get("/customers", headers={"X-Request-Id": "abc"})
        assert answer.headers["X-Request-Id"] == "abc"
        created = customer(customerp)["updated_at"]
        assert created[:4] in answer.headers["Date"]


class TestUpdates:
    def test_a_merge_patch_sets_clears_and_leaves(self, customerp: httpx.Client) -> None:
        old = customer(customerp, phone="1", website="w", address={"city": "Oslo", "street": "A 1"})
        answer = patch(customerp, f"/customers/{old['id']}", '"1"', phone=None, address={"street": "B 2"})
        new = answer.json()
        assert (answer.status_code, answer.headers["ETag"], new["version"], new["change_seq"]) == (200, '"2"', 2, 2)
        assert (new["phone"], new["website"]) == (None, "w")
        assert new["address"] | {"city": "Oslo", "street": "B 2"} == new["address"]
        assert new["updated_at"] > old["updated_at"]

    def test_a_patch_that_changes_nothing_is_no_change(self, customerp: httpx.Client) -> None:
        old = customer(customerp)
        assert patch(customerp, f"/customers/{old['id']}", '"1"', name=" Fjord AS").json() == old

    @pytest.mark.parametrize(
        ("match", "status"), [(None, 428), ('"2"', 412), ('"1"', 200), ('"7", "1"', 200), ("*", 200)]
    )
    def test_a_write_needs_the_version_it_was_made_for(
        self, customerp: httpx.Client, match: str | None, status: int
    ) -> None:
        id_ = customer(customerp)["id"]
        assert patch(customerp, f"/customers/{id_}", match, phone="1").status_code == status

    def test_another_content_type_is_refused(self, customerp: httpx.Client) -> None:
        id_ = customer(customerp)["id"]
        assert customerp.patch(f"/customers/{id_}", json={}, headers={"If-Match": '"1"'}).status_code == 415

    def test_what_is_required_cannot_be_cleared(self, customerp: httpx.Client) -> None:
        id_ = customer(customerp)["id"]
        assert codes(patch(customerp, f"/customers/{id_}", '"1"', name=None)) == [("/name", "required")]

    def test_a_deletion_needs_the_version_and_then_the_record_is_gone(self, customerp: httpx.Client) -> None:
        path = f"/customers/{customer(customerp)['id']}"
        statuses = [customerp.delete(path, headers=match).status_code for match in ({}, {"If-Match": '"1"'})]
        assert statuses == [428, 204]
        assert customerp.get(path).status_code == 404
        assert patch(customerp, path, "*", name="x").status_code == 404


class TestCreatingOnce:
    def test_a_create_needs_a_key(self, customerp: httpx.Client) -> None:
        assert customerp.post("/customers", json={"name": "x"}).status_code == 400

    def test_the_same_key_and_body_get_the_same_answer(self, customerp: httpx.Client) -> None:
        send = {"json": {"name": "x"}, "headers": {"Idempotency-Key": "k"}}
        first, second = (customerp.post("/customers", **send) for _ in range(2))  # type: ignore[arg-type]
        assert (first.content, first.headers["ETag"]) == (second.content, second.headers["ETag"])
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
        assert len(customerp.get("/customers").json()["items"]) == 1

    def test_the_same_key_with_another_body_is_a_422(self, customerp: httpx.Client) -> None:
        headers = {"Idempotency-Key": "k"}
        customerp.post("/customers", json={"name": "x"}, headers=headers)
        assert customerp.post("/customers", json={"name": "y"}, headers=headers).status_code == 422

    def test_a_key_whose_create_was_refused_can_be_used_again(self, customerp: httpx.Client) -> None:
        headers = {"Idempotency-Key": "k"}
        assert customerp.post("/customers", json={}, headers=headers).status_code == 422
        assert customerp.post("/customers", json={"name": "x"}, headers=headers).status_code == 201

    def test_a_key_that_is_in_flight_is_a_409(self, sandbox: Serving) -> None:
        sandbox.fault("customerp", latency=0.3)
        both = threading.Barrier(2)

        def send(_: int) -> int:
            with clients.customerp(sandbox) as client:
                both.wait()
                sent = client.post("/customers", json={"name": "x"}, headers={"Idempotency-Key": "k"})
                return sent.status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(send, range(2))) == [201, 409]

    def test_an_external_reference_is_unique_and_the_problem_names_who_has_it(self, customerp: httpx.Client) -> None:
        first = customer(customerp, external_ref="e1")
        second = create(customerp, "customers", name="y", external_ref="e1")
        assert (second.status_code, second.json()["existing_id"]) == (409, first["id"])
        assert create(customerp, "contacts", last_name="y", external_ref="e1").status_code == 201


class TestTheFeed:
    def test_it_goes_on_from_a_cursor_and_shows_each_change_once(self, customerp: httpx.Client) -> None:
        made = [customer(customerp, name=str(number))["id"] for number in range(5)]
        first = customerp.get("/customers", params={"limit": 3}).json()
        second = customerp.get("/customers", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        assert [first["has_more"], second["has_more"]] == [True, False]
        assert [record["id"] for record in first["items"] + second["items"]] == made
        patch(customerp, f"/customers/{made[1]}", '"1"', name="new")
        third = customerp.get("/customers", params={"cursor": second["next_cursor"]}).json()
        assert [record["id"] for record in third["items"]] == [made[1]]
        fourth = customerp.get("/customers", params={"cursor": third["next_cursor"]}).json()
        assert (fourth["items"], fourth["has_more"], bool(fourth["next_cursor"])) == ([], False, True)

    def test_deleted_records_are_tombstones_for_who_asks(self, customerp: httpx.Client) -> None:
        old = customer(customerp, external_ref="e1")
        customerp.delete(f"/customers/{old['id']}", headers={"If-Match": "*"})
        assert customerp.get("/customers").json()["items"] == []
        (tombstone,) = customerp.get("/customers", params={"include_deleted": "true"}).json()["items"]
        assert tombstone.pop("deleted_at")
        assert tombstone == {"id": old["id"], "deleted": True, "version": 2, "change_seq": 2}
        assert customer(customerp, external_ref="e1")["id"] != old["id"]

    def test_a_cursor_from_before_the_tombstones_is_a_410(self, sandbox: Serving, customerp: httpx.Client) -> None:
        cursor = customerp.get("/customers").json()["next_cursor"]
        sandbox.clock.advance(30 * DAY - 60)
        assert customerp.get("/customers", params={"cursor": cursor}).status_code == 200
        sandbox.clock.advance(120)
        assert customerp.get("/customers", params={"cursor": cursor}).status_code == 410

    def test_since_a_time(self, sandbox: Serving, customerp: httpx.Client) -> None:
        customer(customerp, name="old")
        sandbox.clock.advance(60)
        since = customer(customerp, name="new")["updated_at"]
        sandbox.clock.advance(60)
        customer(customerp, name="newer")
        found = customerp.get("/customers", params={"updated_since": since}).json()["items"]
        assert [record["name"] for record in found] == ["new", "newer"]

    def test_by_external_reference_and_by_id(self, customerp: httpx.Client) -> None:
        a, b, c = (customer(customerp, name=name, external_ref=name) for name in "abc")
        found = customerp.get("/customers", params={"external_ref": "c,a,nobody"}).json()["items"]
        assert found == [a, c]
        found = customerp.get("/customers", params={"ids": f"{b['id']},nobody"}).json()["items"]
        assert found == [b]

    @pytest.mark.parametrize(
        "params",
        [
            {"limit": 0},
            {"limit": 1001},
            {"cursor": "%%"},
            {"cursor": "abc"},
            {"updated_since": "x"},
            {"ids": "a," * 101},
        ],
    )
    def test_what_cannot_be_understood_is_a_400(self, customerp: httpx.Client, params: dict[str, str]) -> None:
        assert customerp.get("/customers", params=params).status_code == 400


def test_the_601st_request_in_a_minute_waits() -> None:
    with serving(limits=True) as sandbox, clients.customerp(sandbox) as client:
        sandbox.fault("customerp", switches={"limit": 5})
        assert {client.get("/orders").status_code for _ in range(5)} == {200}
        refused = client.get("/orders")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
        sandbox.clock.advance(60)
        assert client.get("/orders").status_code == 200
