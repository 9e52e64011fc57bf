"""Kinto stands in for Customerp: JSON with lists in it, times since 1970, versions, and marks of what was deleted."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from talk_assets_tests.readme import free_port
from talk_assets_tests.sandbox import clients
from talk_assets_tests.thirdparty.servers import HERE, Firm, firm, installed, running

AUTH = ("talk", "a-password-of-this-test")
COLLECTIONS = ("customers", "people", "items", "sales", "jobs")


class Erp(httpx.Client):
    """What somebody does in Kinto behind our back."""

    def all(self, name: str) -> list[dict[str, Any]]:
        """The records of a collection."""
        found: list[dict[str, Any]] = self.get(f"collections/{name}/records").raise_for_status().json()["data"]
        return found

    def one(self, name: str) -> dict[str, Any]:
        """The only record of a collection."""
        (found,) = self.all(name)
        return found

    def edit(self, collection: str, id_: str, /, **properties: object) -> None:
        """Somebody edits a record."""
        self.patch(f"collections/{collection}/records/{id_}", json={"data": properties}).raise_for_status()


@pytest.fixture
def erp() -> Iterator[Erp]:
    """An empty ERP that answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    start = [
        str(installed("kinto") / "kinto"),
        "start",
        "--ini",
        str(HERE / "kinto" / "kinto.ini"),
        "--port",
        str(port),
    ]
    with running(start, url), Erp(base_url=f"{url}/v1/buckets/erp/", auth=AUTH) as client:
        client.put(f"{url}/v1/buckets/erp").raise_for_status()
        for name in COLLECTIONS:
            client.put(f"collections/{name}").raise_for_status()
        yield client


@pytest.fixture
def office(erp: Erp, tmp_path: Path) -> Iterator[Firm]:
    environment = {"TALK_CUSTOMERP_USERNAME": AUTH[0], "TALK_CUSTOMERP_PASSWORD": AUTH[1]}
    url = str(erp.base_url.copy_with(path="/")).rstrip("/")
    with firm("kinto", url, tmp_path / "data", environment) as found:
        yield found


@pytest.fixture
def sale(office: Firm) -> Firm:
    """An organisation, its person, a product and an opportunity with one line, in both systems."""
    office.sale()
    return office


def test_an_order_is_created_with_all_it_refers_to_and_a_second_sync_writes_nothing(sale: Firm, erp: Erp) -> None:
    order, customer, person, item = (erp.one(name) for name in ("sales", "customers", "people", "items"))
    assert (customer["name"], customer["orgno"]) == ("Fjord AS", "974760673")
    assert (person["name"], person["employer"]) == ("Anna van der Berg", customer["id"])
    assert item["price"] == {"amount": 10.5}
    assert (order["number"], order["buyer"], order["attention"]) == ("T-1", customer["id"], person["id"])
    assert order["state"] == "open"
    assert order["rows"] == [{"item": item["id"], "description": "Skrue", "count": 3, "each": 10.5}]
    assert sale.sync() == {}


def test_lines_and_names_edited_in_the_erp_arrive_in_webcrm(sale: Firm, erp: Erp) -> None:
    order = erp.one("sales")
    erp.edit("sales", order["id"], state="won", rows=[{**order["rows"][0], "count": 5}])
    erp.edit("people", erp.one("people")["id"], name="Anne Berg")
    sale.sync()
    line, deal = sale.shown("QuotationLines"), sale.shown("Opportunities")
    assert (line["QuotationLineQuantity"], line["QuotationLinePrice"]) == (5, 10.5)
    assert deal["OpportunityWinYesNo"] is True
    person = sale.shown("Persons")
    assert (person["PersonFirstName"], person["PersonLastName"]) == ("Anne", "Berg")
    assert sale.sync() == {}


def test_a_field_cleared_in_webcrm_is_cleared_in_the_erp_and_what_is_beside_it_stays(sale: Firm, erp: Erp) -> None:
    customer = erp.one("customers")
    erp.edit("customers", customer["id"], address={"city": "Oslo", "country": "Norge"}, note="ours")
    sale.sync()
    shown = sale.shown("Organisations")
    assert (shown["OrganisationCity"], shown["OrganisationCountry"]) == ("Oslo", "Norway")
    sale.crm("Organisations", OrganisationId=shown["OrganisationId"], OrganisationCity="")
    assert sale.sync() == {"customerp/customer": 1}
    after = erp.one("customers")
    assert (after["address"], after["note"]) == ({"country": "Norge"}, "ours")
    assert sale.sync() == {}


def test_an_edit_that_nobody_has_read_is_not_overwritten(sale: Firm, erp: Erp) -> None:
    person = sale.shown("Persons")
    sale.crm("Persons", PersonId=person["PersonId"], PersonTitle="Selger")
    hub = sale.decided()
    erp.edit("people", erp.one("people")["id"], role="Daglig leder")
    assert asyncio.run(hub.write("customerp")).collections["customerp/contact"].writes == 0
    assert erp.one("people")["role"] == "Daglig leder"
    sale.sync()
    assert sale.shown("Persons")["PersonTitle"] == erp.one("people")["role"] == "Daglig leder"


def test_a_deleted_record_leaves_a_mark_and_is_not_created_again(sale: Firm, erp: Erp) -> None:
    erp.delete(f"collections/sales/records/{erp.one('sales')['id']}").raise_for_status()
    assert sale.sync() == {}
    assert erp.all("sales") == []
    assert sale.shown("Opportunities")["OpportunityNumber"] == "T-1"


def test_activities_of_crmoffice_become_jobs_whose_times_count_from_1970(office: Firm, erp: Erp) -> None:
    with clients.crmoffice(office.sandbox) as client:
        who = client.post("/contacts", json={"givenName": "Bo", "familyName": "Li"}).json()["id"]
        times = {"startsAt": "2024-05-17T08:30:00Z", "endsAt": "2024-05-17T10:30:00Z"}
        made = client.post("/activities", json={"subject": "Befaring", "ownerId": who, **times}).json()["id"]
        office.sync()
        job = erp.one("jobs")
        assert (job["name"], job["begin"], job["end"]) == ("Befaring", 1715934600, 1715941800)
        assert job["who"] == erp.one("people")["id"]
        erp.edit("jobs", job["id"], end=1715945400)
        assert office.sync() == {"crmoffice/activities": 1}
        assert client.get(f"/activities/{made}").json()["endsAt"][:19] == "2024-05-17T11:30:00"
    assert office.sync() == {}
