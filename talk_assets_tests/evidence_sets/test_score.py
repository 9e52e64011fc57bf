"""Scores, counted by hand on a set of four records a side."""

import random
import subprocess
import sys

import pytest

from talk_assets_tests.evidence_sets import companies
from talk_assets_tests.evidence_sets.labelled import Labelled, Record, Sides
from talk_assets_tests.evidence_sets.score import Score, scored, table
from talk_assets_tests.evidence_sets.scorers import keys


def record(thing: str, family: str, *rules: str) -> Record:
    return Record(thing, family, {"name": thing}, frozenset(rules))


@pytest.fixture
def labelled() -> Labelled:
    """Two companies on both sides, a branch on the right one only, and one that each side has alone."""
    left = [record("a", "A"), record("b", "B"), record("c", "C")]
    right = [record("a", "A", "moved"), record("a2", "A", "branch"), record("b", "B", "moved"), record("d", "D")]
    return Sides(left, right).labelled("company", random.Random(1))


def ids(labelled: Labelled, *things: str) -> list[str]:
    """The ids of things of the left side and of the right one, in turn."""
    sides = [
        dict(frame.select("name", key).iter_rows())
        for frame, key in ((labelled.left, "left_id"), (labelled.right, "right_id"))
    ]
    return [sides[place % 2][thing] for place, thing in enumerate(things)]


def test_what_is_linked_and_what_is_suggested_count_apart(labelled: Labelled) -> None:
    a, a_right, _, branch, b, b_right = ids(labelled, "a", "a", "a", "a2", "b", "b")
    score = Score(labelled, scored([(a, a_right, 1.0, True), (a, branch, 1.0, True), (b, b_right, 0.7, False)]))
    assert (score.precision, score.recall_linked) == (1 / 2, 1 / 2)
    assert (score.precision_suggested, score.recall) == (2 / 3, 1.0)
    assert score.f1 == pytest.approx(0.8)
    assert score.wrong(score.linked) == {"branch": 1}
    assert score.missed(score.suggested) == {}
    assert score.missed(score.linked) == {"moved": (2, 1)}


def test_a_pair_of_two_families_is_unrelated(labelled: Labelled) -> None:
    c, d = ids(labelled, "c", "d")
    score = Score(labelled, scored([(c, d, 0.6, False)]))
    assert score.wrong(score.suggested) == {"unrelated": 1}
    assert (score.precision, score.recall, score.f1) == (1.0, 0.0, 0.0)


def test_a_pair_that_is_said_twice_counts_once_and_linked_wins(labelled: Labelled) -> None:
    a, a_right = ids(labelled, "a", "a")
    frame = scored([(a, a_right, 0.9, False), (a, a_right, 0.8, True), (a, a_right, 0.95, False)])
    assert frame.rows() == [(a, a_right, 0.8, True)]


def test_the_table_names_the_rule_and_shows_both_records(labelled: Labelled) -> None:
    a, branch = ids(labelled, "a", "a2")
    lines = list(table("companies", Score(labelled, scored([(a, branch, 1.0, True)])), examples=1))
    assert lines[0] == "companies: 3 and 4 records, 2 of them the same"
    assert "  wrongly linked:     1  branch" in lines
    assert "  missed:     2 of     2  moved" in lines
    assert f"    {branch}: a2 (branch)" in lines


def test_keys_link_all_that_nothing_was_done_to_and_take_a_branch_for_its_head_office() -> None:
    off = dict.fromkeys(companies.SHARES, 0.0)
    plain = companies.make(50, 1, off)
    score = Score(plain, keys(plain))
    assert (score.precision, score.recall_linked) == (1.0, 1.0)
    branches = companies.make(50, 1, {**off, "only branch": 1.0})
    assert Score(branches, keys(branches)).precision == 0.0


def test_the_sets_can_be_scored_from_the_command_line() -> None:
    command = [sys.executable, "-m", "talk_assets_tests.evidence_sets", "--sets", "products", "--count", "30"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- our own command
    assert printed.startswith("products: ")
