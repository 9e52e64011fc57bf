"""The only registry of systems. To add a system, write its file beside this one and name it here."""

from talk_assets.systems.crmoffice import CRMOFFICE
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets.systems.customwebshop import CUSTOMWEBSHOP
from talk_assets.systems.poweroffice import POWEROFFICE, POWEROFFICE_PEER
from talk_assets.systems.powerofficego import POWEROFFICEGO
from talk_assets.systems.settings import Opening, Registered, SystemSettings
from talk_assets.systems.webcrm import WEBCRM

SYSTEMS: dict[str, Registered] = {
    system.name: system
    for system in (WEBCRM, CRMOFFICE, CUSTOMERP, POWEROFFICEGO, CUSTOMWEBSHOP, POWEROFFICE, POWEROFFICE_PEER)
}
"""Every system by name, in the order in which people read them."""

__all__ = ["SYSTEMS", "Opening", "Registered", "SystemSettings"]
