"""What clients that nobody here wrote ask of the emulated systems, and what the real ones answer."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients

Record = dict[str, Any]
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
def go(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.powerofficego(sandbox) as client:
        yield client


@pytest.fixture
def crm(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.webcrm(sandbox) as client:
        yield client


def customer(go: httpx.Client, name: str, **more: object) -> Record:
    answer = go.post("/Customers", json={"Name": name, "InvoiceDeliveryType": "Print"} | more)
    assert answer.status_code == 201, answer.text
    found: Record = answer.json()
    return found


class TestPowerofficego:
    def test_an_order_may_name_its_customer_and_products_by_number_and_code(self, go: httpx.Client) -> None:
        fjord = customer(go, "Fjord AS")
        screw = go.post("/Products", json={"Name": "Skrue", "Code": "N-1000", "UnitPrice": 12.5}).json()
        sent = {"CustomerNo": fjord["Number"], "SalesOrderLines": [{"ProductCode": "N-1000", "Quantity": 2}]}
        order = go.post("/SalesOrders/Complete", json=sent).json()
        (line,) = order["SalesOrderLines"]
        assert (order["CustomerId"], order["CustomerNo"]) == (fjord["Id"], fjord["Number"])
        assert (line["ProductId"], line["ProductUnitPrice"], order["NetAmount"]) == (screw["Id"], 12.5, 25)
        for unknown in ({"CustomerNo": 99}, {"SalesOrderLines": [{"ProductCode": "X", "Quantity": 1}]}):
            assert go.post("/SalesOrders/Complete", json=unknown).status_code == 400

    def test_what_is_one_of_a_few_is_taken_whatever_its_case(self, go: httpx.Client) -> None:
        assert customer(go, "Sesam AS", InvoiceDeliveryType="print")["InvoiceDeliveryType"] == "Print"
        wrong = {"Name": "Sesam AS", "InvoiceDeliveryType": "pigeon"}
        assert go.post("/Customers", json=wrong).status_code == 400

    def test_numbers_may_be_ranges(self, go: httpx.Client) -> None:
        numbers = [customer(go, f"C{n}")["Number"] for n in range(5)]
        wanted = f"{numbers[0]},{numbers[2]}-{numbers[3]}"
        found = go.get("/Customers", params={"customerNos": wanted, "OrderBy": "Id"}).json()
        assert [one["Number"] for one in found] == [numbers[0], numbers[2], numbers[3]]

    def test_any_property_may_order_a_list(self, go: httpx.Client) -> None:
        for name in ("b", "C", "a"):
            customer(go, name)
        for by, names in (("Name", ["a", "b", "C"]), ("Number desc", ["a", "C", "b"]), ("name DESC", ["C", "b", "a"])):
            assert [one["Name"] for one in go.get("/Customers", params={"OrderBy": by}).json()] == names

    def test_the_link_to_the_next_page_is_followed_as_it_stands(self, go: httpx.Client) -> None:
        wanted = ",".join(str(customer(go, f"C{n}")["Number"]) for n in range(5))
        customer(go, "another")
        asked = {"customerNos": wanted, "OrderBy": "Number desc", "PageSize": "2", "Fields": "Name"}
        answer = go.get("/Customers", params=asked)
        names = [one["Name"] for one in answer.json()]
        while link := json.loads(answer.headers["X-Pagination"])["nextPageLink"]:
            answer = httpx.get(link, headers=go.headers)
            names += [one["Name"] for one in answer.json()]
        assert names == ["C4", "C3", "C2", "C1", "C0"]

    def test_a_patch_may_copy_move_and_test(self, go: httpx.Client) -> None:
        path = f"/Customers/{customer(go, 'Fjord AS', EmailAddress='a@b.no', PhoneNumber='1')['Id']}"

        def patch(*operations: Record) -> httpx.Response:
            return go.patch(path, json=operations, headers=JSON_PATCH)

        copied = patch({"op": "copy", "from": "/EmailAddress", "path": "/InvoiceEmailAddress"}).json()
        assert (copied["EmailAddress"], copied["InvoiceEmailAddress"]) == ("a@b.no", "a@b.no")
        moved = patch({"op": "move", "from": "/phoneNumber", "path": "/WebsiteUrl"}).json()
        assert (moved["PhoneNumber"], moved["WebsiteUrl"]) == (None, "1")
        name = {"op": "replace", "path": "/Name", "value": "Fjell AS"}
        assert patch({"op": "test", "path": "/Name", "value": "Elv AS"}, name).status_code == 400
        assert go.get(path).json()["Name"] == "Fjord AS"
        assert patch({"op": "test", "path": "/Name", "value": "Fjord AS"}, name).json()["Name"] == "Fjell AS"
        assert patch({"op": "copy", "from": "/Nowhere", "path": "/Name"}).status_code == 400


def made(crm: httpx.Client, path: str, **properties: object) -> int:
    """Create a record of Webcrm; return its id."""
    (answer,) = crm.patch(f"/{path}", json=[{f"{path.removesuffix('s')}Id": 0, **properties}]).json()
    assert answer.isdecimal(), answer
    return int(answer)


class TestWebcrm:
    @pytest.mark.parametrize("field", ["authCode", "Authcode", "AUTHCODE"])
    @pytest.mark.parametrize("multipart", [True, False])
    def test_login_takes_a_form_of_either_kind_and_names_in_any_case(
        self, sandbox: Serving, field: str, *, multipart: bool
    ) -> None:
        url = f"{sandbox.base_urls['webcrm']}/Auth/ApiLogin"
        form = {field: clients.AUTH_CODE}
        sent = {"files": {field: (None, clients.AUTH_CODE)}} if multipart else {"data": form}
        assert httpx.post(url, **sent).json()["IsError"] is False

    def test_queries_join_tables_and_know_or_parentheses_and_aliases(self, crm: httpx.Client) -> None:
        fjord = made(crm, "Organisations", OrganisationName="Fjord AS", OrganisationCity="Os")
        fjell = made(crm, "Organisations", OrganisationName="Fjell AS", OrganisationCity="Bergen")
        for name, firm in (("Anna", fjord), ("Berit", fjell), ("Carl", 0)):
            made(crm, "Persons", PersonLastName=name, PersonOrganisationId=firm)

        def found(script: str) -> list[str]:
            answer = crm.get("/Queries", params={"script": script})
            assert answer.status_code == 200, answer.text
            return [row["PersonLastName"] for row in answer.json()]

        join = "FROM Person p JOIN Organisation AS o ON o.OrganisationId = p.PersonOrganisationId"
        assert found(f"SELECT * {join}") == ["Anna", "Berit"]
        assert found(f"SELECT p.PersonLastName {join} WHERE o.OrganisationCity = 'os'") == ["Anna"]
        either = "(PersonLastName = 'Carl' OR OrganisationCity = 'Bergen')"
        left = join.replace("JOIN", "LEFT JOIN")
        assert found(f"SELECT * {left} WHERE {either} AND PersonId > 0 ORDER BY PersonLastName DESC") == [
            "Carl",
            "Berit",
        ]
        assert found("SELECT * FROM Person WHERE PersonLastName = 'Anna' OR PersonLastName = 'Carl'") == [
            "Anna",
            "Carl",
        ]
        both = crm.get("/Queries", params={"script": f"SELECT * {join}"}).json()[0]
        assert (both["OrganisationName"], both["RowNumber"]) == ("Fjord AS", 1)
        for wrong in ("(PersonId = 1", "PersonId = 1 OR", "x.Nothing = 1"):
            assert crm.get("/Queries", params={"script": f"SELECT * {join} WHERE {wrong}"}).status_code == 400

    def test_persons_by_their_organisation(self, crm: httpx.Client) -> None:
        firm = made(crm, "Organisations", OrganisationName="Fjord AS")
        for name, where in (("Anna", firm), ("Berit", 0)):
            made(crm, "Persons", PersonLastName=name, PersonOrganisationId=where)
        names = [one["PersonLastName"] for one in crm.get(f"/Persons/ByOrganisation/{firm}").json()]
        assert names == ["Anna"]

    def test_what_nobody_ever_set_of_a_person_is_null_in_some_properties(self, crm: httpx.Client) -> None:
        id_ = made(crm, "Persons", PersonLastName="Anna", PersonPlus2="x")
        person = crm.get(f"/Persons/{id_}").json()
        names = ("PersonPlus1", "PersonPlus20", "PersonMemberNumber", "PersonMemberStatusId", "PersonLastLoginDateTime")
        assert [person[name] for name in names] == [None] * 5
        assert (person["PersonPlus2"], person["PersonCustom1"]) == ("x", "")
        script = "SELECT * FROM Person WHERE PersonPlus2 = 'x' ORDER BY PersonLastLoginDateTime"
        assert len(crm.get("/Queries", params={"script": script}).json()) == 1


class TestPoweroffice:
    def test_filters_need_no_parentheses_and_apply_to_a_customer_s_contacts(self, sandbox: Serving) -> None:
        with clients.poweroffice(sandbox) as client:
            firm = client.post("/Customer/", json={"name": "Fjord AS", "emailAddress": "post@fjord.example"}).json()
            id_ = firm["data"]["id"]
            for name in ("Anna", "Berit"):
                client.post(f"/Customer/{id_}/Contact", json={"firstName": name, "lastName": "Berg"})
            sandbox.clock.advance(5)  # reads lag behind writes
            named = client.get("/Customer/", params={"$filter": "Name eq 'Fjord AS' and Id gt 0"}).json()
            assert named["count"] == 1
            contacts = client.get(f"/Customer/{id_}/Contact", params={"$filter": "FirstName eq 'Berit'"}).json()
            assert [one["firstName"] for one in contacts["data"]] == ["Berit"]
            assert client.get(f"/Customer/{id_}/Contact").json()["count"] == 2


def test_crmoffice_lists_its_users_without_an_envelope() -> None:
    with serving(records=30) as sandbox, clients.crmoffice(sandbox) as client:
        users = client.get("/users").json()
        assert len(users) >= 3
        assert all("@" in user["userName"] for user in users)
        assert client.post("/users", json={}).status_code in {404, 405}


ODD: list[object] = ["zzz", None, 5, -1.5, True, [], {}, [{}], {"a": 1}]


@pytest.mark.parametrize(
    "system", ["webcrm", "crmoffice", "customerp", "powerofficego", "customwebshop", "poweroffice"]
)
def test_the_control_surface_takes_a_record_or_says_why_not(system: str) -> None:
    with serving(records=9) as sandbox, httpx.Client() as client:
        known = client.get(f"{sandbox.base_urls[system]}/_sandbox/records/zzz").json()["error"]
        for collection in known.partition("it has ")[2].split(", "):
            url = f"{sandbox.base_urls[system]}/_sandbox/records/{collection}"
            records = client.get(url, params={"limit": 1}).json()
            for number, name in enumerate(records[0] if records else ()):
                for value in (ODD[number % len(ODD)], ODD[(number + 4) % len(ODD)]):
                    answer = client.post(url, json={name: value})
                    assert answer.status_code in {201, 400}, (collection, name, value)
                    assert answer.json().keys() <= {"id", "error"}


def test_an_order_without_an_id_is_put_on_the_shelf_and_a_collection_has_any_case(sandbox: Serving) -> None:
    id_ = sandbox.create("powerofficego", "SalesOrders", {"CurrencyCode": "NOK"})
    (order,) = sandbox.records("powerofficego", "SalesOrders")
    assert order["Id"] == id_
    assert sandbox.create("crmoffice", "Companies", {"name": "Fjord AS"})
