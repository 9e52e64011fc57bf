"""Every property of records that refer to others: one that can't be read, is refused, cut or rewritten.

As in `test_every_value`: orders with their lines, contact persons of a customer, references, and values of which there
are few. One sync carries two records for each property: in one it alone is edited, in the other everything.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.entities import LINE, Kind
from talk_assets.sandbox.serving import serving
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.conformance.steps import Values
from talk_assets_tests.whole.among import Among, closed, listed
from talk_assets_tests.whole.every_value import CUT, FEW, MATCHED_BY, REFUSED, REWRITTEN, UNTOLD
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


def tested(one: Collection) -> list[str]:
    """The fields that `test_every_value` leaves out."""
    both = [name for name in updatable(one) if name in settable(one)]
    return [name for name in both if refers(one) or closed(one.entity.field(name).kind, name) or name in UNTOLD]


CASES = {
    f"{name}/{one.name}": one
    for name, system in SYSTEMS.items()
    for one in system.build(SystemSettings()).collections
    if one.writable and one.creatable and tested(one)
}
DEFAULT = ("customerp/project",)


def ways(one: Collection) -> Iterator[tuple[str, str | None, str]]:
    """Fields, what a line holds, and what becomes of it."""
    lines = one.lens.lines
    for name in tested(one):
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
        value = str(values[case.name])
        value, other = became(case, value, lambda_other(two, case, was | values))
        values[case.name] = value
        return values, {**values, case.name: was[case.name]}, other and {**values, case.name: other}
    if case.only:
        values = {"lines": was["lines"]}
    (*_, before), (*_, after) = json.loads(was["lines"] or ""), json.loads(values["lines"] or "")
    value = two.item(case.item, before)
    value, other = became(case, value, two.item(case.item, {**after, case.item: value}))
    values = with_item(values, case.item, value)
    return (
        values,
        with_item(values, case.item, before[case.item]),
        with_item(values, case.item, other) if other else None,
    )


def lambda_other(two: Among, case: Case, was: Values) -> str:
    return str(two.another([case.name], was)[case.name])


def became(case: Case, value: str, other: str) -> tuple[str, str | None]:
    """A value, and what the system makes of it."""
    if case.how == REFUSED:
        return value, None
    if case.how == REWRITTEN:
        return value, other
    if value.replace(".", "").isdigit():
        return value, value[:2]
    return f"{value} and more than fits", f"{value} and more than fits"[:FEW]


@pytest.mark.parametrize(
    "key", [key if key in DEFAULT else pytest.param(key, marks=pytest.mark.thorough) for key in CASES]
)
def test_what_a_system_refuses_cuts_or_rewrites_is_held_or_said_and_the_rest_arrives(key: str) -> None:
    with among(key) as two:
        cases = [Case(*way, only) for way in ways(two.there) for only in (False, True)]
        ids = [two.add() for _ in cases]
        assert two.sync() == len(ids)
        others, before = two.others(), two.all_shown()
        expected: dict[str, Values] = {}
        for case, id_ in zip(cases, ids, strict=True):
            values, without, other = edited(two, case, two.put_before[id_])
            two.rule(others[id_], case.name, without, values, other)
            two.set(id_, values)
            expected[id_] = before[others[id_]] | two.expected(values)
            expected[id_][case.name] = (
                two.expected(other)[case.name] if other else before[others[id_]][case.name]
            )
        two.sync()
        assert two.sync() == 0
        assert {id_ for id_, _ in two.applied} == {others[id_] for id_ in ids}
        assert two.held() == {
            (others[id_], case.name) for case, id_ in zip(cases, ids, strict=True) if case.how == REFUSED
        }
        assert two.reported() == {
            (others[id_], case.name) for case, id_ in zip(cases, ids, strict=True) if case.how != REFUSED
        }
        shown = two.all_shown()
        for case, id_ in zip(cases, ids, strict=True):
            found = shown[others[id_]]
            assert found == expected[id_], (case, {n: (found[n], expected[id_][n]) for n in found if found[n] != expected[id_][n]})
            assert two.in_memory(id_) == {n: v for n, v in two.put_before[id_].items() if n in two.fields}
        assert two.counts() == (len(ids), len(ids))
        assert two.others() == others
