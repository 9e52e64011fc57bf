"""Which pairs go together where each record can be in one only: those that are likeliest all in all, not one by one."""

import math
from collections import defaultdict

import polars as pl

Pair = tuple[str, str]

MOST = 60
"""Records of a side up to which the best assignment is computed; among more, the likeliest pair goes first."""


def best(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the rows (`left_id, right_id, probability`) of the best assignment of one left record to one right one."""
    weights = {
        (left, right): max(0.0, math.log(one / (1 - one)) if one < 1 else math.inf) + 1
        for left, right, one in pairs.select("left_id", "right_id", "probability").iter_rows()
    }
    finite = max((one for one in weights.values() if one < math.inf), default=1.0)
    weights = {pair: min(one, finite + 10) for pair, one in weights.items()}
    chosen = [pair for group in _components(weights) for pair in _assigned({pair: weights[pair] for pair in group})]
    kept = pl.DataFrame(chosen, schema={"left_id": pl.String, "right_id": pl.String}, orient="row")
    return pairs.join(kept, on=["left_id", "right_id"], how="semi")


def _components(weights: dict[Pair, float]) -> list[list[Pair]]:
    """The pairs in groups that share no record with each other."""
    above: dict[tuple[str, str], tuple[str, str]] = {}

    def top(one: tuple[str, str]) -> tuple[str, str]:
        while above.setdefault(one, one) != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for left, right in weights:
        above[top(("left", left))] = top(("right", right))
    groups: defaultdict[tuple[str, str], list[Pair]] = defaultdict(list)
    for left, right in weights:
        groups[top(("left", left))].append((left, right))
    return list(groups.values())


def _assigned(weights: dict[Pair, float]) -> list[Pair]:
    lefts, rights = (sorted({pair[side] for pair in weights}) for side in (0, 1))
    if max(len(lefts), len(rights)) > MOST:
        return _likeliest_first(weights)
    if len(lefts) > len(rights):
        turned = {(right, left): weight for (left, right), weight in weights.items()}
        return [(left, right) for right, left in _assigned(turned)]
    costs = [[-weights.get((left, right), 0.0) for right in rights] for left in lefts]
    found = ((lefts[row], rights[column]) for row, column in enumerate(_hungarian(costs)))
    return [pair for pair in found if pair in weights]


def _likeliest_first(weights: dict[Pair, float]) -> list[Pair]:
    taken: set[tuple[int, str]] = set()
    chosen = []
    for pair in sorted(weights, key=lambda one: (-weights[one], one)):
        ends = set(enumerate(pair))
        if not taken & ends:
            taken |= ends
            chosen.append(pair)
    return chosen


def _hungarian(costs: list[list[float]]) -> list[int]:
    """The column of each row for the least cost in all, by Kuhn and Munkres; there are no fewer columns than rows."""
    rows, columns = len(costs), len(costs[0])
    by_row, by_column = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        least, used, before = [math.inf] * (columns + 1), [False] * (columns + 1), [0] * (columns + 1)
        while row_of[column]:
            used[column], current = True, row_of[column]
            for other in (one for one in range(1, columns + 1) if not used[one]):
                reduced = costs[current - 1][other - 1] - by_row[current] - by_column[other]
                if reduced < least[other]:
                    least[other], before[other] = reduced, column
            following = min((one for one in range(1, columns + 1) if not used[one]), key=least.__getitem__)
            delta = least[following]
            for one in range(columns + 1):
                if used[one]:
                    by_row[row_of[one]] += delta
                    by_column[one] -= delta
                else:
                    least[one] -= delta
            column = following
        while column:
            row_of[column] = row_of[before[column]]
            column = before[column]
    taken = sorted((row_of[column], column) for column in range(1, columns + 1) if row_of[column])
    return [column - 1 for _, column in taken]
