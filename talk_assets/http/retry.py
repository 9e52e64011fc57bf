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


_LIMIT = re.compile(
    r"rate.?limit|too many (?:requests|calls)|throttl|(?:quota|limit)\b.{0,20}\bexceeded", re.IGNORECASE
)
"""What an API says in a 403 that is about how many requests there were."""

_LEFT = ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining")
"""Headers with the number of requests that are left."""

_NEXT = ("x-ratelimit-reset", "x-rate-limit-reset")
"""Headers with the time, in seconds since 1970, from which on there are some again."""

_EPOCH = 1_000_000_000
"""What is less than this is no time since 1970, but seconds to wait."""


def too_many(response: httpx.Response) -> bool:
    """Whether an answer says that there were too many requests: a 429, or a 403 that says so."""
    if response.status_code != httpx.codes.FORBIDDEN:
        return response.status_code == httpx.codes.TOO_MANY_REQUESTS
    headers = response.headers
    return (
        "retry-after" in headers
        or any(headers.get(name, "").strip() == "0" for name in _LEFT)
        or _LIMIT.search(response.text[:_LONGEST]) is not None
    )


_LONGEST = 2000


def asked_pause(response: httpx.Response, wall: float) -> float | None:
    """The seconds that a 429, 403 or 503 asks us to wait, or None where it does not say.

    Read from `Retry-After` (seconds or an HTTP date), `X-RateLimit-Reset`, webCRM's `RetryAfterSeconds`, and the
    sentence of Azure's API management, "Try again in 1 seconds".
    """
    headers = response.headers
    header = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", header):
        return float(header)
    if header:
        try:
            return max(parsedate_to_datetime(header).timestamp() - wall, 0.0)
        except ValueError:
            pass
    reset = next((headers[name].strip() for name in _NEXT if name in headers), "") if too_many(response) else ""
    if reset.isdecimal():
        return float(reset) if float(reset) < _EPOCH else max(float(reset) - wall, 0.0)
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
