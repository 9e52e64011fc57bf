"""Powerofficego's answers and our requests have the shape of the published description, where that is at hand."""

import asyncio
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from talk_assets.http.limit import UNLIMITED
from talk_assets.sandbox.powerofficego.properties import ENUMS, PUBLIC, SUPPLIERS, TABLES, Table
from talk_assets.sandbox.serving import serving
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.systems.powerofficego.units import WORDS
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, firm, pairs_of

DESCRIPTION = Path(__file__).parents[3] / "shared" / "specs" / "poweroffice-go-v2.openapi.json"
pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="the published description is not beside the project")

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
UNDESCRIBED = {"/OAuth/Token", "/SalesOrders/sentState"}
PAGING = {"PageNumber", "PageSize", "OrderBy", "Fields"}
"""Sent flat, though the description has them as one object."""


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = description()["components"]["schemas"][name] if name else schema
    return found


def faults(value: object, schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Where a value departs from its schema; an enumeration or an object that is named may be null."""
    named, schema = "$ref" in schema, resolved(schema)
    if value is None:
        if not named and not schema.get("nullable"):
            yield f"{place}: null"
        return
    kind = schema.get("type")
    fits = isinstance(value, int | float) if kind == "number" else type(value) is TYPES.get(kind or "", type(value))
    if not fits:
        yield f"{place}: {value!r} is no {kind}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{place}/{number}")
    elif isinstance(value, dict) and "properties" in schema:
        yield from object_faults(value, schema, place)
    elif value not in schema.get("enum", [value]):
        yield f"{place}: {value!r} is none of {schema['enum']}"
    elif isinstance(value, str) and len(value) > schema.get("maxLength", 1_000_000):
        yield f"{place}: longer than {schema['maxLength']}"


def object_faults(value: dict[str, Any], schema: dict[str, Any], place: str) -> Iterator[str]:
    yield from (f"{place}: no {name}" for name in schema.get("required", ()) if name not in value)
    for name, item in value.items():
        known = schema["properties"].get(name)
        if known is None:
            yield f"{place}: no property {name}"
        elif name != "value":  # a patch's is of any type, though the description says object
            yield from faults(item, known, f"{place}/{name}")


def operation(method: str, path: str) -> dict[str, Any]:
    """What is described for a request; raise AssertionError where nothing is."""
    for template, verbs in description()["paths"].items():
        fits = re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in verbs
        # Complete is a word of the path and no id.
        if fits and path.endswith("/Complete") == template.endswith("/Complete"):
            found: dict[str, Any] = verbs[method.lower()]
            return found
    message = f"{method} {path} is not described"
    raise AssertionError(message)


def check_request(request: httpx.Request, path: str) -> None:
    """The path, the parameters, the content type and the body are described."""
    described = operation(request.method, path)
    known = {one["name"] for one in described.get("parameters", ()) if one.get("in") == "query"} | PAGING
    assert set(request.url.params) <= known, request.url
    if request.content:
        kind = request.headers["content-type"]
        schema = described["requestBody"]["content"][kind]["schema"]
        assert not list(faults(json.loads(request.content), schema, f"{request.method} {path}"))


def check_answer(request: httpx.Request, response: httpx.Response, path: str) -> None:
    """The status is described and so is the body."""
    described = operation(request.method, path)["responses"]
    assert str(response.status_code) in described, (request.method, path, response.status_code)
    schema = described[str(response.status_code)].get("content", {}).get("application/json", {}).get("schema")
    if schema and response.content and response.is_success:
        assert not list(faults(response.json(), schema, f"{request.method} {path}"))


@pytest.mark.parametrize("table", list(PUBLIC.values()), ids=lambda table: str(table.path))
def test_generated_records_are_as_described(table: Table) -> None:
    with serving(records=40) as sandbox, clients.powerofficego(sandbox) as client:
        found = client.get(f"/{table.path}")
        assert found.json()
        check_answer(found.request, found, f"/{table.path}")
        if table.path == "SalesOrders":
            order = found.json()[0]["Id"]
            for path in (f"/SalesOrders/{order}", f"/SalesOrders/{order}/Complete", f"/SalesOrders/{order}/Lines"):
                answer = client.get(path)
                assert answer.is_success
                check_answer(answer.request, answer, path)


@pytest.mark.parametrize("table", [one for one in TABLES if one is not SUPPLIERS], ids=lambda table: str(table.path))
def test_every_property_is_known_with_its_length_its_values_and_who_may_set_it(table: Table) -> None:
    schemas = description()["components"]["schemas"]
    known = schemas[f"{table.name}Dto"]["properties"]
    post = schemas[{"SalesOrder": "SalesOrderComplete"}.get(table.name, table.name) + "PostDto"]["properties"]
    assert table.properties.keys() == known.keys()
    for name, told in known.items():
        assert table.properties[name].length == told.get("maxLength", 0), name
        kind, _, values = table.properties[name].kind.partition(" ")
        if kind == "enum":
            assert sorted(ENUMS[values]) == sorted(resolved(told)["enum"]), name
    assert set(table.settable.values()) == known.keys() & post.keys()
    manager = {"ManagerEmployeeId"}  # said to be read-only, and yet to be patched
    writable = {name for name, told in known.items() if not told.get("readOnly")}
    # Not in the set of a PATCH, as clients that were made of the description have it.
    agriculture = {name for name in writable if name.endswith("AgricultureDepartment")}
    assert set(table.patchable.values()) - manager == writable - agriculture


def test_every_unit_has_a_word_and_no_two_the_same() -> None:
    assert sorted(WORDS) == sorted(description()["components"]["schemas"]["UnitOfMeasureType"]["enum"])
    assert len(set(WORDS.values())) == len(WORDS)


class Recorder:
    """Stands between the hub and the sandbox and checks everything that passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: set[str] = set()
        sending = httpx.AsyncClient.send

        async def send(client: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:  # noqa: ANN401
            response = await sending(client, request, **more)
            _, found, path = request.url.path.partition("/powerofficego")
            if found and path not in UNDESCRIBED:
                self.seen.add(f"{request.method} {path.split('/')[1]}{'/Lines' if '/Lines' in path else ''}")
                assert request.headers["Ocp-Apim-Subscription-Key"]
                check_request(request, path)
                check_answer(request, response, path)
            return response

        monkeypatch.setattr(httpx.AsyncClient, "send", send)


def test_what_the_hub_sends_and_gets_is_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    with firm(records=10, pairs=pairs_of("customerp-powerofficego")) as opened:
        assert set(opened.sync().unwritten) <= {"powerofficego/contactperson"}  # one works at no customer
        order = opened.erp("orders")[0]
        _edit_everything(opened, order)
        opened.sync()
    expected = {"Customers", "ContactPersons", "Products", "SalesOrders", "SalesOrders/Lines"}
    assert {f"{verb} {name}" for verb in ("GET", "POST", "PATCH") for name in expected} <= recorder.seen


def _edit_everything(opened: Firm, order: dict[str, Any]) -> None:
    first, *rest = order["lines"]
    changed = [{**first, "quantity": "77"}, *rest, {"product_id": first["product_id"], "quantity": "1"}]
    opened.erp_edit("orders", order["id"], lines=changed)
    for resource, edit in (
        ("customers", {"email": None, "address": {"city": "Os"}}),
        ("contacts", {"job_title": "Innkjøper", "address": {"city": "Os"}}),
        ("products", {"unit_cost": None, "unit": "kg"}),
    ):
        opened.erp_edit(resource, opened.erp(resource)[0]["id"], **edit)


def test_departments_are_read_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    with serving(records=4) as sandbox:
        settings = SystemSettings(base_url=sandbox.base_urls["powerofficego"], rate=UNLIMITED)
        system = SYSTEMS["powerofficego"].build(settings)

        async def read() -> int:
            async with system.connect() as connection:
                pages = connection.read(system.collection("departments"), since=None, position=None)
                return sum([len(json.loads(page.body)) async for page in pages])

        assert asyncio.run(read()) == 4
    assert recorder.seen == {"GET Departments"}


def test_the_check_itself_sees_what_is_wrong() -> None:
    schema = {"$ref": "#/components/schemas/ContactPersonPostDto"}
    wrong = {"FirstName": 7, "Nonsense": 1, "ExternalCode": "x" * 51}
    assert list(faults(wrong, schema)) == [
        ": no LastName",
        "/FirstName: 7 is no string",
        ": no property Nonsense",
        "/ExternalCode: longer than 50",
    ]
