"""What must hold once all is quiet, whatever happened: every promise that was broken, with the records it concerns."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from talk_assets.dataflows import Pair
from talk_assets.sync.changes import updatable
from talk_assets_tests.soak.edits import Edit, Log
from talk_assets_tests.soak.evidence import Evidence, Name, limited
from talk_assets_tests.soak.shelves import LINES, Raw
from talk_assets_tests.soak.village import Village


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

    def violations(self) -> Iterator[Violation]:
        """Everything that is not as it should be."""
        yield from self._placed()
        for pair in self.village.wiring.pairs:
            yield from self._paired(pair)
        for key in self.village.wiring.collections:
            yield from self._agrees(key)
            yield from self._once(key)
            yield from self._kept(key)
        yield from self._answered()
        yield from self._edits()

    def _placed(self) -> Iterator[Violation]:
        """Every record was read, and is linked or held; an entity has one of a collection."""
        for key, there in self.evidence.raw.items():
            read = {id_ for k, id_ in self.evidence.records if k == key}
            for id_ in there.keys() ^ read - {i for k, i in self.evidence.held if k == key}:
                yield Violation(
                    f"{'lies there and is not shown' if id_ in there else 'is shown and not there'}", (key, id_)
                )
        taken: Counter[tuple[str, str]] = Counter()
        for name in self.evidence.records:
            link = self.evidence.live(name)
            if link:
                taken[name[0], link["entity"]] += 1
                if taken[name[0], link["entity"]] > 1:
                    yield Violation("is the second live record of its entity", name)
            elif name not in self.evidence.held:
                yield Violation("is neither linked nor held", name)

    def _paired(self, pair: Pair) -> Iterator[Violation]:
        """Every left record has its right one, or it is said why not; one that was deleted is not created again."""
        right = {link["entity"] for name, link in self.evidence.links.items() if name[0] == pair.right}
        asked = self.evidence.asked()
        for name in self.evidence.records:
            link = self.evidence.live(name) if name[0] == pair.left else None
            if link and link["entity"] not in right:
                change = asked.get((pair.right, link["entity"]))
                if change is None or not change["reason"]:
                    yield Violation(f"has no record in {pair.right}, and nothing says why", name)

    def _agrees(self, key: str) -> Iterator[Violation]:
        """A linked record holds what its entity holds, or a change says what it waits for."""
        collection, asked = self.village.wiring.collections[key], self.evidence.asked()
        for id_, wanted in limited(self.village, self.evidence, key).items():
            record = self.evidence.records[key, id_]
            change = asked.get((key, self.evidence.links[key, id_]["entity"]))
            wrong = [one for one in updatable(collection) if record[one] != wanted[one]]
            if wrong and (change is None or not change["reason"]):
                said = "; ".join(f"{one} is {record[one]!r} and should be {wanted[one]!r}" for one in wrong)
                yield Violation(said, (key, id_))

    def _once(self, key: str) -> Iterator[Violation]:
        """Whatever people did not create, the hub did, knows of, and did once for its entity."""
        ours = {row["id"] for row in self.evidence.journal if row["collection"] == key and row["action"] == "create"}
        people = self.first[key] | {id_ for k, id_ in self.log.created if k == key}
        for id_ in self.evidence.raw[key].keys() - people - ours:
            if key not in LINES:
                yield Violation("was created by nobody who knows of it", (key, id_))
        reference = self.village.wiring.collections[key].reference
        carried = Counter(
            found for raw in self.evidence.raw[key].values() if reference and (found := _dotted(raw, reference))
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

    def _answered(self) -> Iterator[Violation]:
        for row in self.evidence.journal:
            if row["outcome"] is None:
                yield Violation(f"an intent to {row['action']} is still open", (row["collection"], str(row["id"])))

    def _edits(self) -> Iterator[Violation]:
        """Each edit is what its field is now, or a newer one is, or it stands in conflicts, or its record is gone."""
        clusters = self.evidence.clusters()
        later: dict[tuple[str, str], int] = {}
        members: defaultdict[str, list[str]] = defaultdict(list)
        for entity in self.evidence.golden:
            members[clusters.get(entity, entity)].append(entity)
        conflicts: defaultdict[tuple[str, str], list[str | None]] = defaultdict(list)
        for row in self.evidence.conflicts:
            conflicts[clusters.get(row["entity"], row["entity"]), row["field"]].append(row["value"])
        shown = {key: limited(self.village, self.evidence, key) for key in self.village.wiring.collections}
        for edit in reversed(self.log.edits):
            name = (edit.key, edit.id)
            link = self.evidence.live(name)
            entity = self.evidence.entity(name)
            place = (clusters.get(entity, entity) if entity else "", edit.field)
            if not edit.told:
                self.told["not told"] += 1
            elif link is None:
                self.told["record gone or held"] += 1
            elif self._stands(edit, link["entity"], members[place[0]], shown):
                self.told["stands"] += 1
            elif place in later:
                self.told["newer edit"] += 1
            elif _listed(self._canonical(edit), edit.field, conflicts[place]):
                self.told["in conflicts"] += 1
            elif edit.value is None and link["linked_at"] > edit.at:
                self.told["blank at first link"] += 1
            elif link["unresolved"]:
                self.told["refers to what is held"] += 1
            else:
                self.told["lost"] += 1
                yield Violation(f"{edit} is lost; golden has {self._golden(link['entity'], edit)!r}", name, edit)
            if entity:
                later[place] = edit.n

    def _golden(self, entity: str, edit: Edit) -> str | None:
        found: str | None = self.evidence.golden[entity][edit.field]
        return found

    def _stands(self, edit: Edit, entity: str, members: list[str], shown: dict[str, dict[str, Raw]]) -> bool:
        if edit.field == "lines":
            return any(f'"{edit.value}"' in (self._golden(one, edit) or "") for one in members)
        value = self._canonical(edit)
        return value in (self._golden(entity, edit), shown[edit.key][edit.id][edit.field])

    def _canonical(self, edit: Edit) -> str | None:
        """References as entities."""
        ref = self.village.wiring.collections[edit.key].lens.refs.get(edit.field)
        if ref is None or edit.value is None:
            return edit.value
        return self.evidence.entity((f"{edit.key.partition('/')[0]}/{ref.to}", edit.value))


def _listed(value: str | None, field_: str, conflicts: list[str | None]) -> bool:
    if field_ == "lines":
        return any(f'"{value}"' in (one or "") for one in conflicts)
    return value in conflicts


def _dotted(raw: Raw, name: str) -> object:
    """A property by its dotted name, meta data by key."""
    found: object = raw
    for part in name.split("."):
        if isinstance(found, list):
            found = next((one.get("value") for one in found if one.get("key") == part), None)
        elif isinstance(found, dict):
            found = found.get(part)
    return found
