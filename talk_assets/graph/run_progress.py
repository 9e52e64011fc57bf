"""Long work as lines in a run's log, at a bearable pace, and for whoever started the run in this process.

How far the work is comes from the hub; nothing is counted here.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from talk_assets.sync.progress import Doing, Progress, Tell, silent

EVERY = 5.0
"""Seconds between two lines about the same collection; what takes no longer has none."""

_LISTENER: ContextVar[Tell] = ContextVar("listener", default=silent)


@contextmanager
def listening(tell: Tell) -> Iterator[None]:
    """Have every step that runs here meanwhile tell how far it is."""
    token = _LISTENER.set(tell)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@dataclass
class Teller:
    """Tells a step's progress: each word to the listener, and now and then a line to `say`."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    _latest: dict[tuple[str, Doing], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def __call__(self, at: Progress) -> None:
        """Take the hub's word for how far a collection is."""
        _LISTENER.get()(at)
        now = self.clock()
        since = self._latest.setdefault((at.key, at.doing), self.began)
        if now - since >= EVERY and at.done != at.total:
            self._latest[at.key, at.doing] = now
            self.say(line(at, now - self.began))


def line(at: Progress, seconds: float) -> str:
    """Say how far a collection is after so many seconds: records, rate, waiting, and how long it will take."""
    rate = at.done / seconds if seconds else 0.0
    of = f" of {at.total}" if at.total is not None and at.total >= at.done else ""
    parts = [f"{at.key}: {at.done}{of} records {at.doing}", f"{rate:.0f} per second"]
    if at.waited:
        parts.append(f"{at.waited:.0f} seconds waited for the rate limit")
    if of and rate and at.total is not None:
        parts.append(f"about {duration((at.total - at.done) / rate)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a length of time as people say it: `42 s`, `3 min`, `2 h 5 min`."""
    if seconds < 60:  # noqa: PLR2004 -- seconds of a minute
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
