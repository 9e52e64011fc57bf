"""json-server stands in for Customerp: no times, no versions, no marks; an update replaces a nested object."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from talk_assets_tests.readme import free_port
from talk_assets_tests.thirdparty.servers import Firm, firm, installed, running

RESOURCES = ("customers", "contacts", "products", "orders", "projects")
ADDRESS = {"street": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"}


class Erp(httpx.Client):
    """What somebody does in json-server behind our back."""

    def all(self, resource: str) -> list[dict[str, Any]]:
        """All records."""
        found: list[dict[str, Any]] = self.get(resource).raise_for_status().json()
        return found

    def one(self, resource: str) -> dict[str, Any]:
        """The only record."""
        (found,) = self.all(resource)
        return found

    def edit(self, resource: str, id_: int, /, **properties: object) -> None:
        """Somebody edits a record."""
        self.patch(f"{resource}/{id_}", json=properties).raise_for_status()


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[Erp]:
    """An empty ERP that answers."""
    program, file, port = installed("jsonserver") / "json-server", tmp_path / "erp.json", free_port()
    file.write_text(json.dumps({resource: [] for resource in RESOURCES}), "utf-8")
    url = f"http://127.0.0.1:{port}"
    start = [str(program), "--host", "127.0.0.1", "--port", str(port), str(file)]
    with running(start, url), Erp(base_url=url) as client:
        yield client


@pytest.fixture
def office(erp: Erp, tmp_path: Path) -> Iterator[Firm]:
    with firm("jsonserver", str(erp.base_url).rstrip("/"), tmp_path / "data", {}) as found:
        yield found


@pytest.fixture
def sale(office: Firm) -> Firm:
    """An organisation, its person, a product and an opportunity with one line, in both systems."""
    office.sale()
    return office


def test_an_order_is_created_with_all_it_refers_to_and_a_second_sync_writes_nothing(sale: Firm, erp: Erp) -> None:
    order, customer, person, item = (erp.one(name) for name in ("orders", "customers", "contacts", "products"))
    assert (customer["name"], customer["organisation_number"]) == ("Fjord AS", "974760673")
    assert (person["first_name"], person["last_name"]) == ("Anna", "van der Berg")
    assert (item["number"], item["unit_price"]) == ("S-1", 10.5)
    assert (person["customer_id"], order["customer_id"]) == (customer["id"], customer["id"])
    assert (order["number"], order["contact_id"]) == ("T-1", person["id"])
    (line,) = order["lines"]
    assert (line["product_id"], line["quantity"], line["unit_price"]) == (item["id"], 3, 10.5)
    assert sale.sync() == {}


def test_every_field_of_a_customer_goes_both_ways(sale: Firm, erp: Erp) -> None:
    id_ = erp.one("customers")["id"]
    erp.edit("customers", id_, address=ADDRESS, phone="+4722334455", website="https://fjord.example")
    assert sale.sync() == {"webcrm/organisations": 1}
    shown = sale.shown("Organisations")
    names = ("Address", "PostCode", "City", "Country", "Telephone", "Www")
    values = ("Storgata 1", "0155", "Oslo", "Norway", "+4722334455", "https://fjord.example")
    assert tuple(shown[f"Organisation{name}"] for name in names) == values
    others = ("Torget 2", "4006", "Stavanger", "Sweden", "+4755667788", "https://fjell.example")
    edited = {f"Organisation{name}": value for name, value in zip(names, others, strict=True)}
    sale.crm("Organisations", OrganisationId=shown["OrganisationId"], OrganisationName="Fjell AS", **edited)
    assert sale.sync() == {"customerp/customer": 1}
    after = erp.one("customers")
    assert after["address"] == {"street": "Torget 2", "postal_code": "4006", "city": "Stavanger", "country": "SE"}
    assert (after["name"], after["phone"], after["website"]) == ("Fjell AS", "+4755667788", "https://fjell.example")
    assert sale.sync() == {}


def test_an_edit_of_the_street_alone_leaves_the_rest_of_the_address(sale: Firm, erp: Erp) -> None:
    erp.edit("customers", erp.one("customers")["id"], address=ADDRESS)
    sale.sync()
    id_ = sale.shown("Organisations")["OrganisationId"]
    sale.crm("Organisations", OrganisationId=id_, OrganisationAddress="Torget 2")
    assert sale.sync() == {"customerp/customer": 1}
    assert sale.sync() == {}
    assert erp.one("customers")["address"] == {**ADDRESS, "street": "Torget 2"}
    shown = sale.shown("Organisations")
    assert (shown["OrganisationCity"], shown["OrganisationPostCode"]) == ("Oslo", "0155")


def test_lines_and_names_edited_in_the_erp_arrive_in_webcrm(sale: Firm, erp: Erp) -> None:
    order = erp.one("orders")
    erp.edit("orders", order["id"], status="confirmed", lines=[{**order["lines"][0], "quantity": 5}])
    erp.edit("contacts", erp.one("contacts")["id"], first_name="Anne", job_title="Daglig leder")
    sale.sync()
    assert sale.shown("QuotationLines")["QuotationLineQuantity"] == 5
    assert sale.shown("Opportunities")["OpportunityWinYesNo"] is True
    person = sale.shown("Persons")
    assert (person["PersonFirstName"], person["PersonTitle"]) == ("Anne", "Daglig leder")
    assert sale.sync() == {}


def test_records_of_many_pages_are_linked_and_only_those_that_lack_are_created(office: Firm, erp: Erp) -> None:
    people = [
        {"first_name": "Per", "last_name": f"Nr {number}", "email": f"p{number}@x.example"} for number in range(45)
    ]
    for person in people[:30]:
        erp.post("contacts", json=person).raise_for_status()
    for person in people:
        named = {"PersonFirstName": person["first_name"], "PersonLastName": person["last_name"]}
        office.crm("Persons", PersonEmail=person["email"], **named)
    assert office.sync() == {"customerp/contact": 15}
    found = erp.all("contacts")
    assert sorted(row["email"] for row in found) == sorted(person["email"] for person in people)
    assert len({row["external_ref"] for row in found if "external_ref" in row}) == 15
    assert office.sync() == {}


def test_a_deleted_record_is_noticed_without_a_mark_and_not_created_again(sale: Firm, erp: Erp) -> None:
    erp.delete(f"orders/{erp.one('orders')['id']}").raise_for_status()
    assert sale.sync() == {}
    assert erp.all("orders") == []
    assert sale.shown("Opportunities")["OpportunityNumber"] == "T-1"
