"""What a PATCH says (RFC 6902): one `replace` for each property that is to change.

A property inside an object that is null cannot be replaced: the whole object is, with what the API demands of one.
"""

from collections.abc import Mapping

from talk_assets.systems.powerofficego.confirmed import Item, value

ADDRESS = "MailAddress"
DEMANDED = ("City", "ZipCode")
"""What an address must say, though it may say null."""


def operations(record: Mapping[str, object], flat: Mapping[str, object]) -> list[Item]:
    """Replace properties of a record as it is now; nested ones have dotted names."""
    whole = isinstance(value(record, ADDRESS), dict)
    found = [
        replace("/" + name.replace(".", "/"), new)
        for name, new in flat.items()
        if whole or not name.startswith(f"{ADDRESS}.")
    ]
    fresh = {} if whole else address(flat)
    return [*found, replace(f"/{ADDRESS}", fresh)] if fresh else found


def address(flat: Mapping[str, object]) -> Item:
    """A new address of what is known of it, empty where nothing is."""
    inner = {name.partition(".")[2]: new for name, new in flat.items() if name.startswith(f"{ADDRESS}.")}
    known = {name: new for name, new in inner.items() if new is not None}
    return {**dict.fromkeys(DEMANDED), **known} if known else {}


def replace(path: str, new: object) -> Item:
    """One operation."""
    return {"op": "replace", "path": path, "value": new}
