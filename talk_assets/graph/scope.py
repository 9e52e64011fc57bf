"""What a run is about, as the Launchpad asks for it once for all its steps.

resources:
  scope:
    config: {dataflows: [webcrm-customerp], full: true}
"""

from dagster import ConfigurableResource, Failure
from pydantic import Field

from talk_assets.config.configuration import DataflowSettings
from talk_assets.config.wiring import Wiring
from talk_assets.errors import ConfigurationError
from talk_assets.sync.plan.permits import Permits

KEY = "scope"


class RunScope(ConfigurableResource[None]):
    """What `talk sync` takes as --dataflow and --full."""

    dataflows: list[str] = Field(
        default=[], description="Read and write only the collections of these, like webcrm-customerp; none for all."
    )
    full: bool = Field(default=False, description="Read every record again, and notice those that are gone.")

    def collections(self, wiring: Wiring) -> frozenset[str]:
        """Return the keys of the collections that are read and written; a dataflow that is not there ends the run."""
        return wiring.collections_of(self._asked(wiring))

    def needed(self, wiring: Wiring) -> frozenset[str]:
        """Return the keys of the collections that must have been read once before anything is created."""
        return wiring.needed_by(self._asked(wiring))

    def permits(self, wiring: Wiring) -> Permits:
        """Return what may be written: what is due to the dataflows that the run is about, if they are in mode write."""
        return wiring.permits(self._asked(wiring))

    def _asked(self, wiring: Wiring) -> tuple[DataflowSettings, ...]:
        try:
            return wiring.dataflows(self.dataflows)
        except ConfigurationError as error:
            raise Failure(str(error), allow_retries=False) from error

    @property
    def left_out(self) -> str:
        """Why a collection was."""
        return f"this run is about {', '.join(self.dataflows)} only"
