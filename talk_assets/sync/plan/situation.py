"""What is known of one entity when its collections are planned, and what can be decided, as plain values.

Add what a decision needs to know. What follows from it belongs to `decide`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from talk_assets.model.collection import updatable
from talk_assets.model.gone import DELETED, Gone
from talk_assets.model.system import Action
from talk_assets.model.topology import Topology
from talk_assets.sync.plan.permits import Permits

Values = Mapping[str, str | None]
"""Canonical text by field, null for blank."""


@dataclass(frozen=True)
class LinkedRecord:
    """A record of the entity: `seen` is what its system last showed, `sent` the golden values it is up to date with.

    Both hold every field of the collection's lens. `gone_by` says how it left, if it did.
    """

    collection: str
    id: str
    seen: Values
    sent: Values
    linked_at: datetime
    gone_at: datetime | None = None
    gone_by: Gone | None = None
    archived: bool = False


@dataclass(frozen=True)
class Change:
    """What one collection needs: `fields` are what a create or an update writes, `doubt` why a person looks first."""

    collection: str
    action: Action
    id: str | None = None
    fields: Values = field(default_factory=dict)
    doubt: str | None = field(default=None, compare=False)


class Verdict(StrEnum):
    """What becomes of a change in this run."""

    SEND = "send"
    WAIT = "wait"
    HOLD = "hold"


@dataclass(frozen=True)
class Decision:
    """A change and its verdict; `reason` says to people why it is not sent, or not all of it."""

    change: Change
    verdict: Verdict
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One entity: golden, which collection set each field, and all records it ever had in the topology's collections.

    `fought` are fields that two systems keep setting back, `refused` those, with their collection, whose golden value
    the collection did not take, `unread` collections not read in full yet. `held_parent` is
    a held record that the entity refers to; `could_be` says by collection which held records may be the entity's.
    `held` are changes that were held before, in the state of that time; `approved` those that a person let out.
    """

    topology: Topology
    permits: Permits
    golden: Values
    origins: Mapping[str, str]
    records: tuple[LinkedRecord, ...]
    fought: frozenset[str] = frozenset()
    refused: frozenset[tuple[str, str]] = frozenset()
    unread: frozenset[str] = frozenset()
    held_parent: str | None = None
    could_be: Mapping[str, str] = field(default_factory=dict)
    held: tuple[Change, ...] = ()
    approved: tuple[Change, ...] = ()

    def live(self, *keys: str) -> LinkedRecord | None:
        """Return the record that is there now, of the first of some collections that has one."""
        there = {record.collection: record for record in self.records if record.gone_at is None}
        return next((there[key] for key in keys if key in there), None)

    def deleted(self, key: str, since: datetime) -> LinkedRecord | None:
        """Return the record that was last deleted from a collection, unless before a time, or another is there now."""
        found = [record for record in self.records if record.collection == key and record.gone_by in DELETED]
        deleted = {record.gone_at: record for record in found if record.gone_at}
        last = max(deleted, default=None)
        return deleted[last] if last and last >= since and not self.live(key) else None

    def unsent(self, record: LinkedRecord) -> list[str]:
        """Return the fields in which golden is not what the record was sent, of those that an update can write."""
        fields = updatable(self.topology.collections[record.collection])
        return [name for name in fields if self.golden[name] != record.sent[name]]

    def sources(self, name: str, key: str) -> Iterable[str]:
        """Return the collections that a field's golden value may come from: its origin, and others that show it."""
        yield self.origins[name]
        for record in self.records:
            known = record.gone_at is None and record.collection != key and name in record.seen
            if known and record.seen[name] == self.golden[name]:
                yield record.collection
