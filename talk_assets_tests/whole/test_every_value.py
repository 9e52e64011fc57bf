"""Every property of a real system: a value that can't be read, is refused, cut or rewritten.

Over HTTP, beside a collection in memory that holds whatever a field can. One sync carries two records for each
property: in one it alone is edited, in the other everything. The other fields arrive or stay, the one is held or
reported, nothing is created twice, and the next sync writes nothing. Records that refer to others, and values of which
there are few, are in `test_every_value_of_orders`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.lens import lens as kinds
from talk_assets.model.lens.lens import Text
from talk_assets.sandbox.serving import serving
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.conformance.steps import Values
from talk_assets_tests.whole.every_value import (
    CUT,
    FEW,
    MATCHED_BY,
    OF,
    REFUSED,
    REWRITTEN,
    UNTOLD,
    WRONG,
    Beside,
    leaves,
    masked,
    unreadable,
)
from talk_assets_tests.whole.front import front

ELSEWHERE = ("customwebshop/product",)
"""Collections whose records are more than their properties: what can't be read in them is in tests of their own."""


def fields_of(collection: Collection) -> list[str]:
    """The fields that a new record of it can have, and that an update can set."""
    entity, both = collection.entity, set(settable(collection)) & set(updatable(collection))
    return [name for name in entity.names if name in both - UNTOLD and entity.field(name).kind in OF]


DEFAULT = ("customerp/product", "webcrm/products")
CASES = {
    f"{name}/{one.name}": one
    for name, system in SYSTEMS.items()
    for one in system.build(SystemSettings()).collections
    if one.writable and one.creatable and not one.parts and one.lens.lines is None
    if not any(prop.required for prop in one.lens.properties.values() if isinstance(prop, kinds.Ref))
}
"""Those whose records stand alone: orders and their lines, and contact persons of a customer, are in other tests."""


@dataclass
class Alone(Beside):
    """Records that stand alone; no two have the same value."""

    refused: set[str] = field(default_factory=set)
    garbled: set[bytes] = field(default_factory=set)
    """Values, as JSON has them, in whose place the system shows what can't be read."""

    def chosen(self) -> tuple[Sequence[str], Sequence[str]]:
        fields = fields_of(self.there)
        return fields, fields

    def taken(self, body: bytes, path: str) -> bytes | None:
        """What the system makes of a write: it cuts and rewrites some texts, and refuses some values."""
        del path
        values = [str(leaf) for leaf in leaves(json.loads(body))]
        if self.refused & set(values):
            return None
        for value in values:
            if CUT in value:
                body = body.replace(json.dumps(value).encode(), json.dumps(value[:FEW]).encode())
            elif REWRITTEN in value:
                body = body.replace(
                    json.dumps(value).encode(), json.dumps(value.replace(REWRITTEN, "became another")).encode()
                )
        return body

    def spelled(self, body: bytes, path: str) -> bytes:
        """What the system shows: nothing that can be read in place of some values."""
        del path
        for value in self.garbled:
            body = re.sub(rb"(?<=[:,\[\s])" + re.escape(value) + rb"(?=[,\]}\s])", json.dumps(WRONG).encode(), body)
        return body

    def stored(self, id_: str) -> dict[str, Any]:
        """The system's record as it is there."""
        records = self.sandbox.records(self.system.name, self.shelf)
        (found,) = (one for one in records if str(one[self.there.id]) == id_)
        return found

    def settable(self, id_: str, name: str) -> bool:
        """Whether a field is a property by itself or within an object, and no element of a list."""
        found = self.stored(id_)
        return not any(isinstance(found.get(one.partition(".")[0]), list) for one in self.there.lens.sources(name))

    def edit(self, id_: str, properties: dict[str, Any]) -> None:
        """Somebody sets properties as they are in the system, those within an object beside what else it holds."""
        found = self.stored(id_)
        outer = {name.partition(".")[0]: found[name.partition(".")[0]] for name in properties if "." in name}
        merged: dict[str, Any] = {name: dict(value or {}) for name, value in outer.items()}
        for name, value in properties.items():
            first, _, inner = name.partition(".")
            if inner:
                merged[first][inner] = value
            else:
                merged[name] = value
        self.sandbox.edit(self.system.name, self.shelf, found[self.there.id], merged)


@contextmanager
def beside(key: str) -> Iterator[Alone]:
    with serving() as sandbox, front(sandbox.root) as before:
        yield Alone(key, sandbox, before)


