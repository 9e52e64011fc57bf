"""One emulated system for the length of a test, and clients whose pauses move its clock in place of ours."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from talk_assets.http.limit import UNLIMITED, Clock, Rate
from talk_assets.http.retry import Retry
from talk_assets.sandbox.serving import Serving, serving
from talk_assets.systems.settings import SystemSettings

FAULTS = ("latency", "error_rate", "throttle_rate", "drop_rate", "drop_after_accept", "html_rate")


@dataclass(frozen=True)
class Served:
    """The system `name` of a sandbox."""

    name: str
    sandbox: Serving

    @property
    def root(self) -> str:
        """Where the sandbox is, without any system's name."""
        return self.sandbox.base_urls[self.name].removesuffix(f"/{self.name}")

    def fail(self, **rates: float) -> None:
        """Let things go wrong on purpose; without any, let them go right again."""
        faults = {**dict.fromkeys(FAULTS, 0), **rates}
        httpx.put(f"{self.root}/{self.name}/_sandbox/faults", json=faults).raise_for_status()

    def settings(self, rate: Rate = UNLIMITED, **more: Any) -> SystemSettings:  # noqa: ANN401 -- what SystemSettings takes
        """Settings for the sandbox."""
        now = self.sandbox.clock.now
        retry = Retry(tries=12, clock=Clock(now=now, wall=now, sleep=self._sleep))
        return SystemSettings(**{"base_url": f"{self.root}/{self.name}", "rate": rate, "retry": retry, **more})

    async def _sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)


@contextmanager
def served(name: str, *, limits: bool = False) -> Iterator[Served]:
    """Serve all systems, empty, and yield the one by that name."""
    with serving(limits=limits) as sandbox:
        yield Served(name, sandbox)
