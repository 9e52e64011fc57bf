"""What became of a collection's changes in one run, and which of them are still to be tried in it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from talk_assets.model.system import Action, Answer, Outcome, Write
from talk_assets.sync.write.narrowing import Narrowing


@dataclass
class WriteReport:
    """What became of a collection's changes."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    held: int = 0
    failed: int = 0
    waiting: int = 0
    stopped: str | None = None
    """Why nothing was sent, and a person is asked."""
    attempted: set[str] = field(default_factory=set)
    """Entities that were tried in this run, whatever came of it."""
    reread: set[str] = field(default_factory=set)
    """Entities whose record was edited since it was read: it was read again, and they were tried once more."""
    narrowing: Narrowing = field(default_factory=Narrowing)
    """Which of their values the collection refuses."""
    in_parts: set[tuple[str, Action]] = field(default_factory=set)
    """What was done in parts, and is counted once."""
    reviewed: set[str] = field(default_factory=set)
    """Entities of which something was held in this run."""
    begun: datetime | None = None
    """When the last batch was prepared, and with how many entities tried before it."""
    before: int = 0

    def _done(self, write: Write) -> None:
        if write.entity in self.narrowing.searched:
            if (write.entity, write.action) in self.in_parts:
                return
            self.in_parts.add((write.entity, write.action))
        match write.action:
            case Action.CREATE:
                self.created += 1
            case Action.UPDATE:
                self.updated += 1
            case Action.DELETE:
                self.deleted += 1

    def count(self, writes: Sequence[Write], given: Sequence[Answer], held: AbstractSet[str]) -> None:
        """Add the answers to some writes, after which entities are `held`; a write without an answer failed.

        A record that was written in parts counts once. What is to be tried again in this run is none of `attempted`,
        and did not fail.
        """
        sent = {write.key: write for write in writes}
        for answer in given:
            write = sent[answer.key]
            if answer.outcome is Outcome.DONE:
                self._done(write)
            elif answer.outcome is not Outcome.REFUSED and write.entity in self.attempted:
                self.failed += 1
        self.held += len(held - self.reviewed)
        self.reviewed |= held
        self.failed += len(writes) - len(given)

    def untried(self) -> tuple[str, dict[str, pl.DataFrame]]:
        """Return the SQL condition on `c` that its entity was not tried in this run, and the frames that it names."""
        if not self.attempted:
            return "true", {}
        tried = pl.DataFrame({"entity_id": sorted(self.attempted)}, schema={"entity_id": pl.String})
        return "c.entity_id NOT IN (SELECT entity_id FROM tried)", {"tried": tried}

    @property
    def writes(self) -> int:
        """How many records were changed in the system."""
        return self.created + self.updated + self.deleted

    @property
    def tried(self) -> int:
        """How many changes are done with in this run, whatever came of them."""
        return self.writes + self.held + self.failed + self.waiting
