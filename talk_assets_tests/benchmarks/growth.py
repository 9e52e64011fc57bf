"""What 1,000 edits cost among many linked records and among few: it should grow with what changed.

The systems are pages of JSON in memory; what is timed is what we do with them, in a process that has done it once.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from talk_assets.sync.hub import Hub
from talk_assets.sync.writing import Writer, WriteReport
from talk_assets.systems.customerp import contact
from talk_assets_tests.benchmarks import population
from talk_assets_tests.benchmarks.figures import TIMES, Done, Figure, apart

MANY, FEW, EDITS = 1_000_000, 10_000, 1000

JOIN = """
    CREATE TEMP TABLE differing AS
    SELECT w._id AS person, c._id AS contact, l.entity
    FROM webcrm.persons w
    JOIN person.links l ON l.collection = 'webcrm/persons' AND l.id = w._id
    JOIN person.links r ON r.collection = 'customerp/contact' AND r.entity = l.entity
    JOIN customerp.contact c ON c._id = r.id
    WHERE w."PersonFirstName" IS DISTINCT FROM c.first_name OR w."PersonLastName" IS DISTINCT FROM c.last_name
       OR w."PersonTitle" IS DISTINCT FROM c.job_title OR lower(w."PersonEmail") IS DISTINCT FROM c.email
       OR w."PersonMobilePhone" IS DISTINCT FROM c.mobile OR w."PersonBirthday"[:10] IS DISTINCT FROM c.birth_date
"""
"""Who is not the same on both sides."""


@dataclass(frozen=True)
class Round:
    """Seconds that it took to read edits, to settle them, and to prepare the first batch of writes."""

    read: float
    settle: float
    prepare: float

    @property
    def whole(self) -> float:
        """Everything between the first page and the first write."""
        return self.read + self.settle + self.prepare


def figures() -> list[Figure]:
    """Return the figures: the whole and the hub's part, each among many and beside its floor."""
    with tempfile.TemporaryDirectory() as name:
        many, few = (population.linked(Path(name), count) for count in (MANY, FEW))
        rounds = [(_apart(many, MANY), _apart(few, FEW), apart(_joined, many)) for _ in range(TIMES)]
    large, small, joined = zip(*rounds, strict=True)
    what, among = f"{EDITS:,} edits among {MANY:,} linked records", f"the same among {FEW:,}"
    peak = max(one.peak for one in large)
    return [
        Figure(f"{what}: read, settle, prepare", _whole(large), among, _whole(small), peak),
        Figure(f"{what}: settle", _settle(large), among, _settle(small), peak),
        Figure(
            f"{what}: settle", _settle(large), "a join of both tables over the links", [j.result for j in joined], peak
        ),
    ]


def _whole(rounds: Sequence[Done[Round]]) -> list[float]:
    return [one.result.whole for one in rounds]


def _settle(rounds: Sequence[Done[Round]]) -> list[float]:
    return [one.result.settle for one in rounds]


def _apart(database: Path, count: int) -> Done[Round]:
    return apart(_edited, population.copied(database), count)


def _edited(database: Path, count: int) -> Round:
    """The second of two rounds, as the first also pays for what is loaded once.

    The database stays open, as it does in a run.
    """
    rounds = []
    for title in ("Director", "Chairman"):
        hub = population.hub(database, population.edited(count, EDITS, title))
        with hub.store.kept_open():
            rounds.append(_round(hub))
    return rounds[-1]


def _round(hub: Hub) -> Round:
    began = time.perf_counter()
    asyncio.run(hub.read("webcrm"))
    read = time.perf_counter()
    settled = hub.settle("person")
    decided = time.perf_counter()
    writes = _prepare(hub)
    if settled != EDITS or not writes:
        message = f"of {EDITS} edits {settled} were settled, and {writes} were to be written"
        raise RuntimeError(message)
    return Round(read - began, decided - read, time.perf_counter() - decided)


def _prepare(hub: Hub) -> int:
    writer = Writer(population.PAIR.right, contact, [population.PAIR], hub.run)
    with hub.store.transaction() as transaction:
        return len(writer.prepare(transaction, WriteReport(), hub.clock()).writes)


def _joined(database: Path) -> float:
    began = time.perf_counter()
    with duckdb.connect(database) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(JOIN)
    return time.perf_counter() - began
