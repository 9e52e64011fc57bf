"""A measurement in a process of its own, so that neither its memory nor what it imported is in the next one.

    python -m talk_assets_tests.benchmarks.apart MODULE:FUNCTION [ARGUMENT …]

calls the function, which returns the seconds that its work took, preparations aside, and prints them with the peak.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Taken:
    """What the work took: seconds, and bytes of memory at most."""

    seconds: float
    peak: int


@dataclass
class Apart:
    """Work to be done apart, again and again; `peaks` are those of each time."""

    work: Callable[..., float]
    python: str = sys.executable

    def __post_init__(self) -> None:
        self.peaks: list[int] = []

    def __call__(self, *arguments: object) -> float:
        """Return the seconds that it took this time."""
        name = f"{self.work.__module__}:{self.work.__qualname__}"
        command = [self.python, "-m", __name__, name, *map(str, arguments)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own words
        taken = Taken(**json.loads(done.stdout.splitlines()[-1]))
        self.peaks.append(taken.peak)
        return taken.seconds


def main() -> None:
    """Do what the command line says."""
    module, _, function = sys.argv[1].partition(":")
    seconds = getattr(import_module(module), function)(*sys.argv[2:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak": peak}) + "\n")


if __name__ == "__main__":
    main()
