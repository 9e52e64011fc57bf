"""What is peculiar to PowerOffice Go: how it is asked, what its answers mean, and what a PATCH says."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from talk_assets.model.system import Action, Outcome, System, Write
from talk_assets.systems import SYSTEMS, powerofficego
from talk_assets.systems.powerofficego import orders, patches, wire
from talk_assets.systems.powerofficego.confirmed import LAG, Confirmed
from talk_assets.testing.conformance import steps
from talk_assets.testing.conformance.steps import create, look_up, parsed, read, send
from talk_assets.testing.served import Served, served
from talk_assets_tests.sandbox import clients

Record = dict[str, Any]


@pytest.fixture
def sandbox() -> Iterator[Served]:
    with served("powerofficego") as found:
        yield found


@pytest.fixture
def system(sandbox: Served) -> System:
    return SYSTEMS["powerofficego"].build(sandbox.settings())


@pytest.fixture
def client(sandbox: Served) -> Iterator[httpx.Client]:
    with clients.powerofficego(sandbox.sandbox) as found:
        yield found


def turn(sandbox: Served, **switches: object) -> None:
    sandbox.sandbox.fault("powerofficego", switches=switches)


def ids(system: System, name: str, since: str | None = None) -> list[str]:
    collection = system.collection(name)
    return list(parsed(collection, read(system, collection, since=since))[0]["_id"])


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://goapi.poweroffice.net/v2", "https://goapi.poweroffice.net/OAuth/Token"),
        ("https://goapi.poweroffice.net/demo/v2/", "https://goapi.poweroffice.net/demo/OAuth/Token"),
        ("http://127.0.0.1:8765/powerofficego", "http://127.0.0.1:8765/powerofficego/OAuth/Token"),
    ],
)
def test_tokens_are_issued_beside_the_api(base: str, url: str) -> None:
    assert powerofficego.token_url(base) == url


def test_a_cursor_keeps_every_digit_of_the_newest_time(sandbox: Served, system: System, client: httpx.Client) -> None:
    client.post("/Products", json={"Name": "A"})
    newest = client.post("/Products", json={"Name": "B"}).json()["LastChangedDateTimeOffset"]
    sandbox.sandbox.clock.advance(60)
    product = system.collection("product")
    cursor = read(system, product)[-1].cursor
    assert cursor == newest
    assert len(newest.partition(".")[2].partition("+")[0]) == 7
    # What is written in the same instant, and what becomes visible only later, is not missed.
    assert len(ids(system, "product", cursor)) == 2


def test_times_are_read_however_they_are_spelled() -> None:
    spelled = (
        "2021-09-30 08:03:00.123456+00:00",
        "2021-09-30T08:03:00.1234561+00:00",
        "2021-09-30T10:03:00.123456 +02:00",
    )
    assert len({wire.instant(text) for text in spelled}) == 1


@pytest.mark.parametrize("header", [True, False])
def test_pages_end_with_the_header_s_word_or_without_one_with_a_short_page(
    sandbox: Served, system: System, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, *, header: bool
) -> None:
    turn(sandbox, pagination_header=header)
    monkeypatch.setattr(wire, "SIZE", 5)
    made = [str(client.post("/Products", json={"Name": f"P{n}"}).json()["Id"]) for n in range(8)]
    assert ids(system, "product") == made


def test_names_are_read_in_whatever_case(sandbox: Served, system: System) -> None:
    turn(sandbox, nested_camel=True, department_camel=True)
    id_ = create(system, powerofficego.customers, {"name": "Fjord AS", "city": "Os", "street": "Storgata 1"})
    assert steps.shown(system, powerofficego.customers, id_)["city"] == "Os"
    steps.update(system, powerofficego.customers, id_, {"city": "Oslo"})
    assert steps.shown(system, powerofficego.customers, id_)["city"] == "Oslo"
    id_ = create(system, powerofficego.departments, {"name": "Salg", "department_code": "10"})
    assert steps.shown(system, powerofficego.departments, id_)["department_code"] == "10"


def test_a_department_is_created_active(system: System, client: httpx.Client) -> None:
    id_ = create(system, powerofficego.departments, {"name": "Salg"})
    assert client.get(f"/Departments/{id_}").json()["IsActive"] is True


def test_a_patch_says_nothing_but_what_changes_and_a_whole_address_where_there_is_none() -> None:
    flat: Record = {"Name": "B", "MailAddress.City": "Os", "MailAddress.AddressLine1": None}
    name, city = patches.replace("/Name", "B"), patches.replace("/MailAddress/City", "Os")
    line = patches.replace("/MailAddress/AddressLine1", None)
    assert patches.operations({"mailAddress": {"city": "Oslo"}}, flat) == [name, city, line]
    whole = patches.replace("/MailAddress", {"City": "Os", "ZipCode": None})
    assert patches.operations({"MailAddress": None}, flat) == [name, whole]
    assert patches.operations({}, {"MailAddress.City": None}) == []


def test_a_customer_without_e_mail_gets_its_invoices_on_paper(system: System, client: httpx.Client) -> None:
    bare = create(system, powerofficego.customers, {})
    mailed = create(system, powerofficego.customers, {"email": "post@fjord.example"})
    found = {id_: client.get(f"/Customers/{id_}").json()["InvoiceDeliveryType"] for id_ in (bare, mailed)}
    assert found == {bare: "Print", mailed: "PdfByEmail"}
    steps.update(system, powerofficego.customers, mailed, {"email": None})
    assert client.get(f"/Customers/{mailed}").json()["InvoiceDeliveryType"] == "Print"


def test_what_is_hidden_is_neither_kept_nor_written(system: System, client: httpx.Client) -> None:
    id_ = create(system, powerofficego.customers, {})
    change = [{"op": "replace", "path": "/NationalIdNumber", "value": "30011679680"}]
    assert client.patch(f"/Customers/{id_}", json=change).is_success
    assert "hidden" not in steps.record(system, powerofficego.customers, id_)["_record"][0]
    steps.update(system, powerofficego.customers, id_, {"name": "Fjell AS"})
    assert client.get(f"/Customers/{id_}").json()["NationalIdNumber"] == "hidden"


@pytest.mark.parametrize("name", ["customers", "contactperson", "salesorders"])
def test_a_create_whose_reference_is_there_already_names_who_has_it(system: System, name: str) -> None:
    collection = system.collection(name)
    write = steps.creating(collection, steps.needed(system, collection), "an-entity")
    first = send(system, collection, write)
    again = send(system, collection, write)
    assert (again.outcome, again.id) == (Outcome.EXISTS, first.id)
    found, _ = parsed(collection, look_up(system, collection, [again.id or ""]))
    assert found["_ref"].to_list() == ["an-entity"]


def test_a_contact_person_without_a_customer_is_refused_with_the_reason(system: System) -> None:
    answer = send(system, powerofficego.contactperson, steps.creating(powerofficego.contactperson, {}))
    assert answer.outcome is Outcome.REFUSED
    assert "customer" in (answer.reason or "")


def test_what_a_record_refers_to_may_be_gone_without_the_record_being_so(system: System) -> None:
    id_ = create(system, powerofficego.salesorders, {})
    write = Write("a", Action.UPDATE, "e", id_, b'{"CustomerId": 4711}', record=b'{"SalesOrderStatus": "Draft"}')
    answer = send(system, powerofficego.salesorders, write)
    assert answer.outcome is Outcome.REFUSED
    assert "4711" in (answer.reason or "")


def test_an_invoiced_order_and_its_lines_are_kept_and_a_deleted_one_is_gone(
    system: System, client: httpx.Client
) -> None:
    lines = json.dumps([{"description": "Takk"}])
    invoiced, deleted = (create(system, powerofficego.salesorders, {"lines": lines}) for _ in "ab")
    keys = ids(system, "salesorderlines")
    assert client.post(f"/SalesOrders/{invoiced}/createAndSendInvoice").status_code == 202
    assert client.delete(f"/SalesOrders/{deleted}").is_success
    (page,) = look_up(system, powerofficego.salesorders, [invoiced, deleted])
    assert (json.loads(page.body), page.kept) == ([], (invoiced,))
    (page,) = look_up(system, powerofficego.salesorderlines, keys)
    assert [key.partition("/")[0] for key in page.kept] == [invoiced]


def order_of(client: httpx.Client, text: str) -> str:
    """Somebody makes an order of one line."""
    line = {"LineType": "Text", "Description": text}
    return str(client.post("/SalesOrders/Complete", json={"SalesOrderLines": [line]}).json()["Id"])


def asked_for_lines(sandbox: Served) -> int:
    """How often lines were asked for since the last time."""
    counted = sandbox.sandbox.requests("powerofficego")["by"].get("GET /SalesOrders/{id}/Lines", 0)
    sandbox.sandbox.forget_requests("powerofficego")
    return int(counted)


def test_lines_are_asked_for_once_for_each_time_that_their_order_changes(
    sandbox: Served, system: System, client: httpx.Client
) -> None:
    first, _ = (order_of(client, text) for text in ("Takk", "Hei"))
    own = create(system, powerofficego.salesorders, {"lines": json.dumps([{"description": "Ja"}])})
    sandbox.sandbox.clock.advance(60)
    cursor = read(system, powerofficego.salesorderlines)[-1].cursor
    assert asked_for_lines(sandbox) == 2  # the third order's came with the answer to its create
    pages = read(system, powerofficego.salesorderlines, since=cursor)
    assert [json.loads(page.body) for page in pages] == [[]]
    assert asked_for_lines(sandbox) == 0
    client.post(f"/SalesOrders/{first}/Lines", json={"LineType": "Text", "Description": "Ha det"})
    cursor = pages[-1].cursor
    shown = [
        line["Description"]
        for page in read(system, powerofficego.salesorderlines, since=cursor)
        for line in json.loads(page.body)
    ]
    assert sorted(shown) == ["Ha det", "Takk"]
    # What was read a moment after the edit may have been older than the edit.
    sandbox.sandbox.clock.advance(60)
    pages = read(system, powerofficego.salesorderlines, since=cursor)
    assert asked_for_lines(sandbox) == 2
    assert ids(system, "salesorderlines", pages[-1].cursor) == []
    assert own not in {id_.partition("/")[0] for id_ in ids(system, "salesorderlines", cursor)}


def test_reading_lines_goes_on_behind_the_last_order_whose_lines_were_stored(
    sandbox: Served, system: System, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        order_of(client, str(number))
    monkeypatch.setattr(orders, "ORDERS_AT_A_TIME", 2)
    pages = read(system, powerofficego.salesorderlines)
    assert [len(json.loads(page.body)) for page in pages] == [2, 2, 2, 1]
    assert asked_for_lines(sandbox) == 7
    rest = read(system, powerofficego.salesorderlines, position=pages[1].position)
    told = [{line["Id"] for line in json.loads(page.body)} for page in pages]  # answers come in any order
    assert [{line["Id"] for line in json.loads(page.body)} for page in rest] == told[2:]
    assert asked_for_lines(sandbox) == 3
    assert rest[-1].cursor == pages[-1].cursor


def test_a_line_is_shown_with_its_order_s_customer_and_written_unless_that_is_confirmed(
    system: System, client: httpx.Client
) -> None:
    customer = create(system, powerofficego.customers, {})
    lines = json.dumps([{"description": "Takk", "quantity": "1"}])
    order = create(system, powerofficego.salesorders, {"customer": customer, "lines": lines})
    (key,) = ids(system, "salesorderlines")
    assert steps.shown(system, powerofficego.salesorderlines, key)["customer"] == customer
    body = json.dumps({"Quantity": 5}).encode()
    now = steps.record(system, powerofficego.salesorderlines, key)["_record"][0].encode()
    write = Write("a", Action.UPDATE, "e", key, body, record=now)
    assert send(system, powerofficego.salesorderlines, write).outcome is Outcome.DONE
    assert '"quantity":"5"' in (steps.shown(system, powerofficego.salesorderlines, key)["lines"] or "")
    confirm = [{"op": "replace", "path": "/SalesOrderStatus", "value": "Confirmed"}]
    assert client.patch(f"/SalesOrders/{order}", json=confirm).is_success
    now = steps.record(system, powerofficego.salesorderlines, key)["_record"][0].encode()
    locked = send(system, powerofficego.salesorderlines, Write("b", Action.UPDATE, "e", key, body, record=now))
    assert locked.outcome is Outcome.REFUSED
    assert "confirmed" in (locked.reason or "")


def test_what_was_answered_is_believed_for_a_few_seconds_and_newer_edits_at_once() -> None:
    now = [0.0]
    confirmed = Confirmed(lambda: now[0])

    def row(second: int) -> Record:
        return {"Id": 1, "LastChangedDateTimeOffset": f"2026-01-01T00:00:0{second}+00:00"}

    def seen(second: int) -> list[Record]:
        found: list[Record] = json.loads(confirmed.laid_over("product", json.dumps([row(second)]).encode()))
        return found

    confirmed.keep("product", "1", row(5))
    assert (seen(4), seen(6)) == ([row(5)], [row(6)])
    confirmed.keep("product", "1", None)
    assert seen(4) == []
    now[0] = LAG
    assert seen(4) == [row(4)]
