"""Every system passes the conformance suite."""

from dataclasses import replace

import pytest

from talk_assets.systems import customerp
from talk_assets.systems.webcrm import wire
from talk_assets_tests.systems.conformance import Conformance


class TestWebcrm(Conformance):
    name = "webcrm"
    bad = ("persons", {"PersonFirstName": "Nobody"}, "PersonLastName is mandatory")

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "SIZE", 3)


class TestCustomerp(Conformance):
    name = "customerp"
    bad = ("contact", {"first_name": "A", "last_name": "B", "email": "no e-mail"}, "/email")

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(customerp, "API", replace(customerp.API, feed=replace(customerp.API.feed, size=3)))
