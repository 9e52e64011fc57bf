"""Whose turn it is: one process at a time reads, decides or writes, so that no two runs send the same write.

A step takes the turn for as long as it runs, a whole `talk sync` for all its steps; within one process it is the same
turn. The system takes it back when a process dies.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

from talk_assets.sync import journal, runs
from talk_assets.sync.hub import Hub, utc_now
from talk_assets.sync.progress import Tell, silent
from talk_assets.wiring import Wiring

FILE = "sync.lock"


@contextmanager
def turn(folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Take the turn in a data folder, after every process that has it; `waiting` is called once if there is one."""
    lock = FileLock(folder / FILE, is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def hub_in_turn(wiring: Wiring, run: str, mode: str, tell: Tell = silent) -> Iterator[Hub]:
    """Take the turn, and give the run's hub, the run's row being there; `tell` hears how far it is."""
    with turn(wiring.config.folder):
        hub = _hub(wiring, run)
        hub.tell = tell
        with hub.store.transaction() as transaction:
            runs.begin(transaction, run, mode, utc_now())
        with hub.store.kept_open():
            yield hub


@lru_cache(maxsize=1)
def _hub(wiring: Wiring, run: str) -> Hub:
    """The steps of a run share a hub: the tables are prepared once, and what the journal keeps no longer goes once."""
    hub = wiring.hub(run)
    with hub.store.transaction() as transaction:
        journal.prune(transaction, utc_now() - timedelta(days=wiring.config.keep_days))
    return hub
