"""Powerofficego passes the conformance suite."""

from collections.abc import Iterator

import pytest

from talk_assets.model.collection import Collection
from talk_assets.model.system import System
from talk_assets.systems.powerofficego import orders, wire
from talk_assets_tests.systems.conformance import Conformance
from talk_assets_tests.systems.served import Served, served


class TestPowerofficego(Conformance):
    name = "powerofficego"
    bad = ("customers", {"EmailAddress": "post@fjord.example"}, "The Name field is required")

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        """Nothing is filled in of what a line does not say; what the hub makes of that is shown by other tests."""
        with served(self.name) as found:
            found.sandbox.fault(self.name, switches={"fills_lines": False})
            yield found

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (wire, orders):
            monkeypatch.setattr(module, "SIZE", 3)
        monkeypatch.setattr(orders, "ORDERS_AT_A_TIME", 3)

    def each(self, system: System) -> Iterator[Collection]:
        """Lines are created with their orders."""
        return (collection for collection in super().each(system) if collection.creatable)
