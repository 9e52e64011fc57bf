"""A script from a seed: what people do in each history, and the runs between, still without faults."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from talk_assets_tests.simulator.fate import Chance
from talk_assets_tests.simulator.office import KNOWING, PAIRS
from talk_assets_tests.simulator.script import EVERYTHING, Act, Doing, Hidden, Kind, Run, Script, Setting

TOGETHER = 100
"""Histories that share systems and runs."""

KNOWN = 0.3
"""How many histories begin with a record that two systems have, each by itself."""

COPIED = 0.06
"""In how many histories of a block a record that the sync may have created is copied, and the original deleted."""

RIVALS = 0.1
"""In how many histories of a block the same is edited in two systems."""

OVERTAKEN = 0.3
"""In how many groups of histories a newer edit is read before an older one, now and then."""

NICKED = 0.85
"""How many people have a nick."""

SETTINGS = 0.5
"""After how many blocks something is configured otherwise."""

PEOPLE = "first_name", "job_title", "firm"

HIDEABLE = {key: ["name"] if key.endswith("firms") else ["first_name", "job_title"] for key in EVERYTHING}
"""What an API may stop to show; not what system c rewrites in a way that no lens knows: only its answers tell."""
HIDEABLE["c/people"].remove("job_title")
del HIDEABLE["c/firms"]


@dataclass
class Author:
    """Invents what somebody does. Every value is another one, and begins with the number of its history."""

    rng: random.Random
    histories: int
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def act(self, history: int) -> Act:
        """Mostly creates and edits; now and then a record is deleted, comes back, or its id does."""
        chance = self.rng.random()
        if chance < 0.45:
            return self.create(history)
        if chance < 0.88:
            return self.edit(history)
        deletes = [Doing.DELETE, Doing.DELETE, Doing.DELETE]
        doing = self.rng.choice([*deletes, Doing.RESTORE, Doing.ARCHIVE, Doing.REUSE, Doing.COPY])
        where = f"{self.rng.choice('abcd')}/{self.rng.choice(['people', 'firms'])}"
        values = self._values(history, where) if doing in {Doing.REUSE, Doing.COPY} else ()
        return Act(history, doing, where, self.rng.randrange(100), values)

    def create(self, history: int) -> Act:
        """A new record."""
        kind = "firms" if self.rng.random() < 0.3 else "people"
        where = f"{self.rng.choice('abcd')}/{kind}"
        return Act(history, Doing.CREATE, where, 0, self._values(history, where))

    def known_to_two(self, history: int) -> list[Act]:
        """The same person or firm in two systems, of which nobody has told the sync yet."""
        kind = "firms" if self.rng.random() < 0.3 else "people"
        one, other = (f"{system}/{kind}" for system in self.rng.sample("abcd", 2))
        values = self._values(history, one)
        return [Act(history, Doing.CREATE, where, 0, values) for where in (one, other)]

    def edit(self, history: int) -> Act:
        """One property changed or cleared; a firm's now and then."""
        where = f"{self.rng.choice('abcd')}/{'firms' if self.rng.random() < 0.15 else 'people'}"
        name = self.rng.choice(_of_firms(where) if where.endswith("firms") else PEOPLE)
        value = self._value(history, name) if self.rng.random() < 0.6 else None
        return Act(history, Doing.EDIT, where, self.rng.randrange(100), ((name, value),))

    def rivals(self, history: int, systems: Sequence[str] = ()) -> list[Act]:
        """The same property of a person edited in two systems, one after the other."""
        name, pick = self.rng.choice(PEOPLE[:2]), self.rng.randrange(100)
        systems = systems or self.rng.sample("abcd", 2)
        return [
            Act(history, Doing.EDIT, f"{system}/people", pick, ((name, self._value(history, name)),))
            for system in systems
        ]

    def replaced_by_copy(self, history: int) -> Act:
        """A record where the sync creates some is copied, and deleted."""
        where = f"{self.rng.choice('bc')}/{self.rng.choice(['people', 'firms'])}"
        return Act(history, Doing.COPY, where, 2 * self.rng.randrange(50), self._values(history, where))

    def meanwhile(self) -> Act:
        """Somebody edits something."""
        return self.edit(self.rng.randrange(self.histories))

    def _values(self, history: int, where: str) -> tuple[tuple[str, str | None], ...]:
        """Now and then the key is one that others of this history have too, or there is none."""
        number = next(self.numbers)
        key = f"{history:02}{self.rng.randrange(3)}" if self.rng.random() < 0.3 else f"{history:02}9{number:05}"
        if where.endswith("firms"):
            return (("number", key), *((name, self._value(history, name)) for name in _of_firms(where)))
        email = f"{key}@example.com" if self.rng.random() < 0.9 else None
        names = ["first_name", "job_title", *(["nick"] if self.rng.random() < NICKED else [])]
        return (("email", email), *((name, self._value(history, name)) for name in (*names, "firm")))

    def _value(self, history: int, name: str) -> str | None:
        if name == "firm":
            return self.rng.choice([None, str(self.rng.randrange(100))])
        blanks = "  " if name == "name" and self.rng.random() < 0.2 else ""
        return f"{history:02}{next(self.numbers):05} {name}{blanks}"


