"""How well a scorer does on the labelled sets, and which rules its errors come from.

    python -m talk_assets_tests.evidence_sets --scorer keys --sets companies products --count 5000

A scorer takes a set and returns `left_id, right_id, probability, linked`: what it suggests, and what of it it links by
itself. See `scorers`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from talk_assets_tests.evidence_sets import companies, persons, products
from talk_assets_tests.evidence_sets.labelled import Labelled, Record

SETS: Mapping[str, Callable[[int, int], Labelled]] = {
    "companies": companies.make,
    "products": products.make,
    "persons": persons.make,
    "persons-without-keys": persons.make_without_keys,
}
TRAPS = frozenset((*companies.TRAPS, *products.TRAPS, *persons.TRAPS))

SCHEMA = {"left_id": pl.String, "right_id": pl.String, "probability": pl.Float64, "linked": pl.Boolean}
"""What a scorer returns: a row per pair, each at most once."""

Scorer = Callable[[Labelled], pl.DataFrame]
Pair = tuple[str, str]

PRECISION, RECALL = 0.999, 0.97
"""What is required of what is linked, and of what is linked or suggested."""


@dataclass(frozen=True)
class Score:
    """What a scorer said of a set, beside the truth."""

    labelled: Labelled
    scored: pl.DataFrame

    @cached_property
    def same(self) -> frozenset[Pair]:
        """The pairs that are the same."""
        return frozenset(self.labelled.pairs.iter_rows())

    @cached_property
    def linked(self) -> frozenset[Pair]:
        """The pairs that are linked without anybody being asked."""
        return frozenset(self.scored.filter("linked").select("left_id", "right_id").iter_rows())

    @cached_property
    def suggested(self) -> frozenset[Pair]:
        """The pairs that are linked or suggested."""
        return frozenset(self.scored.select("left_id", "right_id").iter_rows())

    @property
    def precision(self) -> float:
        """The share of what is linked that is the same; 1 where nothing is linked."""
        return _share(len(self.linked & self.same), len(self.linked))

    @property
    def recall(self) -> float:
        """The share of what is the same that is linked or suggested."""
        return _share(len(self.suggested & self.same), len(self.same))

    @property
    def recall_linked(self) -> float:
        """The share of what is the same that is linked."""
        return _share(len(self.linked & self.same), len(self.same))

    @property
    def precision_suggested(self) -> float:
        """The share of what is linked or suggested that is the same."""
        return _share(len(self.suggested & self.same), len(self.suggested))

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall of all that is linked or suggested."""
        precision, recall = self.precision_suggested, self.recall
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def wrong(self, pairs: Iterable[Pair]) -> Counter[str]:
        """Count the pairs that are not the same, by what made them look alike."""
        return Counter(self._alike(pair) for pair in pairs if pair not in self.same)

    def missed(self, pairs: Iterable[Pair]) -> dict[str, tuple[int, int]]:
        """Return by rule how many pairs it made, and how many of them are not among `pairs`; the worst first."""
        given = frozenset(pairs)
        every, lost = Counter(self._made(self.same)), Counter(self._made(self.same - given))
        return {
            rule: (every[rule], count) for rule, count in sorted(lost.items(), key=lambda one: -one[1] / every[one[0]])
        }

    def examples(self, pairs: Iterable[Pair], most: int = 3) -> Iterator[str]:
        """Yield what both records of some pairs hold."""
        for left, right in sorted(pairs)[:most]:
            yield from ("", *(_shown(id_, self.labelled.by_id[id_]) for id_ in (left, right)))

    def _made(self, pairs: Iterable[Pair]) -> Iterator[str]:
        records = self.labelled.by_id
        for left, right in pairs:
            yield from (records[left].rules | records[right].rules) or {"nothing was done"}

    def _alike(self, pair: Pair) -> str:
        left, right = (self.labelled.by_id[id_] for id_ in pair)
        if left.family != right.family:
            return "unrelated"
        return ", ".join(sorted((left.rules | right.rules) & TRAPS))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _shown(id_: str, record: Record) -> str:
    held = " | ".join(value for value in record.values.values() if value)
    return f"    {id_}: {held} ({', '.join(sorted(record.rules)) or 'as made'})"


def scored(rows: Iterable[tuple[str, str, float, bool]]) -> pl.DataFrame:
    """Return the frame that a scorer returns, of pairs that may be there twice: linked wins, then the higher one."""
    frame = pl.DataFrame(list(rows), SCHEMA, orient="row")
    best = frame.sort("linked", "probability", descending=True)
    return best.unique(["left_id", "right_id"], keep="first", maintain_order=True)


def table(name: str, score: Score, *, examples: int = 0) -> Iterator[str]:
    """Yield the lines that say how a scorer did on a set."""
    left, right, pairs = score.labelled.left.height, score.labelled.right.height, len(score.same)
    yield f"{name}: {left:,} and {right:,} records, {pairs:,} of them the same"
    yield f"  linked {len(score.linked):,}: precision {score.precision:.4f}, recall {score.recall_linked:.4f}"
    yield (
        f"  linked or suggested {len(score.suggested):,}: precision {score.precision_suggested:.4f},"
        f" recall {score.recall:.4f}, F1 {score.f1:.4f}"
    )
    for label, chosen in (("wrongly linked", score.linked), ("wrongly suggested", score.suggested - score.linked)):
        yield from (f"  {label}: {count:5,}  {rule}" for rule, count in score.wrong(chosen).most_common())
        yield from score.examples(chosen - score.same, examples)
    for rule, (every, lost) in score.missed(score.suggested).items():
        yield f"  missed: {lost:5,} of {every:5,}  {rule}"
    yield from score.examples(score.same - score.suggested, examples)
