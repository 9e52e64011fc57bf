"""The labelled sets: always the same, labelled right, and no more difficult than a person could decide."""

import random
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talk_assets.model.entities import ENTITIES, Kind
from talk_assets_tests.evidence_sets import companies, persons, products, spelling
from talk_assets_tests.evidence_sets.labelled import HELD_OUT, TRAINING, Labelled, differing

MODULES = {"company": companies, "product": products, "person": persons}
FEW = 120

every_set = pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)


@every_set
def test_the_same_seed_gives_the_same_set_and_another_gives_others(module: ModuleType) -> None:
    one, same, other = (module.make(FEW, seed) for seed in (1, 1, 2))
    assert one.left.equals(same.left)
    assert one.labels.equals(same.labels)
    assert not one.left.equals(other.left)


@every_set
def test_a_side_has_the_fields_of_its_entity_and_no_label(module: ModuleType) -> None:
    made = module.make(FEW, 1)
    names = ENTITIES[made.entity].names
    assert made.left.columns == ["left_id", *names]
    assert made.right.columns == ["right_id", *names]
    assert {*made.left["left_id"], *made.right["right_id"]} == {*made.labels["id"]}
    assert made.labels["id"].is_unique().all()


@every_set
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_what_is_the_same_can_be_seen_to_be_the_same(module: ModuleType, seed: int) -> None:
    """Both records have a value in common, besides the country, that is not blank."""
    made: Labelled = module.make(FEW, seed)
    for left, right in made.pairs.iter_rows():
        one, other = made.by_id[left], made.by_id[right]
        assert module.recognisable(one.values, other.values) or module.recognisable(other.values, one.values)
        assert {name for name, value in one.values.items() if value and value == other.values[name]} - {"country"}


@every_set
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_what_is_not_the_same_can_be_told_apart(module: ModuleType, seed: int) -> None:
    """Two records of a family that describe different things differ in a field that both have, cut and folded."""
    made: Labelled = module.make(FEW, seed)
    families = defaultdict(list)
    for record in made.by_id.values():
        families[record.family].append(record)
    for records in families.values():
        for one, other in combinations(records, 2):
            assert one.thing == other.thing or differing(one, other)


def test_things_that_nothing_tells_apart_are_refused() -> None:
    """Of father and son without birth dates, one is the other."""
    hidden = {**dict.fromkeys(persons.SHARES, 0.0), "father and son": 1.0, "no birth date": 1.0}
    with pytest.raises(ValueError, match="look alike differ"):
        persons.make_without_keys(20, 1, hidden)


@every_set
def test_each_rule_meets_the_share_that_it_is_given(module: ModuleType) -> None:
    """A rule that is switched off meets nothing, and each of the others something."""
    assert set(module.SHARES) == {*module.SAME, *module.TRAPS, "left only", "right only"}
    every = set().union(*(record.rules for record in module.make(3000, TRAINING).by_id.values()))
    assert every == {*module.SAME, *module.TRAPS}
    off = dict.fromkeys((*module.SAME, *module.TRAPS), 0.0)
    plain = module.make(FEW, 1, {**off, "left only": 0.0, "right only": 0.0})
    assert plain.pairs.height == plain.left.height == plain.right.height == FEW
    for left, right in plain.pairs.iter_rows():
        assert plain.by_id[left] == plain.by_id[right]


@every_set
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_share_can_be_adjusted(module: ModuleType, share: float) -> None:
    rule = next(iter(module.TRAPS))
    off = {**dict.fromkeys(module.SHARES, 0.0), rule: share}
    made = module.make(1000, 1, off)
    met = {record.family for record in made.by_id.values() if rule in record.rules}
    assert abs(len(met) - 1000 * share) < 100


def test_persons_without_keys_have_nothing_that_a_rule_could_match() -> None:
    made = persons.make_without_keys(1000, 1)
    for side in (made.left, made.right):
        assert side.select(persons.KEYS).null_count().row(0) == (side.height,) * len(persons.KEYS)
    for left, right in made.pairs.iter_rows():
        assert persons.recognisable(made.by_id[left].values, made.by_id[right].values)


@every_set
def test_a_rule_that_there_is_not_is_refused(module: ModuleType) -> None:
    with pytest.raises(KeyError, match="no rule moon"):
        module.make(1, 1, {"moon": 0.1})


@every_set
def test_training_and_judging_have_few_words_in_common(module: ModuleType) -> None:
    """A record that is in both sets would be no test."""
    one, other = (module.make(500, seed) for seed in (TRAINING, HELD_OUT))
    name = "name" if "name" in one.left.columns else "email"
    shared = set(one.left[name].drop_nulls()) & set(other.left[name].drop_nulls())
    assert len(shared) < one.left.height * 0.05


@every_set
def test_numbers_and_dates_are_canonical_text(module: ModuleType) -> None:
    made = module.make(FEW, 1)
    for field in ENTITIES[made.entity].fields:
        values = made.left[field.name].drop_nulls()
        if field.kind is Kind.DECIMAL:
            assert values.str.contains(r"^\d+(\.\d*[1-9])?$").all()
        elif field.kind is Kind.DATE:
            assert values.str.to_date(strict=False).is_not_null().sum() > 0.98 * values.len()
        elif field.kind in {Kind.DIGITS, Kind.PHONE}:
            assert values.str.contains(r"^\+?\d+$").all()


LETTERS = st.text("abcdefgæøå -", min_size=0, max_size=20)


@given(st.randoms(use_true_random=False), LETTERS)
@pytest.mark.parametrize("change", [spelling.typo, spelling.plain, spelling.reordered, spelling.transposed])
def test_a_change_of_spelling_never_loses_the_text(
    change: Callable[[random.Random, str], str], chance: random.Random, text: str
) -> None:
    changed = change(chance, text)
    assert abs(len(changed) - len(" ".join(text.split()) if change is spelling.reordered else text)) <= len(text)
    assert bool(changed.strip()) == bool(text.strip())
