"""What happens in a group of histories, as data: it can be played, shortened, compared and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_lowercase


class Doing(StrEnum):
    """What a person does to a record."""

    CREATE = "creates"
    EDIT = "edits"
    DELETE = "deletes"
    RESTORE = "restores from the trash"
    REUSE = "creates, and gets the id of a deleted one,"
    ARCHIVE = "archives"
    COPY = "copies, the mark of the sync included,"


@dataclass(frozen=True)
class Act:
    """Somebody does something to a record of one history in the collection `where`.

    `pick` counts through the records there, from the beginning again after the last; so does the value of `firm`
    through the firms of that system. Where there is none, nothing happens.
    """

    history: int
    doing: Doing
    where: str
    pick: int = 0
    values: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {value!r}" for name, value in self.values)
        which = "" if self.doing is Doing.CREATE else f" number {self.pick}"
        return f"history {self.history}: somebody {self.doing} {self.where}{which}{f': {values}' if values else ''}"


class Kind(StrEnum):
    """What can go wrong, or happen meanwhile, at one point of a run."""

    CRASH = "crash"
    MEANWHILE = "edit meanwhile"
    OUTAGE = "outage"
    LIMIT = "rate limit"
    LIMIT_KEPT = "rate limit that stays"
    LOST = "lost answer"
    FAILED = "failed write"
    REFUSED = "refused write"
    MOVED = "moved page"
    """A page after the first is that of a list from which some records of an earlier page have gone."""


@dataclass(frozen=True)
class Point:
    """The `n`th time in a run that something is done, for the records of one history or for all."""

    label: str
    history: int | None
    n: int

    def __str__(self) -> str:
        whose = "" if self.history is None else f" for history {self.history}"
        return f"{self.label}{whose}, time {self.n}"


@dataclass(frozen=True)
class Fault:
    """What happens at a point; `act` is what somebody does there."""

    kind: Kind
    at: Point
    act: Act | None = None

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}{f': {self.act}' if self.act else ''}"


EVERYTHING = tuple(f"{system}/{name}" for system in "abcd" for name in ("people", "firms"))


@dataclass(frozen=True)
class Run:
    """One run of the sync, so many ticks after what happened before.

    `reads` are the collections it reads: all; those where something changed, as a sensor asks for; or none, as a retry.
    """

    full: bool = False
    reads: tuple[str, ...] = EVERYTHING
    pause: int = 1
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        what = "" if self.reads == EVERYTHING else f" {', '.join(self.reads)}"
        kind = f"reads{what}{' in full' if self.full else ''} and writes" if self.reads else "only writes"
        return "\n".join([f"a run {kind}", *(f"    {fault}" for fault in self.faults)])


@dataclass(frozen=True)
class Hidden:
    """The API shows a property no longer, of the records whose number leaves `rest` when divided by `of`.

    Where it is `garbled`, it shows something that can't be read instead.
    """

    key: str
    name: str
    of: int
    rest: int
    garbled: bool = False

    def hides(self, id_: str) -> bool:
        """Whether it is one of those records."""
        return int(id_.strip(ascii_lowercase)) % self.of == self.rest % self.of

    def __str__(self) -> str:
        does = "garbles" if self.garbled else "hides"
        return f"{self.key} {does} {self.name} of every record number {self.rest} modulo {self.of}"


@dataclass(frozen=True)
class Setting:
    """What is configured, and what APIs show, from now on; the process is started again for it.

    Pairs are named by their two sides. `renamed` are the collections of people whose first names are read from `nick`.
    """

    off: tuple[tuple[str, str], ...] = ()
    planned: tuple[tuple[str, str], ...] = ()
    renamed: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()

    def __str__(self) -> str:
        said = [f"{left} → {right} is off" for left, right in self.off]
        said += [f"{left} → {right} only plans" for left, right in self.planned]
        said += [f"{key} has first names in nick" for key in self.renamed]
        return f"from now on {'; '.join([*said, *map(str, self.hidden)]) or 'all is as it should be'}"


@dataclass(frozen=True)
class Script:
    """`seed` is what the traits of the systems come from."""

    seed: int
    events: tuple[Act | Run | Setting, ...]

    @property
    def histories(self) -> Sequence[int]:
        """Those in which somebody does something."""
        acts = [event for event in self.events if isinstance(event, Act)]
        acts += [fault.act for event in self.events if isinstance(event, Run) for fault in event.faults if fault.act]
        return sorted({act.history for act in acts})

    def __len__(self) -> int:
        return len(self.events) + sum(len(event.faults) for event in self.events if isinstance(event, Run))

    def __str__(self) -> str:
        return "\n".join([f"systems of seed {self.seed}", *map(str, self.events), "then runs without faults, to rest"])
