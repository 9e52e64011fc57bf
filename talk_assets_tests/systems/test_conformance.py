"""Webcrm passes the conformance suite; those that are profiles of the REST connector are beside it."""

import pytest

from talk_assets.systems import Registered
from talk_assets.systems.webcrm import WEBCRM, wire
from talk_assets.testing.conformance.http import HttpConformance


class TestWebcrm(HttpConformance):
    registered = WEBCRM
    refuses = ("persons", "email", "kari@firma")
    checks = ("checks_emails",)
    bad = ("persons", {"PersonFirstName": "Nobody"}, "PersonLastName is mandatory")

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> Registered:
        monkeypatch.setattr(wire, "SIZE", 9)
        return self.registered
