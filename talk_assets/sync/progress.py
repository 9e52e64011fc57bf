"""How far a long read or write is, reported as it goes on to whoever asked.

Whether it becomes a line in a log or a bar on a terminal is no concern of the hub.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Doing(StrEnum):
    """What is done with the records."""

    READ = "read"
    WRITTEN = "written"


@dataclass(frozen=True)
class Progress:
    """How far a collection is: `done` records of `total`, null where nobody knows.

    `waited` is the seconds that its system's connection has waited for the rate limit. The last word is that `done` is
    all of it.
    """

    key: str
    doing: Doing
    done: int
    total: int | None
    waited: float


Tell = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nobody."""
