"""What can be wrong with declared collections without any record being read: mistakes that would lose or swap values.

A rule is a function from a `Case` to what it finds; write a new one here and name it in `RULES`, and it holds for every
system. What one record holds is no concern of this module: a lens doubts records itself. Rules about names rest on how
APIs name things, so they speak only where a name is clear.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from talk_assets.errors import ConfigurationError
from talk_assets.model.collection import Collection, declared
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import LINE, Entity, Field, Kind
from talk_assets.model.lens.lens import NEVER, Choice, Lines, OneLine, Property, Ref, Value
from talk_assets.model.lens.properties import SPELLED, Json


@dataclass(frozen=True)
class Finding:
    """One mistake: in which collection (`system/name`), with which field or property, what was found, what is right."""

    collection: str
    field: str
    found: str
    right: str

    def __str__(self) -> str:
        return f"{self.collection}: {self.field}: {self.found}; {self.right}"


@dataclass(frozen=True)
class Case:
    """One collection by its key, and all of its system's by name."""

    key: str
    collection: Collection
    siblings: Mapping[str, Collection]

    def finding(self, field: str, found: str, right: str) -> Finding:
        """Return a finding in this collection."""
        return Finding(self.key, field, found, right)

    @property
    def entity(self) -> Entity:
        """What the collection's records describe."""
        return self.collection.entity

    def holders(self) -> Iterator[tuple[str, Property, Field]]:
        """Every field that the entity has, with what holds it; an order's lines item by item, as `lines.product`."""
        lens = self.collection.lens
        for name in lens.fields:
            prop = lens.property_of(name)
            if name not in self.entity.names:
                continue
            if isinstance(prop, Lines | OneLine):
                yield from ((f"{name}.{key}", item, LINE[key]) for key, item in prop.items.items())
            yield name, prop, self.entity.field(name)


def findings(collections: Mapping[str, Collection], pairs: Iterable[Pair] = ()) -> list[Finding]:
    """Return what is wrong with collections, by `system/name`, and with the pairs between them.

    A reference may lead only to a collection that is given, so give all of a system. Pairs of others are left out.
    """
    found = []
    for key, collection in collections.items():
        system = key.partition("/")[0]
        siblings = {one.name: one for other, one in collections.items() if other.partition("/")[0] == system}
        case = Case(key, collection, siblings)
        found += [finding for rule in RULES for finding in rule(case)]
    for pair in pairs:
        if {pair.left, pair.right} <= collections.keys():
            found += _required_of_pair(pair, collections[pair.left], collections[pair.right])
    return list(dict.fromkeys(found))


def check(collections: Mapping[str, Collection]) -> None:
    """Raise ConfigurationError where anything is found, with the first of it."""
    for finding in findings(collections):
        raise ConfigurationError(str(finding))


def _fields(case: Case) -> Iterator[Finding]:
    """A field is one of the entity's."""
    for name in case.collection.lens.fields:
        if name not in case.entity.names:
            yield case.finding(name, f"{case.entity.name} does not have it", f"it has {', '.join(case.entity.names)}")


def _kinds(case: Case) -> Iterator[Finding]:
    """A kind of property suits its field."""
    for name, prop, field in case.holders():
        if field.kind not in prop.kinds:
            right = " or ".join(sorted(prop.kinds))
            yield case.finding(name, f"it holds {field.kind}", f"{type(prop).__name__} is for {right}")


def _one_each(case: Case) -> Iterator[Finding]:
    """One field is held by one property, and one property holds one field, or is of a kind that holds several."""
    properties = case.collection.lens.properties
    held = Counter(field for name, prop in properties.items() for field in prop.fields(name))
    holders: dict[str, str] = {}
    for name, prop in properties.items():
        fields = prop.fields(name)
        for field in fields:
            if held[field] > 1:
                both = [other for key, one in properties.items() if field in one.fields(key) for other in one.columns()]
                yield case.finding(field, f"{' and '.join(both)} both hold it", "one property may")
        mine = " and ".join(fields)
        for column in prop.columns():
            other = holders.setdefault(column.lower(), mine)
            if other != mine:
                yield case.finding(mine, f"{column} holds {other} as well", "a property holds one field")


