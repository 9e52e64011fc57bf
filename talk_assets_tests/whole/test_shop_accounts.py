"""A shop's accounts: many that are created at once, shops that make no user names, and accounts that are deleted."""

from collections.abc import Iterator

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets_tests.whole.firm import Firm, firm, only, web

PAIRS = tuple(Pair(f"customerp/{name}", f"customwebshop/{name}") for name in ("product", "customer", "order"))
MANY = 8


@pytest.fixture
def here() -> Iterator[Firm]:
    """Nothing anywhere."""
    with firm(pairs=PAIRS) as found:
        yield found


def at_rest(here: Firm) -> bool:
    return here.sync().written == {} and here.sync(full=True).written == {}


@pytest.mark.parametrize("switches", [{}, {"makes_usernames": False}], ids=["makes user names", "makes none"])
def test_accounts_whose_addresses_begin_alike_are_created_at_once(here: Firm, switches: dict[str, object]) -> None:
    here.sandbox.fault("customwebshop", latency=0.05, switches=switches)
    for number in range(MANY):
        here.erp_add("customers", name=f"Vik {number}", email=f"post+a@vik{number}.example")
    with here.counted() as requests:
        here.sync()
    assert here.held() == []
    (created,) = (times for what, times in requests["customwebshop"].items() if what.startswith("POST"))
    assert created == MANY
    names = {one["username"] for one in here.sandbox.records("customwebshop", "customers")}
    assert len(names) == MANY


def test_an_order_keeps_its_customer_where_the_shop_s_account_is_deleted(here: Firm) -> None:
    customer = here.erp_add("customers", name="Vik AS", email="post@vik.example")
    screw = here.erp_add("products", number="S-1", name="Skrue", unit_price="1.50")
    line = {"product_id": screw, "quantity": "1", "unit_price": "1.50"}
    here.erp_add("orders", number="1", customer_id=customer, status="confirmed", lines=[line])
    here.sync()
    account = only(here.sandbox.records("customwebshop", "customers"))["id"]
    web(here, "DELETE", f"/customers/{account}?force=true")
    assert only(here.sandbox.records("customwebshop", "orders"))["customer_id"] == 0
    assert at_rest(here)
    assert only(here.erp("orders"))["customer_id"] == customer

    other = here.erp_add("customers", name="Elv AS", email="post@elv.example")
    here.erp_edit("orders", only(here.erp("orders"))["id"], customer_id=other)
    here.sync()
    account = only(here.sandbox.records("customwebshop", "customers"))["id"]
    assert only(here.sandbox.records("customwebshop", "orders"))["customer_id"] == account
    assert at_rest(here)


def test_an_address_that_is_cleared_elsewhere_stays_in_the_shop_and_holds_nothing_up(here: Firm) -> None:
    customer = here.erp_add("customers", name="Vik AS", email="post@vik.example", phone="+4722334455")
    here.sync()
    here.erp_edit("customers", customer, email=None, phone=None)
    here.sync()
    assert here.held() == []
    bill = only(here.sandbox.records("customwebshop", "customers"))["billing"]
    assert (bill["email"], bill["phone"]) == ("post@vik.example", "")
    assert at_rest(here)
    assert only(here.erp("customers"))["email"] is None
