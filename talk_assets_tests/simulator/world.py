"""What the systems of a group share: the clock, the points where something can happen, and what people did."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from talk_assets.errors import Unreachable
from talk_assets_tests.simulator.fate import Fate, Written
from talk_assets_tests.simulator.script import Act, Kind, Point

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

TICK = timedelta(seconds=0.4)
"""Several fit into a second, so that clocks of whole seconds cannot tell them apart."""

PATIENCE = 50
"""Ticks that a rate limit makes a request wait."""


class Crash(BaseException):
    """The process died."""


@dataclass
class Edit:
    """What a person put into one property of one record, when, and when the hub was shown it: first and last."""

    key: str
    id: str
    name: str
    value: str | None
    at: int
    created: bool
    history: int = 0
    first: int | None = None
    last: int | None = None
    hidden: bool = False
    """Whether the API didn't show the property then."""
    late: int | None = None
    """As how late it may count: when its record was last changed by then, or shown, where the system tells no times."""


@dataclass
class World:
    """`fate` decides what happens; `people` carries out what somebody does. Times are ticks."""

    fate: Fate = field(default_factory=Written)
    people: Callable[[Act], None] = lambda _: None
    now: int = 0
    dead: bool = False
    began: int = 0
    """When the last run began."""
    opened: int = 0
    """When the first did."""
    passed: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    edits: dict[tuple[str, str, str], list[Edit]] = field(default_factory=lambda: defaultdict(list))
    unseen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Edits that no system has shown, with when they were made."""
    overwritten: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """Records that the hub deleted."""
    beside: list[str] = field(default_factory=list)
    """Records beside which the hub created one: never shown, and there all the time, or shown and not looked at."""
    copies: dict[tuple[str, str], str] = field(default_factory=dict)
    """By collection and id of a copy that carries our mark, the id of its original."""
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    """The entity for which the hub created a record."""
    refused: set[tuple[str, str]] = field(default_factory=set)
    """Collection and entity of writes that were refused for good."""
    holds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By value, as `identity` has it, the collections that have ever held it."""
    counts: Callable[[str, str], bool] = lambda _, __: True
    """Whether what a collection holds may be written to another: a pair in mode write connects them."""
    linked: Callable[[str, str], bool] = lambda _, __: False
    """Whether a record has ever had a link."""
    nicks: dict[tuple[str, str], str] = field(default_factory=dict)
    """The nicks that people gave to records, as `identity` has them."""
    planned: list[str] = field(default_factory=list)
    """What the hub wrote although no dataflow in mode write knows it."""
    clearings: set[tuple[str, int]] = field(default_factory=set)
    """Properties that a person cleared, and in which history."""
    wiped: list[str] = field(default_factory=list)
    """Values that the hub cleared although no person had cleared that property in that history."""
    echoes: dict[str | None, int] = field(default_factory=dict)
    """Values that the hub wrote and that a system may show as another one, and when."""
    met: dict[str | None, int] = field(default_factory=dict)
    """What systems made of values that the hub wrote, and when the record that showed it first was last changed."""
    written: dict[str | None, int] = field(default_factory=dict)
    """As systems show them, the values that the hub wrote in this run and that are others now, and when."""

    def tick(self, ticks: int = 1) -> int:
        """Let time pass."""
        self.now += ticks
        return self.now

    def clock(self) -> datetime:
        """The instant it is."""
        return EPOCH + TICK * self.tick()

    def begin(self, fate: Fate) -> None:
        """A run begins, of which `fate` decides; a process that had died is started again."""
        self.fate, self.dead, self.began = fate, False, self.now
        self.opened = self.opened or self.now
        self.passed.clear()
        self.written.clear()

    def point(self, label: str, *kinds: Kind, history: int | None = None) -> list[Kind]:
        """Something is done that may go wrong in these ways, or the process dies; return what does go wrong."""
        if self.dead:
            raise Crash
        n = self.passed[label, history]
        self.passed[label, history] += 1
        found = self.fate.at(Point(label, history, n), (*kinds, Kind.CRASH))
        for fault in found:
            if fault.act:
                self.people(fault.act)
            if fault.kind in {Kind.CRASH, Kind.MEANWHILE, Kind.OUTAGE}:
                self.faults[fault.kind] += 1
        wrong = [fault.kind for fault in found]
        if Kind.CRASH in wrong:
            self.dead = True
            raise Crash
        return [kind for kind in wrong if kind is not Kind.MEANWHILE]

    def request(self, label: str, *, meddle: bool = True) -> int:
        """A request is sent; return how many times it had to be repeated. Raise Unreachable if it cannot be sent."""
        meanwhile = (Kind.MEANWHILE,) if meddle else ()
        wrong = self.point(label, *meanwhile, Kind.OUTAGE, Kind.LIMIT, Kind.LIMIT_KEPT)
        if Kind.OUTAGE in wrong:
            message = f"{label}: no answer"
            raise Unreachable(message)
        if not {Kind.LIMIT, Kind.LIMIT_KEPT} & set(wrong):
            return 0
        self.faults[Kind.LIMIT] += 1
        self.tick(PATIENCE)
        if Kind.LIMIT_KEPT in wrong:
            message = f"{label}: still too many requests"
            raise Unreachable(message)
        return 1

    def put(self, key: str, values: Iterable[str | None]) -> None:
        """A collection holds values."""
        for value in values:
            if value is not None:
                self.holds[identity(value)].add(key)

    def carried(
        self, key: str, values: Mapping[str, str | None], before: Mapping[str, str | None] | None, history: int
    ) -> None:
        """The hub writes values to a collection, over what a record held `before`, if it was there."""
        texts = {name: value for name, value in values.items() if name != "firm"}
        for name, value in texts.items():
            if value is not None and not any(self.counts(other, key) for other in self.holds[identity(value)]):
                self.planned.append(f"{key}.{name} = {value!r}")
            if value is None and before and before[name] is not None and not self._cleared(name, history):
                self.wiped.append(f"{key}.{name} = {before[name]!r}")
        self.put(key, texts.values())

    def _cleared(self, name: str, history: int) -> bool:
        """Whether anybody cleared a property in a history, or gave an id a second time to a record without it."""
        return ("first_name" if name == "nick" else name, history) in self.clearings

    def seen_anew(self) -> None:
        """A lens has changed: what was edited before counts as if it had been there when records met."""
        for edits in self.edits.values():
            for edit in edits:
                if edit.name == "first_name":
                    edit.created = True

    def edited(self, edit: Edit) -> None:
        """Note what a person did."""
        key, id_, name, value, created, history = edit.key, edit.id, edit.name, edit.value, edit.created, edit.history
        if value is None and (not created or (key, id_, name) in self.edits):
            self.clearings.add((name, history))
        self.edits[key, id_, name].append(edit)
        if not created:
            self.unseen[key, id_, name] = self.now

    def shown(self, key: str, id_: str, record: dict[str, str | None], changed: int | None) -> None:
        """Note what the hub was shown, and when the record says that it was changed."""
        for name, value in record.items():
            edits = self.edits.get((key, id_, name))
            if edits and edits[-1].value == value:
                self.unseen.pop((key, id_, name), None)
                edits[-1].first = self.began if edits[-1].first is None else edits[-1].first
                edits[-1].last = self.now if edits[-1].last is None else edits[-1].last
                edits[-1].late = max(edits[-1].late or 0, self.now if changed is None else changed)

    def edited_since(self, at: int, history: int | None, name: str, value: str | None) -> bool:
        """Whether a person put a value into a property of a history's records after a time; it may have been cut."""
        every = (edit for (_, _, own), edits in self.edits.items() if own == name for edit in edits)
        later = (edit.value for edit in every if edit.at > at and edit.history == history)
        return any(one == value or (one and value and identity(one) == identity(value)) for one in later)

    def hidden(self, key: str, id_: str) -> None:
        """No list will show any more what a person had put into a record."""
        self.unseen = {place: at for place, at in self.unseen.items() if place[:2] != (key, id_)}

    def echoed(self, values: Iterable[str | None], changed: int | None) -> None:
        """A record is shown for the first time: what its system made of values is as new as its last change.

        Where the system has no times (`changed` is null), it is as new as that.
        """
        for value in values:
            if value in self.echoes and changed is None:
                self.echoes[value] = self.now
            elif value in self.echoes and changed is not None:
                self.met[value] = max(changed, self.met.get(value, changed))

    def forget_shown(self) -> None:
        """The process died: what it was shown last, and answered, may be unknown to the next."""
        self.echoes |= self.written
        for edits in self.edits.values():
            if edits[-1].last is not None and edits[-1].last >= self.began:
                edits[-1].last = None


def identity(value: str) -> str:
    """Return what stays of a value whatever systems make of it: those that people invent begin with their number."""
    return value if "@" in value or value.isdecimal() else value[:7]
