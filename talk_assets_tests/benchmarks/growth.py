"""What 1,000 edits cost among many linked records and among few: it should grow with what changed.

Everything is timed that a run does about them: webCRM is asked what changed, and Customerp is sent a request for each,
by a process that has done it before.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from talk_assets.sync.hub import Hub
from talk_assets_tests.benchmarks import population
from talk_assets_tests.benchmarks.canned import EDITED, edits
from talk_assets_tests.benchmarks.figures import TIMES, Done, Figure, apart
from talk_assets_tests.benchmarks.reading import connected

MANY, FEW = 1_000_000, 10_000

JOIN = """
    CREATE TEMP TABLE differing AS
    SELECT w._id AS person, c._id AS contact, l.entity_id
    FROM webcrm.persons w
    JOIN person.links l ON l.collection = 'webcrm/persons' AND l.id = w._id
    JOIN person.links r ON r.collection = 'customerp/contact' AND r.entity_id = l.entity_id
    JOIN customerp.contact c ON c._id = r.id
    WHERE w."PersonFirstName" IS DISTINCT FROM c.first_name OR w."PersonLastName" IS DISTINCT FROM c.last_name
       OR w."PersonTitle" IS DISTINCT FROM c.job_title OR lower(w."PersonEmail") IS DISTINCT FROM c.email
       OR w."PersonMobilePhone" IS DISTINCT FROM c.mobile OR w."PersonBirthday"[:10] IS DISTINCT FROM c.birth_date
"""
"""Who is not the same on both sides."""


@dataclass(frozen=True)
class Round:
    """Seconds that edits took from the first request to the last answer, and those of them that reconciling took."""

    whole: float
    reconcile: float


def figures() -> list[Figure]:
    """Return the figures: the whole among many beside few, and the hub's part beside its floor."""
    with tempfile.TemporaryDirectory() as name:
        many, few = (population.linked(Path(name), count) for count in (MANY, FEW))
        rounds = [(_apart(many, MANY), _apart(few, FEW), apart(_joined, many)) for _ in range(TIMES)]
    large, small, joined = zip(*rounds, strict=True)
    what, among = f"{EDITED:,} edits among {MANY:,} linked records", f"the same among {FEW:,}"
    peak = max(one.peak for one in large)
    return [
        Figure(f"{what}: read, reconcile, write", _whole(large), among, _whole(small), peak),
        Figure(
            f"{what}: reconcile", _reconcile(large), "both tables joined over links", [j.result for j in joined], peak
        ),
    ]


def _whole(rounds: Sequence[Done[Round]]) -> list[float]:
    return [one.result.whole for one in rounds]


def _reconcile(rounds: Sequence[Done[Round]]) -> list[float]:
    return [one.result.reconcile for one in rounds]


def _apart(database: Path, count: int) -> Done[Round]:
    with edits(count) as url:
        return apart(carried, url, population.copied(database))


def carried(url: str, database: Path) -> Round:
    """The medians of some rounds after a first one, which also pays for what is loaded once.

    The database stays open, as it does in a run.
    """
    hub = connected(url, database, [population.PAIR])
    with hub.store.kept_open():
        _, *rounds = [_round(hub) for _ in range(1 + TIMES)]
    return Round(median(one.whole for one in rounds), median(one.reconcile for one in rounds))


def _round(hub: Hub) -> Round:
    began = time.perf_counter()
    for system in hub.systems:
        asyncio.run(hub.read(system))
    read = time.perf_counter()
    reconciled = hub.reconcile("person")
    decided = time.perf_counter()
    written = asyncio.run(hub.write("customerp")).collections[population.PAIR.right].updated
    if not reconciled == written == EDITED:
        message = f"of {EDITED} edits {reconciled} were reconciled, and {written} written"
        raise RuntimeError(message)
    return Round(time.perf_counter() - began, decided - read)


def _joined(database: Path) -> float:
    began = time.perf_counter()
    with duckdb.connect(database) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(JOIN)
    return time.perf_counter() - began
