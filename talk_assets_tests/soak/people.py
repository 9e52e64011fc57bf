"""Everybody who edits, in all systems at once: fields of every kind, lines of orders, new records, deletes.

What is edited is known to the hub's lenses, so that every property which a lens maps is edited some day; how a value is
spelled is the lens's as well, what came of it is read back by the oracle.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import Field, Kind
from talk_assets.model.lens.lens import ALWAYS, FullName, Lens, Lines, Property, Ref, Value
from talk_assets.sandbox.surface import Surface
from talk_assets_tests.soak import values
from talk_assets_tests.soak.edits import Log
from talk_assets_tests.soak.hands import Hands
from talk_assets_tests.soak.shelves import LINES, Raw, dotted, records, same

TO_DELETE = {
    "customerp/contact": (("customerp/order", "contact_id"), ("customerp/project", "owner_id")),
    "crmoffice/contacts": (("crmoffice/activities", "ownerId"),),
    "crmoffice/activities": (),
    "customerp/project": (),
    "poweroffice/employee": (),
    "webcrm/quotationline": (),
    "customwebshop/order": (),
}
"""What people delete, unless a property of another collection names it."""

TWINS = {
    "webcrm/persons": "customerp/contact",
    "crmoffice/contacts": "customerp/contact",
    "webcrm/products": "powerofficego/product",
}
"""Where the same newcomer is sometimes entered in two places at once."""

FOUND_BY = frozenset({"email", "organisation_number", "number", "last_name"})

NOT_CREATED = frozenset({"customwebshop/order", "webcrm/quotationline", "powerofficego/salesorderlines"})
"""What a shop's customers create, and lines, which come with their orders."""


def _open(prop: Property) -> Property:
    return replace(prop, writable=ALWAYS)


def lens_of_people(key: str, collection: Collection) -> Lens:
    """Return the lens through which people write: users are only ours to read."""
    if key != "webcrm/users":
        return collection.lens
    named = {name: _open(prop) for name, prop in collection.lens.properties.items() if not isinstance(prop, FullName)}
    whole = [_open(prop) for prop in collection.lens.properties.values() if isinstance(prop, FullName)]
    return Lens(*whole, **named)


