"""Directus stands in for Customerp: lines in a table of their own, times that the server sets, pages with a total."""

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from talk_assets_tests.readme import free_port
from talk_assets_tests.sandbox import clients
from talk_assets_tests.thirdparty.servers import Firm, firm, installed, running

pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="its Node is installed for Linux on x86_64"
)
TOKEN = "a-token-of-this-test"
TABLES: Mapping[str, Mapping[str, str]] = {
    "firms": dict.fromkeys(("name", "vat", "mail", "phone", "www", "street", "zip", "town", "country"), "string"),
    "people": dict.fromkeys(("given", "family", "title", "mail", "phone", "cell", "street", "zip"), "string")
    | {"town": "string", "country": "string", "born": "date", "firm": "firms"},
    "items": {"code": "string", "name": "string", "text": "text", "price": "decimal", "cost": "decimal"}
    | {"unit": "string", "ean": "string"},
    "sales": {"number": "string", "text": "text", "firm": "firms", "person": "people", "ordered": "date"}
    | {"delivered": "date", "currency": "string", "state": "string"},
    "rows": {"sale": "sales", "item": "items", "text": "text", "qty": "decimal", "price": "decimal"}
    | {"discount": "decimal"},
    "jobs": {"number": "string", "name": "string", "text": "text", "starts": "timestamp", "ends": "timestamp"}
    | {"firm": "firms", "owner": "people"},
}
"""The tables of the ERP: the type of each property, or the table that it refers to."""