def _own(case: Case) -> Iterator[Finding]:
    """What the sync needs for itself is no value, and a value is not what says nothing.

    A part may be ignored: its records tell of an edit themselves.
    """
    one = case.collection
    roles = ((one.reference, "the entity's id"), (one.version, "the version"), (one.deleted, "whether it is deleted"))
    uses = {column.lower(): use for column, use in roles if column}
    ignored = {column.lower() for column in one.ignore} - {part.property.lower() for part in one.parts}
    for name, prop in one.lens.properties.items():
        for column in prop.columns():
            field = " and ".join(prop.fields(name))
            use = uses.get(column.lower())
            if use:
                yield case.finding(field, f"{column} holds {use}", "another property must hold the field")
            if {column.lower(), column.lower().partition(".")[0]} & ignored:
                yield case.finding(field, f"{column} is ignored, so an edit would not be noticed", "do not ignore it")


def _copied_ids(case: Case) -> Iterator[Finding]:
    """The id of another record is a reference, and never a value: it means nothing in another system."""
    known = {
        one.id
        for name, one in case.siblings.items()
        if one is not case.collection and any(noun in one.id.lower() for noun in _nouns(name, one))
    }
    for name, prop, field in case.holders():
        if not isinstance(prop, Value) or isinstance(prop, Ref):
            continue
        own = {case.collection.id, _line_id(case.collection)}
        if prop.property not in own and (prop.property in known or _is_foreign(case, prop.property, field.kind)):
            found = f"{prop.property} looks like the id of another record, held as a value"
            yield case.finding(name, found, f'Ref("{prop.property}", to=…) would be right')


def _line_id(collection: Collection) -> str | None:
    lines = collection.lens.lines
    return lines.id if isinstance(lines, Lines) else None


def _is_foreign(case: Case, column: str, kind: Kind) -> bool:
    """Whether a property is named as an id. Digits are named so too (`vat_id`), unless it is a record's noun."""
    *path, last = column.split(".")
    stem = "".join(path[-1:]) if last.lower() == "id" else re.sub(r"(_[iI][dD]|(?<=[a-z0-9])I[dD])s?$", "", last)
    if stem == last or not stem:
        return False
    nouns = {noun for name, one in case.siblings.items() for noun in _nouns(name, one)}
    return kind not in (Kind.DIGITS, Kind.ORGANISATION_NUMBER) or any(stem.lower().endswith(noun) for noun in nouns)


def _nouns(name: str, collection: Collection) -> tuple[str, str]:
    return singular(name.lower()), collection.entity.name


def singular(noun: str) -> str:
    """Return an English plural's singular, anything else as it is, well enough for names of collections."""
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")


def _choices(case: Case) -> Iterator[Finding]:
    """Every value has a form there: one without would not be written, and be taken for written."""
    for name, prop, field in case.holders():
        if not isinstance(prop, Choice):
            continue
        stray = [value for value in prop.values.values() if field.kind is Kind.CHOICE and value not in field.values]
        if stray:
            yield case.finding(name, f"{prop.property} means {', '.join(stray)}", f"it is {', '.join(field.values)}")
        if prop.writable is NEVER:
            continue
        lost = [value for value in field.values if value not in {*prop.values.values(), *prop.folds}]
        folded = sorted(set(prop.folds.values()) - set(prop.values))
        if lost or folded:
            found = f"has no {', '.join(lost)}" if lost else f"folds to {', '.join(folded)}, which it does not have"
            right = f"every value of {case.entity.name}.{name} needs one of {', '.join(prop.values)}"
            yield case.finding(name, f"{prop.property} {found}", right)


YES, NO = frozenset({"true", "yes", "y", "1", "on"}), frozenset({"false", "no", "n", "0", "off"})
NEGATIONS = ("in", "un", "not", "non", "dis")
OPPOSITES = {
    "active": ("archived", "blocked", "closed", "deleted", "disabled", "retired"),
    "enabled": ("blocked", "deleted", "disabled"),
    "open": ("closed", "won", "lost"),
    "visible": ("deleted", "hidden"),
    "confirmed": ("draft", "cancelled", "lost", "open", "rejected"),
    "draft": ("approved", "delivered", "final", "invoiced", "won"),
}


def _opposed(one: str, other: str) -> bool:
    """Whether two words say the contrary of each other."""
    if any(f"{prefix}{one}" == other or f"{prefix}{other}" == one for prefix in NEGATIONS):
        return True
    return other in OPPOSITES.get(one, ()) or one in OPPOSITES.get(other, ())


