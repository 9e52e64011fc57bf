"""What an order or an account does besides being kept, as in WooCommerce: mails to people, stock that is taken.

Nothing is sent. Who would have been mailed, and what was moved, is remembered for the control surface.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from talk_assets.sandbox.customwebshop.records import Record

MERCHANT = "admin@shop.example"
UNPAID = frozenset({"pending", "failed", "cancelled", "checkout-draft"})
TAKEN = frozenset({"processing", "completed", "on-hold"})
"""Statuses in which the goods are taken from stock."""
GIVEN_BACK = frozenset({"pending", "cancelled"})
TO_CUSTOMERS = {
    "processing": "customer_processing_order",
    "on-hold": "customer_on_hold_order",
    "completed": "customer_completed_order",
    "refunded": "customer_refunded_order",
    "failed": "customer_failed_order",
}
Take = Callable[[int, int], bool]
"""Takes so many of a product from stock; false where the shop doesn't count them."""


@dataclass
class Effects:
    """`mails` have `to`, `mail` and what they are about; `stock` has `product`, `by` and `order`."""

    mails: list[dict[str, object]] = field(default_factory=list)
    stock: list[dict[str, object]] = field(default_factory=list)

    def account(self, customer: Record) -> None:
        """Somebody has an account now."""
        self._mail(customer["email"], "customer_new_account", customer=customer["id"])

    def order(self, before: Record, order: Record, take: Take) -> None:
        """An order has another status than before, or other lines."""
        if order["status"] != before["status"]:
            self._mails(before["status"], order)
        taken = _quantities(before) if before["status"] in TAKEN else {}
        if order["status"] in TAKEN:
            self._move(order, taken, _quantities(order), take)
        elif order["status"] in GIVEN_BACK:
            self._move(order, taken, {}, take)

    def _mails(self, before: str, order: Record) -> None:
        status, id_ = order["status"], order["id"]
        if before in UNPAID and status in TAKEN:
            self._mail(MERCHANT, "new_order", order=id_)
        if before in TAKEN and status == "cancelled":
            self._mail(MERCHANT, "cancelled_order", order=id_)
        if status in TO_CUSTOMERS and (status != "on-hold" or before in UNPAID):
            self._mail(order["billing"]["email"], TO_CUSTOMERS[status], order=id_)

    def _move(self, order: Record, taken: dict[int, int], wanted: dict[int, int], take: Take) -> None:
        """Take or give back what is between the goods that were taken and those that should be."""
        for product in sorted({*taken, *wanted}):
            by = taken.get(product, 0) - wanted.get(product, 0)
            if by and take(product, -by):
                self.stock.append({"product": product, "by": by, "order": order["id"]})

    def _mail(self, to: str, mail: str, **about: object) -> None:
        """A mail to nobody is none."""
        if to:
            self.mails.append({"to": to, "mail": mail, **about})


def _quantities(order: Record) -> dict[int, int]:
    found: dict[int, int] = {}
    for line in order["line_items"]:
        if line["product_id"]:
            found[line["product_id"]] = found.get(line["product_id"], 0) + line["quantity"]
    return found
