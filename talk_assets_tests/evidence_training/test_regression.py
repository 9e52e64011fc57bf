"""Weights that are learnt: those that are known already, and evidence that is there twice counts once."""

import math
import random

import pytest

from talk_assets_tests.evidence_training.regression import Pattern, Weights, count, fit

KNOWN = Weights(
    {("name", "same"): 5.0, ("name", "other"): -4.0, ("number", "same"): 7.0, ("number", "other"): -6.0}, -1.0
)


def drawn(weights: Weights, pairs: int) -> list[tuple[Pattern, bool]]:
    """Pairs at random, as often the same as the weights say."""
    chance = random.Random(1)
    found = []
    for _ in range(pairs):
        name, number = (chance.choice(("same", "other", None)) for _ in range(2))
        pattern = tuple((one, two) for one, two in (("name", name), ("number", number)) if two)
        found.append((pattern, chance.random() < weights.probability(pattern)))
    return found


def test_weights_that_are_known_are_found_again() -> None:
    fitted = fit(count(drawn(KNOWN, 200_000)))
    assert fitted.prior == pytest.approx(KNOWN.prior, abs=0.1)
    for level, bits in KNOWN.bits.items():
        assert fitted.bits[level] == pytest.approx(bits, abs=0.5), level


def test_evidence_that_is_there_twice_counts_once() -> None:
    """Two comparisons that always find the same have together the weight that one of them has alone."""
    pairs = drawn(KNOWN, 20_000)
    twice = [((*pattern, *((f"{name} again", level) for name, level in pattern)), same) for pattern, same in pairs]
    once, both = fit(count(pairs)), fit(count(twice))
    for (name, level), bits in once.bits.items():
        assert both.bits[name, level] + both.bits[f"{name} again", level] == pytest.approx(bits, abs=0.2)


def test_what_is_certain_has_a_weight_that_is_large_and_not_endless() -> None:
    fitted = fit({(("number", "same"),): (1000, 1000), (("number", "other"),): (1000, 0)})
    assert fitted.probability((("number", "same"),)) > 0.999
    assert fitted.probability((("number", "other"),)) < 0.001
    assert all(math.isfinite(bits) and abs(bits) < 30 for bits in fitted.bits.values())


def test_what_was_never_seen_weighs_nothing() -> None:
    assert KNOWN.probability((("price", "same"),)) == KNOWN.probability(()) == pytest.approx(1 / 3)


def test_pairs_are_counted_by_pattern() -> None:
    one, other = (("name", "same"),), (("name", "other"),)
    assert count([(one, True), (one, False), (other, False), (one, True)]) == {one: (3, 2), other: (1, 0)}
