"""The sync as processes: the command itself, or the hub without Dagster again and again; killed, or left alone."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talk_assets_tests.soak.village import CREDENTIALS, ROOT, Village

LONGEST = 600.0
"""Seconds after which a sync that nobody kills counts as one that hangs."""

PATIENT = 0.6
"""The chance that a process may end its first sync, however slow the machine is."""

FULL = 0.1
"""The chance that all is read again."""


class SyncFailedError(AssertionError):
    """A sync that nothing disturbed did not end well."""


@dataclass
class Figures:
    """What the processes came to; `runs` are syncs that ended, `incomplete` those of them that left a system out."""

    starts: dict[str, int] = field(default_factory=lambda: {"hub": 0, "talk": 0})
    runs: dict[str, int] = field(default_factory=lambda: {"hub": 0, "talk": 0})
    kills: dict[str, int] = field(default_factory=lambda: {"hub": 0, "talk": 0})
    incomplete: int = 0
    crashes: list[str] = field(default_factory=list)


@dataclass
class Syncing:
    """The one sync that runs at a time, if one does."""

    village: Village
    rng: random.Random
    figures: Figures = field(default_factory=Figures)
    command: str = ""
    _running: "subprocess.Popen[bytes] | None" = None
    _until: float = 0.0
    _patient: bool = False

    def tend(self, *, lifetime: float, talk: float) -> None:
        """Start a sync where none runs, the command itself with the chance `talk`; kill one whose time has come."""
        if self._running is None:
            self.command = "talk" if self.rng.random() < talk else "hub"
            chosen = ["--full"] if self.rng.random() < FULL else []
            if self.command == "hub":
                chosen.append("--again")
            self._running = self._start(self.command, chosen)
            self._patient = self.rng.random() < PATIENT
            self._until = time.monotonic() + self.rng.expovariate(1 / lifetime)
        elif self._running.poll() is not None:
            self._ended()
        elif self._patient and not (self.village.folder / "sync.out").stat().st_size:
            self._until = time.monotonic() + self.rng.expovariate(1 / lifetime)
        elif time.monotonic() > self._until:
            self.kill()

    def kill(self) -> None:
        """Kill what runs, at once."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self.figures.kills[self.command] += 1
            self._count()
            self._running = None

    def _ended(self) -> None:
        status = self._running.returncode if self._running else 0
        words = (self.village.folder / "sync.err").read_text("utf-8")
        if status and (self.command == "hub" or "Traceback" in words):
            self.figures.crashes.append(f"{self.command} ended with {status}: {words[-2000:]}")
        self._count()
        self._running = None

    def _count(self) -> None:
        for done in _documents(self.village.folder / "sync.out", self.command):
            self.figures.runs[self.command] += 1
            self.figures.incomplete += bool(done["failures"])

    def left_alone(self, command: str, *arguments: str) -> int:
        """Run one sync to its end and return how many records it wrote."""
        running = self._start(command, arguments)
        try:
            status = running.wait(LONGEST)
        except subprocess.TimeoutExpired as error:
            running.kill()
            message = f"{command} did not end within {LONGEST:.0f} s though nothing disturbed it"
            raise SyncFailedError(message) from error
        if status:
            words = (self.village.folder / "sync.err").read_text("utf-8")
            said = (self.village.folder / "sync.out").read_text("utf-8")
            message = f"{command} ended with {status} though nothing disturbed it: {words[-3000:]} {said[-500:]}"
            raise SyncFailedError(message)
        self.figures.runs[command] += 1
        (done,) = _documents(self.village.folder / "sync.out", command)
        return int(done["writes"])

    def _start(self, command: str, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        folder = self.village.folder
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("TALK_", "DAGSTER_"))}
        environ |= {"DAGSTER_HOME": str(folder), "DAGSTER_DISABLE_TELEMETRY": "yes", "PYTHONPATH": str(ROOT)}
        environ["POLARS_MAX_THREADS"] = "1"
        environ |= CREDENTIALS if self.village.replacing else {}
        talk = [str(Path(sys.executable).with_name("talk")), "sync", "--json", *arguments]
        hub = [sys.executable, "-m", "talk_assets_tests.crashes.runner", str(folder), *arguments]
        self.figures.starts[command] += 1
        with (folder / "sync.out").open("wb") as out, (folder / "sync.err").open("wb") as err:
            return subprocess.Popen(  # noqa: S603 -- our own command
                talk if command == "talk" else hub, stdout=out, stderr=err, env=environ, cwd=folder
            )


def _documents(file: Path, command: str) -> list[dict[str, Any]]:
    """What syncs said that came to their end; a killed one may have said half of it."""
    text = file.read_text("utf-8")
    found = []
    for part in [text] if command == "talk" else text.split("\n"):
        try:
            found.append(json.loads(part))
        except ValueError:
            continue
    return found
