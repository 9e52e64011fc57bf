"""What the generators have in common: records with a label that no scorer sees, on two sides, and the truth about them.

A record describes a *thing*, and belongs to a *family*: things that look alike, as the branches of a company or the
sizes of an article. The `rules` of a record name what was done to it. Two records, one of each side, are the same if
and only if they describe one thing.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

import polars as pl

from talk_assets.model.entities import ENTITIES
from talk_assets_tests.evidence_sets import spelling

TRAINING, HELD_OUT = 1, 20_261
"""Seeds: what weights are estimated on, and what they are judged on. Each seed has a vocabulary of its own."""

DRAWS = 50
"""How often a family is drawn at most."""

KNOWN = 0.6
"""The share of every list of words that one seed uses."""

Values = Mapping[str, str | None]
Shares = Mapping[str, float]
"""By rule, the share of things to which it is applied."""


@dataclass(frozen=True)
class Record:
    """One record before it has an id: its `values` by field, in canonical text."""

    thing: str
    family: str
    values: Values
    rules: frozenset[str] = frozenset()

    def but(self, rule: str, **values: str | None) -> "Record":
        """Return the record as a rule changes it."""
        return replace(self, values={**self.values, **values}, rules=self.rules | {rule})

    def __getitem__(self, name: str) -> str:
        return self.values.get(name) or ""


@dataclass(frozen=True)
class Labelled:
    """A labelled set. `left` and `right` have `left_id` or `right_id` and a column of text per field of the entity.

    `labels` has a row per record: `id, thing, family, rules`, the rules separated by commas.
    """

    entity: str
    left: pl.DataFrame
    right: pl.DataFrame
    labels: pl.DataFrame

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """What is the same: `left_id, right_id`."""
        known = self.labels.select("id", "thing")
        left = self.left.select("left_id").join(known, left_on="left_id", right_on="id")
        right = self.right.select("right_id").join(known, left_on="right_id", right_on="id")
        return left.join(right, on="thing").select("left_id", "right_id").sort("left_id", "right_id")

    @cached_property
    def by_id(self) -> Mapping[str, Record]:
        """Every record with its label, by id."""
        labels = {id_: rest for id_, *rest in self.labels.iter_rows()}
        found = {}
        for side, key in ((self.left, "left_id"), (self.right, "right_id")):
            for row in side.iter_rows(named=True):
                thing, family, rules = labels[id_ := row.pop(key)]
                found[id_] = Record(thing, family, row, frozenset(filter(None, rules.split(","))))
        return found

    def side(self, name: str) -> pl.DataFrame:
        """One side with its id as `id`."""
        frame = self.left if name == "left" else self.right
        return frame.rename({f"{name}_id": "id"})


def differing(one: Record, other: Record) -> set[str]:
    """Return the fields in which two records hold different values, and not only other spellings of one."""
    return {
        name
        for name, value in one.values.items()
        if value and other[name] and spelling.local(value) != spelling.local(other[name])
    }


@dataclass
class Sides:
    """Gathers records, and makes a labelled set of them."""

    left: list[Record] = field(default_factory=list)
    right: list[Record] = field(default_factory=list)

    def draw(self, place: Callable[["Sides"], None]) -> None:
        """Add the records that `place` puts on both sides, drawn again until a person can tell the things apart.

        Raises ValueError where the rules leave nothing to tell them by.
        """
        for _ in range(DRAWS):
            drawn = Sides()
            place(drawn)
            records = [*drawn.left, *drawn.right]
            if all(one.thing == other.thing or differing(one, other) for one, other in combinations(records, 2)):
                self.left += drawn.left
                self.right += drawn.right
                return
        message = "with these shares nothing is left by which two things that look alike differ"
        raise ValueError(message)

    def labelled(self, entity: str, chance: random.Random) -> Labelled:
        """Shuffle both sides, as neither place nor id may tell what is the same."""
        names = ENTITIES[entity].names
        frames: dict[str, pl.DataFrame] = {}
        labels = []
        for side, records in (("left", self.left), ("right", self.right)):
            shuffled = chance.sample(records, len(records))
            ids = [f"{side[0].upper()}{n}" for n in range(1, len(shuffled) + 1)]
            frames[side] = _frame(f"{side}_id", ids, shuffled, names)
            labels += [
                (id_, one.thing, one.family, ",".join(sorted(one.rules)))
                for id_, one in zip(ids, shuffled, strict=True)
            ]
        schema = dict.fromkeys(("id", "thing", "family", "rules"), pl.String)
        return Labelled(entity, frames["left"], frames["right"], pl.DataFrame(labels, schema, orient="row"))


def _frame(key: str, ids: Sequence[str], records: Sequence[Record], names: Sequence[str]) -> pl.DataFrame:
    columns = {name: [one.values.get(name) or None for one in records] for name in names}
    return pl.DataFrame({key: ids, **columns}, schema=dict.fromkeys((key, *names), pl.String))


def chosen(chance: random.Random, shares: Shares, among: Iterable[str]) -> list[str]:
    """Return the rules that are applied to one thing, in a random order."""
    found = [rule for rule in among if chance.random() < shares[rule]]
    return chance.sample(found, len(found))


def vocabulary(seed: int, name: str, words: Sequence[str]) -> list[str]:
    """Return the part of a list of words that belongs to a seed: always the same, another for another seed."""
    chance = random.Random(f"{seed}/{name}")
    return chance.sample(list(words), max(2, round(len(words) * KNOWN)))


def adjusted(shares: Shares, given: Shares | None) -> Shares:
    """Return the shares with those that are given instead; raise KeyError for a rule that there is not."""
    for rule in given or {}:
        if rule not in shares:
            message = f"no rule {rule}; there are {', '.join(shares)}"
            raise KeyError(message)
    return {**shares, **(given or {})}