def _words(column: str) -> list[str]:
    """The words of a property's name; `notActive` has one."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", column.rpartition(".")[2])
    return re.sub(r"\b(not|non) ", r"\1", " ".join(words).lower()).split()


def _inverted(case: Case) -> Iterator[Finding]:
    """A flag means what it says: `inactive: true` is not active, and one form is not another value's word."""
    for name, prop, field in case.holders():
        if not isinstance(prop, Choice):
            continue
        flag = {wire.lower() for wire in prop.values} <= YES | NO
        wrong = (
            (wire, meaning)
            for wire, meaning in prop.values.items()
            if (_contradicts(prop.property, wire, meaning) if flag else _misspelt(wire, meaning, field.values))
        )
        for wire, meaning in islice(wrong, 1):
            found = f"{prop.property} {wire} means {meaning}"
            yield case.finding(name, found, "its name says the contrary; swap it")
    deleted = case.collection.deleted
    if deleted and any(_opposed(word, "deleted") for word in _words(deleted)):
        yield case.finding(deleted, "it marks deleted records", "its name says the contrary; name the flag that does")


def _contradicts(column: str, wire: str, meaning: str) -> bool:
    words = _words(column)
    if wire.lower() in YES:
        return any(_opposed(word, meaning) for word in words)
    return meaning in words


def _misspelt(wire: str, meaning: str, values: Sequence[str]) -> bool:
    said = "".join(_words(wire))
    return said != meaning and (said in values or _opposed(said, meaning))


def _json(case: Case) -> Iterator[Finding]:
    """What stands for nothing, and every form, is of the property's JSON type."""
    for name, prop, _ in case.holders():
        if not isinstance(prop, Value) or prop.json is Json.TEXT:
            continue
        spelled = {"blank": prop.blank, "empty": prop.empty}
        texts = [(what, text) for what, text in spelled.items() if text is not None]
        if isinstance(prop, Choice):
            texts += [("a value", wire) for wire in prop.values]
        wrong = ((what, text) for what, text in texts if not re.search(SPELLED[prop.json], text))
        for what, text in islice(wrong, 1):
            yield case.finding(name, f'{what} of {prop.property} is "{text}"', f"it must be a JSON {prop.json}")


def _references(case: Case) -> Iterator[Finding]:
    """A reference leads to a collection of the system that holds the entity that is meant."""
    for name, prop, field in case.holders():
        if not isinstance(prop, Ref):
            continue
        target = case.siblings.get(prop.to)
        if target is None:
            there = ", ".join(sorted(case.siblings))
            yield case.finding(name, f"it refers to {prop.to}, which the system does not have", f"it has {there}")
        elif target.entity.name != field.to:
            found = f"it refers to {prop.to}, whose records are of {target.entity.name}"
            yield case.finding(name, found, f"a collection of {field.to} would be right")
        elif prop.by and prop.by not in declared(target):
            found = f"it refers to {prop.to} by {prop.by}, which is not declared there"
            yield case.finding(name, found, f"declared are {', '.join(declared(target))}")


def _parts(case: Case) -> Iterator[Finding]:
    """A part leads to a collection that keeps every property it needs."""
    for part in case.collection.parts:
        target = case.siblings.get(part.of)
        if target is None:
            there = ", ".join(sorted(case.siblings))
            yield case.finding(part.property, f"it is part of {part.of}, which the system does not have", there)
            continue
        lacking = sorted({part.parent, *part.columns, *part.order} - set(declared(target)))
        if lacking:
            found = f"it needs {', '.join(lacking)} of {part.of}, which keeps no such property"
            yield case.finding(part.property, found, "name it there, in the lens or in `extra_columns`")


def _required(case: Case) -> Iterator[Finding]:
    """What a new record must have can be sent."""
    for name, prop in case.collection.lens.properties.items():
        if prop.required and prop.writable is NEVER and case.collection.creatable:
            columns = ", ".join(prop.columns())
            found = f"a new record must have {columns}, which is never written"
            yield case.finding(
                " and ".join(prop.fields(name)), found, "make it writable, or the collection not creatable"
            )


def _required_of_pair(pair: Pair, left: Collection, right: Collection) -> Iterator[Finding]:
    """What a new record on the right must have is held on the left, or something stands for it.

    Where every create names the property in `new`, a record without it is held, which says so.
    """
    filled = " ".join(str(value) for value in getattr(right, "new", {}).values())
    for name, prop in right.lens.properties.items():
        covered = (isinstance(prop, Value) and prop.blank is not None) or set(prop.fields(name)) & set(left.lens.fields)
        held = any(f"{{{column}}}" in filled for column in prop.columns())
        if prop.required and right.creatable and not covered and not held:
            found = f"a new record must have {', '.join(prop.columns())}, and {pair.left} has nothing for it"
            yield Finding(
                pair.right, " and ".join(prop.fields(name)), found, "declare `blank=`, or hold it on the left"
            )


RULES = (
    _fields,
    _kinds,
    _one_each,
    _own,
    _copied_ids,
    _choices,
    _inverted,
    _json,
    _references,
    _parts,
    _required,
)
"""Every rule, in the order in which its findings are listed."""
