"""When a request is tried again and after how long: the bound, the pauses, and how the APIs say "later".

Which failures may be tried again at all is decided in `client`.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import httpx

from talk_assets.http.limit import Clock


@dataclass(frozen=True)
class Retry:
    """At most `tries` in all; the pause doubles from `base` to `ceiling` seconds, a random part of it taken off.

    A pause that the API asks for is kept, unless it is longer than `patience` seconds: then we give up at once.
    """

    tries: int = 6
    base: float = 0.5
    ceiling: float = 30.0
    patience: float = 180.0
    clock: Clock = field(default_factory=Clock)
    chance: Callable[[], float] = random.random

    def pause(self, tried: int) -> float:
        """Seconds to wait after so many tries."""
        full: float = min(self.base * 2 ** (tried - 1), self.ceiling)
        return full * (0.5 + self.chance() / 2)


def asked_pause(response: httpx.Response, wall: float) -> float | None:
    """The seconds that a 429 or 503 asks us to wait, or None where it does not say.

    Read from `Retry-After` (seconds or an HTTP date), webCRM's `RetryAfterSeconds`, and the sentence of Azure's API
    management, "Try again in 1 seconds".
    """
    header = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", header):
        return float(header)
    if header:
        try:
            return max(parsedate_to_datetime(header).timestamp() - wall, 0.0)
        except ValueError:
            pass
    return _pause_in(response.text)


def _pause_in(text: str) -> float | None:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(seconds := body.get("RetryAfterSeconds"), int | float):
        return float(seconds)
    found = re.search(r"[Tt]ry again in (\d+) second", text)
    return float(found[1]) if found else None
