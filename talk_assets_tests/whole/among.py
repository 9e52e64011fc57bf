"""Records that refer to others, as orders do, of a real system beside those in memory that they are linked to.

What the system refuses, rewrites or shows unreadable is said per record: references, choices and currencies have values
that many records share.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal as Number
from typing import Any

from talk_assets.http.shapes import LineTotals
from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.entities import ENTITIES, LINE, Entity, Kind
from talk_assets.model.lens.lens import Lines, OneLine
from talk_assets.model.system import System
from talk_assets.systems import SYSTEMS
from talk_assets.testing.conformance import steps
from talk_assets.testing.conformance.steps import Values
from talk_assets_tests.whole.every_value import WRONG, Beside, in_memory, masked

POOL = 4
"""Records of each kind that others refer to."""

CURRENCIES = ("NOK", "EUR", "SEK", "USD")
UNITS = ("stk", "time", "kg", "m")

ALSO = {"status": ("meta_data.talk_status",)}
"""Where a property's value may be as well: a shop keeps the status that an order has elsewhere beside its own."""

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")

Change = Callable[[str, object], object]
"""From the dotted name of a value in some JSON, and the value, to what takes its place."""


class Refusing(Exception):  # noqa: N818 -- no error: what the system says
    """A value is refused."""


@dataclass(frozen=True)
class Rule:
    """What becomes of the values of some properties, as they are sent, in one record: others, or it is refused."""

    sent: Mapping[str, str]
    instead: Mapping[str, str] | None = None


def closed(kind: Kind, name: str) -> bool:
    """Whether there are few values of a field, or they name records."""
    return kind in {Kind.REFERENCE, Kind.CHOICE, Kind.CURRENCY} or name == "unit"


