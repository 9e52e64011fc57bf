"""The systems that are profiles of the REST connector pass the conformance suite."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from talk_assets.http.api import Changes, Follow, Lookup, Paging, Since, Spelling
from talk_assets.systems import SYSTEMS, customerp
from talk_assets_tests.systems.conformance import Conformance
from talk_assets_tests.systems.served import Served, served


class Profiled(Conformance):
    """A profile says how large a page is; `other` is what another one has in its place."""

    other: ClassVar[Mapping[str, object]] = {}

    @pytest.fixture(autouse=True)
    def reconfigured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = SYSTEMS[self.name]
        assert known.profile
        api = replace(known.profile.api, **self.other)  # type: ignore[arg-type]
        monkeypatch.setitem(SYSTEMS, self.name, replace(known, profile=replace(known.profile, api=api)))

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = SYSTEMS[self.name]
        assert known.profile
        api = known.profile.api
        small = replace(known.profile, api=replace(api, paging=replace(api.paging, size=3)))
        monkeypatch.setitem(SYSTEMS, self.name, replace(known, profile=small))


class TestCustomerp(Profiled):
    name = "customerp"
    bad = ("contact", {"first_name": "A", "last_name": "B", "email": "no e-mail"}, "/email")


class TestCustomerpByTime(TestCustomerp):
    """The same API, asked for changes by time, one record after the other, and looked at before each write."""

    other: ClassVar[Mapping[str, object]] = {
        "changes": Changes(Since.TIME, "updated_since", Spelling.MICROSECONDS, params={"include_deleted": "true"}),
        "by_id": Lookup(),
        "writing": replace(customerp.API.writing, fresh=True, key="Idempotency-Key"),
    }


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


class TestCustomwebshopByLink(TestCustomwebshop):
    """The same shop, page by page as its links lead."""

    other: ClassVar[Mapping[str, object]] = {"paging": Paging(Follow.LINK, size_param="per_page", size=100)}
