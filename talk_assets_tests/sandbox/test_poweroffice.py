"""What PowerOffice's first API does, as far as anybody has written it down."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients

Record = dict[str, Any]
LAG = 2.0


@pytest.fixture
def client(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.poweroffice(sandbox) as found:
        yield found


def refusal(answer: httpx.Response) -> Record:
    """What a refused request is answered with: 200, and no record."""
    assert answer.status_code == 200
    body = answer.json()
    assert body["success"] is False
    assert "data" not in body
    found: Record = body["validation"]
    return found


def post(client: httpx.Client, path: str, **sent: object) -> Record:
    answer = client.post(f"/{path}/", json=sent)
    assert answer.json()["success"], answer.text
    found: Record = answer.json()["data"]
    return found


def company(client: httpx.Client, **sent: object) -> Record:
    return post(client, "Customer", **{"name": "Fjord AS", "emailAddress": "post@fjord.example", **sent})


def person(client: httpx.Client, path: str = "Employee", **sent: object) -> Record:
    return post(client, path, **{"firstName": "Anna", "lastName": "Berg", **sent})


def listed(client: httpx.Client, path: str, **params: str) -> list[Record]:
    answer = client.get(f"/{path}/", params={f"${name}": value for name, value in params.items()}).json()
    assert answer["success"], answer
    found: list[Record] = answer["data"]
    return found


class TestTokens:
    def test_both_keys_are_wanted_and_a_token_is_good_for_twenty_minutes(self, sandbox: Serving) -> None:
        with clients.poweroffice(sandbox) as client:
            sandbox.clock.advance(1190)
            assert client.get("/Employee/").status_code == 200
            sandbox.clock.advance(20)
            assert client.get("/Employee/").status_code == 401
            refused = httpx.post(
                f"{client.base_url}OAuth/Token", data={"grant_type": "client_credentials"}, auth=("wrong", "wrong")
            )
        assert (refused.status_code, refused.json()) == (400, {"error": "invalid_client"})

    def test_each_client_has_its_own_key_and_its_own_records(self, sandbox: Serving) -> None:
        with clients.poweroffice(sandbox) as here, clients.poweroffice(sandbox, "poweroffice_peer") as there:
            company(here)
            assert there.get("/Customer/").json() == {"data": [], "success": True, "count": 0}
            assert httpx.get(f"{there.base_url}Customer/", headers=here.headers).status_code == 401

    def test_the_51st_request_in_a_second_is_refused(self) -> None:
        with serving(limits=True) as sandbox, clients.poweroffice(sandbox) as client:
            sandbox.fault("poweroffice", switches={"limit": 3})
            assert [client.get("/Employee/").status_code for _ in range(4)] == [200, 200, 200, 429]
            sandbox.clock.advance(1)
            assert client.get("/Employee/").status_code == 200


class TestWrites:
    def test_without_an_id_a_record_is_created_and_the_server_fills_in_the_rest(self, client: httpx.Client) -> None:
        first, second = company(client), company(client, name="Dal AS")
        assert (first["code"], second["code"]) == (10000, 10001)
        assert (first["currencyCode"], first["isPerson"], first["invoiceDeliveryType"]) == ("NOK", False, 1)
        assert first["lastChanged"][10:11] == "T"
        assert first["lastChanged"].endswith(" +00:00")
        assert "phoneNumber" not in first

    def test_what_an_update_leaves_out_is_cleared_unless_switched(self, sandbox: Serving, client: httpx.Client) -> None:
        made = company(client, phoneNumber="22 12 34 56", paymentTerms=30)
        sent = {"id": made["id"], "name": "Fjord Data AS", "emailAddress": made["emailAddress"]}
        after = post(client, "Customer", **sent)
        assert (after["name"], after["code"]) == ("Fjord Data AS", made["code"])
        assert after["paymentTerms"] == 14
        assert "phoneNumber" not in after
        sandbox.fault("poweroffice", switches={"clears_left_out": False})
        post(client, "Customer", **sent, phoneNumber="22 12 34 56")
        assert post(client, "Customer", **sent)["phoneNumber"] == "22 12 34 56"

    def test_nobody_sets_what_is_the_servers(self, client: httpx.Client) -> None:
        made = company(client, lastChanged="2001-01-01T00:00:00 +00:00", isActive=False, nonsense=1)
        assert not made["lastChanged"].startswith("2001")
        assert made["isActive"]
        assert "nonsense" not in made

    @pytest.mark.parametrize(
        ("path", "sent", "words"),
        [
            ("Employee", {"firstName": "Anna"}, "LastName is required"),
            ("Employee", {"firstName": "A", "lastName": "B", "emailAddress": "a@"}, "not a valid email address"),
            ("Employee", {"firstName": "A", "lastName": "B", "gender": -1}, "Gender is not valid"),
            ("Employee", {"firstName": "A", "lastName": 7}, "lastName has an invalid value"),
            ("Customer", {"name": "A"}, "Email address is required"),
            ("Customer", {"firstName": "A", "isPerson": True, "invoiceDeliveryType": 2}, "LastName is required"),
            ("Supplier", {"name": "A", "mailAddress": {"city": "x" * 101}}, "longer than 100"),
            ("Supplier", {"name": "A", "id": 4711}, "4711 was not found"),
        ],
    )
    def test_a_refusal_is_a_200_with_a_summary(self, client: httpx.Client, path: str, sent: Record, words: str) -> None:
        assert words in refusal(client.post(f"/{path}/", json=sent))["summary"]
        assert listed(client, path) == []

    def test_a_customer_without_e_mail_is_taken_when_invoices_are_printed(
        self, sandbox: Serving, client: httpx.Client
    ) -> None:
        assert post(client, "Customer", name="A", invoiceDeliveryType=2)["id"]
        sandbox.fault("poweroffice", switches={"email_unless_print": False})
        assert post(client, "Customer", name="B")["id"]

    def test_an_external_reference_is_used_once(self, sandbox: Serving, client: httpx.Client) -> None:
        made = person(client, externalImportReference="A1")
        sent = {"firstName": "Ola", "lastName": "Dahl", "externalImportReference": "A1"}
        refused = refusal(client.post("/Employee/", json=sent))
        assert refused["exception"] == "ApiUniqueConstraint"
        assert str(made["id"]) in refused["summary"]
        assert post(client, "Supplier", name="Dal", externalImportReference="A1")["id"] != made["id"]
        sandbox.fault("poweroffice", switches={"unique_references": False})
        assert client.post("/Employee/", json=sent).json()["success"]


class TestAddresses:
    STREETS = ({"address1": "Storgata 1", "city": "Oslo"}, {"address1": "Lager 2", "city": "Oslo"})

    def test_an_address_left_out_of_the_list_is_deleted(self, client: httpx.Client) -> None:
        made = company(client, streetAddresses=self.STREETS)
        first, second = made["streetAddresses"]
        assert first["id"] != second["id"]
        after = company(client, id=made["id"], streetAddresses=[{**second, "city": "Bergen"}])
        (left,) = after["streetAddresses"]
        assert (left["id"], left["city"]) == (second["id"], "Bergen")

    def test_an_address_without_its_id_is_another_address(self, client: httpx.Client) -> None:
        made = company(client, mailAddress=self.STREETS[0])
        again = company(client, id=made["id"], mailAddress=self.STREETS[0])
        assert again["mailAddress"]["id"] != made["mailAddress"]["id"]

    def test_an_address_alone_does_not_move_its_contact(self, sandbox: Serving, client: httpx.Client) -> None:
        made = company(client, mailAddress=self.STREETS[0])
        for moves in (False, True):
            sandbox.fault("poweroffice", switches={"address_moves_contact": moves})
            sandbox.clock.advance(60)
            address = {**made["mailAddress"], "city": f"By {moves}"}
            after = company(client, id=made["id"], mailAddress=address)
            assert (after["lastChanged"] != made["lastChanged"]) is moves


class TestRoles:
    def test_one_contact_has_one_id_in_all_its_roles_and_they_change_together(self, client: httpx.Client) -> None:
        made = company(client)
        supplier = post(client, "Supplier", id=made["id"], name="Fjord Data AS", vatNumber="974760673")
        assert (supplier["id"], supplier["code"]) == (made["id"], 20000)
        (customer,) = sandboxed(client, "Customer")
        assert (customer["name"], customer["vatNumber"], customer["code"]) == ("Fjord Data AS", "974760673", 10000)
        other = post(client, "Supplier", name="Dal AS")
        assert other["id"] != made["id"]

    def test_a_contact_in_use_is_not_deleted(self, sandbox: Serving, client: httpx.Client) -> None:
        made = company(client)
        person(client, f"Customer/{made['id']}/Contact")
        refused = refusal(client.delete(f"/Customer/{made['id']}/"))
        assert refused["summary"] == "The entity could not be deleted due to related data"
        sandbox.fault("poweroffice", switches={"deletes_in_use": True})
        assert client.delete(f"/Customer/{made['id']}/").json() == {"success": True}
        sandbox.clock.advance(LAG)
        assert listed(client, "Customer") == []


def sandboxed(client: httpx.Client, path: str) -> list[Record]:
    """The records as they lie there, whatever the copy shows."""
    found: list[Record] = client.get(f"/_sandbox/records/{path}").json()
    return found


class TestContactPersons:
    def test_they_stand_under_a_contact_and_in_one_list(self, sandbox: Serving, client: httpx.Client) -> None:
        made = company(client)
        contact = person(
            client, f"Customer/{made['id']}/Contact", externalCode="A1", socialSecurityNumber="17058012345"
        )
        assert (contact["partyId"], contact["partyCustomerCode"]) == (made["id"], made["code"])
        assert "socialSecurityNumber" not in contact
        sandbox.clock.advance(LAG)
        assert listed(client, "PartyContactPerson") == [contact]
        assert client.get(f"/Customer/{made['id']}/Contact/{contact['id']}/").json()["data"] == contact
        assert client.post("/PartyContactPerson/", json={}).status_code == 405

    def test_they_cannot_move(self, client: httpx.Client) -> None:
        first, second = company(client), company(client, name="Dal AS")
        contact = person(client, f"Customer/{first['id']}/Contact")
        sent = {**contact, "partyId": second["id"]}
        refusal(client.post(f"/Customer/{second['id']}/Contact/", json=sent))
        assert client.post(f"/Customer/{first['id']}/Contact/", json=sent).json()["data"]["partyId"] == first["id"]

    def test_a_private_person_has_none(self, client: httpx.Client) -> None:
        made = person(client, "Customer", isPerson=True, emailAddress="anna@fjord.example")
        assert made["name"] == "Anna Berg"
        sent = {"firstName": "Ola", "lastName": "Dahl"}
        assert "private person" in refusal(client.post(f"/Customer/{made['id']}/Contact/", json=sent))["summary"]


class TestHiddenIds:
    def test_they_are_shown_as_hidden_kept_when_left_out_and_spoilt_when_written_back(
        self, sandbox: Serving, client: httpx.Client
    ) -> None:
        made = person(client, socialSecurityNumber="17058012345", gender=2)
        assert (made["socialSecurityNumber"], made["gender"]) == ("hidden", -1)
        person(client, id=made["id"])
        (record,) = sandboxed(client, "employee")
        assert (record["socialSecurityNumber"], record["gender"]) == ("17058012345", 2)
        person(client, id=made["id"], socialSecurityNumber=made["socialSecurityNumber"])
        assert sandboxed(client, "employee")[0]["socialSecurityNumber"] == "hidden"
        sandbox.fault("poweroffice", switches={"hides_ids": False})
        shown = person(client, id=made["id"], socialSecurityNumber="17058012345")
        assert (shown["socialSecurityNumber"], shown["gender"]) == ("17058012345", 2)


class TestReading:
    def test_a_copy_answers_that_is_behind(self, sandbox: Serving, client: httpx.Client) -> None:
        made = person(client)
        assert listed(client, "Employee") == []
        assert refusal(client.get(f"/Employee/{made['id']}/"))["summary"]
        sandbox.clock.advance(LAG)
        person(client, id=made["id"], lastName="Dahl")
        assert [one["lastName"] for one in listed(client, "Employee")] == ["Berg"]
        assert client.get(f"/Employee/{made['id']}/").json()["data"]["lastName"] == "Berg"
        assert listed(client, "Employee", filter="(LastName eq 'Dahl')") == []
        sandbox.clock.advance(LAG)
        assert [one["lastName"] for one in listed(client, "Employee")] == ["Dahl"]
        client.delete(f"/Employee/{made['id']}/")
        assert len(listed(client, "Employee")) == 1
        sandbox.fault("poweroffice", switches={"replica_lag": 0})
        assert listed(client, "Employee") == []

    @pytest.mark.parametrize(
        ("filter_", "names"),
        [
            ("(LastName eq 'Berg')", ["Berg"]),
            ("(LastName eq 'berg')", []),
            ("(tolower(LastName) eq 'berg')", ["Berg"]),
            ("(startswith(LastName, 'B') eq true)", ["Berg", "Bø"]),
            ("(LastName ne 'Berg' and not (LastName eq 'Bø'))", ["Dahl", "O'Hara"]),
            ("(LastName eq 'O''Hara' or ExternalImportReference eq 'b')", ["Bø", "O'Hara"]),
            ("(ExternalImportReference eq 'b')", ["Bø"]),
            ("(ExternalImportReference eq 'B')", []),
            ("(ExternalImportReference eq null)", ["Berg", "Dahl", "O'Hara"]),
            ("(Id gt 2)", ["Dahl", "O'Hara"]),
            ("(Id eq 1 or Id eq 3)", ["Berg", "Dahl"]),
            ("(DateOfBirth ge DateTime'1980-05-17')", ["Bø"]),
            ("(LastChanged gt DateTimeOffset'2001-01-01') and (Id lt 2)", ["Berg"]),
            ("(LastChanged lt DateTimeOffset'2001-01-01T00:00:00Z')", []),
        ],
    )
    def test_filters(self, sandbox: Serving, client: httpx.Client, filter_: str, names: list[str]) -> None:
        given: dict[str, Record] = {
            "Berg": {},
            "Bø": {"externalImportReference": "b", "dateOfBirth": "1980-05-17"},
            "Dahl": {"dateOfBirth": "1980-05-16"},
            "O'Hara": {},
        }
        for name, more in given.items():
            person(client, lastName=name, **more)
        # Half of them the copy has already, and not as they are now.
        sandbox.clock.advance(LAG)
        for id_, name in ((3, "Dahl"), (4, "O'Hara")):
            person(client, **{"id": id_, "lastName": "Later", **given[name]})
        assert [one["lastName"] for one in listed(client, "Employee", filter=filter_)] == names

    def test_pages_have_an_order_and_count_says_how_many_there_are_in_all(
        self, sandbox: Serving, client: httpx.Client
    ) -> None:
        for name in "CABD":
            person(client, lastName=name)
        sandbox.clock.advance(LAG)
        params = {"$orderby": "LastName desc", "$top": "2", "$skip": "1"}
        answer = client.get("/Employee/", params=params).json()
        assert ([one["lastName"] for one in answer["data"]], answer["count"]) == (["C", "B"], 4)
        answer = client.get("/Employee/", params={"$filter": "(Id gt 1)", "$orderby": "Id", "$top": "2"}).json()
        assert ([one["id"] for one in answer["data"]], answer["count"]) == ([2, 3], 3)

    def test_a_list_that_is_too_long_is_refused_and_not_cut(self, sandbox: Serving, client: httpx.Client) -> None:
        for _ in range(3):
            person(client)
        sandbox.clock.advance(LAG)
        sandbox.fault("poweroffice", switches={"largest_list": 2})
        refusal(client.get("/Employee/"))
        assert len(listed(client, "Employee", top="2", orderby="Id")) == 2

    @pytest.mark.parametrize(
        "params",
        [
            {"$top": "2"},
            {"$skip": "2", "$orderby": "Id"},
            {"$filter": "(id gt 1)"},
            {"$filter": "(Nonsense eq 1)"},
            {"$filter": "(Id greater 1)"},
            {"$filter": "(Id gt 'a')"},
            {"$filter": "(LastChanged gt DateTimeOffset'soon')"},
            {"$filter": "(Id gt 1"},
            {"$orderby": "name", "$top": "1"},
            {"$orderby": "Id", "$top": "x"},
        ],
    )
    def test_what_odata_cannot_understand_is_refused(self, client: httpx.Client, params: dict[str, str]) -> None:
        person(client)
        assert refusal(client.get("/Employee/", params=params))["exception"] == "OData"


@pytest.mark.parametrize("sent", [[1], "text", 7])
def test_what_is_no_record_is_a_400(client: httpx.Client, sent: object) -> None:
    assert client.post("/Employee/", json=sent).status_code == 400


def test_the_generated_data_are_people_here_and_companies_there() -> None:
    with serving(records=60) as sandbox:
        here = {name: sandbox.records("poweroffice", name) for name in ("customer", "supplier", "employee")}
        there = {name: sandbox.records("poweroffice_peer", name) for name in ("customer", "contactperson")}
    assert {len(here["customer"]), len(there["contactperson"])} == {61, 60}
    assert all(one["isPerson"] for one in here["customer"])
    assert not any(one["isPerson"] for one in there["customer"])
    ids = {one["id"] for one in there["customer"]}
    assert {one["partyId"] for one in there["contactperson"]} <= ids
    mails = {one["emailAddress"].lower() for one in here["customer"] if "emailAddress" in one}
    both = mails & {one["emailAddress"].lower() for one in there["contactperson"]}
    assert 20 <= len(both) <= 24
    assert len({one["id"] for one in here["customer"]} & {one["id"] for one in here["employee"]}) == 1
    assert [one for one in here["customer"] if "socialSecurityNumber" in one]


def test_an_id_is_given_once_whichever_list_it_is_of() -> None:
    """One series for all lists: what is put into one of them counts for the others."""
    system, firm = "poweroffice_peer", {"name": "Fjord AS", "mailAddress": {"city": "Oslo"}}
    with serving(records=12) as sandbox:
        owner = sandbox.create(system, "customer", firm)
        person = {"firstName": "Kari", "lastName": "Berg", "emailAddress": "k@fjord.example", "partyId": int(owner)}
        known = [owner, sandbox.create(system, "contactperson", person), sandbox.create(system, "customer", firm)]
        sandbox.edit(system, "contactperson", int(known[1]), {"firstName": "Karianne"})
        known.append(sandbox.create(system, "customer", firm))
    assert len(set(known)) == len(known)
