"""Every mapped property of every pair, both ways: what is edited or created on one side is right on the other.

The values are made from the lenses, and people edit through each system's own API; where an API lets nobody write a
collection, they edit in the system's own user interface.
"""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.entities import LINE, Kind
from talk_assets.model.lens.lens import ALWAYS, NEVER, Lens
from talk_assets.model.system import System
from talk_assets.sandbox.world import numbers, words
from talk_assets.store import tables
from talk_assets.testing.conformance import steps
from talk_assets.testing.conformance.steps import PLAIN, Values
from talk_assets_tests.whole.firm import Firm, firm, pairs_of

WITHOUT_ADDRESS = ("powerofficego/departments", "customwebshop/customer")
"""A pair of which nothing is linked: a department has no e-mail address, and a shop has no account without one."""

PEOPLE = 20
"""Records of the generated world: enough for a few linked ones in every pair."""


@dataclass(frozen=True)
class Side:
    """One collection of a pair."""

    key: str
    system: System
    collection: Collection

    def shown(self, id_: str) -> Values:
        """A record's canonical values; references are foreign ids."""
        return steps.shown(self.system, self.collection, id_)

    def locked(self, id_: str) -> bool:
        """Whether it is a line of an order that is confirmed: the order can be unlocked, a line by itself cannot."""
        status = self.collection.lens.property_of("status") if "status" in self.collection.lens.fields else None
        return bool(status and status.writable is NEVER and self.shown(id_)["status"] == "confirmed")

    def whole(self, id_: str) -> Iterator[str]:
        """The record, and that whose part it is, whose edit would be an edit of this one."""
        yield f"{self.key}/{id_}"
        for other in self.system.collections:
            for part in other.parts:
                if part.of == self.collection.name:
                    parent = steps.record(self.system, self.collection, id_)[part.parent][0]
                    yield f"{self.system.name}/{other.name}/{parent}"


