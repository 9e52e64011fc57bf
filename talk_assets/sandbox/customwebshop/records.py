"""What the webshop's records hold and how they are kept: WooCommerce's properties. Values only.

A record lies on the shelf in the form of the context `edit`, its money with all the decimals that it was sent with.
How it is shown is `shown`'s concern.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.wire import dumps

Record = dict[str, Any]

ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
BILLING = (*ADDRESS, "email", "phone")
BESIDES = {"shipping_lines": "method_title", "fee_lines": "name", "coupon_lines": "code"}
"""What an order has beside its lines, and what names one of each."""
TRASH, HIDDEN = "trash", "checkout-draft"
"""Statuses that a list shows only when it is asked for them."""
ORDER_STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", HIDDEN, TRASH)
PRODUCT_STATUSES = ("draft", "pending", "private", "publish", "future", TRASH)
VARIATION = "variation"
"""The type of a product that is one of a variable product: no list of products has it."""
PRODUCT_TYPES = ("simple", "grouped", "external", "variable")
ROLES = ("administrator", "editor", "author", "contributor", "subscriber", "customer", "shop_manager")
CURRENCIES = re.compile(
    "AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTC|BTN|BWP|BYN|BYR"
    "|BZD|CAD|CDF|CHF|CLP|CNY|COP|CRC|CUC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GGP|GHS"
    "|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HRK|HTG|HUF|IDR|ILS|IMP|INR|IQD|IRR|IRT|ISK|JEP|JMD|JOD|JPY|KES|KGS|KHR|KMF"
    "|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD"
    "|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PRB|PYG|QAR|RMB|RON|RSD|RUB|RWF|SAR|SBD|SCR|SDG|SEK|SGD"
    "|SHP|SLL|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU|UZS|VEF|VES|VND"
    "|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW"
)


@dataclass(frozen=True)
class Resource:
    """One collection: its texts, its objects with their parts, its statuses, and what it is searched by.

    `kind` is what its codes of errors call it. `keys` are properties that the shelf is searched by, `unique` those that
    no two records share.
    """

    name: str
    kind: str
    texts: tuple[str, ...]
    objects: Mapping[str, tuple[str, ...]]
    statuses: tuple[str, ...] = ()
    changes: bool = True
    """Whether a list can be filtered by the time of the last change."""
    keys: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()

    def blank(self) -> Record:
        """A record without any value."""
        record: Record = dict.fromkeys(self.texts, "")
        match self.name:
            case "products":
                record |= {"status": "publish", "type": "simple", "parent_id": 0}
                record |= {"manage_stock": False, "stock_quantity": None, "attributes": []}
            case "orders":
                record |= {"status": "pending", "customer_id": 0, "line_items": [], "parent_id": 0}
                record |= {name: [] for name in BESIDES}
            case "customers":
                record |= {"role": "customer"}
        return {**record, **{name: dict.fromkeys(parts, "") for name, parts in self.objects.items()}, "meta_data": []}


RESOURCES = {
    resource.name: resource
    for resource in (
        Resource(
            "products",
            "product",
            ("name", "description", "short_description", "sku", "global_unique_id", "regular_price", "sale_price"),
            {},
            PRODUCT_STATUSES,
            keys=("sku", "global_unique_id", "status", "type"),
            unique=("sku", "global_unique_id"),
        ),
        Resource(
            "customers",
            "customer",
            ("email", "first_name", "last_name", "username"),
            {"billing": BILLING, "shipping": (*ADDRESS, "phone")},
            changes=False,
            keys=("email", "role", "username"),
        ),
        Resource(
            "orders",
            "shop_order",
            ("currency", "customer_note"),
            {"billing": BILLING, "shipping": (*ADDRESS, "phone")},
            ORDER_STATUSES,
            keys=("status", "customer_id"),
        ),
    )
}


def bare(seconds: int, hours: float = 0) -> str:
    """Seconds since 1970 as the shop writes times: whole seconds, no zone, `hours` ahead of UTC."""
    return (datetime.fromtimestamp(seconds, UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")


def stored(
    resource: Resource, record: Mapping[str, Any], times: tuple[int, int], hours: float, decimals: int = 2
) -> Stored:
    """The record as it lies on the shelf, with when it was created and modified and all that follows from the rest."""
    whole = {"id": record["id"]}
    for name, seconds in zip(("created", "modified"), times, strict=True):
        whole |= {f"date_{name}": bare(seconds, hours), f"date_{name}_gmt": bare(seconds)}
    whole |= {name: value for name, value in record.items() if name not in whole}
    if resource.name == "products":
        whole |= {"price": record["sale_price"] or record["regular_price"]}
    if resource.name == "orders":
        whole |= {"number": str(record["id"]), "total": rounded(_total(record), decimals)}
    keys = tuple(record.get(key) or None for key in resource.keys)
    return Stored(record["id"], dumps(whole), times[1], gone=record.get("status") == TRASH, keys=keys)


def load(record: Stored) -> Record:
    """A record's properties."""
    found: Record = json.loads(record.body)
    return found


def rounded(amount: Decimal | str, decimals: int) -> str:
    """An amount with so many decimals, as PHP's `number_format` rounds."""
    return f"{Decimal(amount or 0).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"


def in_decimals(order: Record, decimals: int) -> Record:
    """An order whose lines have no more decimals than so many."""

    def line(one: Record) -> Record:
        money = {name: rounded(one[name], decimals) for name in ("subtotal", "total") if one[name]}
        return {**one, **money, "price": float(Decimal(money.get("total", 0)) / (one["quantity"] or 1))}

    return {**order, "line_items": [line(one) for one in order["line_items"]]}


def _total(order: Mapping[str, Any]) -> Decimal:
    """What an order costs: what coupons take off is in the totals of the lines already."""
    parts = (one for name in ("line_items", "shipping_lines", "fee_lines") for one in order[name])
    return sum((Decimal(part["total"] or 0) for part in parts), Decimal(0))
