"""Which value of a change a collection refuses, where others of it are taken.

A refusal that names fields is taken at its word: the rest is sent again without them. One that names none is narrowed
down by sending halves. Where a refusal is for the record's sake, everything is refused, and the whole change is held:
of the changes that are refused in the same words, the first one decides for all. Only refusals are narrowed down, never
what is not known or may work later.
"""

import re
from collections.abc import Collection as Group
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from talk_assets.model.lens.lens import Lens
from talk_assets.model.lens.properties import Value
from talk_assets.model.system import Action, Outcome

MOST = 10
"""Requests for one record in one run, after the first; what is not distinguished by then is held together."""

_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[\d@]\S*")
"""What is one record's own in an API's words: values and numbers."""


@dataclass(frozen=True)
class Refusal:
    """What became of one write: `values` were sent, by field, null to clear it; the rest is the answer's."""

    entity: str
    action: Action
    values: Mapping[str, str | None]
    outcome: Outcome
    reason: str
    properties: tuple[str, ...] = ()
    whole: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """What was sent."""
        return tuple(self.values)

    def held(self, fields: Iterable[str]) -> "dict[str, Said]":
        """The values of some fields, with the words of the refusal."""
        return {name: (self.values[name], self.reason) for name in fields}


Said = tuple[str | None, str]
"""A value that was refused, and the API's words."""


@dataclass
class Verdict:
    """What follows from a batch's answers: changes held as a whole, and fields, both with the API's words."""

    changes: dict[tuple[str, Action], str] = field(default_factory=dict)
    fields: dict[str, dict[str, Said]] = field(default_factory=dict)
    """By entity and field."""
    again: set[str] = field(default_factory=set)
    """Entities to be tried again in this run."""

    @property
    def held(self) -> set[str]:
        """The entities of which anything is held."""
        return {entity for entity, _ in self.changes} | set(self.fields)


@dataclass
class _Search:
    """What is known of one entity's change: `parts` are still to be sent, the last one first."""

    first: Refusal
    parts: list[tuple[str, ...]]
    taken: bool = False
    """Whether a part was accepted."""
    refused: dict[str, Said] = field(default_factory=dict)
    requests: int = 0


