"""The list of the emulated systems, and how their store is filled. A new system is a folder and a line here.

An installed package adds one with an entry point of the group `talk_assets.sandbox` that names an `Emulated`, under the
name of the system that it emulates.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Protocol

from talk_assets.plugins import Plugins
from talk_assets.sandbox.crmoffice import data as crmoffice
from talk_assets.sandbox.crmoffice.api import Crmoffice
from talk_assets.sandbox.customerp import data as customerp
from talk_assets.sandbox.customerp.api import Customerp
from talk_assets.sandbox.customwebshop import data as customwebshop
from talk_assets.sandbox.customwebshop.api import Customwebshop
from talk_assets.sandbox.poweroffice import data as poweroffice
from talk_assets.sandbox.poweroffice.api import Poweroffice, PowerofficePeer
from talk_assets.sandbox.powerofficego import data as powerofficego
from talk_assets.sandbox.powerofficego.api import Powerofficego
from talk_assets.sandbox.store import SandboxStore, Stored
from talk_assets.sandbox.system import Emulation
from talk_assets.sandbox.webcrm import data as webcrm
from talk_assets.sandbox.webcrm.api import Webcrm
from talk_assets.sandbox.wire import Clock
from talk_assets.sandbox.world.world import World


class Renderer(Protocol):
    """Writes a world for one system."""

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection with its records."""
        ...


@dataclass(frozen=True)
class Emulated:
    """One system: its API, its data, and a command line that edits or reads a record, `{base}` being its base URL.

    `{id}` in the line is the id of the record of `example` at place `nth`, which is linked to one in another system.
    """

    api: type[Emulation]
    render: Callable[[World], Renderer]
    example: str
    curl: str
    nth: int = 0


POWEROFFICE = (
    "TOKEN=$(curl -s -u sandbox-application:{client} -d grant_type=client_credentials {{base}}/OAuth/Token"
    """ | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && """
    'RECORD=$(curl -s -H "Authorization: Bearer $TOKEN" {{base}}/{path}/{{id}}'
    """ | sed 's/^{{{{"data"://; s/,"success":true}}}}$//; s/,"gender":-1//;"""
    """ s/"phoneNumber":"[^"]*"/"phoneNumber":"+47 22 12 34 56"/') && """
    'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d "$RECORD" {{base}}/{path}'
)
"""Reads a record and writes all of it back with one change, since what a write leaves out is cleared."""

SHIPPED: Mapping[str, Emulated] = {
    "webcrm": Emulated(
        Webcrm,
        webcrm.Renderer,
        "Persons",
        "TOKEN=$(curl -s -d authCode=00000000-0000-4000-8000-77656263726d {base}/Auth/ApiLogin"
        """ | sed 's/.*"AccessToken":"\\([^"]*\\)".*/\\1/') && """
        'curl -X PUT -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" '
        """-d '{{"PersonMobilePhone": "+47 900 12 345"}}' {base}/Persons/{id} && """
        'curl -H "Authorization: Bearer $TOKEN" {base}/Persons/{id}',
    ),
    "crmoffice": Emulated(
        Crmoffice,
        crmoffice.Renderer,
        "contacts",
        "TOKEN=$(curl -s -d grant_type=refresh_token -d refresh_token=sandbox-refresh -d client_id=sandbox-crmoffice"
        """ -d client_secret=sandbox-secret {base}/connect/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && """
        'curl -X PATCH -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" '
        """-d '{{"mobilePhone": "+47 900 65 432"}}' {base}/contacts/{id}""",
    ),
    "customerp": Emulated(
        Customerp,
        customerp.Renderer,
        "contacts",
        'curl -X PATCH -H "Authorization: Bearer sandbox-customerp" -H "If-Match: *" '
        '-H "Content-Type: application/merge-patch+json" '
        """-d '{{"mobile": "+4790054321"}}' {base}/v1/contacts/{id}""",
    ),
    "poweroffice": Emulated(
        Poweroffice,
        poweroffice.Renderer,
        "employee",
        POWEROFFICE.format(client="sandbox-poweroffice", path="Employee"),
    ),
    "poweroffice_peer": Emulated(
        PowerofficePeer,
        poweroffice.Renderer,
        "customer",
        POWEROFFICE.format(client="sandbox-poweroffice-peer", path="Customer"),
        nth=1,  # the first is the firm itself, which no other system has
    ),
    "powerofficego": Emulated(
        Powerofficego,
        powerofficego.Renderer,
        "Customers",
        "TOKEN=$(curl -s -u sandbox-application:sandbox-client -H 'Ocp-Apim-Subscription-Key: sandbox-subscription' "
        "-d grant_type=client_credentials {base}/OAuth/Token"
        """ | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && """
        'curl -X PATCH -H "Authorization: Bearer $TOKEN" -H "Ocp-Apim-Subscription-Key: sandbox-subscription" '
        '-H "Content-Type: application/json-patch+json" '
        """-d '[{{"op": "replace", "path": "/PhoneNumber", "value": "+47 22 45 67 89"}}]' {base}/Customers/{id}""",
    ),
    "customwebshop": Emulated(
        Customwebshop,
        customwebshop.Renderer,
        "customers",
        'curl -X PUT -u ck_sandbox:cs_sandbox -H "Content-Type: application/json" '
        """-d '{{"billing": {{"phone": "+4722765432"}}}}' {base}/wp-json/wc/v3/customers/{id}""",
    ),
}


def _wrong(name: str, system: Emulated) -> str:
    return "" if system.api.name == name else f'emulates "{system.api.name}", and should have its name'


SYSTEMS: MutableMapping[str, Emulated] = Plugins("talk_assets.sandbox", Emulated, SHIPPED, _wrong)
"""Every emulated system by name."""


def open_systems(store: SandboxStore, clock: Clock, *, limits: bool) -> dict[str, Emulation]:
    """Every system over one store, by name."""
    return {name: system.api(store, clock, limits=limits) for name, system in SYSTEMS.items()}


def generate(store: SandboxStore, systems: Mapping[str, Emulation], *, records: int, seed: int, epoch: int) -> None:
    """Fill every system with its share of the same world, in one transaction."""
    with store.transaction():
        for name, system in systems.items():
            renderer = SYSTEMS[name].render(World(name, seed, records, epoch))
            for collection, rows in renderer.collections():
                system.shelves[collection].load(rows)
