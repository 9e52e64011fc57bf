"""The row of a run in `sync.runs`: when it began, what its steps did, how it ended.

Each step adds its part as soon as it is done, so that a run that dies midway still says what it had done. `summary` is
a JSON object of the form of `Summary`.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime

import polars as pl

from talk_assets.store.transaction import Transaction

COUNTS = ("read", "changed", "created", "updated", "deleted", "failed")
"""What is counted per collection: records received and different from before; writes carried out, and not."""

WRITES = ("created", "updated", "deleted")


@dataclass
class Summary:
    """What a run did: counts per collection, requests and seconds waited per system, and why a system was left out."""

    collections: dict[str, dict[str, int]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What was read or planned again because the configuration has changed, what ends soon, whose times are wrong."""

    @property
    def writes(self) -> int:
        """How many records were written, in all."""
        return sum(counts.get(name, 0) for counts in self.collections.values() for name in WRITES)

    @property
    def failed(self) -> int:
        """How many writes were not carried out, and are tried again by the next run."""
        return sum(counts.get("failed", 0) for counts in self.collections.values())

    def add(self, other: "Summary") -> None:
        """Add what another step did."""
        for key, counts in other.collections.items():
            mine = self.collections.setdefault(key, dict.fromkeys(COUNTS, 0))
            for name, count in counts.items():
                mine[name] = mine.get(name, 0) + count
        for system, requests in other.requests.items():
            self.requests[system] = self.requests.get(system, 0) + requests
        for system, seconds in other.waited.items():
            self.waited[system] = self.waited.get(system, 0.0) + seconds
        self.failures |= other.failures
        self.notes += [note for note in other.notes if note not in self.notes]


def unwritten(count: int) -> str:
    """Say how many writes failed."""
    return f"{count} {'write' if count == 1 else 'writes'} failed; the next sync tries again"


def begin(transaction: Transaction, run: str, mode: str, now: datetime) -> None:
    """Add the run's row, unless it is there."""
    transaction.run(
        """
        INSERT INTO sync.runs (run, started_at, mode, summary) SELECT $1, $2, $3, '{}'
        WHERE $1 NOT IN (SELECT run FROM sync.runs)
        """,
        run,
        now,
        mode,
    )


def add(transaction: Transaction, run: str, part: Summary, now: datetime) -> None:
    """Add what a step did to the run's summary. `ended_at` is when the latest step did, until the run has ended."""
    whole = summary(transaction, run)
    whole.add(part)
    transaction.run("UPDATE sync.runs SET summary = ?, ended_at = ? WHERE run = ?", json.dumps(asdict(whole)), now, run)


def summary(transaction: Transaction, run: str) -> Summary:
    """Return what the run has done so far, nothing where it is not known."""
    found = transaction.frame("SELECT summary FROM sync.runs WHERE run = ?", run)["summary"].to_list()
    return Summary(**json.loads(found[0])) if found else Summary()


def end(transaction: Transaction, run: str, outcome: str, now: datetime) -> None:
    """Say how the run ended: `done`, `failed`, `stopped` by a person, or `died` without a word.

    `incomplete`: a system was left out, a write failed, a check blocked, or a guard stopped something.
    """
    transaction.run(
        "UPDATE sync.runs SET ended_at = ?, outcome = ? WHERE run = ? AND outcome IS NULL", now, outcome, run
    )


def written(transaction: Transaction, run: str, system: str) -> dict[str, dict[str, int]]:
    """Return by collection what the journal knows to be written, for a step that did not get to its end."""
    found = transaction.frame(
        """
        SELECT collection, if(action = 'archive', 'update', action) || 'd' AS what, count(*) AS n FROM sync.journal
        WHERE run = ? AND outcome = 'done' AND starts_with(collection, ?) GROUP BY ALL
        """,
        run,
        f"{system}/",
    )
    counts: dict[str, dict[str, int]] = {}
    for collection, what, n in found.iter_rows():
        counts.setdefault(collection, {})[what] = n
    return counts


def failed_writes(transaction: Transaction, run: str, summary: Summary) -> dict[str, str]:
    """Return by collection how many writes of a run failed, with the latest reason that the journal has."""
    reasons = dict(
        transaction.frame(
            "SELECT collection, arg_max(reason, intended_at) FROM sync.journal"
            " WHERE run = ? AND outcome IS DISTINCT FROM 'done' AND reason IS NOT NULL GROUP BY collection",
            run,
        ).iter_rows()
    )
    return {
        key: f"{key}: {unwritten(counts['failed'])}" + (f" ({reasons[key]})" if key in reasons else "")
        for key, counts in summary.collections.items()
        if counts.get("failed")
    }


def last(transaction: Transaction) -> pl.DataFrame:
    """Return `run, started_at, ended_at, mode, outcome` of the latest run, no row where there was none."""
    return transaction.frame(
        "SELECT run, started_at, ended_at, mode, outcome FROM sync.runs ORDER BY started_at DESC LIMIT 1"
    )