class Erp(httpx.Client):
    """What somebody does in Directus behind our back."""

    def build(self) -> None:
        """Make the tables."""
        key = {"field": "id", "type": "integer", "schema": {"is_primary_key": True, "has_auto_increment": True}}
        noted = {"type": "timestamp", "meta": {"special": ["date-created", "date-updated"]}, "schema": {}}
        for table, columns in TABLES.items():
            types = {name: "integer" if type_ in TABLES else type_ for name, type_ in columns.items()}
            sized = {"decimal": {"numeric_precision": 18, "numeric_scale": 6}}
            fields = [
                {"field": name, "type": type_, "meta": {}, "schema": sized.get(type_, {})}
                for name, type_ in {**types, "foreign_key": "string"}.items()
            ]
            made = {"collection": table, "schema": {}, "fields": [key, *fields, {"field": "date_updated", **noted}]}
            self.post("collections", json=made).raise_for_status()
        lines = {"field": "lines", "type": "alias", "meta": {"special": ["o2m"]}}
        self.post("fields/sales", json=lines).raise_for_status()
        for table, columns in TABLES.items():
            for name, other in columns.items():
                if other in TABLES:
                    relation = {"collection": table, "field": name, "related_collection": other}
                    many = (
                        {"one_field": "lines", "one_deselect_action": "delete"}
                        if table == "rows" and name == "sale"
                        else {}
                    )
                    self.post("relations", json={**relation, "meta": many, "schema": {}}).raise_for_status()

    def all(self, table: str) -> list[dict[str, Any]]:
        """All records, with their lines."""
        answer = self.get(f"items/{table}", params={"fields": "*,lines.*" if table == "sales" else "*"})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return found

    def one(self, table: str) -> dict[str, Any]:
        """The only record."""
        (found,) = self.all(table)
        return found

    def edit(self, table: str, id_: int, /, **properties: object) -> None:
        """Somebody edits a record."""
        self.patch(f"items/{table}/{id_}", json=properties).raise_for_status()

    def clear(self) -> None:
        """Delete every record."""
        for table in reversed(list(TABLES)):
            self.request("DELETE", f"items/{table}", json={"query": {"limit": -1}}).raise_for_status()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erp]:
    """A Directus that answers; to start one takes half a minute."""
    programs, port, folder = installed("directus"), free_port(), tmp_path_factory.mktemp("directus")
    url = f"http://127.0.0.1:{port}"
    given = {
        "DB_CLIENT": "sqlite3",
        "DB_FILENAME": str(folder / "erp.db"),
        "SECRET": "only-for-this-test-" * 2,
        "ADMIN_EMAIL": "talk@example.com",
        "ADMIN_PASSWORD": "a-password-of-this-test",
        "ADMIN_TOKEN": TOKEN,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": url,
        "TELEMETRY": "false",
        "LOG_LEVEL": "error",
        "PRESSURE_LIMITER_ENABLED": "false",
    }
    environment = {**os.environ, **given, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    program = [str(programs / "node"), str(programs / "directus")]
    bootstrap = [*program, "bootstrap"]
    subprocess.run(bootstrap, check=True, capture_output=True, env=environment, cwd=folder)  # noqa: S603 -- as pinned
    signed = {"Authorization": f"Bearer {TOKEN}"}
    with (
        running([*program, "start"], url, environment, folder),
        Erp(base_url=url, headers=signed, timeout=60) as client,
    ):
        client.build()
        yield client


@pytest.fixture
def erp(server: Erp) -> Erp:
    """An empty ERP."""
    server.clear()
    return server


@pytest.fixture
def office(erp: Erp, tmp_path: Path) -> Iterator[Firm]:
    environment = {"TALK_CUSTOMERP_TOKEN": TOKEN}
    with firm("directus", str(erp.base_url).rstrip("/"), tmp_path / "data", environment) as found:
        yield found


@pytest.fixture
def sale(office: Firm) -> Firm:
    """An organisation, its person, a product and an opportunity with one line, in both systems."""
    office.sale()
    return office


def test_an_order_is_created_with_all_it_refers_to_and_a_second_sync_writes_nothing(sale: Firm, erp: Erp) -> None:
    order, customer, person, item = (erp.one(name) for name in ("sales", "firms", "people", "items"))
    assert (customer["name"], customer["vat"]) == ("Fjord AS", "974760673")
    assert (person["given"], person["family"], person["firm"]) == ("Anna", "van der Berg", customer["id"])
    assert (item["code"], float(item["price"])) == ("S-1", 10.5)
    assert (order["number"], order["firm"], order["person"]) == ("T-1", customer["id"], person["id"])
    (line,) = order["lines"]
    assert (line["item"], float(line["qty"]), float(line["price"])) == (item["id"], 3, 10.5)
    assert sale.sync() == {}


def test_every_field_of_a_customer_goes_both_ways(sale: Firm, erp: Erp) -> None:
    names = ("street", "zip", "town", "country", "phone", "www")
    values = ("Storgata 1", "0155", "Oslo", "NO", "+4722334455", "https://fjord.example")
    erp.edit("firms", erp.one("firms")["id"], **dict(zip(names, values, strict=True)))
    assert sale.sync() == {"webcrm/organisations": 1}
    shown = sale.shown("Organisations")
    theirs = [f"Organisation{name}" for name in ("Address", "PostCode", "City", "Country", "Telephone", "Www")]
    assert tuple(shown[name] for name in theirs) == ("Storgata 1", "0155", "Oslo", "Norway", *values[4:])
    others = ("Torget 2", "4006", "Stavanger", "Sweden", "+4755667788", "https://fjell.example")
    edited = dict(zip(theirs, others, strict=True))
    sale.crm("Organisations", OrganisationId=shown["OrganisationId"], OrganisationName="Fjell AS", **edited)
    assert sale.sync() == {"customerp/customer": 1}
    after = erp.one("firms")
    assert [after[name] for name in ("name", *names)] == ["Fjell AS", *others[:3], "SE", *others[4:]]
    assert sale.sync() == {}


def test_lines_and_names_edited_in_the_erp_arrive_in_webcrm(sale: Firm, erp: Erp) -> None:
    order = erp.one("sales")
    erp.edit("sales", order["id"], state="confirmed", lines=[{"id": order["lines"][0]["id"], "qty": 5}])
    erp.edit("people", erp.one("people")["id"], given="Anne", title="Daglig leder")
    sale.sync()
    assert sale.shown("QuotationLines")["QuotationLineQuantity"] == 5
    assert sale.shown("Opportunities")["OpportunityWinYesNo"] is True
    person = sale.shown("Persons")
    assert (person["PersonFirstName"], person["PersonTitle"]) == ("Anne", "Daglig leder")
    assert sale.sync() == {}


def test_a_line_that_is_edited_by_itself_arrives_in_webcrm(sale: Firm, erp: Erp) -> None:
    """In its own table, which leaves the order's time as it was: `parts_move = false` has orders looked at again."""
    order = erp.one("sales")
    (line,) = order["lines"]
    erp.edit("rows", line["id"], qty=9, text="Skrue M8")
    after = erp.one("sales")
    assert after["date_updated"] == order["date_updated"]
    sale.sync()
    shown = sale.shown("QuotationLines")
    assert (shown["QuotationLineQuantity"], shown["QuotationLineComment"]) == (9, "Skrue M8")
    assert erp.one("sales") == after
    assert sale.sync() == {}


def test_a_line_that_is_added_or_removed_by_itself_arrives_in_webcrm(sale: Firm, erp: Erp) -> None:
    order, item = erp.one("sales"), erp.one("items")
    added = {"sale": order["id"], "item": item["id"], "text": "Mutter", "qty": 2, "price": 4}
    made = erp.post("items/rows", json=added).raise_for_status().json()["data"]["id"]
    assert erp.one("sales")["date_updated"] == order["date_updated"]
    sale.sync()
    comments = sorted(line["QuotationLineComment"] for line in sale.sandbox.records("webcrm", "QuotationLines"))
    assert comments == ["Mutter", "Skrue"]
    erp.delete(f"items/rows/{made}").raise_for_status()
    sale.sync()
    assert sale.shown("QuotationLines")["QuotationLineComment"] == "Skrue"
    assert sale.sync() == {}


def test_lines_edited_in_webcrm_arrive_and_keep_their_ids(sale: Firm, erp: Erp) -> None:
    (before,) = erp.one("sales")["lines"]
    line = sale.shown("QuotationLines")
    sale.crm("QuotationLines", QuotationLineId=line["QuotationLineId"], QuotationLineQuantity=7)
    sale.sync()
    (after,) = erp.one("sales")["lines"]
    assert (after["id"], float(after["qty"]), float(after["price"])) == (before["id"], 7, 10.5)
    assert len(erp.all("rows")) == 1
    assert sale.sync() == {}


def test_records_of_many_pages_are_linked_and_only_those_that_lack_are_created(office: Firm, erp: Erp) -> None:
    people = [{"given": "Per", "family": f"Nr {number}", "mail": f"p{number}@x.example"} for number in range(60)]
    erp.post("items/people", json=people[:45]).raise_for_status()
    for person in people:
        named = {"PersonFirstName": person["given"], "PersonLastName": person["family"]}
        office.crm("Persons", PersonEmail=person["mail"], **named)
    assert office.sync() == {"customerp/contact": 15}
    found = erp.all("people")
    assert sorted(row["mail"] for row in found) == sorted(person["mail"] for person in people)
    assert len({row["foreign_key"] for row in found if row["foreign_key"]}) == 15
    assert office.sync() == {}


def test_a_deleted_record_is_not_created_again(sale: Firm, erp: Erp) -> None:
    erp.edit("sales", erp.one("sales")["id"], lines=[])
    erp.delete(f"items/sales/{erp.one('sales')['id']}").raise_for_status()
    assert sale.sync() == {}
    assert erp.all("sales") == []
    assert sale.shown("Opportunities")["OpportunityNumber"] == "T-1"


def test_activities_of_crmoffice_become_jobs(office: Firm, erp: Erp) -> None:
    with clients.crmoffice(office.sandbox) as client:
        who = client.post("/contacts", json={"givenName": "Bo", "familyName": "Li"}).json()["id"]
        times = {"startsAt": "2024-05-17T08:30:00Z", "endsAt": "2024-05-17T10:30:00Z"}
        made = client.post("/activities", json={"subject": "Befaring", "ownerId": who, **times}).json()["id"]
        office.sync()
        job = erp.one("jobs")
        assert (job["name"], job["owner"]) == ("Befaring", erp.one("people")["id"])
        assert (job["starts"], job["ends"]) == ("2024-05-17T08:30:00.000Z", "2024-05-17T10:30:00.000Z")
        erp.edit("jobs", job["id"], ends="2024-05-17T11:30:00Z")
        assert office.sync() == {"crmoffice/activities": 1}
        assert client.get(f"/activities/{made}").json()["endsAt"][:19] == "2024-05-17T11:30:00"
    assert office.sync() == {}
