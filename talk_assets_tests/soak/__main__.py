"""Soak, and print what it came to.

    python -m talk_assets_tests.soak --minutes 20 --seed 0 [--records 12] [--keep FOLDER]

The exit status is 1 if a promise was broken; what is known of it is in the folder's `violations` then.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from talk_assets.model.dataflows import DATAFLOWS
from talk_assets_tests.soak import soak


def main() -> None:
    """Run one soak."""
    parser = argparse.ArgumentParser("python -m talk_assets_tests.soak")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=int, default=12, help="persons in the generated world")
    parser.add_argument("--keep", type=Path, help="an empty folder to work in, and to leave for a look")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # neither the sandbox nor the sync must outlive us
    folder = wanted.keep or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    names = [dataflow.name for dataflow in DATAFLOWS]
    plan = soak.Plan(wanted.minutes * 60, wanted.seed, names, wanted.records)
    found = soak.run(folder.resolve(), plan, _tell)
    sys.stdout.write(f"{found.summary()}\n")
    if not found.well:
        sys.stdout.write(f"What is known of it: {folder / 'violations'}\n")
    sys.exit(0 if found.well else 1)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
