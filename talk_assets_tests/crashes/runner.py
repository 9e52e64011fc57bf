"""What `talk sync` does, without Dagster: the same hub, in the same order, on the same files, under the same lock.

    python -m talk_assets_tests.crashes.runner FOLDER

prints `{"writes": n, "failures": {system: why}}`. It starts several times as fast, which is why tests kill it.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from talk_assets import config
from talk_assets.assets.turns import turn
from talk_assets.entities import ENTITIES
from talk_assets.errors import CredentialsError, Refused, SystemFailure
from talk_assets.sync import runs
from talk_assets.sync.hub import Hub, utc_now
from talk_assets.wiring import Wiring


def main(arguments: Sequence[str]) -> None:
    """Sync once; the exit status is 1 if a system failed."""
    folder = Path(arguments[0])
    wiring = Wiring(config.load(folder, {}))
    with turn(folder, lambda: _say("waiting")):
        hub = wiring.hub(str(uuid.uuid4()))
        with hub.store.transaction() as transaction:
            runs.begin(transaction, hub.run, "write", utc_now())
        writes, failures = _sync(hub, list(wiring.systems))
        with hub.store.transaction() as transaction:
            runs.end(transaction, hub.run, "incomplete" if failures else "done", utc_now())
    sys.stdout.write(json.dumps({"writes": writes, "failures": failures}))
    sys.exit(1 if failures else 0)


def _say(word: str) -> None:
    sys.stderr.write(f"{word}\n")
    sys.stderr.flush()


def _sync(hub: Hub, systems: Sequence[str]) -> tuple[int, dict[str, str]]:
    failures: dict[str, str] = {}
    for system in systems:
        _try(failures, system, lambda system=system: hub.read(system))  # type: ignore[misc]
    for entity in ENTITIES:
        hub.settle(entity)
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
