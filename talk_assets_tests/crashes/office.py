"""One office: a sandbox in a process of its own, a data folder, and the sync that is started on it.

Which sync that is: `talk` is the command, `hub` the runner that leaves Dagster out.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.sandbox import process
from talk_assets.sandbox.process import Running
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets_tests import data_folder
from talk_assets_tests.crashes import shapes

ROOT = Path(__file__).parents[2]
COMMANDS = ("talk", "hub")
SYSTEMS = ("webcrm", "customerp")
LATENCY = 0.01
LONGEST = 300.0
"""Seconds that a sync may take before it counts as one that hangs."""

PAUSE = 0.02
"""Seconds between two looks at a sync under way."""

CALM = {"drop_rate": 0.0, "drop_after_accept": 0.0, "error_rate": 0.0, "latency": LATENCY}

SETTINGS = """
[sandbox]
port = {port}

[systems.webcrm]
rate = "unlimited"

[systems.customerp]
rate = "unlimited"
""" + "".join(
    f"\n[dataflows.{dataflow.name}]\nenabled = false\n"
    for dataflow in DATAFLOWS
    if {dataflow.left, dataflow.right} != {*SYSTEMS}
)


class SyncFailedError(AssertionError):
    """A sync that nobody disturbed did not end well."""


@dataclass(frozen=True)
class Done:
    """A sync that came to its end: seconds from its first request on, write requests, and records it says it wrote."""

    seconds: float
    requests: int
    writes: int


@dataclass(frozen=True)
class Office:
    """A data folder with its own sandbox, and the command that syncs it."""

    folder: Path
    sandbox: Running
    command: str

    def start(self, name: str = "sync") -> "subprocess.Popen[bytes]":
        """Start a sync; its words go to `name`.out and `name`.err."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("TALK_", "DAGSTER_"))}
        environ |= {"DAGSTER_HOME": str(self.folder), "DAGSTER_DISABLE_TELEMETRY": "yes", "PYTHONPATH": str(ROOT)}
        environ["POLARS_MAX_THREADS"] = "1"  # several offices share a machine
        talk = [str(Path(sys.executable).with_name("talk")), "sync", "--json"]
        hub = [sys.executable, "-m", "talk_assets_tests.crashes.runner", str(self.folder)]
        with (self.folder / f"{name}.out").open("wb") as out, (self.folder / f"{name}.err").open("wb") as err:
            return subprocess.Popen(  # noqa: S603 -- our own command
                talk if self.command == "talk" else hub, stdout=out, stderr=err, env=environ, cwd=self.folder
            )

    def finish(self, running: "subprocess.Popen[bytes]", name: str = "sync") -> int:
        """Wait for a sync to end well and return how many records it wrote; raise SyncFailedError otherwise."""
        try:
            status = running.wait(LONGEST)
        except subprocess.TimeoutExpired as error:
            running.kill()
            message = f"a sync that nobody disturbed did not end within {LONGEST:.0f} s"
            raise SyncFailedError(message) from error
        words = (self.folder / f"{name}.err").read_text("utf-8")
        if status:
            message = f"a sync that nobody disturbed ended with {status}: {words[-3000:]}"
            raise SyncFailedError(message)
        return int(json.loads((self.folder / f"{name}.out").read_text("utf-8"))["writes"])

    def sync(self) -> Done:
        """Run a sync that is left alone."""
        self.calm()
        running = self.start()
        began = self.watch(running, lambda _: False)
        seconds = time.monotonic() - began
        writes = self.finish(running)
        return Done(seconds, self.sent(), writes)

    def watch(self, running: "subprocess.Popen[bytes]", enough: Callable[[float], bool]) -> float:
        """Wait until the sync has ended or it is `enough`, which is asked with when its first request came."""
        began, until = None, time.monotonic() + LONGEST
        while running.poll() is None and time.monotonic() < until:
            if began is None and self.reached():
                began = time.monotonic()
            if began is not None and enough(began):
                break
            time.sleep(PAUSE)
        return began or time.monotonic()

    def reached(self) -> int:
        """How many requests the systems got since it was calm."""
        return sum(int(self.sandbox.requests(system)["total"]) for system in SYSTEMS)

    def sent(self) -> int:
        """How many of them were to write something."""
        return sum(
            count
            for system in SYSTEMS
            for name, count in self.sandbox.requests(system)["by"].items()
            if not name.startswith("GET") and "/Auth/" not in name
        )

    def calm(self, **faults: float) -> None:
        """End all faults but these, and count requests from nothing."""
        for system in SYSTEMS:
            self.sandbox.fault(system, switches=None, **{**CALM, **faults})
            self.sandbox.forget_requests(system)

    def snapshot(self) -> shapes.Snapshot:
        """Return what both systems hold."""
        return shapes.snapshot(self.sandbox)

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """Look into a copy of the database, which leaves the next sync to recover the original."""
        with tempfile.TemporaryDirectory() as beside:
            for file in self.folder.glob("talk.duckdb*"):
                shutil.copy(file, beside)
            with Store(Path(beside) / "talk.duckdb").transaction() as transaction:
                yield transaction

    def open_intents(self) -> int:
        """How many writes of unknown outcome the journal has."""
        with self.look() as transaction:
            return transaction.count("SELECT count(*) FROM sync.journal WHERE outcome IS NULL")

    def phase(self, since: datetime) -> str:
        """Where a sync that began at `since` and was killed had come to."""
        with self.look() as transaction:
            began = transaction.count("SELECT count(*) FROM sync.journal WHERE intended_at >= ?", since)
            flying = transaction.count(
                "SELECT count(*) FROM sync.journal WHERE intended_at >= ? AND outcome IS NULL", since
            )
            unread = transaction.count("SELECT count(*) FROM sync.cursors WHERE read_at IS NULL OR read_at < ?", since)
            known = transaction.count("SELECT count(*) FROM sync.cursors")
        if began:
            return "writing, intents open" if flying else "writing, all answered"
        return "reading" if unread or not known else "reconciling"


@contextmanager
def opened(folder: Path, *, records: int, seed: int, command: str) -> Iterator[Office]:
    """An office in an empty folder, closed at the end."""
    sandbox = process.up(folder / "sandbox", records=records, seed=seed, limits=False, port=0)
    try:
        (folder / "talk.toml").write_text(SETTINGS.format(port=sandbox.port), "utf-8")
        data_folder.fill(folder)
        yield Office(folder, sandbox, command)
    finally:
        process.down(folder / "sandbox")
