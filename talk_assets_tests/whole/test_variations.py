"""Variations of a shop's product are the articles, and lines name them; their parent is none."""

from collections.abc import Iterator

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets_tests.whole.firm import Firm, Record, firm, only, web

PAIRS = tuple(Pair(f"customwebshop/{name}", f"customerp/{name}") for name in ("product", "customer", "order"))


@pytest.fixture(params=[True, False], ids=["one list of all", "a list for each parent"])
def shop(request: pytest.FixtureRequest) -> Iterator[Firm]:
    """A sweater in two colours, and a cap."""
    with firm(pairs=(*PAIRS, *(Pair(pair.right, pair.left) for pair in PAIRS))) as here:
        here.sandbox.fault("customwebshop", switches={"lists_variations": request.param})
        sweater = web(here, "POST", "/products", name="Genser & co", type="variable", sku="G")["id"]
        for colour in ("Rød", "Blå"):
            attributes = [{"name": "Farge", "option": colour}]
            sku = f"G-{colour}"
            web(here, "POST", f"/products/{sweater}/variations", sku=sku, regular_price="300", attributes=attributes)
        web(here, "POST", "/products", name="Lue", sku="L", regular_price="150")
        here.sync()
        yield here


def in_shop(here: Firm, sku: str) -> Record:
    return only([one for one in here.sandbox.records("customwebshop", "products") if one["sku"] == sku])


def at_rest(here: Firm) -> bool:
    return here.sync().written == {} and here.sync(full=True).written == {} and here.sync().written == {}


def test_each_variation_has_its_article_and_the_parent_has_none(shop: Firm) -> None:
    articles = {one["number"]: (one["name"], one["unit_price"]) for one in shop.erp("products")}
    assert articles == {
        "G-Rød": ("Genser & co, Rød", "300"),
        "G-Blå": ("Genser & co, Blå", "300"),
        "L": ("Lue", "150"),
    }
    assert at_rest(shop)
    assert shop.held() == []


def test_a_variation_is_edited_from_either_side(shop: Firm) -> None:
    red = in_shop(shop, "G-Rød")
    shop.erp_edit("products", only(shop.erp("products", number="G-Rød"))["id"], unit_price="320")
    assert shop.sync().written == {"customwebshop/product": 1}
    assert in_shop(shop, "G-Rød")["regular_price"] == "320"
    assert at_rest(shop)
    web(shop, "PUT", f"/products/{red['parent_id']}/variations/{red['id']}", regular_price="280")
    assert shop.sync().written == {"customerp/product": 1}
    assert only(shop.erp("products", number="G-Rød"))["unit_price"] == "280"
    assert at_rest(shop)


def test_a_line_names_the_variation_and_not_its_parent(shop: Firm) -> None:
    red, blue = in_shop(shop, "G-Rød"), in_shop(shop, "G-Blå")
    line = {"product_id": red["parent_id"], "variation_id": red["id"], "quantity": 1}
    web(shop, "POST", "/orders", line_items=[{**line, "product_id": red["id"]}])
    shop.sync()
    order = only(shop.erp("orders"))
    (ordered,) = order["lines"]
    articles = {one["id"]: one["number"] for one in shop.erp("products")}
    assert articles[ordered["product_id"]] == "G-Rød"
    other = only(shop.erp("products", number="G-Blå"))["id"]
    more = {"product_id": other, "description": "Genser", "quantity": "2", "unit_price": "300"}
    shop.erp_edit("orders", order["id"], lines=[{**ordered, "quantity": "3"}, more])
    shop.sync()
    lines = only(shop.sandbox.records("customwebshop", "orders"))["line_items"]
    assert [(one["product_id"], one["variation_id"], one["quantity"]) for one in lines] == [
        (red["parent_id"], red["id"], 3),
        (blue["parent_id"], blue["id"], 2),
    ]
    assert at_rest(shop)


def test_a_variation_that_is_gone_is_looked_up_and_its_article_stays(shop: Firm) -> None:
    red = in_shop(shop, "G-Rød")
    web(shop, "DELETE", f"/products/{red['parent_id']}/variations/{red['id']}?force=true")
    assert shop.sync(full=True).written == {}
    with shop.store.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM product.links WHERE gone_at IS NOT NULL") == 1
    assert len(shop.erp("products")) == 3
    assert at_rest(shop)
