"""The hub of a Dagster run, a resource of its steps: one step at a time has it, under the run lock."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from dagster import AssetExecutionContext, Failure, InitResourceContext, ResourceDefinition

from talk_assets.config.wiring import Wiring
from talk_assets.errors import StoreLocked
from talk_assets.graph import metadata
from talk_assets.operate.run_lock import run_lock
from talk_assets.sync import journal, runs
from talk_assets.sync.hub import Hub, utc_now
from talk_assets.sync.progress import Tell, silent

KEY = "hub"


class RunHub:
    """The steps of a run share a hub: the tables are prepared once, and what the journal keeps no longer goes once."""

    def __init__(self, wiring: Wiring, run: str) -> None:
        self._wiring = wiring
        self._hub = wiring.hub(run)
        self._pruned = False

    @contextmanager
    def locked(self, context: AssetExecutionContext, tell: Tell = silent) -> Iterator[Hub]:
        """Take the run lock, and give the hub, the run's row being there; `tell` hears how far it is.

        Raise Failure where another keeps the run lock.
        """
        config, hub = self._wiring.config, self._hub
        with ExitStack() as stack:
            try:
                patience, who = config.lock_patience, f"Dagster's run {hub.run}"
                stack.enter_context(run_lock(config.folder, context.log.info, patience=patience, who=who))
            except StoreLocked as error:
                raise Failure(str(error), allow_retries=False) from error
            hub.tell = tell
            stack.enter_context(hub.store.kept_open())
            hub.prepare()
            with hub.store.transaction() as transaction:
                if not self._pruned:
                    journal.prune(transaction, utc_now() - timedelta(days=config.keep_days))
                runs.begin(transaction, hub.run, metadata.mode_of(context), utc_now())
            self._pruned = True
            yield hub


def resource(wiring: Wiring) -> ResourceDefinition:
    """Return the resource that gives each run a hub of its own."""

    def begin(context: InitResourceContext) -> RunHub:
        return RunHub(wiring, context.run.run_id if context.run else "")

    return ResourceDefinition(begin, description="The run's hub over the database of the instance.")
