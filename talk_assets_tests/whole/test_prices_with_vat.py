"""Prices that include VAT in one system and not in the other: each has its own, and neither drifts."""

from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import product
from talk_assets.model.lens.lens import Decimal, Lens
from talk_assets.testing.lens_laws import check_lens
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, firm, only

PAIRS = tuple(Pair(f"customerp/{name}", f"customwebshop/{name}") for name in ("product", "customer", "order"))


@pytest.fixture
def shop() -> Iterator[Firm]:
    with firm(pairs=PAIRS, configured={"customwebshop": {"vat": 15.0}}) as found:
        yield found


def web(shop: Firm, path: str, **sent: object) -> dict[str, Any]:
    """Somebody edits this in the webshop."""
    shop.later()
    with clients.customwebshop(shop.sandbox) as client:
        answer = client.request("PUT", path, json=sent)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sold(shop: Firm) -> dict[str, Any]:
    return only(shop.sandbox.records("customwebshop", "products"))


def at_rest(shop: Firm) -> bool:
    return shop.sync().written == {} and shop.sync(full=True).written == {}


def test_a_price_has_vat_in_the_shop_and_none_in_the_erp(shop: Firm) -> None:
    id_ = shop.erp_add("products", name="Brød", number="B-1", unit_price="40")
    shop.sync()
    assert sold(shop)["regular_price"] == "46"
    assert at_rest(shop)
    web(shop, f"/products/{sold(shop)['id']}", regular_price="99.90")
    assert shop.sync().written == {"customerp/product": 1}
    assert only(shop.erp("products"))["unit_price"] == "86.8695652174"
    assert at_rest(shop)
    assert sold(shop)["regular_price"] == "99.90"
    shop.erp_edit("products", id_, name="Grovbrød")
    shop.sync()
    assert sold(shop)["regular_price"] == "99.90"
    assert at_rest(shop)


def test_lines_of_an_order_have_no_vat_in_a_shop(shop: Firm) -> None:
    bread = shop.erp_add("products", name="Brød", number="B-1", unit_price="40")
    line = {"product_id": bread, "description": "Brød", "quantity": "3", "unit_price": "40"}
    shop.erp_add("orders", number="SO-1", lines=[line])
    shop.sync()
    assert only(only(shop.sandbox.records("customwebshop", "orders"))["line_items"])["total"] == "120"
    assert at_rest(shop)


@pytest.mark.parametrize(("vat", "places"), [("25", 10), ("15", 2), ("12.5", 4)])
def test_a_price_with_vat_keeps_the_lens_laws(vat: str, places: int) -> None:
    check_lens(Lens(unit_price=Decimal("price", wire="string", vat=vat, places=places)), product)
