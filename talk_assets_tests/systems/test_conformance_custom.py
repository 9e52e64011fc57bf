"""The systems that are profiles of the REST connector pass the conformance suite."""

from dataclasses import replace

import pytest

from talk_assets.systems import SYSTEMS
from talk_assets_tests.systems.conformance import Conformance


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
