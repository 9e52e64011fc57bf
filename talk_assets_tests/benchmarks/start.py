"""How long a person waits for `talk status`, beside what importing Dagster alone would cost."""

import os
import subprocess
import sys
import time
from pathlib import Path

from talk_assets_tests.benchmarks.figures import Done, Figure, beside
from talk_assets_tests.benchmarks.quiet import synchronised

TALK = """
import atexit, sys
from talk_assets_tests.benchmarks.figures import peak
atexit.register(lambda: print(peak(), file=sys.stderr))
from talk_assets.cli import main
main()
"""
"""The command, which says at its end how much memory it had."""


def figures() -> list[Figure]:
    """Return the figure, on a data folder after a sync."""
    with synchronised() as folder:
        least = "import dagster"
        return [
            beside(
                "`talk status`", lambda: _run(folder, TALK, "status"),
                f'`python -c "{least}"`', lambda: _run(folder, least),
            )
        ]  # fmt: skip


def _run(folder: Path, *command: str) -> Done[float]:
    environ = os.environ | {"DAGSTER_HOME": str(folder)}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", *command], env=environ, check=True, capture_output=True, text=True)  # noqa: S603 -- our own words
    return Done(time.perf_counter() - began, int(done.stderr or 0))
