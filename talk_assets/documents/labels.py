"""Which systems and collections the words of a document mean.

Documents write a system's label in several ways, and one form can be meant for several systems. So nothing is
decided heading by heading: `resolve` asks which two systems explain a document best, first by the collections that its
sections name, then by how the labels are written. What stays uncertain is said to be, and counts as not covered.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from talk_assets.documents.parsing import Document
from talk_assets.model.dataflows import Pair
from talk_assets.model.lint import singular

ALSO = {"powerofficego": ("PowerOffice",)}
"""What documents call a system besides its label and its name, in whatever case and with whatever blanks."""

EXACT, LOOSE, SHORT = 3, 2, 1
"""How well a label fits a system: its label to the letter, but for case and blanks, or only another name of it."""


@dataclass(frozen=True)
class Vocabulary:
    """A system as documents know it: its collections, and further names of it."""

    name: str
    label: str
    collections: tuple[str, ...]
    also: tuple[str, ...] = ()

    def fit(self, spelled: str) -> int:
        """Return how well a label fits, 0 where it does not."""
        if spelled == self.label:
            return EXACT
        if _plain(spelled) in {_plain(self.label), _plain(self.name)}:
            return LOOSE
        return SHORT if _plain(spelled) in map(_plain, self.also) else 0

    def collection(self, spelled: str) -> tuple[str, int] | None:
        """Return the collection of that name, with 2 where only case and blanks differ, 1 where the number does."""
        for name in self.collections:
            if _plain(name) == _plain(spelled):
                return name, 2
        for name in self.collections:
            if singular(_plain(name)) == singular(_plain(spelled)):
                return name, 1
        return None


@dataclass(frozen=True)
class Resolved:
    """What a section means: the pair that covers it, or why none does."""

    section: str
    pair: Pair | None
    reason: str | None = None


Ends = tuple[Vocabulary, Vocabulary]
"""The left and the right system."""


@dataclass(frozen=True)
class _Side:
    label: str
    system: Vocabulary
    collection: str
    likeness: int


@dataclass(frozen=True)
class _Reading:
    left: _Side
    right: _Side

    @property
    def likeness(self) -> int:
        return self.left.likeness + self.right.likeness

    @property
    def spelling(self) -> int:
        return self.left.system.fit(self.left.label) + self.right.system.fit(self.right.label)

    @property
    def pair(self) -> Pair:
        left, right = (f"{side.system.name}/{side.collection}" for side in (self.left, self.right))
        return Pair(left, right)


def resolve(document: Document, systems: Sequence[Vocabulary], pairs: Iterable[Pair]) -> list[Resolved]:
    """Return for each section which of the pairs it means. Both are all there are, switched on or not."""
    known = frozenset(pairs)
    flows = frozenset((_system(pair.left), _system(pair.right)) for pair in known)
    every = list(permutations(systems, 2))
    ends = _title(document.title or "", every)
    chosen = _explaining(document.sections, ends or dict.fromkeys(every, 0), flows)
    found = []
    for section in document.sections:
        fitting = [one for one in chosen if _reading(section, one)]
        alone = fitting or _explaining([section], dict.fromkeys(every, 0), flows)
        readings = [reading for one in alone if (reading := _reading(section, one))]
        found.append(_resolved(section, readings, chosen if ends else every, systems, known))
    return found


def _resolved(
    section: str,
    readings: Sequence[_Reading],
    chosen: Sequence[Ends],
    systems: Sequence[Vocabulary],
    known: frozenset[Pair],
) -> Resolved:
    if not readings:
        return Resolved(section, None, _unread(section, chosen, systems))
    if len(readings) > 1:
        return Resolved(section, None, _uncertain(readings))
    pair = readings[0].pair
    if pair in known:
        return Resolved(section, pair)
    if Pair(pair.right, pair.left) in known:
        return Resolved(section, None, f"the pair goes the other way: every record of {pair.right} has one there")
    return Resolved(section, None, f"there is no pair {pair.left} → {pair.right}")


def _explaining(headings: Sequence[str], ends: Mapping[Ends, int], flows: frozenset[tuple[str, str]]) -> list[Ends]:
    """Return the ends that explain most headings, best: one where that is certain; `ends` have a title's labels.

    The label alone decides for two systems only where there is a dataflow between them, or between none of the rest.
    """
    readings = {one: [reading for heading in headings if (reading := _reading(heading, one))] for one in ends}
    ranks = {one: (len(found), sum(reading.likeness for reading in found)) for one, found in readings.items()}
    best = max(ranks.values(), default=(0, 0))
    likely = [one for one, rank in ranks.items() if rank == best]
    spelling = {one: ends[one] + sum(reading.spelling for reading in readings[one]) for one in likely}
    first = [one for one in likely if spelling[one] == max(spelling.values())]
    flowing = [one for one in likely if (one[0].name, one[1].name) in flows]
    return first if len(first) == 1 and (first[0] in flowing or not flowing) else likely


def _title(title: str, every: Sequence[Ends]) -> dict[Ends, int]:
    """Return the ends that a title can mean, with how well they fit; none where it names no two systems."""
    systems = list(dict.fromkeys(system for pair in every for system in pair))
    for left, right in _sides(title):
        before = next((label for label in _tails(left) if any(one.fit(label) for one in systems)), None)
        after = next((label for label in _heads(right) if any(one.fit(label) for one in systems)), None)
        if before and after:
            fits = {(one, other): (one.fit(before), other.fit(after)) for one, other in every}
            return {ends: sum(fit) for ends, fit in fits.items() if all(fit)}
    return {}


def _reading(heading: str, ends: Ends) -> _Reading | None:
    for left, right in _sides(heading):
        here, there = _side(left, ends[0]), _side(right, ends[1])
        if here and there:
            return _Reading(here, there)
    return None


def _side(text: str, system: Vocabulary) -> _Side | None:
    """Return the longest label of the system that a text begins with, and the collection that it goes on with."""
    words = text.split()
    for label in _heads(text):
        rest = " ".join(words[len(label.split()) :])
        if system.fit(label) and (found := system.collection(rest)):
            return _Side(label, system, *found)
    return None


def _sides(heading: str) -> Iterator[tuple[str, str]]:
    words = heading.split()
    for at, word in enumerate(words):
        if word.lower() == "to":
            yield " ".join(words[:at]), " ".join(words[at + 1 :])


def _heads(text: str) -> Iterator[str]:
    words = text.split()
    yield from (" ".join(words[:n]) for n in range(len(words), 0, -1))


def _tails(text: str) -> Iterator[str]:
    words = text.split()
    yield from (" ".join(words[n:]) for n in range(len(words)))


def _uncertain(readings: Sequence[_Reading]) -> str:
    """The labels that could be several systems."""
    said = []
    for label, systems in (
        (readings[0].left.label, {reading.left.system.name for reading in readings}),
        (readings[0].right.label, {reading.right.system.name for reading in readings}),
    ):
        if len(systems) > 1:
            said.append(f"{label} could be {' or '.join(sorted(systems))}")
    return f"{' and '.join(said)}, and nothing else in the document says which"


def _unread(section: str, chosen: Sequence[Ends], systems: Sequence[Vocabulary]) -> str:
    """The first side that cannot be read, and what there is."""
    left, right = next(_sides(section))
    for at, side in enumerate((left, right)):
        named = [one for one in systems if any(one.fit(label) for label in _heads(side))]
        if not named:
            return f'"{side}" begins with no system\'s label; there are {", ".join(one.label for one in systems)}'
        meant = [one for one in named if one in {ends[at] for ends in chosen}] or named
        if not any(_side(side, one) for one in meant):
            there = "; ".join(f"{one.name} has {', '.join(one.collections)}" for one in meant)
            return f'"{side}" names no collection: {there}'
    return "no two systems have these collections"


def _system(key: str) -> str:
    return key.partition("/")[0]


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
