"""What `talk sync` does, without Dagster: the same hub, in the same order, on the same files, under the same lock.

    python -m talk_assets_tests.crashes.runner FOLDER [--full] [--again]

prints `{"writes": n, "failures": {system: why}}`. It starts several times as fast, which is why tests kill it. With
`--again` it goes on until it is killed, a line for each sync, every tenth of which reads in full.
"""

import argparse
import asyncio
import itertools
import json
import os
import sys
import uuid
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.errors import CredentialsError, Refused, SystemFailure
from talk_assets.model.entities import ENTITIES
from talk_assets.operate.run_lock import run_lock
from talk_assets.sync import runs
from talk_assets.sync.hub import Hub, utc_now

FULL = 10
"""Every so many syncs of one process read everything again."""


def main(arguments: Sequence[str]) -> None:
    """Sync once, the exit status being 1 if a system failed; or again and again."""
    parser = argparse.ArgumentParser("python -m talk_assets_tests.crashes.runner")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--again", action="store_true")
    wanted = parser.parse_args(arguments)
    wiring = Wiring(configuration.load(wanted.folder, os.environ))
    for n in itertools.count(1):
        full = wanted.full or (wanted.again and n % FULL == 0)
        writes, failures = in_turn(wiring, full=full)
        sys.stdout.write(json.dumps({"writes": writes, "failures": failures}) + "\n")
        sys.stdout.flush()
        if not wanted.again:
            sys.exit(1 if failures else 0)


def in_turn(wiring: Wiring, *, full: bool) -> tuple[int, dict[str, str]]:
    """Sync once, when it is our turn; return how many records were written, and why systems were left out."""
    with run_lock(wiring.config.folder, lambda _: _say("waiting")):
        hub = wiring.hub(str(uuid.uuid4()))
        with hub.store.kept_open():
            with hub.store.transaction() as transaction:
                runs.begin(transaction, hub.run, "write", utc_now())
            writes, failures = _sync(hub, list(wiring.systems), full=full)
            with hub.store.transaction() as transaction:
                runs.end(transaction, hub.run, "incomplete" if failures else "done", utc_now())
    return writes, failures


def _say(word: str) -> None:
    sys.stderr.write(f"{word}\n")
    sys.stderr.flush()


def _sync(hub: Hub, systems: Sequence[str], *, full: bool) -> tuple[int, dict[str, str]]:
    failures: dict[str, str] = {}
    for system in systems:
        _try(failures, system, lambda system=system: hub.read(system, full=full))  # type: ignore[misc]
    for entity in ENTITIES:
        hub.reconcile(entity)
    writes = 0
    for system in systems:
        done = None if system in failures else _try(failures, system, lambda system=system: hub.write(system))  # type: ignore[misc]
        writes += sum(report.writes for report in done.collections.values()) if done else 0
    return writes, failures


def _try(failures: dict[str, str], system: str, act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 -- a report
    try:
        return asyncio.run(act())
    except (SystemFailure, CredentialsError, Refused) as error:
        failures[system] = str(error)
        return None


if __name__ == "__main__":
    main(sys.argv[1:])