def text(value: object) -> str:
    """A value in JSON as a text: numbers that are the same are the same text, quoted or not."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    found = str(value)
    return f"{Number(found).normalize():f}" if NUMBER.fullmatch(found) else found


def listed(lines: Sequence[Mapping[str, str]]) -> str:
    """Lines in canonical text."""
    return json.dumps(lines, separators=(",", ":"))


def changed(value: Any, change: Change, name: str = "") -> Any:  # noqa: ANN401 -- whatever JSON
    """Some JSON with every value changed.

    An element of a list has the list's name, an entry of `meta_data` its key's, an operation of a JSON patch that of
    its path.
    """
    if isinstance(value, list):
        return [changed(one, change, name) for one in value]
    if not isinstance(value, dict):
        return change(name, value)
    if "value" in value and ("key" in value or "op" in value):
        inner = _joined(name, str(value.get("key") or value.get("path", "")).strip("/").replace("/", "."))
        return {**value, "value": changed(value["value"], change, inner)}
    return {key: changed(one, change, _joined(name, key)) for key, one in value.items()}


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer else inner


def spelled_as(value: object, instead: str) -> object:
    """Another value, of the same type in JSON as the one in whose place it is."""
    if isinstance(value, str):
        return instead
    return json.loads(instead)


@dataclass
class Among(Beside):
    """Records among others that they refer to; `rules` and `garbled` are by the id of the system's record.

    `direct` is the system without the front: what people do there, and what is there.
    """

    rules: dict[str, list[Rule]] = field(default_factory=dict)
    garbled: dict[str, dict[str, str]] = field(default_factory=dict)
    """By property, the value in whose place nothing is shown that can be read."""
    pools: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the records in memory that others refer to, by entity."""
    put_before: dict[str, Values] = field(default_factory=dict)
    """What the records in memory were given, by id."""
    spoilt: set[str] = field(default_factory=set)
    """Records that were shown with something that can't be read."""
    applied: set[tuple[str, str]] = field(default_factory=set)
    """Records, and properties in them, that were refused or rewritten."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.direct: System = self.opened(self.sandbox.base_urls[self.system.name])
        order = [entity for entity in ENTITIES if entity in {one.name for one in self.memory.collections}]
        for entity in order:
            self.pools[entity] = [self._one_of(entity, n) for n in range(POOL)]
        if order:
            self.sync()

    def _one_of(self, entity: str, n: int) -> str:
        """Somebody adds a record to memory that others will refer to."""
        collection = next(one for one in self.memory.collections if one.name == entity)
        every: Values = {
            "name": f"{entity.title()} {n}", "number": f"{entity[0].upper()}-{n}", "first_name": f"Kari {n}",
            "last_name": f"Berg {n}", "email": f"{entity}{n}@berg.example",
        }  # fmt: skip
        # A contact person belongs to a customer. All are the first one's, as those of an order are its customer's.
        every["company"] = self.pools["company"][0] if "company" in self.pools else None
        return self.put_in(collection, None, {name: every[name] for name in collection.lens.fields})

    def chosen(self) -> tuple[Sequence[str], Sequence[str]]:
        new = [name for name in self.there.lens.fields if name in settable(self.there)]
        return [name for name in new if name in updatable(self.there)], new

    def referred_to(self) -> dict[str, Collection]:
        """A collection for each entity that a field or a line leads to, and those that these need."""
        found: dict[str, Collection] = {}
        targets = [ref.to for name, ref in self.there.lens.refs.items() if name in self.new]
        lines = self.there.lens.lines
        if lines is not None and lines.product is not None:
            targets.append(lines.product.to)
        while targets:
            there = self.system.collection(targets.pop())
            needed = {name: ref for name, ref in there.lens.refs.items() if ref.required}
            names = [*("name", "number", "first_name", "last_name", "email"), *needed]
            fields = [name for name in names if name in there.lens.fields]
            found[f"{self.system.name}/{there.name}"] = in_memory(there.entity.name, there.entity, fields)
            targets += [ref.to for ref in needed.values()]
        return found

    @property
    def targets(self) -> dict[str, str]:
        """Keys of the system's collections that others refer to, by entity."""
        return {one.entity.name: key for key, one in self.referred_to().items()}

    def another(self, names: Sequence[str], was: Values) -> Values:
        """Values for some fields other than a record has, as far as the system can tell."""
        return {name: self._other(name, was.get(name)) for name in names}

    def _other(self, name: str, was: str | None) -> str | None:
        entity = self.there.entity
        kind = entity.field(name).kind
        if kind is Kind.LINES:
            return self.lines(was)
        if closed(kind, name):
            values = self._few(entity, name)
            turned = values[next(self.serial) % len(values) :] + values
            return next(one for one in turned if one != was)
        return self.value(name)

    def _few(self, entity: Entity, name: str) -> list[str]:
        """The values there are, of which the system can tell one from another."""
        kind = entity.field(name).kind
        if kind is Kind.REFERENCE:
            return self.pools[str(entity.field(name).to)]
        if kind is Kind.CHOICE:
            return [one for one in entity.field(name).values if steps.limited(self.there, {name: one})[name] == one]
        if kind is Kind.CURRENCY:
            return list(CURRENCIES)
        return list(UNITS)

    @property
    def items(self) -> list[str]:
        """What a line holds."""
        lines = self.there.lens.lines
        return [one for one in LINE if lines is not None and one in lines.items]

    def lines(self, was: str | None) -> str:
        """The lines of an order, one where the record is a line itself, with values that no other line has."""
        before = json.loads(was or "[{}]")
        before = [{}, *before][-2:]
        height = 1 if isinstance(self.there.lens.lines, OneLine) else 2
        places = [2 - height + n for n in range(height)]
        return listed([{one: self.item(one, before[n], n) for one in self.items} for n in places])

    def item(self, key: str, was: Mapping[str, str], place: int = 1) -> str:
        """Another value of a line in a place; no two lines of an order have the same product or discount."""
        n = next(self.serial)
        if key == "product":
            products = self.pools["product"][place::2]
            return next(one for one in products if one != was.get(key))
        made = {"description": f"Line {n}", "quantity": f"{n + 1000}", "unit_price": f"{n}.5"}
        discounts = (f"{m % 40 + 40 * place + 1}" for m in itertools.count(n))
        return made.get(key) or next(one for one in discounts if one != was.get(key))

    def add(self, edited: str) -> str:
        """Somebody creates a record in memory, of which a field will be edited.

        What a system passes through while it writes, as an order is unlocked, is edited from there: a system that
        refuses that could not be written to at all.
        """
        passing = {name: value for name, value in self.there.transient_values.items() if name == edited}
        values = self.another(self.new, {}) | passing
        return self._noted(self.put(None, values), values)

    def set(self, id_: str, values: Values) -> None:
        """Somebody edits a record in memory."""
        self._noted(self.put(id_, values), values)

    def _noted(self, id_: str, values: Values) -> str:
        self.put_before[id_] = self.put_before.get(id_, {}) | values
        return id_

    def foreign(self, values: Values) -> Values:
        """The values with the system's own references."""
        entity = self.there.entity
        ids = {name: self.others(name, key) for name, key in self.targets.items()}
        found = dict(values)
        for name, value in values.items():
            if entity.field(name).kind is Kind.REFERENCE and value is not None:
                found[name] = ids[str(entity.field(name).to)][value]
            elif name == "lines" and value is not None:
                found[name] = listed([self._foreign_line(line, ids) for line in json.loads(value)])
        return found

    def _foreign_line(self, line: dict[str, str], ids: dict[str, dict[str, str]]) -> dict[str, str]:
        lines = self.there.lens.lines
        if "product" not in line or lines is None or lines.product is None:
            return line
        if lines.product.by is None:
            return {**line, "product": ids["product"][line["product"]]}
        return {**line, "product": str(self.memory.records["product"][line["product"]]["number"])}

    def expected(self, values: Values) -> Values:
        return super().expected(self.foreign(values))

    def wire(self, values: Values) -> dict[str, str]:
        """What is sent of some values in memory's terms, by property; of lines it is the last one."""
        (body,) = self.there.lens.put(*masked(self.there, self.foreign(values)))
        found: dict[str, str] = {}
        lines = self.there.lens.lines
        flat = json.loads(body)
        if isinstance(lines, Lines) and lines.property in flat:
            flat |= self._last(lines.property, flat.pop(lines.property))
        changed(flat, lambda name, value: found.setdefault(name, text(value)))
        return found

    def _last(self, name: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """The last line's properties, by the names that they are sent with."""
        record: dict[str, Any] = {name: [{key: value for key, value in lines[-1].items() if key.lower() != "id"}]}
        profile = SYSTEMS[self.system.name].profile
        for shape in profile.api.shapes if profile else ():
            if isinstance(shape, LineTotals) and shape.property == name:
                shape.sent(record, {})
        (line,) = record[name]
        return {key if self.there.parts else f"{name}.{key}": value for key, value in line.items()}

    def rule(self, id_: str, name: str, before: Values, after: Values, instead: Values | None) -> None:
        """From now on a value of a record is refused, or another stored instead.

        `before` and `after` are the record with the value as it was and as it will be, and all else as it will be.
        """
        was, will = self.wire(before), self.wire(after)
        sent = {one: value for one, value in will.items() if was.get(one) != value}
        assert sent, (name, before, after)
        other = None
        if instead is not None:
            wired = self.wire(instead)
            other = {one: wired[one] for one in sent}
        for one, names in ALSO.items():
            for also in names if one in sent else ():
                sent = {**sent, also: sent[one]}
                other = other and {**other, also: other[one]}
        self.rules.setdefault(id_, []).append(Rule(sent, other))

    def spoil(self, id_: str, before: Values, after: Values) -> None:
        """Somebody edits the system's record; what differs between the two is shown as what can't be read.

        `before` and `after` are as in `rule`.
        """
        steps.update(self.direct, self.there, id_, self.foreign(after))
        was, now = self.wire(before), self.wire(after)
        self.garbled[id_] = {name: value for name, value in now.items() if was.get(name) != value}

    def taken(self, body: bytes, path: str) -> bytes | None:
        """What the system makes of a write, record by record; one that it refuses makes it refuse all of a request."""
        sent = json.loads(body)
        try:
            if isinstance(sent, list) and not any("op" in one for one in sent):
                return json.dumps([self._made(one, path) for one in sent]).encode()
            return json.dumps(self._made(sent, path)).encode()
        except Refusing:
            return None

    def _made(self, sent: Any, path: str) -> Any:  # noqa: ANN401 -- whatever JSON
        rules = [(id_, rule) for id_ in self._ids(sent, path) for rule in self.rules.get(id_, ())]

        def change(name: str, value: object) -> object:
            for id_, rule in rules:
                if rule.sent.get(name) == text(value) and value is not None:
                    self.applied.add((id_, name))
                    if rule.instead is None:
                        raise Refusing
                    return spelled_as(value, rule.instead[name])
            return value

        return changed(sent, change)

    def _ids(self, sent: Any, path: str) -> Iterator[str]:  # noqa: ANN401 -- whatever JSON
        """The ids of the system's records that something is sent of, or of one of their lines."""
        yield from self._within(path)
        if isinstance(sent, dict):
            for name in {self.there.id, *(part.parent for part in self.there.parts)} & sent.keys():
                if self.there.id not in {"id", "Id"} or name != self.there.id:
                    yield str(sent[name])

    def _within(self, path: str) -> Iterator[str]:
        """The id behind the collection's path."""
        own = str(getattr(self.there, "path"))  # noqa: B009 -- every system has paths, each its own class
        before, found, after = path.partition(f"{own}/")
        del before
        if found:
            segments = after.split("/")
            # A contact person's address begins with that of its customer.
            yield segments[0]
            yield segments[-1]

    def spelled(self, body: bytes, path: str) -> bytes:
        """What the system shows: nothing that can be read in place of some values."""
        if not self.garbled or body[:1] not in {b"[", b"{"}:
            return body
        return json.dumps(self._shown(json.loads(body), path)).encode()

    def _shown(self, value: Any, path: str) -> Any:  # noqa: ANN401 -- whatever JSON
        if isinstance(value, list):
            return [self._shown(one, path) for one in value]
        if not isinstance(value, dict):
            return value
        names = {self.there.id, *(part.parent for part in self.there.parts)}
        own = str(getattr(self.there, "path"))  # noqa: B009 -- as above
        mine = own in path or self.there.id not in {"id", "Id"}
        id_ = next((str(value[one]) for one in names if str(value.get(one)) in self.garbled), None)
        if not mine or id_ is None:
            return {key: self._shown(one, path) for key, one in value.items()}

        def change(name: str, was: object) -> object:
            if was is not None and self.garbled[id_].get(name) == text(was):
                self.spoilt.add(id_)
                return WRONG
            return was

        return changed(value, change)

    def all_shown(self) -> dict[str, Values]:
        """What is there of every record, by the system's id."""
        ids = sorted(self.others().values())
        records, invalid = steps.parsed(self.there, steps.look_up(self.direct, self.there, ids))
        assert invalid.is_empty(), invalid
        if self.there.parts:
            found = {id_: steps.shown(self.direct, self.there, id_) for id_ in ids}
        else:
            rows = self.there.lens.get(records).iter_rows(named=True)
            found = dict(zip(records["_id"].to_list(), rows, strict=True))
        return {id_: {name: values[name] for name in self.new} for id_, values in found.items()}
