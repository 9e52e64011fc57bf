"""What Dagster loads: the graph of the instance that this process runs in. Everything about it is in `graph`."""

from dagster import Definitions, definitions

from talk_assets.graph.build import build_definitions


@definitions
def defs() -> Definitions:
    """The graph of the data folder and the environment of this process."""
    return build_definitions()
