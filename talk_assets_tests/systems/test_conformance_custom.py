"""The systems that are profiles of the REST connector pass the conformance suite."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from talk_assets.systems import SYSTEMS
from talk_assets_tests.systems.conformance import Conformance
from talk_assets_tests.systems.served import Served, served


class Profiled(Conformance):
    """A profile says how large a page is."""

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = SYSTEMS[self.name]
        assert known.profile
        api = known.profile.api
        small = replace(known.profile, api=replace(api, paging=replace(api.paging, size=3)))
        monkeypatch.setitem(SYSTEMS, self.name, replace(known, profile=small))


class TestCustomerp(Profiled):
    name = "customerp"
    bad = ("contact", {"first_name": "A", "last_name": "B", "email": "no e-mail"}, "/email")


class TestCrmoffice(Profiled):
    name = "crmoffice"
    bad = ("contacts", {"familyName": "B", "email": "no e-mail"}, "is no e-mail address")


class TestCustomwebshop(Profiled):
    name = "customwebshop"
    always_full = frozenset({"customer"})
    bad = ("customer", {"billing.email": "no e-mail"}, "Invalid parameter(s): billing")

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        """A shop fills new lines from their products, which is what its own tests are about."""
        with served(self.name) as sandbox:
            sandbox.sandbox.fault(self.name, switches={"fills_lines": False})
            yield sandbox
