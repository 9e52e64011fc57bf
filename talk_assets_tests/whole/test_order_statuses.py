"""Statuses of an order that one side has no value for, or must not be given: neither sent nor pushed back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from talk_assets.http.rest import Profile
from talk_assets.model.dataflows import Pair
from talk_assets.model.lens.lens import Choice, Lens
from talk_assets.report.rewritten import Meaning, rewritten
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets.systems.customwebshop import CUSTOMWEBSHOP
from talk_assets.systems.settings import Registered
from talk_assets_tests.whole.firm import Firm, firm, only, web

PAIRS = tuple(Pair(f"customwebshop/{name}", f"customerp/{name}") for name in ("product", "customer", "order"))


def with_status(known: Registered, **changes: Any) -> Profile:  # noqa: ANN401 -- what a choice takes
    """A profile in which the status of orders is declared otherwise."""
    assert known.profile is not None
    (order,) = (one for one in known.profile.collections if one.name == "order")
    status = order.lens.properties["status"]
    assert isinstance(status, Choice)
    status = replace(status, **changes)
    changed = replace(order, lens=Lens(**{**order.lens.properties, "status": status}))
    return replace(
        known.profile, collections=tuple(changed if one is order else one for one in known.profile.collections)
    )


@contextmanager
def sold(**configured: Profile) -> Iterator[Firm]:
    """An order that was made in the shop and is in the ERP as well."""
    profiles = {name: {"profile": profile} for name, profile in configured.items()}
    with firm(pairs=PAIRS, configured=profiles) as here:
        customer = web(here, "POST", "/customers", email="post@fjord.example", billing={"email": "post@fjord.example"})
        web(here, "POST", "/orders", status="processing", customer_id=customer["id"])
        here.sandbox.forget_effects("customwebshop")
        assert here.sync().written == {"customerp/order": 1, "customerp/customer": 1}
        yield here


def at_rest(here: Firm) -> bool:
    return here.sync().written == {} and here.sync(full=True).written == {}


def test_a_status_that_is_read_only_mails_nobody_and_does_not_come_back() -> None:
    with sold(customwebshop=with_status(CUSTOMWEBSHOP, read_only=("completed",))) as here:
        order, shop = only(here.erp("orders")), only(here.sandbox.records("customwebshop", "orders"))
        here.erp_edit("orders", order["id"], status="delivered")
        here.sync()
        assert at_rest(here)
        assert only(here.sandbox.records("customwebshop", "orders"))["status"] == "processing"
        assert here.sandbox.effects("customwebshop")["mails"] == []
        web(here, "PUT", f"/orders/{shop['id']}", customer_note="Haster")
        assert here.sync().written == {"customerp/order": 1}
        assert only(here.erp("orders"))["status"] == "delivered"
        with here.store.transaction() as transaction:
            (row,) = rewritten(transaction, here.hub.collections("customwebshop")).to_dicts()
        assert (row["field"], row["sent"], row["shown"]) == ("status", "delivered", "confirmed")
        assert row["meaning"] == Meaning.LEFT_OUT
        web(here, "PUT", f"/orders/{shop['id']}", status="cancelled")
        here.sync()
        assert only(here.erp("orders"))["status"] == "cancelled"
        assert at_rest(here)


def test_a_status_that_the_erp_lacks_is_not_pushed_back_where_its_answers_do_not_show_the_record() -> None:
    few = {"draft": "draft", "confirmed": "confirmed", "cancelled": "cancelled"}
    with sold(customerp=with_status(CUSTOMERP, values=few)) as here:
        here.sandbox.fault("customerp", switches={"answers_with_record": False})
        shop = only(here.sandbox.records("customwebshop", "orders"))
        web(here, "PUT", f"/orders/{shop['id']}", status="completed", customer_note="Levert")
        here.sync()
        assert at_rest(here)
        assert only(here.erp("orders"))["status"] == "confirmed"
        assert only(here.erp("orders"))["description"] == "Levert"
        assert only(here.sandbox.records("customwebshop", "orders"))["status"] == "completed"
