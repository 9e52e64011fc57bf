"""Progress as lines on stderr, for whoever watches a log or a pipe instead of a terminal: `talk sync --progress`.

On a terminal there are bars instead, see `output.show_progress`.
"""

import sys
import time
from collections.abc import Callable

import click

from talk_assets.sync.progress import Progress

EVERY = 2.0
"""Seconds between two lines about the same work."""


class Lines:
    """A line when the work on a collection ends, and every now and then until it does; nothing done is no news."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stream = sys.stderr  # the stream of now: while a run goes on, another may be in its place
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, at: Progress) -> None:
        """Write a line where it is time for one."""
        place, now = (at.key, at.doing.value), self._clock()
        said, done = self._last.setdefault(place, (now, 0))
        ended = at.done == at.total
        if at.done == done or (not ended and now - said < EVERY):
            return
        self._last[place] = now, at.done
        total = f" of {at.total}" if at.total is not None and not ended else ""
        waited = f", waited {at.waited:.0f} s for the rate limit" if at.waited >= 1 else ""
        click.echo(f"{at.key}: {at.done}{total} {at.doing}{waited}", file=self._stream)
