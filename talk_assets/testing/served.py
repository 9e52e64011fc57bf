"""One emulated system for the length of a test, and settings for clients whose pauses move its clock, not ours."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from talk_assets.http.limit import UNLIMITED, Clock, Rate
from talk_assets.http.retry import Retry
from talk_assets.sandbox.serving import Serving, serving
from talk_assets.sandbox.system import Faults
from talk_assets.systems.settings import SystemSettings


@dataclass(frozen=True)
class Served:
    """The system `name` of a sandbox."""

    name: str
    sandbox: Serving

    @property
    def root(self) -> str:
        """Where the sandbox is, without the name of a system."""
        return self.sandbox.root

    def fail(self, **rates: float) -> None:
        """Set the faults of `sandbox.system.Faults` that are named; all others, or all, end."""
        self.sandbox.fault(self.name, **{**asdict(Faults()), **rates})

    def settings(self, rate: Rate = UNLIMITED, **more: Any) -> SystemSettings:  # noqa: ANN401 -- what SystemSettings takes
        """Return settings for the sandbox, where a client that waits moves the sandbox's clock."""
        now = self.sandbox.clock.now
        retry = Retry(tries=12, clock=Clock(now=now, wall=now, sleep=self._sleep))
        return SystemSettings(**{"base_url": f"{self.root}/{self.name}", "rate": rate, "retry": retry, **more})

    async def _sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)


@contextmanager
def served(name: str, *, limits: bool = False) -> Iterator[Served]:
    """Serve all systems without any records, and yield the one by that name."""
    with serving(limits=limits) as sandbox:
        yield Served(name, sandbox)
