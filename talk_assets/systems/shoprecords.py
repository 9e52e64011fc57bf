"""What a shop does to records that other systems don't: to accounts, to the orders of deleted ones, and to texts."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from talk_assets.http.shapes import Record

CUSTOMER = "talk_customer"
"""The key in an order's `meta_data` with the id of the account that it was written for."""

LONGEST = 40
"""Characters of an address that a user name begins with; WordPress takes 60 in all."""


@dataclass(frozen=True)
class UserNames:
    """New accounts have a user name of their own.

    A shop makes one of what stands before the @, looks whether it is taken, and then refuses one of two accounts that
    it creates at once: `post@` is the beginning of many addresses. Some shops make none at all.
    """

    def shown(self, record: Record) -> None:
        """Nothing: nobody else has a user name."""

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """What stands before the @, with some letters that follow from the whole address."""
        billing = record.get("billing")
        email = billing.get("email") if isinstance(billing, dict) else None
        if now or not email:
            return
        address = str(email).lower()
        local = re.sub(r"[^a-z0-9._-]", "", address.partition("@")[0])[:LONGEST]
        record["username"] = f"{local or 'customer'}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Buyers:
    """An order keeps the account that it was written for, also once the account is deleted.

    The shop then makes it an order of a guest, which nobody means for a customer that was cleared.
    """

    def shown(self, record: Record) -> None:
        """The account beside, where the shop says guest."""
        beside = _meta(record).get(CUSTOMER)
        if record.get("customer_id") == 0 and beside and str(beside).isdecimal():
            record["customer_id"] = int(beside)

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """The account, and the same beside."""
        if "customer_id" not in record:
            return
        id_ = record["customer_id"]
        if id_ or _meta(now).get(CUSTOMER):
            record.setdefault("meta_data", {})[CUSTOMER] = str(id_ or "")


@dataclass(frozen=True)
class Backslashes:
    """Texts that WordPress takes backslashes out of, unless they come as entities."""

    properties: tuple[str, ...]

    def shown(self, record: Record) -> None:
        """Nothing: entities are read as what they stand for."""

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """An entity for each."""
        del now
        for name in self.properties:
            if isinstance(text := record.get(name), str):
                record[name] = text.replace("\\", "&#92;")


@dataclass(frozen=True)
class NeverBlank:
    """Properties that always hold something in a shop, and stay as they are where they should be cleared."""

    properties: tuple[str, ...]

    def shown(self, record: Record) -> None:
        """Nothing: they are shown as they are."""

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """Blanks are left out."""
        del now
        for name in self.properties:
            first, _, rest = name.rpartition(".")
            place = record.get(first) if first else record
            if isinstance(place, dict) and place.get(rest, "…") in {"", None}:
                del place[rest]
                if not place and first:
                    del record[first]


def _meta(record: Mapping[str, Any]) -> Mapping[str, Any]:
    found = record.get("meta_data")
    return found if isinstance(found, dict) else {}
