"""The shop's official client finds in the sandbox's shop what it finds in a shop."""

from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.thirdparty.servers import answered


@pytest.fixture(scope="module")
def shop() -> Iterator[Serving]:
    with serving(records=60) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def found(shop: Serving) -> dict[str, Any]:
    """What the client printed; what was there before it came is in `before`."""
    before = {name: [row["id"] for row in shop.records("customwebshop", name)] for name in ("customers", "products")}
    found: dict[str, Any] = answered("woocommerce", shop.base_urls["customwebshop"])
    return {**found, "before": before}


def test_it_reads_every_page_of_every_list(found: dict[str, Any]) -> None:
    assert sorted(found["listed"]["customers"]) == sorted(found["before"]["customers"])
    assert sorted(found["listed"]["products"]) == sorted(found["before"]["products"])
    assert len(set(found["listed"]["orders"])) == len(found["listed"]["orders"]) > 10


def test_its_filters_and_orders_are_understood(found: dict[str, Any]) -> None:
    assert set(found["completed"]) == {"completed"}
    assert len(found["completed"]) < len(found["oldest"])
    assert found["oldest"] == sorted(found["listed"]["orders"])
    assert [sorted(row) for row in found["fields"]] == [["id", "sku"]]
    assert len(found["sku"]) == 1
    assert found["since"] == 200


def test_its_signature_is_checked_and_errors_have_the_shops_words(found: dict[str, Any]) -> None:
    assert found["wrong"] == [401, "woocommerce_rest_authentication_error"]
    assert found["unknown"] == 404


def test_a_customer_a_product_and_an_order_live_as_in_a_shop(found: dict[str, Any]) -> None:
    life = found["life"]
    assert (life["customer"]["email"], life["customer"]["role"]) == ("ny.kunde@fjord.example", "customer")
    assert (life["product"]["sku"], life["product"]["price"]) == ("TP-1", "10.50")
    assert life["again"] == [400, "product_invalid_sku"]
    assert (life["order"]["total"], life["order"]["status"]) == ("31.50", "pending")
    (line,) = life["order"]["line_items"]
    assert (line["product_id"], line["quantity"]) == (life["product"]["id"], 3)
    assert (life["paid"]["status"], life["paid"]["id"]) == ("processing", life["order"]["id"])
    assert life["cheaper"]["price"] == "9.00"
    assert life["trashed"]["id"] == life["order"]["id"]
    assert life["gone"] == [200, 404]
