"""Lines of an order that one side can't hold, or shows rounded, survive what people edit on the other side."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets.report.rewritten import Meaning, rewritten
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, Record, firm, only

SHOP = tuple(Pair(f"customerp/{name}", f"customwebshop/{name}") for name in ("product", "customer", "order"))


class Shop:
    """An ERP whose order has lines of every kind, and a shop that has got it."""

    def __init__(self, here: Firm) -> None:
        self.here = here
        self.screw = here.erp_add("products", name="Skrue", number="S-1", unit_price="10.50")
        self.nut = here.erp_add("products", name="Mutter", number="M-1", unit_price="4.25")

    def web(self, method: str, path: str, **sent: object) -> dict[str, Any]:
        """Somebody does this in the webshop."""
        self.here.later()
        with clients.customwebshop(self.here.sandbox) as client:
            answer = client.request(method, path, json=sent)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def bought(self) -> Record:
        return only(self.here.sandbox.records("customwebshop", "orders"))

    @property
    def ordered(self) -> list[dict[str, str]]:
        """What the ERP's lines hold, without their ids."""
        lines = only(self.here.erp("orders"))["lines"]
        return [{name: value for name, value in line.items() if value is not None and name != "id"} for line in lines]

    def order(self, *lines: dict[str, str]) -> list[dict[str, str]]:
        """Create the order in the ERP, and sync."""
        self.here.erp_add("orders", number="SO-1", status="confirmed", lines=list(lines))
        self.here.sync()
        return self.ordered

    def at_rest(self) -> bool:
        """Whether two syncs more, one that reads everything, write nothing."""
        return self.here.sync().written == {} and self.here.sync(full=True).written == {}


@pytest.fixture
def shop() -> Iterator[Shop]:
    with firm(pairs=SHOP) as found:
        yield Shop(found)


def left_out(shop: Shop) -> list[dict[str, Any]]:
    """The lines that `talk rewritten` says the shop does not get."""
    with shop.here.store.transaction() as transaction:
        rows = rewritten(transaction, shop.here.hub.collections("customwebshop")).to_dicts()
    return [line for row in rows if row["meaning"] == Meaning.LEFT_OUT for line in json.loads(row["sent"])]


def every(shop: Shop) -> list[dict[str, str]]:
    """A line of each kind that is hard to hold."""
    return [
        {"product_id": shop.screw, "description": "Skrue", "quantity": "2", "unit_price": "10.5"},
        {"product_id": shop.nut, "description": "Gratis", "quantity": "0", "unit_price": "4.25"},
        {"description": "Leveres i bakgården"},
        {
            "product_id": shop.nut,
            "description": "Tilbud",
            "quantity": "3",
            "unit_price": "0.3333",
            "discount": "33.33",
        },
        {"product_id": shop.screw, "description": "Mye", "quantity": "21146", "unit_price": "0.682512"},
        {"product_id": shop.screw, "description": "Retur", "quantity": "-1", "unit_price": "10.5"},
        {"product_id": shop.nut, "description": "Kappet", "quantity": "2.5", "unit_price": "4"},
    ]


@pytest.mark.parametrize("rounds", [False, True])
def test_after_an_edit_of_the_first_line_in_the_shop_every_other_line_is_as_it_was(shop: Shop, *, rounds: bool) -> None:
    shop.here.sandbox.fault("customwebshop", switches={"rounds": rounds})
    before = shop.order(*every(shop))
    assert shop.at_rest()
    assert [line["name"] for line in shop.bought["line_items"]] == [
        "Skrue", "Leveres i bakgården", "Tilbud", "Mye", "Retur"
    ]  # fmt: skip
    first = shop.bought["line_items"][0]
    shop.web(
        "PUT",
        f"/orders/{shop.bought['id']}",
        line_items=[{"id": first["id"], "quantity": 5, "subtotal": "52.5", "total": "52.5"}],
    )
    assert shop.here.sync().written == {"customerp/order": 1}
    assert shop.ordered == [{**before[0], "quantity": "5"}, *before[1:]]
    assert shop.here.conflicts() == []
    assert shop.at_rest()
    assert [line["description"] for line in left_out(shop)] == ["Gratis", "Kappet"]


def test_a_line_that_was_left_out_arrives_once_the_shop_can_hold_it(shop: Shop) -> None:
    shop.order(*every(shop)[:2])
    lines = only(shop.here.erp("orders"))["lines"]
    shop.here.erp_edit("orders", only(shop.here.erp("orders"))["id"], lines=[lines[0], {**lines[1], "quantity": "4"}])
    assert shop.here.sync().written == {"customwebshop/order": 1}
    assert [(line["name"], line["quantity"]) for line in shop.bought["line_items"]] == [("Skrue", 2), ("Gratis", 4)]
    assert left_out(shop) == []
    assert shop.at_rest()


def test_lines_that_were_left_out_keep_their_place_when_others_are_removed_and_added(shop: Shop) -> None:
    before = shop.order(*every(shop))
    lines = shop.bought["line_items"]
    removed = [{"id": line["id"], "quantity": 0} for line in (lines[0], lines[3])]
    nut = lines[2]["product_id"]
    added = {"product_id": nut, "quantity": 6, "subtotal": "60", "total": "60"}
    shop.web("PUT", f"/orders/{shop.bought['id']}", line_items=[*removed, added])
    assert shop.here.sync().written == {"customerp/order": 1}
    new = {"product_id": shop.nut, "description": "Mutter", "quantity": "6", "unit_price": "10"}
    assert shop.ordered == [before[1], before[2], before[3], before[5], before[6], new]
    assert shop.at_rest()
