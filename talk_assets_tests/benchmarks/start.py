"""How long a person waits for `talk status`, beside what importing Dagster alone would cost."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from talk_assets_tests.benchmarks.figures import Figure, alternating
from talk_assets_tests.benchmarks.quiet import synchronised

TALK = (sys.executable, "-c", "from talk_assets.cli import main; main()")


def figures() -> list[Figure]:
    """Return the figure, on a data folder after a sync."""
    with synchronised() as folder:
        took, least = alternating(
            lambda: _seconds(folder, *TALK, "status"), lambda: _seconds(folder, sys.executable, "-c", "import dagster")
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return [Figure("`talk status`", took, '`python -c "import dagster"`', least, peak)]


def _seconds(folder: Path, *command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=os.environ | {"DAGSTER_HOME": str(folder)}, check=True, capture_output=True)  # noqa: S603 -- our own words
    return time.perf_counter() - began
