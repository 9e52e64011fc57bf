"""What the webshop's records hold and how they are shown and kept: WooCommerce's properties. Values only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.wire import dumps

Record = dict[str, Any]

ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
BILLING = (*ADDRESS, "email", "phone")
ORDER_STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "trash")
PRODUCT_STATUSES = ("draft", "pending", "private", "publish", "trash")


@dataclass(frozen=True)
class Resource:
    """One collection: its texts, its objects with their parts, its statuses, and what cannot be set."""

    name: str
    texts: tuple[str, ...]
    objects: Mapping[str, tuple[str, ...]]
    statuses: tuple[str, ...] = ()
    changes: bool = True
    """Whether a list can be filtered by the time of the last change."""
    keys: tuple[str, ...] = ()

    def blank(self) -> Record:
        """A record without any value."""
        record: Record = dict.fromkeys(self.texts, "")
        if self.statuses:
            record["status"] = "publish" if self.name == "products" else "pending"
        if self.name == "orders":
            record |= {"customer_id": 0, "line_items": []}
        return {**record, **{name: dict.fromkeys(parts, "") for name, parts in self.objects.items()}, "meta_data": []}


RESOURCES = {
    resource.name: resource
    for resource in (
        Resource(
            "products",
            ("name", "description", "short_description", "sku", "global_unique_id", "regular_price", "sale_price"),
            {},
            PRODUCT_STATUSES,
            keys=("sku",),
        ),
        Resource(
            "customers",
            ("email", "first_name", "last_name", "username"),
            {"billing": BILLING, "shipping": (*ADDRESS, "phone")},
            changes=False,
            keys=("email",),
        ),
        Resource(
            "orders",
            ("currency", "customer_note"),
            {"billing": BILLING, "shipping": (*ADDRESS, "phone")},
            ORDER_STATUSES,
        ),
    )
}


def bare(seconds: int, hours: float = 0) -> str:
    """Seconds since 1970 as the shop writes times: whole seconds, no zone, `hours` ahead of UTC."""
    return (datetime.fromtimestamp(seconds, UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")


def stored(resource: Resource, record: Mapping[str, Any], times: tuple[int, int], hours: float) -> Stored:
    """The record as it lies on the shelf, with when it was created and modified and all that follows from the rest."""
    whole = {"id": record["id"]}
    for name, seconds in zip(("created", "modified"), times, strict=True):
        whole |= {f"date_{name}": bare(seconds, hours), f"date_{name}_gmt": bare(seconds)}
    whole |= {name: value for name, value in record.items() if name not in whole}
    if resource.name == "products":
        whole |= {"type": "simple", "price": record["sale_price"] or record["regular_price"]}
    if resource.name == "orders":
        whole |= {"number": str(record["id"]), "total": f"{_total(record['line_items']):.2f}"}
    keys = tuple(record.get(key) or None for key in resource.keys)
    return Stored(record["id"], dumps(whole), times[1], gone=record.get("status") == "trash", keys=keys)


def load(record: Stored) -> Record:
    """A record's properties."""
    found: Record = json.loads(record.body)
    return found


def _total(lines: list[Record]) -> Decimal:
    return sum((Decimal(line["total"] or 0) for line in lines), Decimal(0))
