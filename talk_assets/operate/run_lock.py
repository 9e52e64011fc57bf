"""The run lock: one process at a time reads, decides or writes, so that no two runs send the same write.

A step takes the run lock for as long as it runs, a whole `talk sync` for all its steps; within one process it is the
same lock. The operating system releases it when a process dies. A file beside it says who holds it, for those that
wait.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from talk_assets.config.configuration import LOCK_PATIENCE
from talk_assets.errors import StoreLocked
from talk_assets.operate import processes
from talk_assets.operate.processes import HOLDER
from talk_assets.sync.hub import utc_now

FILE = "sync.lock"
LOOK = 1.0
"""Seconds after which who waits looks again who holds the run lock."""

LONGEST = 120
"""Characters of a command that a message shows."""


@dataclass(frozen=True)
class Holder:
    """The process that holds the run lock, what it was started as, and since when it has it (ISO 8601, UTC)."""

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        since = f"{datetime.fromisoformat(self.since).astimezone():%Y-%m-%d %H:%M:%S}"
        stopped = f", and is stopped: kill -CONT {self.pid} lets it go on" if processes.stopped(self.pid) else ""
        return f"process {self.pid} ({self.command}) has held it since {since}{stopped}"


@contextmanager
def run_lock(
    folder: Path, waiting: Callable[[str], None] = lambda _: None, *, patience: float = LOCK_PATIENCE, who: str = ""
) -> Iterator[None]:
    """Take the run lock in a data folder, after every process that has it.

    `waiting` is called with a sentence that says who has it, and again whenever that is somebody else. `who` is what
    others read of us, our command unless it is said. Raise StoreLocked after `patience` seconds.
    """
    lock = FileLock(folder / FILE, is_singleton=True, thread_local=False)
    _acquire(lock, folder, waiting, patience)
    outermost = lock.lock_counter == 1
    try:
        if outermost:
            _say_who(folder, who or _command())
        yield
    finally:
        if outermost:
            with suppress(OSError):
                (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, folder: Path, waiting: Callable[[str], None], patience: float) -> None:
    until, told, look = time.monotonic() + patience, "", 0.0
    while True:
        try:
            lock.acquire(timeout=min(look, max(until - time.monotonic(), 0.0)))
        except Timeout:
            look = LOOK
            who = _who(folder)
            if time.monotonic() >= until:
                message = (
                    f"{folder}: another run has held the run lock for {patience:.0f} seconds: {who}."
                    " Wait for it or stop it, then run again."
                )
                raise StoreLocked(message) from None
            if who != told:
                waiting(f"Another run holds the run lock of {folder}. This run waits for it: {who}.")
                told = who
        else:
            return


def _who(folder: Path) -> str:
    """Who holds the run lock, as far as that is known: between the lock and the file beside it lies a moment."""
    try:
        return str(Holder(**json.loads((folder / HOLDER).read_text("utf-8"))))
    except (OSError, ValueError, TypeError):
        return "a process that has just begun, or that does not say who it is"


def _command() -> str:
    """A command is no secret, as credentials are in no argument."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def _say_who(folder: Path, who: str) -> None:
    """Where the disk is full, others do not learn it."""
    holder = Holder(os.getpid(), who[:LONGEST], utc_now().isoformat())
    part = folder / f".{HOLDER}.{holder.pid}"
    with suppress(OSError):
        part.write_text(json.dumps(vars(holder)), "utf-8")
        part.replace(folder / HOLDER)
