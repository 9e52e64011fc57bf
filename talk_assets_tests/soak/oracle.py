"""What must hold once all is quiet, whatever happened: every promise that was broken, with the records it concerns."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from talk_assets.model.collection import updatable
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Kind
from talk_assets_tests.soak.edits import Edit, Log
from talk_assets_tests.soak.evidence import Evidence, Name, Row
from talk_assets_tests.soak.shelves import LINES, dotted
from talk_assets_tests.soak.village import OVER, Village

Place = tuple[str, str]
LOST = "lost"

REFUSALS = 5
"""So often something is refused that never works."""

LAG = timedelta(seconds=2)
"""For how long a list may not show an edit."""


@dataclass(frozen=True)
class Violation:
    """A promise that was broken: what, where, and the edit it is about, if it is about one."""

    what: str
    name: Name
    edit: Edit | None = None

    def __str__(self) -> str:
        return f"{'/'.join(self.name)}: {self.what}"


@dataclass
class Judge:
    """`first` are the ids that each collection had before anything happened."""

    village: Village
    evidence: Evidence
    log: Log
    first: dict[str, set[str]]
    told: Counter[str] = field(default_factory=Counter)
    """What became of the edits that must be found again."""

    filled: Counter[str] = field(default_factory=Counter)
    """Where a system put something of its own in place of a blank, by collection and field."""

    def violations(self) -> Iterator[Violation]:
        """Everything that is not as it should be."""
        yield from self._placed()
        for pair in self.village.wiring.pairs:
            yield from self._paired(pair)
        for key in self.village.wiring.collections:
            yield from self._agrees(key)
            yield from self._once(key)
            yield from self._kept(key)
        yield from self._lines_once()
        yield from self._stays_deleted()
        yield from self._newest_wins()
        yield from self._answered()
        yield from self._let_go()
        yield from self._taken()
        yield from self._edits()

    def _placed(self) -> Iterator[Violation]:
        """Every record was read, and is linked or held; an entity has one of a collection."""
        for key, there in self.evidence.raw.items():
            read = {id_ for k, id_ in self.evidence.records if k == key}
            for id_ in (there.keys() ^ read) - {i for k, i in self.evidence.held if k == key}:
                yield Violation(
                    f"{'lies there and is not shown' if id_ in there else 'is shown and not there'}", (key, id_)
                )
        taken: Counter[tuple[str, str]] = Counter()
        for name in self.evidence.records:
            link = self.evidence.live(name)
            if link:
                taken[name[0], link["entity_id"]] += 1
                if taken[name[0], link["entity_id"]] > 1:
                    yield Violation("is the second live record of its entity", name)
            elif name not in self.evidence.held:
                yield Violation("is neither linked nor held", name)

    def _paired(self, pair: Pair) -> Iterator[Violation]:
        """Every left record has its right one, or it is said why not; one that was deleted is not created again."""
        right = {link["entity_id"] for name, link in self.evidence.links.items() if name[0] == pair.right}
        asked = self.evidence.asked()
        for name in self.evidence.records:
            link = self.evidence.live(name) if name[0] == pair.left else None
            if link and link["entity_id"] not in right:
                change = asked.get((pair.right, link["entity_id"]))
                if change is None or not change["reason"]:
                    yield Violation(f"has no record in {pair.right}, and nothing says why", name)

    def _agrees(self, key: str) -> Iterator[Violation]:
        """A linked record holds what its entity holds, or a change or a held field says why not."""
        fields, asked = updatable(self.village.wiring.collections[key]), self.evidence.asked()
        for name, wanted in self.evidence.wanted.items():
            if name[0] != key:
                continue
            record, link = self.evidence.records[name], self.evidence.links[name]
            change = asked.get((key, link["entity_id"]))
            held = {one for one in fields if (key, link["entity_id"], one) in self.evidence.held_fields}
            wrong = [one for one in fields if one in wanted and one not in held and record[one] != wanted[one]]
            wrong = [one for one in wrong if not self._dialled(key, one, record[one], wanted[one])]
            filled = [
                one for one in wrong if _filled(record, link, one) and not self.evidence.golden[link["entity_id"]][one]
            ]
            self.filled.update(f"{key} {one}" for one in filled)
            if len(wrong) > len(filled) and (change is None or not change["reason"]):
                said = (f"{one} is {record[one]!r} and should be {wanted[one]!r}" for one in wrong if one not in filled)
                yield Violation("; ".join(said), name)

    def _dialled(self, key: str, name: str, shown: str | None, wanted: str | None) -> bool:
        """Whether it is one telephone number, read in two countries: its record names none."""
        if self.village.wiring.collections[key].entity.field(name).kind is not Kind.PHONE or not shown or not wanted:
            return False
        return _digits(shown)[-NATIONAL:] == _digits(wanted)[-NATIONAL:]

    def _once(self, key: str) -> Iterator[Violation]:
        """Whatever people did not create, the hub did, knows of, and did once for its entity."""
        ours = {row["id"] for row in self.evidence.journal if row["collection"] == key and row["action"] == "create"}
        people = self.first[key] | {id_ for k, id_ in self.log.created if k == key}
        for id_ in self.evidence.raw[key].keys() - people - ours:
            if key not in LINES:
                yield Violation("was created by nobody who knows of it", (key, id_))
        reference = self.village.wiring.collections[key].reference
        carried = Counter(
            found for raw in self.evidence.raw[key].values() if reference and (found := dotted(raw, reference))
        )
        for found, count in carried.items():
            if count > 1:
                yield Violation(f"{count} records carry the external reference {found}", (key, str(found)))

    def _kept(self, key: str) -> Iterator[Violation]:
        """Nothing is gone that nobody deleted. Lines come and go with what their orders say."""
        if key in LINES:
            return
        made = {row["id"] for row in self.evidence.journal if row["collection"] == key and row["outcome"] == "done"}
        known = self.first[key] | {id_ for k, id_ in self.log.created if k == key} | made
        gone = {id_ for k, id_ in self.log.deleted if k == key}
        for id_ in known - gone - self.evidence.raw[key].keys():
            yield Violation("is gone, and nobody deleted it", (key, id_))

    def _lines_once(self) -> Iterator[Violation]:
        """No order has a line twice: whatever people write into one, they write into no other."""
        words = {edit.value for edit in self.log.edits if edit.field == "lines" and edit.value}
        for name, record in self.evidence.records.items():
            lines = json.loads(record.get("lines") or "[]")
            for word, count in Counter(line.get("description") for line in lines).items():
                if word in words and count > 1:
                    yield Violation(f"the line {word!r} is there {count} times", name)

    def _stays_deleted(self) -> Iterator[Violation]:
        """What people deleted is not created again, though its entity lives on elsewhere."""
        live = {
            (key, link["entity_id"]): id_ for (key, id_), link in self.evidence.links.items() if not link["gone_at"]
        }
        ours = {(row["collection"], row["id"]) for row in self.evidence.journal if row["action"] == "create"}
        for key, id_ in self.log.deleted:
            again = live.get((key, self.evidence.entity((key, id_)) or ""))
            if again and again != id_ and (key, again) in ours and key not in LINES:
                yield Violation(f"was deleted and created again in place of {id_}", (key, again))

    def _newest_wins(self) -> Iterator[Violation]:
        """What stands in conflicts lost to something that is no older."""
        for row in self.evidence.conflicts:
            if row["edited_at"] and row["winner_edited_at"] and row["edited_at"] > row["winner_edited_at"]:
                key, _, id_ = row["origin"].rpartition("/")
                yield Violation(f"{row['field']} = {row['value']!r} lost to the older {row['winner']!r}", (key, id_))

    def _answered(self) -> Iterator[Violation]:
        for row in self.evidence.journal:
            if row["outcome"] is None:
                yield Violation(f"an intent to {row['action']} is still open", (row["collection"], str(row["id"])))

    def _let_go(self) -> Iterator[Violation]:
        """Nothing is held for what a system said at random, once a person had all of it sent again."""
        for change in self.evidence.changes:
            if any(words in (change["reason"] or "") for words in OVER):
                yield Violation(
                    f"is held for what is over: {change['reason']}", (change["collection"], str(change["id"]))
                )

    def _taken(self) -> Iterator[Violation]:
        """Where a system refuses whatever it is sent, the rest of a soak says nothing about it."""
        outcomes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for row in self.evidence.journal:
            outcomes[row["collection"], row["action"]][str(row["outcome"])] += 1
        for (key, action), counts in outcomes.items():
            if counts["refused"] >= REFUSALS and not counts["done"]:
                yield Violation(f"every {action} was refused, {counts['refused']} times", (key, "*"))

    def _edits(self) -> Iterator[Violation]:
        """Each edit is what its field is now, or a newer one is, or it stands in conflicts, or its record is gone."""
        places = Places(self.evidence)
        for edit in reversed(self.log.edits):
            entity = self.evidence.entity((edit.key, edit.id))
            place = places.of(entity or "", edit.field)
            became = self._became(edit, place, places)
            self.told[became] += 1
            if became == LOST:
                found = self.evidence.golden[entity or ""][edit.field]
                yield Violation(f"{edit} is lost; golden has {found!r}", (edit.key, edit.id), edit)
            places.edited.add(place)

    def _became(self, edit: Edit, place: Place, places: "Places") -> str:  # noqa: PLR0911 -- one for each fate
        link = self.evidence.live((edit.key, edit.id))
        if not edit.told:
            return "not told"
        if link is None:
            return "record gone or held"
        if self._stands(edit, link["entity_id"], places):
            return "stands"
        if place in places.edited:
            return "newer edit"
        if _listed(self._canonical(edit), edit.field, places.conflicts[place]):
            return "in conflicts"
        if edit.value is None and link["linked_at"] > edit.at:
            return "blank at first link"
        if link["unresolved"]:
            return "refers to what is held"
        return "in the moment of a write" if self._met(edit) else LOST

    def _met(self, edit: Edit) -> bool:
        """Whether it fell between our last look and the answer to a write, where the system has no versions."""
        if self.village.wiring.collections[edit.key].optimistic_lock:
            return False
        writes = (row for row in self.evidence.journal if (row["collection"], row["id"]) == (edit.key, edit.id))
        return any(row["answered_at"] and row["intended_at"] - LAG <= edit.at <= row["answered_at"] for row in writes)

    def _stands(self, edit: Edit, entity: str, places: "Places") -> bool:
        if edit.field == "lines":
            return any(f'"{edit.value}"' in (golden["lines"] or "") for golden in places.orders(entity))
        shown = self.evidence.wanted[edit.key, edit.id].get(edit.field)
        return self._canonical(edit) in (self.evidence.golden[entity][edit.field], shown)

    def _canonical(self, edit: Edit) -> str | None:
        """References as entities."""
        ref = self.village.wiring.collections[edit.key].lens.refs.get(edit.field)
        if ref is None or edit.value is None:
            return edit.value
        return self.evidence.entity((f"{edit.key.partition('/')[0]}/{ref.to}", edit.value))


class Places:
    """Where edits meet: a field of an entity, or of all orders that share lines. `edited` have later ones."""

    def __init__(self, evidence: Evidence) -> None:
        self._clusters = evidence.clusters()
        self._evidence = evidence
        self.edited: set[Place] = set()
        self.conflicts: defaultdict[Place, list[str | None]] = defaultdict(list)
        for row in evidence.conflicts:
            self.conflicts[self.of(row["entity_id"], row["field"])].append(row["value"])

    def of(self, entity: str, field_: str) -> Place:
        """Return the place of an entity's field."""
        return self._clusters.get(entity, entity), field_

    def orders(self, entity: str) -> Iterator[Row]:
        """Return golden of all orders that share lines with one."""
        root = self._clusters.get(entity, entity)
        for one in {entity, *(other for other, top in self._clusters.items() if top == root)}:
            yield self._evidence.golden[one]


NATIONAL = 7
"""Digits at the end of a telephone number that are not its country's code."""


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _filled(record: Row, link: Row, field_: str) -> bool:
    """Whether the hub knows that the system holds something where it was sent nothing."""
    return link[f"sent_{field_}"] is None and link[f"seen_{field_}"] == record[field_]


def _listed(value: str | None, field_: str, conflicts: list[str | None]) -> bool:
    if field_ == "lines":
        return any(f'"{value}"' in (one or "") for one in conflicts)
    return value in conflicts
