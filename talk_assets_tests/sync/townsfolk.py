"""People in three systems, crm → erp → shop, whose names, birth dates and addresses say who is who without a key."""

from dataclasses import dataclass

from talk_assets.model.lens.lens import Date, Email, Instant, Lens, Text
from talk_assets.sync.hub import Hub
from talk_assets.sync.link.weighed import Evidence
from talk_assets_tests.sync.chain import CRM, ERP, SHOP, Chain

KARI = {
    "first_name": "Kari", "last_name": "Nordmann", "birth_date": "1971-03-09", "street": "Storgata 12",
    "postal_code": "5003", "city": "Bergen",
}  # fmt: skip
OLA = {
    "first_name": "Ola", "last_name": "Lie", "birth_date": "1990-11-30", "street": "Fjellveien 3",
    "postal_code": "0181", "city": "Oslo",
}  # fmt: skip

ON = Evidence(suggest_above=0.5)


def lens() -> Lens:
    """What every collection has a property for."""
    return Lens(
        email=Email("email"), first_name=Text("first_name"), last_name=Text("last_name"),
        birth_date=Date("birth_date"), street=Text("street"), postal_code=Text("postal_code"), city=Text("city"),
    )  # fmt: skip


@dataclass
class Town(Chain):
    """The systems, and a hub that weighs evidence."""

    evidence: Evidence = ON

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in (CRM, ERP, SHOP):
            self.declare(key, lens=lens(), modified=Instant("modified"))

    def hub(self, run: str = "run") -> Hub:
        """A process that was just started."""
        hub = super().hub(run)
        hub.evidence = self.evidence
        return hub

    def held(self) -> dict[str, str]:
        """The reasons by record."""
        with self.transaction() as transaction:
            return dict(transaction.frame("SELECT collection || '/' || id, reason FROM sync.held").iter_rows())
