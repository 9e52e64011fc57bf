"""Who decides what happens at a point: nobody, chance, or what was written down of a history lived before."""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from talk_assets_tests.simulator.script import Act, Fault, Kind, Point


class Fate(Protocol):
    """Decides, and remembers what it decided in `happened`."""

    happened: list[Fault]

    def at(self, point: Point, kinds: Sequence[Kind]) -> Sequence[Fault]:
        """Return what happens at a point, of the kinds that can."""
        ...


class Written:
    """What was written down; nothing, if that is empty."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.happened: list[Fault] = []
        self._due: defaultdict[Point, list[Fault]] = defaultdict(list)
        for fault in faults:
            self._due[fault.at].append(fault)

    def at(self, point: Point, kinds: Sequence[Kind]) -> Sequence[Fault]:
        """As written."""
        found = [fault for fault in self._due.get(point, ()) if fault.kind in kinds]
        self.happened += found
        return found


class Chance:
    """Each kind with its own chance per point; `somebody` says what people do meanwhile."""

    def __init__(self, rng: random.Random, chances: Mapping[Kind, float], somebody: Callable[[], Act]) -> None:
        self.happened: list[Fault] = []
        self._rng = rng
        self._chances = chances
        self._somebody = somebody

    def at(self, point: Point, kinds: Sequence[Kind]) -> Sequence[Fault]:
        """By chance; of the faults that exclude each other, the first."""
        drawn = [kind for kind in kinds if self._rng.random() < self._chances.get(kind, 0)]
        found = [Fault(kind, point, self._somebody() if kind is Kind.MEANWHILE else None) for kind in drawn]
        self.happened += found
        return found
