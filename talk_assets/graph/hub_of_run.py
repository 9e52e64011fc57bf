"""The hub of a Dagster run, for its steps: one at a time, under the run lock."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import lru_cache

from dagster import AssetExecutionContext, Failure

from talk_assets.config.wiring import Wiring
from talk_assets.errors import StoreLocked
from talk_assets.operate.run_lock import run_lock
from talk_assets.sync import journal, runs
from talk_assets.sync.hub import Hub, utc_now
from talk_assets.sync.progress import Tell, silent


@contextmanager
def locked_hub(wiring: Wiring, context: AssetExecutionContext, mode: str, tell: Tell = silent) -> Iterator[Hub]:
    """Take the run lock, and give the run's hub, the run's row being there; `tell` hears how far it is.

    Raise Failure where another keeps the run lock.
    """
    config, run = wiring.config, context.run.run_id
    with ExitStack() as stack:
        try:
            patience, who = config.lock_patience, f"Dagster's run {run}"
            stack.enter_context(run_lock(config.folder, context.log.info, patience=patience, who=who))
        except StoreLocked as error:
            raise Failure(str(error), allow_retries=False) from error
        hub = _hub(wiring, run)
        hub.tell = tell
        stack.enter_context(hub.store.kept_open())
        with hub.store.transaction() as transaction:
            runs.begin(transaction, run, mode, utc_now())
        yield hub


@lru_cache(maxsize=1)
def _hub(wiring: Wiring, run: str) -> Hub:
    """The steps of a run share a hub: the tables are prepared once, and what the journal keeps no longer goes once."""
    hub = wiring.hub(run)
    hub.prepare()
    with hub.store.transaction() as transaction:
        journal.prune(transaction, utc_now() - timedelta(days=wiring.config.keep_days))
    return hub
