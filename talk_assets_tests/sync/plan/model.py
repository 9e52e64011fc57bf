"""The whole algorithm over plain dictionaries: records are read, linked, merged, planned, and the changes written.

It says in the plainest Python what the hub must do; the plan is `decide`. A record of golden is `Agreed`; of a linked
record, `seen` is what its system last showed and `sent` what it is up to date with:

    a person edited the record   ⇔  what it shows is not what was seen
    the record needs a write     ⇔  golden is not what was sent

Left out is what the hub's own simulator tries: crashes, lost answers, and people who edit while it writes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from talk_assets.model.gone import Gone
from talk_assets.model.system import Action
from talk_assets.model.topology import Topology
from talk_assets.sync.plan.decide import decide
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.plan.situation import Change, Decision, LinkedRecord, Situation, Values, Verdict

FIELDS = ("email", "first_name", "job_title")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Shown:
    """A record as its system shows it, and when it was last changed."""

    values: dict[str, str | None]
    at: int


@dataclass(frozen=True)
class Agreed:
    """A field's golden value, when it was set, and in which collection."""

    value: str | None
    at: int
    origin: str


@dataclass
class Entity:
    """What linked records describe; `held` are its changes that waited for a person when it was last planned."""

    golden: dict[str, Agreed]
    records: list[LinkedRecord] = field(default_factory=list)
    held: tuple[Change, ...] = ()

    def live(self, key: str) -> LinkedRecord | None:
        return next((one for one in self.records if one.collection == key and one.gone_at is None), None)

    def put(self, record: LinkedRecord) -> None:
        """Take a record in place of what was known of it."""
        same = [n for n, one in enumerate(self.records) if (one.collection, one.id) == (record.collection, record.id)]
        if same:
            self.records[same[0]] = record
        else:
            self.records.append(record)


@dataclass
class Model:
    """Systems of one collection each, and all that is known of them; `rewrite` is what a system makes of a value."""

    topology: Topology
    rewrite: Callable[[str, str, str | None], str | None] = lambda _key, _name, value: value
    systems: dict[str, dict[str, Shown]] = field(default_factory=dict)
    entities: list[Entity] = field(default_factory=list)
    waiting: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """Records that a person has to link, with their e-mail."""
    now: int = 0

    def store(self, key: str, id_: str, values: Values) -> None:
        """A system stores what it is given, new or not."""
        self.now += 1
        own = self.systems.setdefault(key, {}).setdefault(id_, Shown(dict.fromkeys(FIELDS), self.now))
        own.values |= {name: self.rewrite(key, name, value) for name, value in values.items()}
        own.at = self.now

    def reconcile(self) -> None:
        """Take in what the systems show."""
        self.now += 1
        self._notice_deletions()
        self.waiting = {}
        for key in self.topology.collections:
            self._link(key)
        self._merge_edits()

    def sync(self, permits: Permits) -> None:
        """Send what may be sent, one system after the other; what one is sent may be due to what another was."""
        for key in sorted(self.topology.collections):
            for entity in self.entities:
                for decision in list(self.planned(entity, permits)):
                    if decision.change.collection == key and decision.verdict is Verdict.SEND:
                        self._send(entity, decision.change)

    def planned(self, entity: Entity, permits: Permits) -> Iterator[Decision]:
        """Yield what becomes of an entity's changes, and remember what was held."""
        email = entity.golden["email"].value
        alike = Counter(key for (key, _), other in self.waiting.items() if email is not None and other == email)
        decisions = list(
            decide(
                Situation(
                    topology=self.topology,
                    permits=permits,
                    golden={name: one.value for name, one in entity.golden.items()},
                    origins={name: one.origin for name, one in entity.golden.items()},
                    records=tuple(entity.records),
                    could_be=dict.fromkeys(alike, "could be a held record"),
                    held=entity.held,
                )
            )
        )
        entity.held = tuple(one.change for one in decisions if one.verdict is Verdict.HOLD)
        yield from decisions

    def _notice_deletions(self) -> None:
        """What is no longer there leaves a mark, and is not created again by itself."""
        for entity in self.entities:
            for record in entity.records:
                if record.gone_at is None and record.id not in self.systems[record.collection]:
                    entity.put(replace(record, gone_at=self._time(), gone_by=Gone.FOUND))

    def _link(self, key: str) -> None:
        """Who belongs to whom is decided once: by an e-mail that only one record here and one entity have."""
        here = self.systems.get(key, {})
        linked = {one.id for entity in self.entities for one in entity.records if one.collection == key}
        alike = Counter(shown.values["email"] for shown in here.values())
        met = []
        for id_, shown in here.items():
            if id_ in linked:
                continue
            email = shown.values["email"]
            could_be = [
                one for one in self.entities if email and one.golden["email"].value == email and not one.live(key)
            ]
            if email and (alike[email] > 1 or len(could_be) > 1):
                self.waiting[key, id_] = email
            else:
                met.append((id_, shown, could_be[0] if could_be else None))
        for id_, shown, known in met:
            self._meet(key, id_, shown, known)

    def _meet(self, key: str, id_: str, shown: Shown, known: Entity | None) -> None:
        """A record meets its entity: blanks are filled, and where both have a value, the newer one counts."""
        mine = {name: Agreed(value, shown.at, key) for name, value in shown.values.items()}
        if known is None:
            known = Entity(mine)
            self.entities.append(known)
        for name, new in mine.items():
            old = known.golden[name]
            if new.value is not None and (old.value is None or new.at > old.at):
                known.golden[name] = new
        seen = dict(shown.values)
        known.put(LinkedRecord(key, id_, seen=seen, sent=dict(seen), linked_at=self._time()))

    def _merge_edits(self) -> None:
        """The newest edit of a field wins; to clear it is an edit like any other."""
        for entity in self.entities:
            for record in [one for one in entity.records if one.gone_at is None]:
                shown = self.systems[record.collection][record.id]
                edited = {name: value for name, value in shown.values.items() if value != record.seen[name]}
                for name, value in edited.items():
                    if shown.at > entity.golden[name].at:
                        entity.golden[name] = Agreed(value, shown.at, record.collection)
                entity.put(replace(record, seen={**record.seen, **edited}, sent={**record.sent, **edited}))

    def _send(self, entity: Entity, change: Change) -> None:
        key, own = change.collection, self.systems.setdefault(change.collection, {})
        if change.action is Action.CREATE:
            id_ = f"new{self.now}"
            self.store(key, id_, change.fields)
            sent = {name: change.fields.get(name) for name in FIELDS}
            entity.put(LinkedRecord(key, id_, seen=dict(own[id_].values), sent=sent, linked_at=self._time()))
            return
        (record,) = [one for one in entity.records if one.collection == key and one.id == change.id]
        if change.action is Action.UPDATE:
            self.store(key, record.id, change.fields)
            seen = {name: own[record.id].values[name] for name in change.fields}
            entity.put(replace(record, seen={**record.seen, **seen}, sent={**record.sent, **change.fields}))
        elif change.action is Action.DELETE:
            self.now += 1
            del own[record.id]
            entity.put(replace(record, gone_at=self._time(), gone_by=Gone.DELETED))

    def _time(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now)
