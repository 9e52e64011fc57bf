"""Both clients of PowerOffice pass the conformance suite."""

import asyncio
from collections.abc import Iterator

import pytest

from talk_assets.model.system import Connection, System
from talk_assets.sandbox.poweroffice.data import HOUSE, HOUSE_ID
from talk_assets.sandbox.serving import serving
from talk_assets.systems import Registered
from talk_assets.systems.poweroffice import POWEROFFICE, POWEROFFICE_PEER, wire
from talk_assets.testing.conformance.http import HttpConformance
from talk_assets.testing.conformance.steps import drained, with_connection
from talk_assets.testing.served import Served, served


class _Client(HttpConformance):
    """What the suite asks of both, in ways that suit this API."""

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> Registered:
        monkeypatch.setattr(wire, "SIZE", 3)
        return self.registered

    def test_the_rate_limit_is_used_and_never_exceeded(self) -> None:
        """In seconds here: what our own requests take counts as well."""
        known = self.registered
        with served(known.name, limits=True) as sandbox:
            system = known.build(sandbox.settings(rate=known.rate))
            collection = next(self.each(system))
            began = sandbox.sandbox.clock.now()

            async def many(connection: Connection) -> int:
                async with asyncio.TaskGroup() as group:
                    for _ in range(known.rate.requests * 2):
                        group.create_task(drained(connection.read(collection, since=None, position=None)))
                return connection.usage.retries

            assert with_connection(system, many) == 0
            assert 2 <= sandbox.sandbox.clock.now() - began < 5


class TestPoweroffice(_Client):
    registered = POWEROFFICE
    refuses = ("customer", "email", "kari@firma")
    bad = ("customer", {"firstName": "A", "lastName": "B", "emailAddress": "no e-mail"}, "not a valid email address")


class TestPowerofficePeer(_Client):
    registered = POWEROFFICE_PEER
    refuses = ("customer", "email", "kari@firma")
    bad = ("contactperson", {"firstName": "Nobody"}, "LastName is required")

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        """With the firm itself among its customers, where contact persons stand whose company nobody knows."""
        with serving({self.registered.name: {"customer": [{"id": HOUSE_ID, **HOUSE}]}}) as sandbox:
            yield Served(self.registered.name, sandbox)

    @pytest.mark.thorough  # the other client has the same API
    def test_a_value_that_is_refused_holds_its_field_and_nothing_else(self, sandbox: Served, system: System) -> None:
        super().test_a_value_that_is_refused_holds_its_field_and_nothing_else(sandbox, system)
