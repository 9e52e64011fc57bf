"""Score the labelled sets, and say which rules the errors come from."""

import argparse

from talk_assets_tests.evidence_sets.labelled import HELD_OUT
from talk_assets_tests.evidence_sets.score import SETS, Score, table
from talk_assets_tests.evidence_sets.scorers import SCORERS


def main() -> None:
    """Print a table for every set that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m talk_assets_tests.evidence_sets", description=__doc__)
    parser.add_argument("--scorer", choices=SCORERS, default="keys")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--count", type=int, default=3000, help="how many companies, products or persons are made")
    parser.add_argument("--seed", type=int, default=HELD_OUT)
    parser.add_argument("--examples", type=int, default=0, help="how many errors of each kind are shown")
    wanted = parser.parse_args()
    for name in wanted.sets:
        labelled = SETS[name](wanted.count, wanted.seed)
        score = Score(labelled, SCORERS[wanted.scorer](labelled))
        print("\n".join(table(name, score, examples=wanted.examples)))


if __name__ == "__main__":
    main()
