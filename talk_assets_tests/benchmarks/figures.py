"""What a benchmark says: medians, and what they are of the floor."""

import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

TIMES = 3
"""How often a figure is taken at least."""

HEAD = "| what | seconds | floor | floor, seconds | ratio | peak memory |\n| --- | ---: | --- | ---: | ---: | ---: |"


@dataclass(frozen=True)
class Figure:
    """Seconds that something took, each time, and those of its floor; `peak` in bytes."""

    what: str
    seconds: Sequence[float]
    floor: str
    least: Sequence[float]
    peak: int

    def __str__(self) -> str:
        took, least = median(self.seconds), median(self.least)
        peak = f"{self.peak / 2**20:.0f} MiB"
        return f"| {self.what} | {took:.2f} | {self.floor} | {least:.2f} | {took / least:.2f} | {peak} |"


@dataclass(frozen=True)
class Count:
    """Requests that something took, each time, beside a number that is known; `peak` in bytes, null if not taken."""

    what: str
    requests: Sequence[int]
    beside: str
    known: int
    peak: int | None = None

    def __str__(self) -> str:
        took = round(median(self.requests))
        peak = f"{self.peak / 2**20:.0f} MiB" if self.peak else "—"
        ratio = f"{took / self.known:.2f}" if self.known else "—"
        return f"| {self.what} | {took:,} requests | {self.beside} | {self.known:,} requests | {ratio} | {peak} |"


@dataclass(frozen=True)
class Done(Generic[T]):
    """What some work came to, and the most memory that its process had, in bytes."""

    result: T
    peak: int


def apart(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Done[T]:
    """Do work in a new process, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(work, *arguments, **named).result()
        return Done(result, pool.submit(peak).result())


def peak() -> int:
    """Return the most memory that this process had, in bytes; what its parent had at its birth does not count."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def beside(what: str, ours: Callable[[], Done[float]], floor: str, least: Callable[[], Done[float]]) -> Figure:
    """Take both in turn, so that whatever else the machine does is in both."""
    taken = [(ours(), least()) for _ in range(TIMES)]
    seconds, beside_them = [one.result for one, _ in taken], [other.result for _, other in taken]
    return Figure(what, seconds, floor, beside_them, max(one.peak for one, _ in taken))
