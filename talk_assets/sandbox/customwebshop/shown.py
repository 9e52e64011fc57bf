"""How the webshop shows a record: in the context `view` or `edit`, money with so many decimals, only some properties.

Products are related to others by chance, anew for each answer, as in WooCommerce.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from talk_assets.sandbox.customwebshop.records import BESIDES, VARIATION, Record, Resource, load, rounded
from talk_assets.sandbox.customwebshop.texts import paragraphs, typeset
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.wire import dumps

RELATED = 5
MONEY = ("subtotal", "total")


@dataclass(frozen=True)
class Showing:
    """What a request says of how it wants its answer; `fields` are names, nested ones dotted, empty for all."""

    context: str
    decimals: int
    fields: tuple[str, ...] = ()


def body(resource: Resource, row: Stored, how: Showing, highest: int, chance: random.Random) -> bytes:
    """One record of an answer; `highest` is the id of the newest one."""
    if resource.name == "customers" and not how.fields:
        return row.body
    record = load(row)
    if record.get("type") == VARIATION:
        record["name"] = ", ".join(str(one.get("option", "")) for one in record["attributes"])
    if resource.name == "products":
        record["related_ids"] = _related(int(row.id), highest, chance)
        if how.context == "view":
            record["description"] = paragraphs(record["description"])
            record["short_description"] = paragraphs(typeset(record["short_description"]))
    if resource.name == "orders":
        record["total"] = rounded(record["total"], how.decimals)
        for line in record["line_items"]:
            line |= {name: rounded(line[name], how.decimals) for name in MONEY if line[name]}
        for one in (one for name in BESIDES for one in record[name]):
            one |= {name: rounded(one[name], how.decimals) for name in ("total", "discount") if one.get(name)}
    return dumps(_projected(record, [name.split(".") for name in how.fields]) if how.fields else record)


def _related(id_: int, highest: int, chance: random.Random) -> list[int]:
    """Some other products: which, and in which order, is chance."""
    low = chance.randint(1, max(1, highest - 10 * RELATED))
    others = [other for other in range(low, min(highest, low + 10 * RELATED) + 1) if other != id_]
    return chance.sample(others, min(RELATED, len(others)))


def _projected(record: Mapping[str, Any], names: Sequence[Sequence[str]]) -> Record:
    found: Record = {}
    for first, *rest in names:
        if first not in record:
            continue
        value = record[first]
        if not rest or not isinstance(value, dict):
            found[first] = value
        else:
            found[first] = {**found.get(first, {}), **_projected(value, [rest])}
    return found
