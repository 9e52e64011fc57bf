"""Killing a sync: when, and where it had come to."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from talk_assets_tests.crashes.office import LATENCY, Done, Office

SLOW = 0.15
"""Seconds an answer takes while a kill is aimed at a request on its way."""


class Aim(StrEnum):
    """What decides about the moment."""

    MOMENT = "any moment"
    """Any, from the first request to shortly before the end of the sync."""
    WRITE = "a write on its way"
    """Soon after a write request reached a system that is slow: before it is carried out, or before it is answered."""
    FAULTS = "amid faults"
    """Any, while connections break before and after requests are carried out."""


FAULTS = {"drop_after_accept": 0.4, "drop_rate": 0.1, "error_rate": 0.1}


@dataclass(frozen=True)
class Kill:
    """A sync that was killed, and the phase that the journal tells it was in."""

    aim: Aim
    phase: str


def kill(office: Office, rng: random.Random, undisturbed: Done) -> Kill | None:
    """Start a sync and kill it; null where it ended first. `undisturbed` is how the same sync went in the twin."""
    aim = rng.choice([Aim.MOMENT, Aim.FAULTS, *([Aim.WRITE] * 2 if undisturbed.requests else [])])
    after, delay = rng.randint(1, max(1, undisturbed.requests)), rng.uniform(0, 1.5 * SLOW)
    moment = rng.uniform(0, 0.9 * undisturbed.seconds)
    if aim is Aim.WRITE:
        office.calm(latency=SLOW)
    else:
        office.calm(**(FAULTS if aim is Aim.FAULTS else {}))
    since, running = datetime.now(UTC), office.start()

    def enough(began: float) -> bool:
        return office.sent() >= after if aim is Aim.WRITE else time.monotonic() >= began + moment

    office.watch(running, enough)
    if aim is Aim.WRITE:
        time.sleep(delay)
    ended = running.poll() is not None
    running.kill()
    running.wait()
    time.sleep(SLOW + LATENCY)  # what was on its way arrives
    office.calm()
    return None if ended else Kill(aim, office.phase(since))
