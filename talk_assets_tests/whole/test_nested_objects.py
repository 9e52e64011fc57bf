"""An ERP that takes a nested object in a PATCH for the whole object: what we leave out of it would be gone.

So it is with json-server, and with every server that stores what it was sent.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from talk_assets.http.api import Request
from talk_assets.http.rest import RestCollection
from talk_assets.systems import SYSTEMS, Registered
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets_tests.whole.firm import TOKEN, Firm, firm, only, pairs_of

COMPANIES = [pair for pair in pairs_of("webcrm-customerp") if pair.left == "webcrm/organisations"]
ADDRESS = {"street": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"}


def replacing(*, versions: bool) -> Registered:
    """The connector as talk.toml would have it for such an ERP."""
    profile = CUSTOMERP.profile
    assert profile
    writing = replace(profile.api.writing, update=Request("PATCH", "{path}/{id}"))
    if not versions:
        writing = replace(writing, if_match_header="", recheck=True)
    collections: tuple[RestCollection, ...] = tuple(replace(one, needs_current=True) for one in profile.collections)
    api = replace(profile.api, writing=writing)
    return replace(CUSTOMERP, profile=replace(profile, api=api, collections=collections))


def replace_address(fjord: Firm, address: dict[str, str]) -> None:
    """Somebody changes the address in the ERP."""
    there = only(fjord.erp("customers"))["id"]
    fjord.later()
    answer = fjord.http.patch(
        f"{fjord.sandbox.base_urls['customerp']}/v1/customers/{there}",
        headers={"Authorization": f"Bearer {TOKEN}", "If-Match": "*"},
        json={"address": address},
    )
    assert answer.is_success, answer.text


@pytest.fixture(params=[True, False], ids=["versions", "no versions"])
def fjord(request: pytest.FixtureRequest) -> Iterator[Firm]:
    """A firm with one company, in both systems, with an address."""
    systems = {**SYSTEMS, "customerp": replacing(versions=request.param)}
    with firm(pairs=COMPANIES, registered=systems) as opened:
        opened.sandbox.fault("customerp", switches={"replaces_nested": True, "needs_match": request.param})
        opened.crm_add(
            "Organisations",
            OrganisationName="Fjord AS",
            OrganisationVatNumber="974760673",
            OrganisationAddress=ADDRESS["street"],
            OrganisationPostCode=ADDRESS["postal_code"],
            OrganisationCity=ADDRESS["city"],
            OrganisationCountry="Norway",
        )
        opened.sync()
        assert only(opened.erp("customers"))["address"] == ADDRESS
        yield opened


def test_a_street_is_moved_and_the_rest_of_the_address_stays(fjord: Firm) -> None:
    """Even what somebody edits in the address meanwhile."""
    there = only(fjord.crm("Organisations"))
    fjord.crm_edit("Organisations", there["OrganisationId"], OrganisationAddress="Kirkegata 2")
    fjord.sync()
    assert only(fjord.erp("customers"))["address"] == ADDRESS | {"street": "Kirkegata 2"}
    assert fjord.sync(full=True).written == {}
    now = only(fjord.crm("Organisations"))
    assert now == there | {
        name: now[name] for name in now if name == "OrganisationAddress" or name.startswith("OrganisationUpdated")
    }
    assert now["OrganisationAddress"] == "Kirkegata 2"

    fjord.crm_edit("Organisations", there["OrganisationId"], OrganisationAddress="Torggata 3")
    replace_address(fjord, ADDRESS | {"street": "Kirkegata 2", "city": "Bergen"})
    fjord.sync()
    fjord.sync()
    assert only(fjord.erp("customers"))["address"] == ADDRESS | {"street": "Torggata 3", "city": "Bergen"}
    assert only(fjord.crm("Organisations"))["OrganisationCity"] == "Bergen"
