"""Weights of evidence, learnt from labelled pairs by logistic regression.

Estimating each comparison by itself takes for independent what is not: a sister company has the same address, telephone
and web site, a size of an article the same price and description, and together they outweigh the one word that differs.
A regression weighs all comparisons at once. It needs only how many pairs there are of each pattern, and no more than
Python, as a million pairs have some hundred patterns.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Level = tuple[str, str]
"""A comparison and what it found, as `name, a further word`."""

Pattern = tuple[Level, ...]
"""What the comparisons of a pair found, those left out in which one side has no value: that is no evidence."""

Counts = Mapping[Pattern, tuple[int, int]]
"""By pattern, how many pairs there are, and how many of them are the same."""

BIT = math.log(2)
PENALTY, STEPS, LONGEST = 0.05, 60, 6.0
"""How much a large weight costs, how many steps of Newton there are at most, and how long each may be."""

EXTREME = 36.0
"""The largest exponent that is computed: what is beyond rounds to 0 or 1 anyway."""


@dataclass(frozen=True)
class Weights:
    """The weight of each level and the `prior`, both in bits; a level that was never seen weighs nothing."""

    bits: Mapping[Level, float]
    prior: float

    def probability(self, pattern: Pattern) -> float:
        """Return how likely a pair of this pattern is the same."""
        return _likely(BIT * (self.prior + sum(self.bits.get(level, 0.0) for level in pattern)))


def count(pairs: Iterable[tuple[Pattern, bool]]) -> dict[Pattern, tuple[int, int]]:
    """Return how many pairs there are of each pattern, and how many of them are the same."""
    found: dict[Pattern, tuple[int, int]] = {}
    for pattern, same in pairs:
        every, true = found.get(pattern, (0, 0))
        found[pattern] = every + 1, true + same
    return found


def fit(counts: Counts) -> Weights:
    """Return the weights that make what was counted the most likely, large ones being penalised.

    `counts` must be of the pairs that blocking yields: the prior is the share of them that is the same.
    """
    levels = sorted({level for pattern in counts for level in pattern})
    place = {level: n for n, level in enumerate(levels)}
    rows = [([*map(place.__getitem__, pattern), len(levels)], *counted) for pattern, counted in counts.items()]
    weights = [0.0] * (len(levels) + 1)
    for _ in range(STEPS):
        step = _solved(*_derivatives(rows, weights))
        longest = max(map(abs, step))
        shorter = min(1.0, LONGEST / longest) if longest else 1.0
        weights = [one - shorter * change for one, change in zip(weights, step, strict=True)]
        if longest < 1e-6:
            break
    return Weights({level: weights[n] / BIT for level, n in place.items()}, weights[-1] / BIT)


def _derivatives(
    rows: Sequence[tuple[list[int], int, int]], weights: Sequence[float]
) -> tuple[list[list[float]], list[float]]:
    """The second and first derivatives of what is to be as small as possible."""
    size = len(weights)
    curve = [[PENALTY if row == column else 0.0 for column in range(size)] for row in range(size)]
    slope = [PENALTY * weight for weight in weights]
    for active, every, same in rows:
        likely = _likely(sum(weights[n] for n in active))
        error, spread = every * likely - same, every * likely * (1 - likely)
        for n in active:
            slope[n] += error
            for other in active:
                curve[n][other] += spread
    return curve, slope


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a symmetric, positive definite system by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for n, pivot in enumerate(rows):
        for row in rows[n + 1 :]:
            if factor := row[n] / pivot[n]:
                row[n:] = [one - factor * two for one, two in zip(row[n:], pivot[n:], strict=True)]
    found = [0.0] * len(rows)
    for n in reversed(range(len(rows))):
        known = sum(rows[n][m] * found[m] for m in range(n + 1, len(rows)))
        found[n] = (rows[n][-1] - known) / rows[n][n]
    return found


def _likely(exponent: float) -> float:
    return 1 / (1 + math.exp(-max(-EXTREME, min(EXTREME, exponent))))