class Narrowing:
    """The searches of one collection's changes in one run."""

    def __init__(self) -> None:
        self.searched: set[str] = set()
        """Entities whose changes were sent in parts."""
        self._searches: dict[str, _Search] = {}
        self._named: dict[str, int] = {}
        self._divides: dict[str, bool] = {}
        """By the words of a refusal, whether less than the whole was taken."""
        self._first: dict[str, str] = {}
        self._behind: dict[str, list[Refusal]] = {}

    def part(self, entity: str) -> tuple[str, ...] | None:
        """Return the fields that the next write of an entity is confined to, null where it is not."""
        search = self._searches.get(entity)
        return search.parts[-1] if search else None

    def drop(self, entities: Iterable[str]) -> None:
        """Give the searches up: the changes have become others."""
        for entity in entities:
            self._searches.pop(entity, None)

    def judge(self, answered: Iterable[Refusal], lens: Lens) -> Verdict:
        """Say what follows from the answers to a batch."""
        verdict = Verdict()
        for one in answered:
            search = self._searches.get(one.entity)
            if search is not None:
                self._go_on(search, one, lens, verdict)
            elif one.outcome is Outcome.REFUSED:
                self._begin(one, lens, verdict)
        return verdict

    def _begin(self, one: Refusal, lens: Lens, verdict: Verdict) -> None:
        creates = one.action is Action.CREATE
        needed = required(lens) if creates else frozenset[str]()
        exact, around = named(lens, one)
        free = set(one.fields) - needed
        nothing = creates and exact >= set(one.fields)
        if one.whole or one.action not in {Action.CREATE, Action.UPDATE} or exact & needed or not free or nothing:
            verdict.changes[one.entity, one.action] = one.reason
        elif exact & free:
            self._without(one, exact & free, verdict)
        elif around:
            rest = tuple(name for name in one.fields if name not in around)
            self._search(one, [*halves(sorted(around)), *([rest] if rest else [])], needed, verdict)
        elif len(free) > 1 or (creates and len(one.fields) > 1):
            self._search_if_of_use(one, needed, verdict)
        elif creates:
            verdict.changes[one.entity, one.action] = one.reason
        else:
            verdict.fields[one.entity] = one.held(free)

    def _without(self, one: Refusal, fields: Group[str], verdict: Verdict) -> None:
        """Hold the fields that were named, and send the rest."""
        self._named[one.entity] = self._named.get(one.entity, 0) + 1
        if self._named[one.entity] > MOST:
            verdict.changes[one.entity, one.action] = one.reason
            return
        verdict.fields.setdefault(one.entity, {}).update(one.held(fields))
        if one.action is Action.CREATE or set(one.fields) - set(fields):
            verdict.again.add(one.entity)

    def _search_if_of_use(self, one: Refusal, needed: Group[str], verdict: Verdict) -> None:
        words = _OWN.sub("…", one.reason)
        if self._divides.get(words) is False:
            verdict.changes[one.entity, one.action] = one.reason
        elif words in self._divides or words not in self._first:
            self._first.setdefault(words, one.entity)
            self._search(one, halves(one.fields), needed, verdict)
        else:
            self._behind.setdefault(words, []).append(one)

    def _search(self, one: Refusal, parts: Sequence[tuple[str, ...]], needed: Group[str], verdict: Verdict) -> None:
        """A new record is tried with what it cannot be without, or with halves; the rest follows as an update."""
        bare = tuple(name for name in one.fields if name in needed)
        creates = one.action is Action.CREATE
        self._searches[one.entity] = _Search(one, [bare] if creates and bare else list(parts))
        self.searched.add(one.entity)
        verdict.again.add(one.entity)

    def _go_on(self, search: _Search, one: Refusal, lens: Lens, verdict: Verdict) -> None:
        part = search.parts.pop()
        search.requests += 1
        if one.outcome is Outcome.DONE:
            search.taken = True
            if one.action is Action.CREATE:
                rest = [name for name in search.first.fields if name not in part]
                search.parts = list(halves(rest))
        elif one.outcome is Outcome.REFUSED:
            self._refused(search, one, part, lens)
        else:
            search.parts.clear()
        if search.taken and search.refused:
            verdict.fields.setdefault(one.entity, {}).update(search.refused)
        if search.parts:
            verdict.again.add(one.entity)
        else:
            self._end(search, one, lens, verdict)

    @staticmethod
    def _refused(search: _Search, one: Refusal, part: tuple[str, ...], lens: Lens) -> None:
        exact = named(lens, one)[0] & set(part)
        if one.whole:
            search.parts.clear()
        elif one.action is Action.CREATE:
            return  # with another part of it, if there is one
        elif exact and exact != set(part):
            search.refused |= one.held(exact)
            search.parts.append(tuple(name for name in part if name not in exact))
        elif len(part) == 1 or search.requests >= MOST:
            search.refused |= one.held(set(part) & set(one.values))
        else:
            search.parts += halves(part)

    def _end(self, search: _Search, one: Refusal, lens: Lens, verdict: Verdict) -> None:
        del self._searches[one.entity]
        first, words = search.first, _OWN.sub("…", search.first.reason)
        known = one.outcome in {Outcome.DONE, Outcome.REFUSED}
        if known and not search.taken:
            verdict.changes[first.entity, first.action] = first.reason
        if self._first.get(words) != one.entity:
            return
        behind = self._behind.pop(words, [])
        if known:
            self._divides[words] = search.taken
        else:
            del self._first[words]
        for other in behind:
            self._begin(other, lens, verdict)


def halves(fields: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the fields in two parts, or in one where there is one."""
    middle = len(fields) // 2
    return [part for part in (tuple(fields[middle:]), tuple(fields[:middle])) if part]


def required(lens: Lens) -> frozenset[str]:
    """Return the fields that a new record cannot be without."""
    return frozenset(
        field
        for name, prop in lens.properties.items()
        if prop.required or (isinstance(prop, Value) and prop.blank is not None)
        for field in prop.fields(name)
    )


def named(lens: Lens, one: Refusal) -> tuple[set[str], set[str]]:
    """Return the fields that a refusal names, and those sent of which it names only what they are within.

    Names are compared by their way through the record, whatever their case, and whatever they are within.
    """
    exact: set[str] = set()
    around: set[str] = set()
    sources = [(source.lower(), name) for name in lens.fields for source in lens.sources(name)]
    for way in map(str.lower, one.properties):
        own = {name for source, name in sources if way == source or way.startswith(f"{source}.")}
        own |= {name for source, name in sources if way.endswith(f".{source}")}
        inner = {name for source, name in sources if source.startswith(f"{way}.")} & set(one.fields)
        if own or len(inner) == 1:
            exact |= own or inner
        else:
            around |= inner
    return exact, around


def answers_of(rows: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> Iterable[Refusal]:
    """Return what became of the rows of a batch, as `judge` takes it."""
    for row in rows:
        creates = row["action"] == Action.CREATE
        sent = {
            name: row[f"to_{name}"]
            for name in fields
            if row[f"is_{name}"] and not (creates and row[f"to_{name}"] is None)
        }
        yield Refusal(
            row["entity_id"],
            Action(row["action"]),
            sent,
            Outcome(row["outcome"]),
            row["answer_reason"] or "",
            tuple(row["properties"] or ()),
            bool(row["whole"]),
        )
