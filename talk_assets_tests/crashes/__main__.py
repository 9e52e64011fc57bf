"""Kill syncs and see that nothing comes of it.

    python -m talk_assets_tests.crashes --kills 50 --seed 0 [--records 15] [--command talk|hub] [--keep FOLDER]

prints how many were killed and where they had come to, and every broken promise. The exit status is 1 if there is one.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from talk_assets_tests.crashes import campaign
from talk_assets_tests.crashes.office import COMMANDS


def main() -> None:
    """Run one campaign."""
    parser = argparse.ArgumentParser("python -m talk_assets_tests.crashes")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=int, default=15, help="persons in each system")
    parser.add_argument("--command", choices=COMMANDS, default="hub", help="what is killed")
    parser.add_argument("--keep", type=Path, help="an empty folder to work in, and to leave for a look")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the sandboxes must not outlive us
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = campaign.run(
            folder.resolve(),
            kills=wanted.kills,
            seed=wanted.seed,
            records=wanted.records,
            command=wanted.command,
            tell=_tell,
        )
    seconds = time.monotonic() - began
    sys.stdout.write(f"command {wanted.command}, seed {wanted.seed}, {seconds:.0f} seconds\n{found.summary()}\n")
    sys.exit(1 if found.violations else 0)


def _tell(found: campaign.Findings) -> None:
    sys.stderr.write(f"round {found.rounds}: {len(found.kills)} kills, {len(found.violations)} violations\n")


if __name__ == "__main__":
    main()
