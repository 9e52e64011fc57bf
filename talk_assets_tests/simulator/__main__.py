"""Live through random histories, and see what comes of them.

    python -m talk_assets_tests.simulator 10000 --seed 0 [--workers 2]    prints broken promises, and faults by kind
    python -m talk_assets_tests.simulator --shrink SEED                   tells the shortest history of a broken promise
    python -m talk_assets_tests.simulator 2000 --planted [NAME …]         switches off one protection at a time

The exit status is 1 if a promise was broken, or a planted bug not found.
"""

import argparse
import sys

from talk_assets_tests.simulator import campaign
from talk_assets_tests.simulator.planted import PROTECTIONS
from talk_assets_tests.simulator.writing import TOGETHER


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser("python -m talk_assets_tests.simulator")
    parser.add_argument("histories", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first group's seed")
    parser.add_argument("--workers", type=int, help="processes; as many as there are cores")
    parser.add_argument("--shrink", type=int, metavar="SEED", help="tell the shortest history of a group that breaks")
    parser.add_argument("--planted", nargs="*", choices=PROTECTIONS, help="protections to switch off; all of them")
    wanted = parser.parse_args()
    if wanted.shrink is not None:
        tell(campaign.shortest(wanted.shrink))
        return 0
    if wanted.planted is not None:
        return planted(wanted)
    seeds = range(wanted.seed, wanted.seed + -(-wanted.histories // TOGETHER))
    found = campaign.run(seeds, wanted.workers, tell)
    tell(found.summary())
    if found.violations:
        tell(f"{found.violations[0]}, for short:\n{campaign.shortest(int(found.violations[0].split(':')[0][5:]))}")
    return 1 if found.violations else 0


def planted(wanted: argparse.Namespace) -> int:
    """Print a table of what was switched off, and what gave it away."""
    tell("| switched off | found within histories | broken promise |\n| --- | ---: | --- |")
    hidden = 0
    for name in wanted.planted or PROTECTIONS:
        found = campaign.plant(name, wanted.seed, wanted.histories, wanted.workers)
        hidden += found.broken is None
        tell(str(found))
    return 1 if hidden else 0


def tell(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
