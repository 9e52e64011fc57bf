"""Many groups of histories at once, a process per core, and what there is to say about them."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from talk_assets_tests.simulator.history import Played, live, play
from talk_assets_tests.simulator.planted import PROTECTIONS
from talk_assets_tests.simulator.promises import BrokenPromise
from talk_assets_tests.simulator.script import Script
from talk_assets_tests.simulator.shrinking import shrink
from talk_assets_tests.simulator.writing import TOGETHER

FAILED = "the hub failed"


@dataclass
class Findings:
    """What came of some histories. `seconds` are those of the processors."""

    histories: int = 0
    violations: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    rests: Counter[int] = field(default_factory=Counter)
    seconds: float = 0

    def add(self, seed: int, played: Played, seconds: float) -> None:
        """Add a group."""
        self.histories += TOGETHER
        self.faults += played.faults
        self.seconds += seconds
        if played.broken:
            self.violations.append(f"seed {seed}: {played.broken}")
        else:
            self.rests[played.runs] += 1

    def summary(self) -> str:
        """Return it as text, with a table of the faults."""
        lines = [
            f"{self.histories} histories, {len(self.violations)} violations, {self.seconds:.0f} seconds of processor",
            f"({self.histories // TOGETHER} groups of {TOGETHER} histories that share systems and runs)",
            "",
            "| fault | times |",
            "| --- | ---: |",
            *(f"| {kind} | {n} |" for kind, n in sorted(self.faults.items())),
            "",
            f"runs without faults until nothing was written any more: {dict(sorted(self.rests.items()))} groups",
        ]
        return "\n".join(lines)


def failing_is_breaking(lived: Callable[[], Played], script: Script) -> Played:
    """A hub that raises what nobody expects breaks a promise, too."""
    try:
        return lived()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the seed must be told
        return Played(script, BrokenPromise(FAILED, repr(error)), 0, Counter())


def _group(seed: int) -> tuple[int, Played, float]:
    began = time.process_time()
    played = failing_is_breaking(lambda: live(seed), Script(seed, ()))
    return seed, played, time.process_time() - began


def _planted(name: str, seed: int) -> tuple[str, int, BrokenPromise | None]:
    with PROTECTIONS[name]():
        return name, seed, failing_is_breaking(lambda: live(seed), Script(seed, ())).broken


@contextmanager
def _pool(workers: int | None) -> Iterator[ProcessPoolExecutor]:
    os.environ["POLARS_MAX_THREADS"] = "1"
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool


def run(seeds: Sequence[int], workers: int | None, tell: Callable[[str], None]) -> Findings:
    """Live through a group for each seed."""
    found = Findings()
    with _pool(workers) as pool:
        for seed, played, seconds in pool.map(_group, seeds):
            found.add(seed, played, seconds)
            if played.broken:
                tell(f"seed {seed}: {played.broken}")
    return found


def shortest(seed: int, histories: int = TOGETHER) -> str:
    """Return what breaks a promise in the group of a seed, as short as it can be told."""
    played = live(seed, histories)
    broken = played.broken
    if broken is None:
        return f"seed {seed}: every promise is kept"

    def breaks(script: Script) -> bool:
        again = play(script).broken
        return again is not None and again.promise == broken.promise

    script = shrink(played.script, breaks, broken.history)
    return f"{script}\n=> {play(script).broken}"


@dataclass(frozen=True)
class Found:
    """Which promise gave a planted bug away, and after how many histories; none if it stayed hidden."""

    protection: str
    histories: int
    broken: BrokenPromise | None

    def __str__(self) -> str:
        promise = self.broken.promise if self.broken else "not found"
        return f"| {self.protection} | {self.histories} | {promise} |"


def plant(name: str, seed: int, histories: int, workers: int | None = None) -> Found:
    """Switch a protection off, and look for what it breaks in so many histories."""
    seeds = range(seed, seed + -(-histories // TOGETHER))
    with _pool(workers) as pool:
        waiting: set[Future[tuple[str, int, BrokenPromise | None]]] = {
            pool.submit(_planted, name, one) for one in seeds
        }
        for done, future in enumerate(as_completed(waiting), 1):
            broken = future.result()[2]
            if broken:
                pool.shutdown(cancel_futures=True)
                return Found(name, done * TOGETHER, broken)
    return Found(name, len(seeds) * TOGETHER, None)
