"""The models and the weights that ship with them."""

import json
import math

import pytest

from talk_assets.model.entities import ENTITIES
from talk_assets.sync.link.evidence import weights, words
from talk_assets.sync.link.evidence.model import NULL
from talk_assets.sync.link.evidence.models import MODELS
from talk_assets.sync.link.evidence.scoring import probability, shares

NAMES = sorted(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_of_levels_that_there_are(name: str) -> None:
    known = {(one.name, label) for one in MODELS[name].comparisons for label in one.labels}
    shipped = weights.of(name)
    assert shipped.origin
    assert {(one, label) for one, labels in shipped.bits.items() for label in labels} <= known


@pytest.mark.parametrize("name", NAMES)
def test_splink_is_given_the_weights_that_ship(name: str) -> None:
    shipped = weights.of(name)
    for one in MODELS[name].comparisons:
        for label in one.labels:
            agreeing, chance = shares(shipped, one.name, label)
            assert 0 < agreeing < 1
            assert 0 < chance < 1
            assert math.log2(agreeing / chance) == pytest.approx(shipped.weight(one.name, label), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_level_can_be_said(name: str) -> None:
    for one in MODELS[name].comparisons:
        assert set(one.levels) - {NULL} <= set(words.WORDS), one.name
        assert set(one.fields) <= set(ENTITIES[name].names)


@pytest.mark.parametrize("name", NAMES)
def test_keys_that_are_compared_with_others_and_counted_ones_are_there(name: str) -> None:
    model = MODELS[name]
    assert {key.against for key in model.keys.values() if key.against} <= set(model.keys)
    assert {one.key for one in model.frequent.values()} <= set(model.keys)
    assert {column for one in model.comparisons for column in one.often.values()} == set(model.frequent)


def test_weights_are_written_as_they_are_read() -> None:
    shipped = weights.of("person")
    assert weights.read(shipped.text()) == shipped
    assert json.loads(shipped.text())["prior"] == shipped.prior


def test_a_bit_doubles_the_odds() -> None:
    assert probability(0) == 0.5
    assert probability(1) == pytest.approx(2 / 3)
    assert probability(-5000) == pytest.approx(0)
