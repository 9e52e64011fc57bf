"""Powerofficego passes the conformance suite."""

from collections.abc import Iterator

import pytest

from talk_assets.model.collection import Collection
from talk_assets.model.system import System
from talk_assets.systems import Registered
from talk_assets.systems.powerofficego import POWEROFFICEGO, orders, wire
from talk_assets.testing.conformance.http import HttpConformance
from talk_assets.testing.served import Served, served


class TestPowerofficego(HttpConformance):
    registered = POWEROFFICEGO
    refuses = ("customers", "email", "kari@firma")
    bad = ("customers", {"EmailAddress": "post@fjord.example"}, "The Name field is required")

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        """Nothing is filled in of what a line does not say; what the hub makes of that is shown by other tests."""
        with served(self.registered.name) as found:
            found.sandbox.fault(self.registered.name, switches={"fills_lines": False})
            yield found

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> Registered:
        for module in (wire, orders):
            monkeypatch.setattr(module, "SIZE", 9)
        monkeypatch.setattr(orders, "ORDERS_AT_A_TIME", 3)
        return self.registered

    def each(self, system: System) -> Iterator[Collection]:
        """Lines are created with their orders."""
        return (collection for collection in super().each(system) if collection.creatable)