@dataclass
class Firms:
    """A firm whose systems agree, and values that nothing there has yet."""

    firm: Firm
    touched: set[str] = field(default_factory=set)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    organisations: Iterator[str] = field(default_factory=lambda: numbers.organisation_numbers(numbers.LANES - 1))
    gtins: Iterator[str] = field(default_factory=lambda: numbers.gtins(numbers.LANES - 1))

    def side(self, key: str) -> Side:
        system, name = key.split("/")
        return Side(key, self.firm.hub.systems[system], self.firm.hub.systems[system].collection(name))

    def linked(self, one: Side, other: Side) -> list[tuple[str, str]]:
        """Ids of the records that the two collections have of the same entity, in a stable order."""
        entity_type = one.collection.entity.name
        with self.firm.store.transaction() as transaction:
            found = transaction.frame(
                f"SELECT a.id, b.id AS other"
                f" FROM {tables.links(entity_type)} a JOIN {tables.links(entity_type)} b USING (entity_id)"
                " WHERE a.collection = ? AND b.collection = ? AND a.gone_at IS NULL AND b.gone_at IS NULL"
                " ORDER BY a.id",
                one.key,
                other.key,
            )
        return list(found.iter_rows())

    def untouched(self, one: Side, other: Side) -> tuple[str, str]:
        """Linked records that were not asked for before in this test."""
        for here, there in self.linked(one, other):
            ours = {*one.whole(here), *other.whole(there)}
            if not self.touched & ours and not one.locked(here) and not other.locked(there):
                self.touched |= ours
                return here, there
        message = f"{one.key} and {other.key} have too few linked records"
        raise AssertionError(message)

    def values(self, one: Side, other: Side, fields: list[str], round_: int) -> Values:
        """A new value for each of the fields, which both sides can hold."""
        return {name: self._value(one, other, name, round_) for name in fields}

    def _value(self, one: Side, other: Side, name: str, round_: int) -> str | None:
        kind = one.collection.entity.field(name).kind
        serial = next(self.serial)
        made = {
            "number": f"{70000 + serial}",
            "organisation_number": next(self.organisations),
            "gtin": next(self.gtins),
            "unit": words.UNITS[round_ * 3],
            "status": ("confirmed", "draft")[round_],
        }
        if name in made:
            return made[name]
        if kind is Kind.REFERENCE:
            return self._reference(one, other, one.collection.lens.refs[name].to, other.collection.lens.refs[name].to)
        if kind is Kind.LINES:
            return self._lines(one, other, round_)
        if kind is Kind.EMAIL:
            return f"{name}{serial}@nordavik.example"
        if kind is Kind.PHONE:
            return numbers.mobile(self.chance)
        return f"{name.title().replace('_', ' ')} {serial}" if kind is Kind.TEXT else PLAIN[kind][round_]

    def _reference(self, one: Side, other: Side, to: str, there: str) -> str:
        """A record that both systems have and that nobody edits."""
        target = self.side(f"{one.system.name}/{to}")
        here = self.linked(target, self.side(f"{other.system.name}/{there}"))
        return self.chance.choice([id_ for id_, _ in here if f"{target.key}/{id_}" not in self.touched])

    def _lines(self, one: Side, other: Side, round_: int) -> str:
        """Some lines with everything that both sides hold of a line."""
        here, there = one.collection.lens.lines, other.collection.lens.lines
        assert here
        assert there
        assert here.product
        assert there.product
        id_ = self._reference(one, other, here.product.to, there.product.to)
        product = self._named(one, here.product.to, id_, here.product.by)
        full = {
            "product": product, "description": f"Line {next(self.serial)}", "quantity": "3", "unit_price": "17.5",
            "discount": "12",
        }  # fmt: skip
        line = {name: full[name] for name in LINE if name in here.items and name in there.items}
        several = [line, {**line, "quantity": "8"}][: 1 + round_ if hasattr(here, "property") else 1]
        return json.dumps(several, separators=(",", ":"))

    def _named(self, one: Side, collection: str, id_: str, by: str | None) -> str:
        if by is None:
            return id_
        return str(steps.record(one.system, one.system.collection(collection), id_)[by][0])

    def in_terms_of(self, one: Side, other: Side, values: Values) -> Values:
        """The values with their references translated to the other system, by way of links."""
        return {name: self._translated(one, other, name, value) for name, value in values.items()}

    def _translated(self, one: Side, other: Side, name: str, value: str | None) -> str | None:
        if value is None:
            return None
        if name in one.collection.lens.refs:
            here = self.side(f"{one.system.name}/{one.collection.lens.refs[name].to}")
            there = self.side(f"{other.system.name}/{other.collection.lens.refs[name].to}")
            return dict(self.linked(here, there)).get(value, f"{value}, which is not linked")
        if name == "lines":
            return self._translated_lines(one, other, value)
        return value

    def _translated_lines(self, one: Side, other: Side, value: str) -> str:
        here, there = one.collection.lens.lines, other.collection.lens.lines
        assert here
        assert there
        assert here.product
        assert there.product
        mine, theirs = (self.side(f"{s.system.name}/{p.to}") for s, p in ((one, here.product), (other, there.product)))
        names = {
            self._named(one, here.product.to, a, here.product.by): (b, there.product.by)
            for a, b in self.linked(mine, theirs)
        }
        lines = json.loads(value)
        for line in lines:
            if "product" in line:
                line["product"] = self._named(other, there.product.to, *names[line["product"]])
        return json.dumps(lines, separators=(",", ":"))

    def expected(self, one: Side, other: Side, values: Values) -> Values:
        """The values as the other side holds them once they have come through both lenses."""
        seen = steps.limited(one.collection, values)
        return steps.limited(other.collection, self.in_terms_of(one, other, seen))


def edit(firms: Firms, one: Side, id_: str, values: Values) -> None:
    """Somebody edits a record, in the system's user interface where the API has nothing for it."""
    if one.collection.writable:
        steps.update(one.system, one.collection, id_, values)
        return
    body = json.loads(unlocked(one.collection.lens).put(steps.frame(values))[0])
    assert one.collection.modified
    shelf = getattr(one.collection, "path").strip("/")  # noqa: B009 -- every system has paths, each its own class
    firms.firm.sandbox.edit(one.system.name, shelf, id_, {**body, one.collection.modified.property: None})


def unlocked(lens: Lens) -> Lens:
    """The lens as if everything could be written."""
    free = {name: replace(prop, writable=ALWAYS) for name, prop in lens.properties.items()}
    return Lens(
        *(prop for name, prop in free.items() if prop.fields(name) != (name,)),
        **{name: prop for name, prop in free.items() if prop.fields(name) == (name,)},
    )