@dataclass
class People:
    """Acts at random, carried out at once and written into the log."""

    sandbox: Surface
    hands: Hands
    collections: Mapping[str, Collection]
    rng: random.Random
    log: Log

    def act(self) -> None:
        """Somebody does something, somewhere."""
        makers: list[Callable[[], None]] = [self._edit] * 14 + [self._line] * 3 + [self._create] * 2 + [self._delete]
        self.rng.choice(makers)()
        self.log.acts += 1

    def _there(self, key: str) -> dict[str, Raw]:
        return records(self.sandbox, key)

    def _pick(self, key: str) -> str | None:
        there = sorted(self._there(key))
        return self.rng.choice(there) if there else None

    def _edit(self) -> None:
        key = self.rng.choice(sorted(self.collections.keys() - LINES.keys()))
        id_ = self._pick(key)
        if id_ is None:
            return
        collection = self.collections[key]
        lens = lens_of_people(key, collection)
        name = self.rng.choice([name for name, prop in lens.properties.items() if _editable(prop)])
        if key == "powerofficego/salesorders" and name != "status" and self._confirmed(id_):
            return
        self._write(key, id_, lens, name)

    def _confirmed(self, id_: str) -> bool:
        order = self._there("powerofficego/salesorders").get(id_)
        return order is None or order["SalesOrderStatus"] != "Draft"

    def _write(self, key: str, id_: str, lens: Lens, name: str) -> None:
        value = self._value(key, lens, self.collections[key].entity.field(name))
        frame = pl.DataFrame({name: [value]}, schema={name: pl.String})
        flat = json.loads(lens.put(frame, pl.DataFrame({name: [True]}))[0])
        before = self._there(key).get(id_, {})
        if any(not same(dotted(before, one), new) for one, new in flat.items()) and self.hands.edit(key, id_, flat):
            self.log.add(key, id_, name, lens.limit(frame)[name][0])
            self._also(key, id_, name)

    def _also(self, key: str, id_: str, name: str) -> None:
        """What an order says, its lines say in Powerofficego; a contact says the same in each of its roles."""
        for role in self.hands.roles(key, id_)[1:]:
            self.log.add(role, id_, name, None, told=False)
        if key == "powerofficego/salesorders":
            for line in self._there("powerofficego/salesorderlines"):
                if line.startswith(f"{id_}/"):
                    self.log.add("powerofficego/salesorderlines", line, name, None, told=False)

    def _value(self, key: str, lens: Lens, field: Field, *, clearing: bool = True) -> str | None:
        prop = lens.property_of(field.name)
        if isinstance(prop, Ref):
            return self._pick(f"{key.partition('/')[0]}/{prop.to}")
        return values.make(self.rng, field, clearing=clearing)

    def _line(self) -> None:
        """A line of an order is changed."""
        makers = (self._line_of_customerp, self._line_of_webcrm, self._line_of_go, self._line_of_shop)
        self.rng.choice(makers)()

    def _line_of_customerp(self) -> None:
        """There the lines are saved with the order: one is changed, added or removed."""
        there = self._there("customerp/order")
        id_ = self._pick("customerp/order")
        if id_ is None or id_ not in there:
            return
        lines: list[Raw] = there[id_]["lines"]
        what = self.rng.choice(("change", "change", "add", "remove"))
        word: str | None = values.word(self.rng)
        if what == "add" or not lines:
            lines.append(self._new_line(word))
        elif what == "remove" and len(lines) > 1:
            lines.pop(self.rng.randrange(len(lines)))
            word = None
        else:
            self.rng.choice(lines)["description"] = word
        if self.hands.save_lines(id_, there[id_], lines):
            self.log.add("customerp/order", id_, "lines", word, told=word is not None)

    def _new_line(self, word: str | None) -> Raw:
        product = self._pick("customerp/product")
        return {"product_id": product, "description": word, "quantity": str(self.rng.randint(1, 9)), "unit_price": "10"}

    def _line_of_webcrm(self) -> None:
        self._own_line("webcrm/quotationline", {"QuotationLineQuantity": float(self.rng.randint(1, 90))})

    def _line_of_go(self) -> None:
        self._own_line("powerofficego/salesorderlines", {"Quantity": float(self.rng.randint(1, 90))})

    def _own_line(self, key: str, more: Raw) -> None:
        """A line that is a record says the same in its order."""
        id_ = self._pick(key)
        if id_ is None:
            return
        parent, property_ = LINES[key]
        line, word = self._there(key).get(id_), values.word(self.rng)
        words = {"webcrm/quotationline": "QuotationLineComment", "powerofficego/salesorderlines": "Description"}
        if line and self.hands.edit(key, id_, {words[key]: word, **more}):
            self.log.add(key, id_, "lines", word)
            self.log.add(parent, str(line[property_]), "lines", word)

    def _line_of_shop(self) -> None:
        there = self._there("customwebshop/order")
        id_ = self._pick("customwebshop/order")
        if id_ is None or not there.get(id_, {}).get("line_items"):
            return
        line, word = self.rng.choice(there[id_]["line_items"]), values.word(self.rng)
        if self.hands.edit("customwebshop/order", id_, {"line_items": [{"id": line["id"], "name": word}]}):
            self.log.add("customwebshop/order", id_, "lines", word)

    def _create(self) -> None:
        """Somebody or something new; sometimes in two systems at once."""
        key = self.rng.choice(sorted(self.collections.keys() - NOT_CREATED))
        given = self._new(key)
        other = TWINS.get(key)
        if other is not None and other in self.collections and self.rng.random() < 0.3:
            shared = {name: value for name, value in given.items() if name in FOUND_BY}
            there = self._new(other)
            self._created(other, there | {name: value for name, value in shared.items() if name in there})
        self._created(key, given)

    def _new(self, key: str) -> dict[str, str | None]:
        lens, entity = lens_of_people(key, self.collections[key]), self.collections[key].entity
        return {
            name: self._value(key, lens, entity.field(name), clearing=False)
            for name in lens.fields
            if entity.field(name).kind is not Kind.LINES
        }

    def _created(self, key: str, given: dict[str, str | None]) -> None:
        lens = lens_of_people(key, self.collections[key])
        frame = pl.DataFrame({name: [value] for name, value in given.items()}, schema=dict.fromkeys(given, pl.String))
        flat = json.loads(lens.put(frame, create=True)[0])
        word = values.word(self.rng)
        flat |= self._lines_with(key, word) | dict(getattr(self.collections[key], "fixed", {}))
        if key == "customwebshop/customer":
            flat["email"] = values.make(self.rng, Field("email", Kind.EMAIL))
        id_ = self.hands.create(key, flat)
        if id_ is None:
            return
        self.log.created.add((key, id_))
        for name, value in lens.limit(frame).to_dicts()[0].items():
            self.log.add(key, id_, name, value)
        if key == "webcrm/opportunities":
            for place in range(self.rng.randint(1, 2)):
                self._quoted(id_, place)
        elif isinstance(lens.lines, Lines):
            self.log.add(key, id_, "lines", word, told=key != "customwebshop/order")
        self._note_lines(key, id_)

    def _lines_with(self, key: str, word: str) -> Raw:
        if key == "customerp/order":
            return {"lines": [self._new_line(word)]}
        product = self._pick("powerofficego/product") if key == "powerofficego/salesorders" else None
        if product is None:
            return {}
        return {"SalesOrderLines": [{"ProductId": int(product), "Description": word, "Quantity": 2.0}]}

    def _note_lines(self, key: str, id_: str) -> None:
        """Lines that came with their order."""
        if key == "powerofficego/salesorders":
            for line in self._there("powerofficego/salesorderlines"):
                if line.startswith(f"{id_}/"):
                    self.log.created.add(("powerofficego/salesorderlines", line))

    def _quoted(self, order: str, place: int) -> None:
        word, numbers = (
            values.word(self.rng),
            [one["ProductCustom1"] for one in self._there("webcrm/products").values()],
        )
        key = "webcrm/quotationline"
        line = self.hands.create(
            key,
            {
                "QuotationLineOpportunityId": int(order),
                "QuotationLineSortOrder": place + 1,
                "QuotationLineData4": self.rng.choice(numbers) if numbers else "",
                "QuotationLineComment": word,
                "QuotationLineQuantity": 3.0,
                "QuotationLinePrice": 12.5,
            },
        )
        if line:
            self.log.created.add((key, line))
            self.log.add(key, line, "lines", word)
            self.log.add("webcrm/opportunities", order, "lines", word)

    def _delete(self) -> None:
        """What nothing refers to, and not often, for all would be gone in the end."""
        key = self.rng.choice(sorted(TO_DELETE.keys() & self.collections.keys()))
        named = {
            str(record[name])
            for other, name in TO_DELETE[key]
            for record in self._there(other).values()
            if record[name]
        }
        there = self._there(key)
        free = sorted(there.keys() - named)
        if len(free) < 4:
            return
        id_ = self.rng.choice(free)
        if self.hands.delete(key, id_):
            self.log.deleted.add((key, id_))
            if key == "customwebshop/order":  # it is in the trash then
                self.log.add(key, id_, "status", "cancelled")
            if key in LINES:
                parent, name = LINES[key]
                self.log.add(parent, str(there[id_][name]), "lines", None, told=False)


def _editable(prop: Property) -> bool:
    return isinstance(prop, Value) and not isinstance(prop, FullName) and prop.writable is ALWAYS
