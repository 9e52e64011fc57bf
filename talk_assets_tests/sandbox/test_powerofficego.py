"""What Powerofficego does, as its documentation has it, and what its switches change."""

import json
from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients

Record = dict[str, Any]
KEY = {"Ocp-Apim-Subscription-Key": "sandbox-subscription"}


def add(client: httpx.Client, path: str, **sent: object) -> Record:
    answer = client.post(path, json=sent)
    assert answer.status_code in {200, 201}, answer.text
    found: Record = answer.json()
    return found


def customer(client: httpx.Client, **sent: object) -> Record:
    return add(client, "/Customers", **({"Name": "Fjord AS", "InvoiceDeliveryType": "Print"} | sent))


def patch(client: httpx.Client, path: str, **values: object) -> httpx.Response:
    changes = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in values.items()]
    return client.patch(path, json=changes, headers={"Content-Type": "application/json-patch+json"})


def turn(sandbox: Serving, **switches: object) -> None:
    sandbox.fault("powerofficego", switches=switches)


def said(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


def test_only_both_keys_and_a_token_open_it_for_twenty_minutes(sandbox: Serving) -> None:
    base = sandbox.base_urls["powerofficego"]
    assert httpx.get(f"{base}/Customers", headers=KEY).status_code == 401
    form, wrong = {"grant_type": "client_credentials"}, ("sandbox-application", "other")
    refused = httpx.post(f"{base}/OAuth/Token", data=form, auth=wrong, headers=KEY)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    with clients.powerofficego(sandbox) as client:
        assert client.get("/Customers").status_code == 204
        assert client.get("/Customers", headers={"Ocp-Apim-Subscription-Key": "other"}).status_code == 401
        sandbox.clock.advance(1201)
        assert client.get("/Customers").status_code == 401


@pytest.mark.parametrize("after", ["1", None])
def test_the_eleventh_request_of_a_second_is_too_many(after: str | None) -> None:
    with serving(limits=True) as sandbox, clients.powerofficego(sandbox) as client:
        turn(sandbox, retry_after=after is not None)
        answers = [client.get("/Customers") for _ in range(30)]
        late = next(answer for answer in answers if answer.status_code == 429)
        assert late.json() == {"statusCode": "429", "message": "Rate limit is exceeded. Try again in 1 seconds."}
        assert late.headers.get("Retry-After") == after
        sandbox.clock.advance(1.1)
        assert client.get("/Customers").status_code == 204


def test_pages_name_the_next_and_a_page_beyond_the_end_is_empty(sandbox: Serving, powerofficego: httpx.Client) -> None:
    made = [add(powerofficego, "/Products", Name=f"P{n}")["Id"] for n in range(5)]
    params = {"PageSize": "2", "OrderBy": "Id"}
    pages = [powerofficego.get("/Products", params={**params, "PageNumber": str(n)}) for n in (1, 2, 3, 4)]
    assert [record["Id"] for page in pages[:3] for record in page.json()] == made
    links = [json.loads(page.headers["X-Pagination"])["nextPageLink"] for page in pages]
    assert [link is None for link in links] == [False, False, True, True]
    assert (pages[3].status_code, pages[3].content) == (204, b"")
    assert powerofficego.get("/Products", params={"$top": "2"}).status_code == 400
    turn(sandbox, empty_204=False, pagination_header=False)
    empty = powerofficego.get("/Customers")
    assert (empty.json(), "X-Pagination" in empty.headers) == ([], False)


def test_the_filter_by_time_leaves_its_own_moment_out(sandbox: Serving, powerofficego: httpx.Client) -> None:
    first = add(powerofficego, "/Products", Name="A")
    second = add(powerofficego, "/Products", Name="B")
    since = {"lastChangedDateTimeOffsetGreaterThan": first["LastChangedDateTimeOffset"]}
    assert [record["Id"] for record in powerofficego.get("/Products", params=since).json()] == [second["Id"]]
    turn(sandbox, strict_filter=False)
    assert len(powerofficego.get("/Products", params=since).json()) == 2
    bad = powerofficego.get("/Products", params={"lastChangedDateTimeOffsetGreaterThan": "yesterday"})
    assert (bad.status_code, bad.json()["title"]) == (400, "Unable to cast object(s)")


def test_fields_are_projected(powerofficego: httpx.Client) -> None:
    id_ = add(powerofficego, "/Products", Name="A")["Id"]
    assert powerofficego.get("/Products", params={"Fields": "Id,Name"}).json() == [{"Id": id_, "Name": "A"}]


def test_gets_lag_behind_as_long_as_the_switch_says(sandbox: Serving, powerofficego: httpx.Client) -> None:
    id_ = add(powerofficego, "/Products", Name="A")["Id"]
    turn(sandbox, lag=2.0)
    assert patch(powerofficego, f"/Products/{id_}", Name="B").json()["Name"] == "B"
    new = add(powerofficego, "/Products", Name="C")["Id"]
    assert powerofficego.get(f"/Products/{id_}").json()["Name"] == "A"
    assert powerofficego.get(f"/Products/{new}").status_code == 404
    assert [record["Name"] for record in powerofficego.get("/Products").json()] == ["A"]
    sandbox.clock.advance(2.1)
    assert sorted(record["Name"] for record in powerofficego.get("/Products").json()) == ["B", "C"]


def test_a_patch_changes_what_it_names_and_refuses_what_is_not_there(
    sandbox: Serving, powerofficego: httpx.Client
) -> None:
    path = f"/Customers/{customer(powerofficego)['Id']}"
    assert said(patch(powerofficego, path, **{"MailAddress/City": "Os"}), 400).endswith("'city' was not found.")
    whole = {"AddressLine1": "Storgata 1", "City": "Oslo", "ZipCode": "0150"}
    assert patch(powerofficego, path, MailAddress=whole).json()["MailAddress"]["CountryCode"] == "NO"
    before = powerofficego.get(path).json()
    after = patch(powerofficego, path, **{"mailaddress/city": "Os"}).json()
    assert (after["MailAddress"]["City"], after["MailAddress"]["ZipCode"]) == ("Os", "0150")
    assert after["LastChangedDateTimeOffset"] == before["LastChangedDateTimeOffset"]
    assert after["MailAddress"]["LastChangedDateTimeOffset"] > before["MailAddress"]["LastChangedDateTimeOffset"]
    for name in ("Id", "DepartmentCode", "Nonsense"):
        message = f"CustomerPatchDto: The target location specified by path segment '{name.lower()}' was not found."
        assert said(patch(powerofficego, path, **{name: 7}), 400) == message
    assert "The value 'bogus' is invalid" in said(patch(powerofficego, path, InvoiceDeliveryType="bogus"), 400)
    turn(sandbox, checks_paths=False)
    assert patch(powerofficego, path, DepartmentCode="10").status_code == 200


def test_a_customer_needs_an_e_mail_or_paper_and_a_number_of_the_series(powerofficego: httpx.Client) -> None:
    bare = powerofficego.post("/Customers", json={"Name": "Fjord AS"})
    assert "e-mail" in said(bare, 400)
    assert customer(powerofficego)["Number"] == 10001
    assert said(powerofficego.post("/Customers", json={"Name": "A", "InvoiceDeliveryType": "Print", "Number": 5}), 400)
    assert said(powerofficego.post("/Customers", json={"Name": "A", "InvoiceDeliveryType": 1}), 400).startswith("Enums")


def test_a_reference_is_used_once_and_the_refusal_names_who_has_it(
    sandbox: Serving, powerofficego: httpx.Client
) -> None:
    id_ = customer(powerofficego, ExternalImportReference="ABC123")["Id"]
    again = {"Name": "B", "InvoiceDeliveryType": "Print", "ExternalImportReference": "ABC123"}
    words = f"ExternalImportReference is already in use. 'ABC123' is used on (contact) Id = {id_}."
    assert said(powerofficego.post("/Customers", json=again), 400) == words
    found = powerofficego.get("/Customers", params={"externalImportReference": "ABC123"}).json()
    assert [record["Id"] for record in found] == [id_]
    turn(sandbox, names_duplicate=False, pascal_problems=True)
    assert powerofficego.post("/Customers", json=again).json()["Detail"] == words.partition(" 'ABC")[0]


def test_a_national_identity_number_is_hidden(sandbox: Serving, powerofficego: httpx.Client) -> None:
    path = f"/Customers/{customer(powerofficego, NationalIdNumber='30011679680')['Id']}"
    assert powerofficego.get(path).json()["NationalIdNumber"] == "hidden"
    assert said(patch(powerofficego, path, NationalIdNumber="hidden"), 400)
    turn(sandbox, hides_national_id=False)
    assert powerofficego.get(path).json()["NationalIdNumber"] == "30011679680"


def test_contact_persons_live_under_their_contact(powerofficego: httpx.Client) -> None:
    here, there = customer(powerofficego)["Id"], customer(powerofficego)["Id"]
    person = add(powerofficego, f"/ContactPersons/{here}", FirstName="Anna", LastName="Berg", ContactId=there)
    assert person["ContactId"] == here
    assert powerofficego.get(f"/ContactPersons/{here}/{person['Id']}").status_code == 200
    assert powerofficego.get(f"/ContactPersons/{there}/{person['Id']}").status_code == 404
    assert patch(powerofficego, f"/ContactPersons/{here}/{person['Id']}", ContactId=there).status_code == 400
    assert powerofficego.post("/ContactPersons", json={"FirstName": "A", "LastName": "B"}).status_code == 404
    assert "FirstName" in said(powerofficego.post(f"/ContactPersons/{here}", json={"LastName": "B"}), 400)


def test_departments_are_inactive_unless_told_and_alone_perhaps_in_another_case(
    sandbox: Serving, powerofficego: httpx.Client
) -> None:
    made = add(powerofficego, "/Departments", Name="Salg", Code="10")
    assert made["IsActive"] is False
    turn(sandbox, department_camel=True)
    assert powerofficego.get(f"/Departments/{made['Id']}").json()["code"] == "10"
    assert powerofficego.get("/Departments").json()[0]["Code"] == "10"


def test_a_product_s_post_answers_200(sandbox: Serving, powerofficego: httpx.Client) -> None:
    assert powerofficego.post("/Products", json={"Name": "Skrue"}).status_code == 200
    turn(sandbox, product_200=False)
    assert powerofficego.post("/Products", json={"Name": "Skrue"}).status_code == 201


@pytest.fixture
def order(powerofficego: httpx.Client) -> Record:
    """An order of one product, confirmed."""
    product = add(powerofficego, "/Products", Name="Skrue", Code="S-1", UnitPrice=1.5)["Id"]
    who = customer(powerofficego)["Id"]
    lines = [{"ProductId": product, "Quantity": 100}, {"Description": "Takk"}]
    return add(
        powerofficego, "/SalesOrders/Complete", CustomerId=who, SalesOrderStatus="Confirmed", SalesOrderLines=lines
    )


def test_an_order_is_created_complete_and_filled_in(powerofficego: httpx.Client, order: Record) -> None:
    first, second = order["SalesOrderLines"]
    assert (first["Description"], first["ProductUnitPrice"], first["NetAmount"]) == ("Skrue", 1.5, 150)
    assert (second["Description"], second["SortOrder"]) == ("Takk", 1)
    assert (order["NetAmount"], order["TotalAmount"], order["LineCount"]) == (150, 187.5, 2)
    assert (order["CurrencyCode"], order["IsCreatedByCurrentIntegration"]) == ("NOK", True)
    assert "SalesOrderLines" not in powerofficego.get(f"/SalesOrders/{order['Id']}").json()
    assert len(powerofficego.get(f"/SalesOrders/{order['Id']}/Complete").json()["SalesOrderLines"]) == 2
    assert powerofficego.post("/SalesOrders", json={}).status_code == 404


def test_a_confirmed_order_is_locked_until_it_is_a_draft_again(powerofficego: httpx.Client, order: Record) -> None:
    path, line = f"/SalesOrders/{order['Id']}", order["SalesOrderLines"][0]["Id"]
    assert "confirmed" in said(patch(powerofficego, path, DeliveryDate="2026-04-01"), 400)
    assert "confirmed" in said(patch(powerofficego, path, SalesOrderStatus="Draft", DeliveryDate="2026-04-01"), 400)
    assert "confirmed" in said(patch(powerofficego, f"{path}/Lines/{line}", Quantity=1), 400)
    assert patch(powerofficego, path, SalesOrderStatus="Draft").status_code == 200
    before = powerofficego.get(path).json()["LastChangedDateTimeOffset"]
    assert patch(powerofficego, f"{path}/Lines/{line}", Quantity=1).json()["NetAmount"] == 1.5
    assert powerofficego.get(path).json()["LastChangedDateTimeOffset"] > before
    assert patch(powerofficego, path, DeliveryDate="2026-04-01", SalesOrderStatus="Confirmed").status_code == 200


def test_what_is_in_use_is_not_deleted(sandbox: Serving, powerofficego: httpx.Client, order: Record) -> None:
    path = f"/Customers/{order['CustomerId']}"
    assert said(powerofficego.delete(path), 409) == (
        f"Customer with id = {order['CustomerId']} is in use and cannot be deleted."
    )
    turn(sandbox, keeps_used=False)
    assert powerofficego.delete(path).status_code == 200


@pytest.mark.parametrize("status", [404, 200])
def test_an_invoiced_order_leaves_the_list_and_its_id_lives_on(
    sandbox: Serving, powerofficego: httpx.Client, order: Record, status: int
) -> None:
    turn(sandbox, invoiced_by_id=status == 200)
    sent = powerofficego.post(f"/SalesOrders/{order['Id']}/createAndSendInvoice")
    assert (sent.status_code, powerofficego.get("/SalesOrders").status_code) == (202, 204)
    assert powerofficego.get(sent.headers["Location"]).status_code == 200
    assert powerofficego.get(f"/SalesOrders/{order['Id']}").status_code == status
    assert powerofficego.get("/SalesOrders/sentState", params={"id": "nothing"}).status_code == 404


def test_a_contact_is_customer_and_supplier_under_one_id_and_stays_while_it_supplies() -> None:
    with serving(records=30) as sandbox, clients.powerofficego(sandbox) as client:
        customers = {record["Id"] for record in client.get("/Customers").json()}
        both = customers & {record["Id"] for record in client.get("/Suppliers").json()}
        turn(sandbox, keeps_used=False)
        assert client.delete(f"/Customers/{min(both)}").status_code == 409
        turn(sandbox, shared_ids=False)
        assert client.delete(f"/Customers/{min(both)}").status_code == 200
        nested = {record["ContactId"] for record in client.get("/ContactPersons").json()}
        assert nested - customers, "one of the contact persons is a supplier's"


def test_generated_orders_are_drafts_confirmed_and_invoiced_and_addresses_may_be_in_camel_case() -> None:
    with serving(records=60) as sandbox, clients.powerofficego(sandbox) as client:
        orders = client.get("/SalesOrders").json()
        assert {record["SalesOrderStatus"] for record in orders} == {"Draft", "Confirmed"}
        numbers = {record["SalesOrderNo"] for record in orders}
        assert set(range(min(numbers), max(numbers))) - numbers, "some numbers are those of invoiced orders"
        turn(sandbox, nested_camel=True)
        found = client.get("/Customers").json()
        assert {"city" in record["MailAddress"] for record in found if record["MailAddress"]} == {True}