def arrives(one: Side, other: Side, fields: tuple[str, ...]) -> list[str]:
    """Fields that both lenses have, out of those that can be written on the other side."""
    return [name for name in one.collection.lens.fields if name in fields]


def wrong(firms: Firms, one: Side, other: Side, id_: str, values: Values) -> dict[str, tuple[str | None, str | None]]:
    """What the other side should hold and what it does, where these differ."""
    wanted, found = firms.expected(one, other, values), other.shown(id_)
    return {name: (value, found[name]) for name, value in wanted.items() if found[name] != value}


def both_ways(firms: Firms) -> Iterator[tuple[Side, Side]]:
    """Every pair from left to right, then from right to left."""
    for pair in firms.firm.pairs:
        if (pair.left, pair.right) == WITHOUT_ADDRESS:
            continue
        yield firms.side(pair.left), firms.side(pair.right)
        yield firms.side(pair.right), firms.side(pair.left)


def edited(firms: Firms) -> Iterator[tuple[Side, Side, list[str], str, str]]:
    """For both directions of every pair the fields that can be edited, and linked records to edit."""
    for one, other in both_ways(firms):
        fields = arrives(one, other, updatable(other.collection))
        if one.collection.writable:
            fields = [name for name in fields if name in updatable(one.collection)]
        if fields:
            yield one, other, fields, *firms.untouched(one, other)


WITH = ("webcrm-customerp", "crmoffice-customerp")
"""Both at once, as they share a system."""

ALSO = "customerp-powerofficego"
"""The dataflow of which both systems are in another one as well."""

APART = [[one.name] for one in DATAFLOWS if one.name not in {*WITH, ALSO}]
IN_THE_SUITE = (["webcrm-customerp"],)
"""The others' fields are written and read back one by one in the conformance suite."""

TOGETHER = [
    group if group in IN_THE_SUITE else pytest.param(group, marks=pytest.mark.thorough)
    for group in (list(WITH), ["webcrm-customerp"], [ALSO], *APART)
]


@pytest.mark.parametrize("dataflows", TOGETHER, ids="+".join)
def test_every_field_arrives_both_ways_and_with_a_new_record(dataflows: Sequence[str]) -> None:
    with firm(records=PEOPLE, pairs=pairs_of(*dataflows)) as opened:
        opened.sync()
        firms = Firms(opened)
        edits, creates = list(edit_everything(firms)), list(create_everything(firms))
        opened.sync(full=True)  # an edit may have removed lines, of which Webcrm says nothing
        found = {
            f"{one.key} to {other.key}": lost
            for one, other, there, values in edits
            if (lost := wrong(firms, one, other, there, values))
        }
        for one, other, here, values in creates:
            there = dict(firms.linked(one, other)).get(here)
            assert there, (one.key, other.key, opened.held())
            if lost := wrong(firms, one, other, there, values):
                found[f"{one.key} to {other.key}, created"] = lost
        assert found == {}
        assert opened.sync().written == {}


def edit_everything(firms: Firms) -> Iterator[tuple[Side, Side, str, Values]]:
    """Edit a record of either side of every pair in every field, and say what the other is to hold."""
    for n, (one, other, fields, here, there) in enumerate(list(edited(firms))):
        values, before = firms.values(one, other, fields, n % 2), one.shown(here)
        edit(firms, one, here, values)
        news = steps.limited(one.collection, values)
        # A status that stands for several is no edit where it stood already.
        yield one, other, there, {name: values[name] for name in values if news[name] != before[name]}


def create_everything(firms: Firms) -> Iterator[tuple[Side, Side, str, Values]]:
    """Create a record on the left of every pair with every field, and say what the right is to hold."""
    for pair in firms.firm.pairs:
        one, other = firms.side(pair.left), firms.side(pair.right)
        if not one.collection.creatable or (pair.left, pair.right) == WITHOUT_ADDRESS:
            continue
        fields = arrives(one, other, settable(other.collection))
        fields = [name for name in fields if name in settable(one.collection)]
        values = firms.values(one, other, fields, 0)
        yield one, other, steps.create(one.system, one.collection, values), values
