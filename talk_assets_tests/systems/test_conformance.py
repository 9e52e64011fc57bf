"""Webcrm passes the conformance suite; those that are profiles of the REST connector are beside it."""

import pytest

from talk_assets.systems.webcrm import wire
from talk_assets_tests.systems.conformance import Conformance


class TestWebcrm(Conformance):
    name = "webcrm"
    bad = ("persons", {"PersonFirstName": "Nobody"}, "PersonLastName is mandatory")

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "SIZE", 3)