def texts(two: Alone) -> Sequence[str]:
    """The fields whose text may be any, and that are not what records are matched by."""
    return [
        name for name in two.fields if isinstance(two.there.lens.property_of(name), Text) and name not in MATCHED_BY
    ]


@pytest.mark.parametrize(
    "key", [key if key in DEFAULT else pytest.param(key, marks=pytest.mark.thorough) for key in CASES]
)
def test_what_a_system_refuses_cuts_or_rewrites_is_held_or_said_and_the_rest_arrives(key: str) -> None:
    with beside(key) as two:
        ways = [(name, how) for name in two.fields for how in (REFUSED, CUT, REWRITTEN)]
        ways = [(name, how) for name, how in ways if how == REFUSED or name in texts(two)]
        cases = [(*way, alone) for way in ways for alone in (False, True)]
        ids = [two.put(None, two.values()) for _ in cases]
        assert two.sync() == len(ids)
        others, before = two.others(), {}
        sent: list[Values] = []
        for (name, how, alone), id_ in zip(cases, ids, strict=True):
            before[id_] = two.shown(others[id_])
            values = two.values([name] if alone else two.fields)
            if how == REFUSED:
                leaf = json.loads(two.there.lens.put(*masked(two.there, {name: values[name]}))[0])
                two.refused |= {str(one) for one in leaves(leaf)}
            else:
                values[name] = f"{values[name]} {how} {next(two.serial)}"
            two.put(id_, values)
            sent.append(values)
        two.sync()
        assert two.sync() == 0
        held, reported = two.held(), two.reported()
        assert held == {(others[id_], name) for (name, how, _), id_ in zip(cases, ids, strict=True) if how == REFUSED}
        assert reported == {
            (others[id_], name) for (name, how, _), id_ in zip(cases, ids, strict=True) if how != REFUSED
        }
        for (name, how, alone), id_, values in zip(cases, ids, sent, strict=True):
            shown = two.shown(others[id_])
            rest = {one: value for one, value in (before[id_] | two.expected(values)).items() if one != name}
            assert {one: shown[one] for one in rest} == rest, (name, how, alone)
            if how == REFUSED:
                assert shown[name] == before[id_][name]
        assert two.counts() == (len(ids), len(ids))
        assert two.others() == others


@pytest.mark.parametrize(
    "key",
    [
        key if key in DEFAULT else pytest.param(key, marks=pytest.mark.thorough)
        for key, one in CASES.items()
        if any(unreadable(one, fields_of(one))) and key not in ELSEWHERE
    ],
)
def test_what_cant_be_read_holds_its_field_and_the_rest_arrives(key: str) -> None:
    with beside(key) as two:
        cases = [(*one, alone) for one in unreadable(two.there, two.fields) for alone in (False, True)]
        ids = [two.put(None, two.values()) for _ in cases]
        assert two.sync() == len(ids)
        others, sent = two.others(), []
        before = [dict(two.memory.records["things"][id_]) for id_ in ids]
        modified = two.there.modified
        assert modified
        for (name, source, alone), id_ in zip(cases, ids, strict=True):
            edited = [one for one in two.fields if not alone and one != name and two.settable(others[id_], one)]
            values = two.values(edited) if edited else {}
            body = json.loads(two.there.lens.put(*masked(two.there, values))[0]) if values else {}
            hidden = json.loads(two.there.lens.put(*masked(two.there, {name: two.values()[name]}))[0])
            two.garbled |= {json.dumps(one).encode() for one in leaves(hidden)}
            touched = {name: None for name in (modified.property, two.there.version) if name}
            two.later()
            two.edit(others[id_], {**body, **hidden, **touched})
            two.garbled.add(json.dumps(two.stored(others[id_])[source.partition(".")[0]]).encode())
            sent.append(values)
        two.sync()
        assert two.held() == {(others[id_], name) for (name, *_), id_ in zip(cases, ids, strict=True)}
        for (name, *_), id_, values, was in zip(cases, ids, sent, before, strict=True):
            now = two.in_memory(id_)
            if values:
                expected = two.expected(values)
                assert {one: now[one] for one in expected} == expected, name
            else:
                assert two.memory.records["things"][id_] == was, name
            assert two.memory.records["things"][id_][name] == was[name]
        assert two.counts() == (len(ids), len(ids))
        assert two.sync() == 0
        assert two.others() == others
