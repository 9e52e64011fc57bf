"""Print every figure as one table.

python -m talk_assets_tests.benchmarks [NAME …]
"""

import argparse
import os
import platform
import sys
from importlib.metadata import version

from talk_assets_tests.benchmarks import growth, matching, quiet, start
from talk_assets_tests.benchmarks.figures import HEAD, Figure

BENCHMARKS = {
    "quiet": quiet.figures,
    "start": start.figures,
    "growth": growth.figures,
    "matching": matching.figures,
}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser("python -m talk_assets_tests.benchmarks")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all of them")
    wanted = parser.parse_args().names or list(BENCHMARKS)
    versions = ", ".join(f"{name} {version(name)}" for name in ("dagster", "duckdb", "polars"))
    sys.stdout.write(f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n\n{HEAD}\n")
    for name in wanted:
        found: list[Figure] = BENCHMARKS[name]()
        sys.stdout.writelines(f"{figure}\n" for figure in found)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
