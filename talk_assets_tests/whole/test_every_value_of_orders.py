"""Every property of records that refer to others: one that can't be read, is refused, cut or rewritten.

As in `test_every_value`: orders with their lines, contact persons of a customer, references, and values of which there
are few. One sync carries two records for each property: in one it alone is edited, in the other everything.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.entities import LINE, Kind
from talk_assets.sandbox.serving import serving
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.conformance.steps import Values, frame
from talk_assets_tests.whole.among import Among, closed, listed
from talk_assets_tests.whole.every_value import CUT, FEW, MATCHED_BY, REFUSED, REWRITTEN, UNTOLD, WRONG, unreadable
from talk_assets_tests.whole.front import front


@dataclass(frozen=True)
class Case:
    """A field, one of what a line holds where it is the lines, and whether all else is edited with it."""

    name: str
    item: str | None
    how: str
    only: bool


def refers(one: Collection) -> bool:
    """Whether `test_every_value` leaves the collection out."""
    return bool(one.parts) or one.lens.lines is not None or any(ref.required for ref in one.lens.refs.values())


def fields_left(one: Collection) -> list[str]:
    """The fields that `test_every_value` leaves out."""
    both = [name for name in updatable(one) if name in settable(one)]
    return [name for name in both if refers(one) or closed(one.entity.field(name).kind, name) or name in UNTOLD]


CASES = {
    f"{name}/{one.name}": one
    for name, system in SYSTEMS.items()
    for one in system.build(SystemSettings()).collections
    if one.writable and one.creatable and fields_left(one)
}
DEFAULT = ("customerp/project", "crmoffice/activities", "powerofficego/product")


def ways(one: Collection) -> Iterator[tuple[str, str | None, str]]:
    """Fields, what a line holds, and what becomes of it."""
    lines = one.lens.lines
    for name in fields_left(one):
        field = one.entity.field(name)
        items = [item for item in LINE if item in lines.items] if lines and field.kind is Kind.LINES else [None]
        for item in items:
            of = LINE[item] if item else field
            yield name, item, REFUSED
            if name in MATCHED_BY:
                continue
            yield name, item, REWRITTEN
            if item != "discount" and of.kind in {Kind.TEXT, Kind.DECIMAL} and not closed(of.kind, name):
                yield name, item, CUT


@contextmanager
def among(key: str) -> Iterator[Among]:
    with serving() as sandbox, front(sandbox.root) as before:
        yield Among(key, sandbox, before)


def with_item(values: Values, item: str, value: str) -> Values:
    """The values with another one in the last line."""
    *others, last = json.loads(values["lines"] or "")
    return {**values, "lines": listed([*others, {**last, item: value}])}


def edited(two: Among, case: Case, was: Values) -> tuple[Values, Values, Values | None]:
    """What is edited, the same with the value as it was, and as the system stores it; null if it refuses it."""
    values = two.another([case.name] if case.only else two.fields, was)
    if case.item is None:
        other = str(two.another([case.name], was | values)[case.name])
        value, stored = became(case, str(values[case.name]), other)
        values[case.name] = value
        return values, {**values, case.name: was[case.name]}, {**values, case.name: stored} if stored else None
    if case.only:
        values = {"lines": was["lines"]}
    (*_, before), (*_, after) = json.loads(was["lines"] or ""), json.loads(values["lines"] or "")
    value = two.item(case.item, before)
    value, stored = became(case, value, two.item(case.item, {**after, case.item: value}))
    values = with_item(values, case.item, value)
    without = with_item(values, case.item, before[case.item])
    return values, without, with_item(values, case.item, stored) if stored else None


def became(case: Case, value: str, other: str) -> tuple[str, str | None]:
    """A value, and what the system makes of it."""
    if case.how == REFUSED:
        return value, None
    if case.how == REWRITTEN:
        return value, other
    if value.replace(".", "").isdigit():
        return value, value[:2]
    return f"{value} and more than fits", f"{value} and more than fits"[:FEW]


def carry_out(two: Among, cases: Sequence[Case]) -> None:
    """One record per case: all is as it should be."""
    ids = [two.add(case.name) for case in cases]
    assert two.sync() == len(ids) > 0
    others, before = two.others(), two.all_shown()
    expected: dict[str, Values] = {}
    for case, id_ in zip(cases, ids, strict=True):
        values, without, stored = edited(two, case, two.put_before[id_])
        two.rule(others[id_], case.name, without, values, stored)
        two.set(id_, values)
        was = before[others[id_]]
        stays = two.expected(stored)[case.name] if stored else was[case.name]
        expected[id_] = was | two.expected(values) | {case.name: stays}
    two.sync()
    if two.there.parts:
        two.sync()  # What is refused after the lines were stored is looked for once they have been read.
    assert two.sync() == 0
    assert {id_ for id_, _ in two.applied} == {others[id_] for id_ in ids}
    told: dict[str, set[tuple[str, str | None]]] = {how: set() for how in (REFUSED, CUT, REWRITTEN)}
    for case, id_ in zip(cases, ids, strict=True):
        told[case.how].add((others[id_], case.name))
    assert two.held() == told[REFUSED]
    assert two.reported() == told[CUT] | told[REWRITTEN]
    shown = two.all_shown()
    for case, id_ in zip(cases, ids, strict=True):
        assert shown[others[id_]] == expected[id_], case
        assert two.in_memory(id_) == {name: two.put_before[id_][name] for name in two.fields}, case
    assert two.counts() == (len(ids), len(ids))
    assert two.others() == others


def cases_of(key: str) -> list[Case]:
    return [Case(*way, only) for way in ways(CASES[key]) for only in (False, True)]


def param(key: str) -> Any:  # noqa: ANN401 -- what pytest takes
    return key if key in DEFAULT else pytest.param(key, marks=pytest.mark.thorough)


@pytest.mark.parametrize("key", [param(key) for key in CASES])
def test_what_a_system_refuses_cuts_or_rewrites_is_held_or_said_and_the_rest_arrives(key: str) -> None:
    with among(key) as two:
        carry_out(two, cases_of(key))


def unreadables(one: Collection) -> Iterator[tuple[str, str | None]]:
    """Fields, and what a line holds, of which the system may show what can't be read."""
    names = fields_left(one)
    yield from ((name, None) for name, _ in unreadable(one, [name for name in names if name != "lines"]))
    lines = one.lens.lines if "lines" in names else None
    for item, prop in lines.items.items() if lines else ():
        if frame({prop.property: WRONG}).select(prop.unreadable(pl.col(prop.property))).item():
            yield "lines", item


