"""The systems that are profiles of the REST connector pass the conformance suite."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from talk_assets.http.api import Changes, Follow, Lookup, Paging, Since, Spelling
from talk_assets.model.system import System
from talk_assets.systems import Registered, customerp
from talk_assets.systems.crmoffice import CRMOFFICE
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets.systems.customwebshop import CUSTOMWEBSHOP
from talk_assets.testing.conformance.http import HttpConformance
from talk_assets.testing.served import Served, served


def reconfigured(known: Registered, **other: object) -> Registered:
    """A system whose profile has something else in some places."""
    assert known.profile
    api = replace(known.profile.api, **other)  # type: ignore[arg-type]
    collections = tuple(
        replace(one, needs_current=one.needs_current or api.recalls) for one in known.profile.collections
    )
    return replace(known, profile=replace(known.profile, api=api, collections=collections))


class TestCustomerp(HttpConformance):
    registered = CUSTOMERP
    refuses = ("contact", "email", "kari@firma")
    bad = ("contact", {"first_name": "A", "last_name": "B", "email": "no e-mail"}, "/email")


@pytest.mark.thorough  # crmoffice, too, is asked for changes by time
class TestCustomerpByTime(TestCustomerp):
    """The same API, asked for changes by time, one record after the other, and looked at before each write."""

    registered = reconfigured(
        CUSTOMERP,
        changes=Changes(Since.TIME, "updated_since", Spelling.MICROSECONDS, params={"include_deleted": "true"}),
        by_id=Lookup(),
        writing=replace(customerp.API.writing, recheck=True, idempotency_header="Idempotency-Key"),
    )


class TestCrmoffice(HttpConformance):
    registered = CRMOFFICE
    refuses = ("contacts", "email", "kari@firma")
    bad = ("contacts", {"familyName": "B", "email": "no e-mail"}, "is no e-mail address")

    @pytest.mark.thorough  # a refusal is understood as in Customerp's API
    def test_a_value_that_is_refused_holds_its_field_and_nothing_else(self, sandbox: Served, system: System) -> None:
        super().test_a_value_that_is_refused_holds_its_field_and_nothing_else(sandbox, system)


class TestCustomwebshop(HttpConformance):
    registered = CUSTOMWEBSHOP
    always_full = frozenset({"customer"})
    glance_requests = 2
    refuses = ("customer", "email", "kari@firma")
    needs = True
    names = ()
    unique = frozenset({"gtin"})
    never_blank = frozenset({"status", "currency", "name", "email"})
    bad = ("customer", {"billing.email": "no e-mail"}, "Invalid parameter(s): billing")

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        """A shop fills new lines from their products, which is what its own tests are about."""
        with served(self.registered.name) as sandbox:
            sandbox.sandbox.fault(self.registered.name, switches={"fills_lines": False})
            yield sandbox


@pytest.mark.thorough  # test_listing and test_moving follow links
class TestCustomwebshopByLink(TestCustomwebshop):
    """The same shop, page by page as its links lead."""

    registered = reconfigured(CUSTOMWEBSHOP, paging=Paging(Follow.LINK, size_param="per_page", size=100))
