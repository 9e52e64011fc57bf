"""The whole: minutes of trouble, then quiet, then the verdict."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from talk_assets.report import story
from talk_assets_tests.soak import evidence, shelves
from talk_assets_tests.soak.approving import approved
from talk_assets_tests.soak.edits import Log
from talk_assets_tests.soak.hands import Hands
from talk_assets_tests.soak.oracle import Judge, Violation
from talk_assets_tests.soak.people import People
from talk_assets_tests.soak.syncing import Figures, SyncFailedError, Syncing
from talk_assets_tests.soak.village import Village, opened

REST = 8
"""Syncs that may pass until there is nothing left to write."""

DUMPED = 40
"""Violations whose story is told in a file."""


@dataclass(frozen=True)
class Plan:
    """How long, how large and how rough.

    In the mean, there are `pause` seconds between two acts of people, and `lifetime` between the start of a sync and
    its kill; `talk` is the chance that the sync is the command itself, `unmoved` that an edit in Crmoffice leaves the
    record's time as it was. `ready`: all is in step before trouble begins,
    so that a short soak is not over before anything has been linked.
    """

    seconds: float
    seed: int
    dataflows: Sequence[str]
    records: int = 12
    pause: float = 0.7
    lifetime: float = 40.0
    talk: float = 0.1
    ready: bool = False
    unmoved: float = 0.2

    @property
    def replacing(self) -> bool:
        """Whether this is a Customerp that replaces nested objects: in every other soak."""
        return self.seed % 2 == 1


@dataclass
class Findings:
    """What a soak came to."""

    plan: Plan
    log: Log = field(default_factory=Log)
    figures: Figures = field(default_factory=Figures)
    seconds: float = 0.0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0
    held: int = 0
    told: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    rest: list[int] = field(default_factory=list)
    approvals: int = 0
    violations: list[Violation] = field(default_factory=list)
    failed: str = ""

    @property
    def well(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations and not self.failed

    def summary(self) -> str:
        """Say it for people."""
        figures = self.figures
        people = f"{len(self.log.edits)} fields set, {len(self.log.created)} records created"
        lines = [
            f"seed {self.plan.seed}, {self.seconds / 60:.1f} minutes, {self.requests} requests"
            + (", Customerp replaces nested objects" if self.plan.replacing else ""),
            f"syncs ended {_list(figures.runs)}, {figures.incomplete} of them leaving a system out",
            f"kills {_list(figures.kills)}",
            f"faults {_list(self.faults)}",
            f"acts of people {self.log.acts}: {people}, {len(self.log.deleted)} deleted",
            f"writes of the sync {_list(self.writes)}; until it rests {self.rest}",
            f"{self.conflicts} conflicts, {self.held} held, {self.approvals} approvals",
            f"edits looked for {_list(self.told)}",
            f"blanks that a system filled {_list(self.filled)}",
            f"{len(self.violations)} violations",
        ]
        return "\n".join([*lines, *(f"  {one}" for one in self.violations), *([self.failed] if self.failed else [])])


def _list(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def run(folder: Path, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Findings:
    """Soak in an empty folder; the stories of broken promises are in its `violations`."""
    found = Findings(plan)
    with (
        opened(
            folder, records=plan.records, seed=plan.seed, dataflows=plan.dataflows, replacing=plan.replacing
        ) as village,
        httpx.Client(timeout=30) as http,
    ):
        first = {key: {*shelves.records(village.sandbox, key)} for key in village.wiring.collections}
        rng = random.Random(plan.seed)
        hands = Hands(village.sandbox, http, rng, plan.unmoved, plan.replacing)
        people = People(village.sandbox, hands, village.wiring.collections, rng, found.log)
        syncing = Syncing(village, rng, found.figures)
        try:
            if plan.ready:
                syncing.left_alone("hub")
            _trouble(village, people, syncing, found, tell)
            _rest(village, syncing, found, tell)
        except SyncFailedError as error:
            found.failed = str(error)
        _judge(village, first, found)
    return found


def _trouble(village: Village, people: People, syncing: Syncing, found: Findings, tell: Callable[[str], None]) -> None:
    plan, began, minute = found.plan, time.monotonic(), 0
    village.trouble(plan.seed)
    try:
        while time.monotonic() < began + plan.seconds:
            syncing.tend(lifetime=plan.lifetime, talk=plan.talk)
            people.act()
            time.sleep(people.rng.expovariate(1 / plan.pause))
            if time.monotonic() > began + 60 * (minute + 1):
                minute += 1
                tell(
                    f"minute {minute}: {people.log.acts} acts,"
                    f" runs {syncing.figures.runs}, kills {syncing.figures.kills}"
                )
    finally:
        syncing.kill()
    found.faults = village.faults()
    found.seconds = time.monotonic() - began


def _rest(village: Village, syncing: Syncing, found: Findings, tell: Callable[[str], None]) -> None:
    """Have all sent that is held, and sync, approving what is right, until nothing is written.

    Then the command, where it takes part at all, has nothing to write either.
    """
    time.sleep(1)  # what was on its way arrives
    village.calm()
    village.sent_again()
    approvals = 0
    while not found.rest or ((found.rest[-1] or approvals) and len(found.rest) < REST):
        found.rest.append(syncing.left_alone("hub", "--full"))
        approvals = approved(village)
        found.approvals += approvals
        tell(f"at rest {found.rest}")
    if found.rest[-1]:
        found.failed = f"after {REST} syncs that nothing disturbed there is still something to write"
        return
    writes = syncing.left_alone("talk" if found.plan.talk else "hub")
    found.rest.append(writes)
    if writes:
        found.failed = f"a further sync wrote {writes} records"


def _judge(village: Village, first: dict[str, set[str]], found: Findings) -> None:
    found.requests = village.requests()
    known = evidence.gather(village)
    judge = Judge(village, known, found.log, first)
    found.violations = list(judge.violations())
    if count := village.used_again():
        found.failed = f"{found.failed} {count} refresh tokens were used again, though the next one was known".strip()
    found.told, found.filled = judge.told, judge.filled
    found.conflicts = len(known.conflicts)
    found.held = len(known.held) + sum(change["status"] == "held" for change in known.changes)
    found.writes = Counter(row["action"] for row in known.journal if row["outcome"] == "done")
    _tell_stories(village, known, found)


def _tell_stories(village: Village, known: evidence.Evidence, found: Findings) -> None:
    """A file for each violation: the edits of the record, its story as `talk explain` has it, and how it lies there."""
    folder = village.folder / "violations"
    folder.mkdir(exist_ok=True)
    (folder / "edits.txt").write_text("\n".join(map(str, found.log.edits)) + "\n", "utf-8")
    for n, one in enumerate(found.violations[:DUMPED], 1):
        (folder / f"{n}.txt").write_text("\n".join(_story(village, known, found.log, one)), "utf-8")


def _story(village: Village, known: evidence.Evidence, log: Log, one: Violation) -> list[str]:
    key, id_ = one.name
    with village.look() as transaction:
        told = story.tell(transaction, key, village.wiring.collections[key], id_)
    lines = [str(one), "", f"lies there: {known.raw[key].get(id_)}", ""]
    entity = known.entity(one.name)
    names = [name for name, link in known.links.items() if link["entity_id"] == entity] if entity else [one.name]
    lines += [str(edit) for edit in log.edits if (edit.key, edit.id) in names]
    lines += ["", *(_row(row) for row in known.journal if entity and row["entity_id"] == entity)]
    lines += ["", *(f"conflict {_row(row)}" for row in known.conflicts if row["entity_id"] == entity)]
    for name, value in asdict(told).items() if told else ():
        lines += (
            [f"{name}:", *(f"    {_row(row)}" for row in value)] if isinstance(value, tuple) else [f"{name}: {value}"]
        )
    return lines


def _row(row: dict[str, object]) -> str:
    shown = {name: f"{value:%H:%M:%S.%f}" if isinstance(value, datetime) else value for name, value in row.items()}
    return ", ".join(f"{name}={value}" for name, value in shown.items() if value is not None)
