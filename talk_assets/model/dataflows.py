"""Which records must exist where: the dataflows and their pairs, as data.

A pair says "every record of the left collection has a record in the right one". What the records hold, and that both
sides stay in sync, is the lenses' and the hub's concern.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class OnDelete(StrEnum):
    """What becomes of a record when the one across the pair was deleted."""

    KEEP = "keep"
    DELETE = "delete"
    ARCHIVE = "archive"
    """Its flag for that is set, where the API has one; where not, the record is kept."""


@dataclass(frozen=True, order=True)
class Pair:
    """Collections by key, `system/collection`, which make the pair; what `on_delete` says goes both ways."""

    left: str
    right: str
    on_delete: OnDelete = field(default=OnDelete.KEEP, compare=False)


def dataflow_of(pair: Pair) -> str:
    """Return the name of the dataflow that a pair belongs to."""
    return f"{pair.left.partition('/')[0]}-{pair.right.partition('/')[0]}"


@dataclass(frozen=True)
class Dataflow:
    """The pairs between two systems; `name` is how `talk sync --dataflow` and `talk.toml` call it."""

    left: str
    right: str
    pairs: tuple[Pair, ...]

    @property
    def name(self) -> str:
        """As `left-right`, which no two dataflows share."""
        return f"{self.left}-{self.right}"


def _dataflow(left: str, right: str, pairs: dict[str, str]) -> Dataflow:
    return Dataflow(left, right, tuple(Pair(f"{left}/{here}", f"{right}/{there}") for here, there in pairs.items()))


DATAFLOWS = (
    _dataflow(
        "customerp",
        "powerofficego",
        {"contact": "contactperson", "customer": "customers", "order": "salesorders", "product": "product"},
    ),
    _dataflow(
        "poweroffice",
        "poweroffice_peer",
        {"employee": "contactperson", "supplier": "customer", "customer": "contactperson"},
    ),
    _dataflow(
        "powerofficego",
        "customwebshop",
        {
            "departments": "customer",
            "salesorderlines": "order",
            "customers": "customer",
            "product": "product",
            "salesorders": "order",
        },
    ),
    _dataflow("crmoffice", "customerp", {"activities": "project", "companies": "product", "contacts": "contact"}),
    _dataflow(
        "webcrm",
        "customerp",
        {
            "opportunities": "order",
            "organisations": "customer",
            "quotationline": "order",
            "users": "contact",
            "persons": "contact",
            "products": "product",
        },
    ),
)
"""Every dataflow that ships, in the order in which people read them."""
