"""The registry of systems: those that ship, one file each beside this one, and those that installed packages add.

A package adds a system with an entry point of the group `talk_assets.systems` that names a `Registered`:

    [project.entry-points."talk_assets.systems"]
    helpdesk = "talk_helpdesk.system:HELPDESK"

The entry point has the system's own name: lower-case letters, digits and underscores. The pairs that the system brings
are its `Registered.dataflows`. With an entry point of the group `talk_assets.sandbox` that names an
`sandbox.registry.Emulated`, the sandbox serves the system as long as the environment has no credentials for it.
`examples/helpdesk` is a complete package, and `testing` has the tests that every system must pass.
"""

import re
from collections.abc import MutableMapping

from talk_assets.errors import ConfigurationError
from talk_assets.model.dataflows import DATAFLOWS, Dataflow
from talk_assets.model.entities import ENTITIES
from talk_assets.plugins import Plugins
from talk_assets.systems.crmoffice import CRMOFFICE
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets.systems.customwebshop import CUSTOMWEBSHOP
from talk_assets.systems.poweroffice import POWEROFFICE, POWEROFFICE_PEER
from talk_assets.systems.powerofficego import POWEROFFICEGO
from talk_assets.systems.settings import Opening, Registered, SystemSettings
from talk_assets.systems.webcrm import WEBCRM

NAME = re.compile(r"[a-z][a-z0-9_]*")
TAKEN = frozenset({*ENTITIES, "sync", "main", "temp", "system"})
"""Schemas of the database that hold something else than a system's records."""


def _wrong(name: str, system: Registered) -> str:
    if system.name != name:
        return f'is the system "{system.name}", and should have its name'
    if not NAME.fullmatch(name):
        return "should have lower-case letters, digits and underscores only"
    return f"should have another name: {', '.join(sorted(TAKEN))} are taken" if name in TAKEN else ""


SYSTEMS: MutableMapping[str, Registered] = Plugins(
    "talk_assets.systems",
    Registered,
    {
        system.name: system
        for system in (WEBCRM, CRMOFFICE, CUSTOMERP, POWEROFFICEGO, CUSTOMWEBSHOP, POWEROFFICE, POWEROFFICE_PEER)
    },
    _wrong,
)
"""Every system by name, in the order in which people read them."""


def all_dataflows() -> tuple[Dataflow, ...]:
    """Return the dataflows that ship, then those that systems of other packages bring.

    Raise ConfigurationError for a dataflow that exists already, or that names a system that is not registered.
    """
    known = {dataflow.name: dataflow for dataflow in DATAFLOWS}
    for system in SYSTEMS.values():
        for dataflow in system.dataflows:
            if dataflow.name in known:
                message = (
                    f"{system.name}: brings the dataflow {dataflow.name}, which exists already. Correct its package."
                )
                raise ConfigurationError(message)
            sides = {dataflow.left, dataflow.right}
            named = {key.partition("/")[0] for pair in dataflow.pairs for key in (pair.left, pair.right)}
            if unknown := (sides | named) - SYSTEMS.keys():
                message = (
                    f"{system.name}: its dataflow {dataflow.name} names {' and '.join(sorted(unknown))}, and there are"
                    f" {', '.join(SYSTEMS)}. Install the package of the system that is missing."
                )
                raise ConfigurationError(message)
            known[dataflow.name] = dataflow
    return tuple(known.values())


__all__ = ["SYSTEMS", "Opening", "Registered", "SystemSettings", "all_dataflows"]
