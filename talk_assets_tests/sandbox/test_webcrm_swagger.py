"""Webcrm's answers and our requests have the shape of the published description, where that is at hand."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import serving
from talk_assets.sandbox.webcrm.properties import TABLES
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import firm

DESCRIPTION = Path(__file__).parents[3] / "shared" / "specs" / "webcrm.swagger.json"
pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="the published description is not beside the project")

TYPES = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}
SEEN_LIVE = {"SystemId"}
"""Properties that the description lacks, but a captured answer has."""


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = description()["definitions"][name] if name else schema
    return found


def faults(value: object, schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Where a value departs from its schema; nothing is required, as in the description."""
    schema = resolved(schema)
    if value is None:
        return
    whole = schema["type"] == "number" and type(value) is int  # which is a number in JSON Schema
    if type(value) is not TYPES[schema["type"]] and not whole:
        yield f"{place}: {value!r} is no {schema['type']}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{place}/{number}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from property_faults(name, item, schema, place)
    elif value not in schema.get("enum", [value]):
        yield f"{place}: {value!r} is none of {schema['enum']}"
    elif isinstance(value, str) and len(value) > schema.get("maxLength", 1_000_000):
        yield f"{place}: longer than {schema['maxLength']}"


def property_faults(name: str, value: object, schema: dict[str, Any], place: str) -> Iterator[str]:
    known = schema["properties"].get(name)
    if known:
        yield from faults(value, known, f"{place}/{name}")
    elif name not in SEEN_LIVE:
        yield f"{place}: no property {name}"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(records=20) as sandbox, clients.webcrm(sandbox) as found:
        yield found


@pytest.mark.parametrize("path", [table.path for table in TABLES])
def test_records_have_the_properties_and_types_of_the_description(client: httpx.Client, path: str) -> None:
    schema = description()["paths"][f"/{path}"]["get"]["responses"]["200"]["schema"]
    found = client.get(f"/{path}").json()
    assert found
    assert not list(faults(found, schema))
    assert all(record.keys() == resolved(schema["items"])["properties"].keys() for record in found)
    one = description()["paths"][f"/{path}/{{id}}"]["get"]["responses"]["200"]["schema"]
    assert not list(faults(client.get(f"/{path}/1").json(), one))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.path))
def test_every_property_that_can_be_written_is_known_with_its_length_and_values(table: Any) -> None:  # noqa: ANN401
    schema = description()["paths"][f"/{table.path}"]["patch"]["parameters"][0]["schema"]
    for name, told in resolved(schema["items"])["properties"].items():
        if name == "QuotationLineLinkedDataId":
            assert name not in table.properties
            continue
        assert table.properties[name].length == told.get("maxLength", 0), name
        assert sorted(table.properties[name].choices) == sorted(told.get("enum", [])), name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.path))
def test_answers_to_writes_have_the_described_shape(client: httpx.Client, table: Any) -> None:  # noqa: ANN401
    sent = {table.name + (table.required or "Memo"): "Ny"}
    for verb in ("post", "patch"):
        schema = description()["paths"][f"/{table.path}"][verb]["responses"]["200"].get("schema")
        answer = client.request(verb, f"/{table.path}", json=sent if verb == "post" else [sent])
        assert answer.status_code == 200
        if schema:
            assert not list(faults(answer.json(), schema))
        else:
            assert answer.content == b""


def test_a_login_has_the_described_shape() -> None:
    schema = description()["paths"]["/Auth/ApiLogin"]["post"]["responses"]["200"]["schema"]
    with serving() as sandbox:
        assert not list(faults(clients.login(sandbox), schema))


QUERIES = "/Queries"
"""Not in the description, which is of 2019; later clients use it."""


def check_request(request: httpx.Request, path: str) -> str:
    """The path, the parameters and the body are described; return the operation."""
    for template, verbs in description()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/{}]+", template), path) and request.method.lower() in verbs:
            break
    else:
        message = f"{request.method} {path} is not described"
        raise AssertionError(message)
    parameters = verbs[request.method.lower()].get("parameters", [])
    assert set(request.url.params) <= {one["name"] for one in parameters if one["in"] == "query"}, request.url
    for body in (one["schema"] for one in parameters if one["in"] == "body"):
        assert not list(faults(json.loads(request.content), body, f"{request.method} {path}"))
    for name in (one["name"] for one in parameters if one["in"] == "formData"):
        assert name.encode() in request.content
    return f"{request.method} {template}"


def test_what_the_hub_sends_is_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    sending = httpx.AsyncClient.send

    async def send(client: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:  # noqa: ANN401
        _, found, path = request.url.path.partition("/webcrm")
        if found and path != QUERIES:
            seen.add(check_request(request, path))
        return await sending(client, request, **more)

    monkeypatch.setattr(httpx.AsyncClient, "send", send)
    with firm(records=12) as opened:
        opened.sync()
        for order in opened.erp("orders"):
            opened.erp_edit("orders", order["id"], description="Nytt", lines=order["lines"][:1])
        for resource in ("contacts", "customers", "products"):
            edit = {"job_title": "Innkjøper"} if resource == "contacts" else {"name": "Nytt navn"}
            opened.erp_edit(resource, opened.erp(resource)[0]["id"], **edit)
        opened.sync()
    lists = {"Persons", "Organisations", "Users", "Products", "Opportunities", "QuotationLines"}
    expected = {f"GET /{name}" for name in lists} | {f"PATCH /{name}" for name in lists - {"Users", "QuotationLines"}}
    others = {"GET /Opportunities/{id}/QuotationLines", "DELETE /QuotationLines/{id}"}
    assert expected | others <= seen


def test_the_check_itself_sees_a_wrong_type_and_an_unknown_property() -> None:
    schema = {"$ref": "#/definitions/PersonDto"}
    assert list(faults({"PersonId": "1", "Nonsense": 1}, schema)) == [
        "/PersonId: '1' is no integer",
        ": no property Nonsense",
    ]