@pytest.mark.parametrize("key", [param(key) for key, one in CASES.items() if any(unreadables(one))])
def test_what_cant_be_read_holds_its_field_and_the_rest_arrives(key: str) -> None:
    with among(key) as two:
        cases = [Case(*one, WRONG, only) for one in unreadables(two.there) for only in (False, True)]
        ids = [two.add(case.name) for case in cases]
        assert two.sync() == len(ids)
        others = two.others()
        expected: dict[str, Values] = {}
        for case, id_ in zip(cases, ids, strict=True):
            was = two.put_before[id_]
            values, without, _ = edited(two, Case(case.name, case.item, REFUSED, case.only), was)
            two.later()
            two.spoil(others[id_], without, values)
            expected[id_] = was | values | {case.name: was[case.name]}
        two.sync()
        assert two.held() == {(others[id_], case.name) for case, id_ in zip(cases, ids, strict=True)}
        assert two.spoilt == {others[id_] for id_ in ids}
        for case, id_ in zip(cases, ids, strict=True):
            wanted = {name: value for name, value in two.expected(expected[id_]).items() if name in two.fields}
            assert two.expected(two.in_memory(id_)) == wanted, case
        assert two.counts() == (len(ids), len(ids))
        assert two.sync() == 0
        assert two.others() == others