def _of_firms(where: str) -> tuple[str, ...]:
    return ("name", "website") if where[0] in KNOWING else ("name",)


def setting(rng: random.Random) -> Setting:
    """Pairs that are off or only plan, first names that are in another property, properties that an API hides."""
    sides = [(pair.left, pair.right) for pair in PAIRS]
    off = tuple(pair for pair in sides if rng.random() < 0.2)
    planned = tuple(pair for pair in sides if pair not in off and rng.random() < 0.25)
    renamed = tuple(f"{system}/people" for system in "abcd" if rng.random() < 0.4) if rng.random() < 0.3 else ()
    hidden = [
        _hidden(key, rng.choice(HIDEABLE[key]), of, rng.randrange(7))
        for key in HIDEABLE
        if rng.random() < 0.2
        for of in [rng.choice([1, 7, 7, 11])]
    ]
    return Setting(off, planned, renamed, tuple(hidden))


def _garbled(rng: random.Random) -> list[Setting]:
    """Half of the time, some records show from the beginning what can't be read."""
    keys = [key for key in HIDEABLE if rng.random() < 0.5]
    hidden = (Hidden(key, rng.choice(HIDEABLE[key]), 2, rng.randrange(2), garbled=True) for key in keys)
    return [Setting(hidden=tuple(hidden))] if rng.random() < 0.5 else []


def _hidden(key: str, name: str, of: int, rest: int) -> Hidden:
    """Now and then it is shown, and can't be read."""
    return Hidden(key, name, of, rest, garbled=rest % 2 == 0 and of > 1)


def write(seed: int, histories: int = TOGETHER) -> Script:
    """Return what happens in a group, without what goes wrong."""
    rng = random.Random(seed)
    author = Author(rng, histories)
    events: list[Act | Run | Setting] = [*_garbled(random.Random(f"garbled {seed}"))]
    for block in range(rng.randint(2, 10)):
        for history in range(histories):
            if not block and rng.random() < KNOWN:
                events += author.known_to_two(history)
            events += [author.act(history) for _ in range(rng.randint(0, 4))]
            if rng.random() < RIVALS:
                events += author.rivals(history)
            if block and rng.random() < COPIED:
                events.append(author.replaced_by_copy(history))
        if rng.random() < SETTINGS:
            events.append(setting(rng))
        full, reads = rng.random() < 0.3, _read(rng)
        events.append(Run(full=full and bool(reads), reads=reads, pause=rng.choice([1, 5, 30])))
    return Script(seed, (*events, *_overtaken(seed, histories)))


def _overtaken(seed: int, histories: int) -> Iterator[Act | Run]:
    """People edit the same in two systems, and the run reads only the second one, of which the edits are newer."""
    rng = random.Random(f"overtaken {seed}")
    if rng.random() >= OVERTAKEN:
        return
    author = Author(rng, histories, itertools.count(50_000))
    for _ in range(2):
        yield Run(reads=EVERYTHING, pause=5)
        older, newer = rng.sample("abcd", 2)
        for history in range(histories):
            yield from author.rivals(history, (older, newer))
        yield Run(reads=tuple(key for key in EVERYTHING if key.startswith(newer)), pause=5)
    yield Run(reads=EVERYTHING, pause=5)


def _read(rng: random.Random) -> tuple[str, ...]:
    chance = rng.random()
    if chance < 0.55:
        return EVERYTHING
    return tuple(key for key in EVERYTHING if rng.random() < 0.5) if chance < 0.9 else ()


CHANCES = {
    Kind.CRASH: (0, 0, 0.002, 0.005, 0.02, 0.05),
    Kind.MEANWHILE: (0, 0.1),
    Kind.LOST: (0, 0, 0.1),
    Kind.FAILED: (0, 0, 0.1),
    Kind.REFUSED: (0, 0, 0, 0.03),
    Kind.OUTAGE: (0, 0, 0.05),
    Kind.LIMIT: (0, 0.1),
    Kind.LIMIT_KEPT: (0, 0, 0, 0.05),
    Kind.MOVED: (0, 0.2, 0.2),
}
"""How likely a fault is at each point where it can happen: one of these for each run."""


def chance(seed: int, run: int, histories: int = TOGETHER) -> Chance:
    """Return what decides on the faults of a run."""
    rng = random.Random(f"{seed} {run}")
    author = Author(rng, histories, itertools.count(100 * run + 10_000 + run * 1000))
    return Chance(rng, {kind: rng.choice(chances) for kind, chances in CHANCES.items()}, author.meanwhile)
