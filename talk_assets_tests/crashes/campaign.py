"""Rounds of edits, kills and syncs in one office, beside a twin in which the same is edited and nobody is killed."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from talk_assets_tests.crashes import shapes
from talk_assets_tests.crashes.acting import carry_out
from talk_assets_tests.crashes.killing import Kill, kill
from talk_assets_tests.crashes.office import Done, Office, SyncFailedError, opened
from talk_assets_tests.crashes.people import People

AGAIN = 0.3
"""The chance that the sync after a kill is killed as well, unless it is said otherwise."""

BETWEEN = 0.4
"""The chance that people go on editing between a kill and the sync that is left alone."""


@dataclass
class Findings:
    """What came of a campaign: kills in order, syncs that ended before they were killed, promises that were broken."""

    kills: list[Kill] = field(default_factory=list)
    missed: int = 0
    rounds: int = 0
    acts: int = 0
    violations: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Say it for people."""
        kills, syncs = (
            f"{len(self.kills)} kills in {self.rounds} rounds",
            f"{self.missed} syncs ended before their kill",
        )
        lines = [f"{kills} with {self.acts} edits; {syncs}."]
        for (aim, phase), count in sorted(Counter((one.aim.value, one.phase) for one in self.kills).items()):
            lines.append(f"  {count:4}  {aim}: {phase}")
        lines += [f"{len(self.violations)} violations", *(f"  {text}" for text in self.violations)]
        return "\n".join(lines)


@dataclass
class Campaign:
    """Both offices, and everybody in them."""

    office: Office
    twin: Office
    rng: random.Random
    people: People
    kills: int
    again: float
    found: Findings = field(default_factory=Findings)

    @property
    def enough(self) -> bool:
        """Whether as many were killed as were asked for."""
        return len(self.found.kills) >= self.kills

    def round(self) -> None:
        """Edits; kills, perhaps with more edits after them; a sync left alone; and both offices are the same."""
        if self.found.rounds:
            self._edit()
        undisturbed = self.twin.sync()
        while self._kill(undisturbed) and not self.enough and self.rng.random() < self.again:
            pass
        if self.rng.random() < BETWEEN:
            self._edit()
            self.twin.sync()
        self.office.sync()
        self.found.rounds += 1
        self.people.next_round()
        self._check()

    def _kill(self, undisturbed: Done) -> bool:
        done = kill(self.office, self.rng, undisturbed)
        if done is None:
            self.found.missed += 1
            return False
        self.found.kills.append(done)
        return True

    def _edit(self) -> None:
        acts = self.people.plan(shapes.common(self.twin.snapshot(), self.office.snapshot()))
        self.found.acts += len(acts)
        for office in (self.twin, self.office):
            carry_out(office, acts)

    def _check(self) -> None:
        wrong = list(shapes.differences(self.office.snapshot(), self.twin.snapshot()))
        left = self.office.open_intents()
        if left:
            wrong.append(f"{left} intents are still open after a sync that was left alone")
        self._note(wrong)

    def rest(self) -> None:
        """A further sync writes nothing, in either office."""
        wrong = []
        for name, office in (("twin", self.twin), ("office", self.office)):
            done = office.sync()
            if done.writes or done.requests:
                wrong.append(f"{name}: a further sync wrote {done.writes} records with {done.requests} write requests")
        self._check()
        self._note(wrong)

    def _note(self, wrong: list[str]) -> None:
        self.found.violations += [f"round {self.found.rounds}: {text}" for text in wrong]


def run(
    folder: Path,
    *,
    kills: int,
    seed: int,
    records: int = 15,
    command: str = "hub",
    again: float = AGAIN,
    tell: Callable[[Findings], None] = lambda _: None,
) -> Findings:
    """Kill that many syncs, or fewer where a promise is broken on the way; `tell` is called after each round."""
    with ExitStack() as stack:
        offices = []
        for name in ("office", "twin"):
            (folder / name).mkdir()
            offices.append(stack.enter_context(opened(folder / name, records=records, seed=seed, command=command)))
        rng = random.Random(seed)
        campaign = Campaign(offices[0], offices[1], rng, People(rng), kills, again)
        found = campaign.found
        try:
            while not campaign.enough and not found.violations:
                campaign.round()
                tell(found)
            if not found.violations:
                campaign.rest()
        except SyncFailedError as error:
            found.violations.append(f"round {found.rounds + 1}: {error}")
    return found
