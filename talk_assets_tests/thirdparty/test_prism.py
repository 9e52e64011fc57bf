"""Prism stands between connectors and sandbox, and compares requests and answers with the published descriptions.

The descriptions are not in the repository. Where they are not beside it, nothing here runs.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from talk_assets.sandbox.serving import serving
from talk_assets.store.database import Store
from talk_assets_tests.readme import free_port
from talk_assets_tests.thirdparty.servers import installed, running
from talk_assets_tests.whole.firm import Firm, pairs_of

SPECS = Path(__file__).parents[3] / "shared" / "specs"
FILES = {"webcrm": SPECS / "webcrm.swagger.json", "powerofficego": SPECS / "poweroffice-go-v2.openapi.json"}
pytestmark = pytest.mark.skipif(
    not all(file.exists() for file in FILES.values()), reason="the published descriptions are not beside the project"
)
Description = dict[str, Any]


def _webcrm(description: Description) -> None:
    """Describe the queries, which other integrations use, and what Swagger 2.0 has no words for.

    Nobody has a token before they log in. Other clients send the refresh token as a form, the description knows a
    header alone, and we send both. Whether a property may be null can't be said.
    """
    rows = {"type": "array", "items": {"type": "object"}}
    text = {"in": "query", "type": "string", "required": True}
    asked = [{"name": name, **text} for name in ("script", "Page", "Size")]
    answer = {"200": {"description": "Rows", "schema": rows}}
    described = {"produces": ["application/json"], "parameters": asked, "responses": answer}
    description["paths"]["/Queries"] = {"get": described}
    for path in ("/Auth/ApiLogin", "/Auth/ApiRefresh"):
        description["paths"][path]["post"]["security"] = []
    refresh = description["paths"]["/Auth/ApiRefresh"]["post"]
    refresh["consumes"] = ["multipart/form-data"]
    refresh["parameters"] += [{"in": "formData", "name": "refreshToken", "type": "string"}]
    for schema in description["definitions"].values():
        for told in schema.get("properties", {}).values():
            told["x-nullable"] = True


def _powerofficego(description: Description) -> None:
    """Say what OpenAPI 3.0 has no words for, or the description gets wrong by its own examples.

    Signing in is described elsewhere. An operation of JSON Patch has any value, not only an object. A property that
    refers to a schema can't say whether it may be null.
    """
    form = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
    answer = {"200": {"description": "A token", "content": {"application/json": {"schema": {"type": "object"}}}}}
    description["paths"]["/OAuth/Token"] = {"post": {"requestBody": form, "responses": answer}}
    schemas = description["components"]["schemas"]
    schemas["Operation"]["properties"]["value"] = {"nullable": True}
    for schema in schemas.values():
        for name, told in schema.get("properties", {}).items():
            if "$ref" in told:
                schema["properties"][name] = {"nullable": True, "allOf": [told]}


AMENDED: Mapping[str, Callable[[Description], None]] = {"webcrm": _webcrm, "powerofficego": _powerofficego}


@dataclass
class Proxied(Firm):
    """A firm whose hub reaches some systems through a proxy."""

    proxies: Mapping[str, str] = field(default_factory=dict)

    def base_url(self, name: str) -> str:
        """The proxy's, where there is one."""
        return self.proxies.get(name, super().base_url(name))


@dataclass
class Seen:
    """What went through proxies: requests by method, and in which words a proxy found fault with one or its answer."""

    ports: set[int] = field(default_factory=set)
    requests: Counter[str] = field(default_factory=Counter)
    paths: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def add(self, request: httpx.Request, response: httpx.Response) -> None:
        """Note an answer."""
        self.requests[request.method] += 1
        self.paths.add(request.url.path)
        for violation in json.loads(response.headers.get("sl-violations", "[]")):
            place = f"{request.method} {request.url.path}, {'.'.join(violation['location'])}"
            self.violations.append(f"{place}: {violation['message']} ({violation['severity']})")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """What goes through proxies from now on."""
    found, send = Seen(), AiohttpTransport.handle_async_request

    async def noting(self: AiohttpTransport, request: httpx.Request) -> httpx.Response:
        response = await send(self, request)
        if request.url.port in found.ports:
            found.add(request, response)
        return response

    monkeypatch.setattr(AiohttpTransport, "handle_async_request", noting)
    return found


@contextmanager
def proxied(seen: Seen, name: str, pairs: str, folder: Path) -> Iterator[Proxied]:
    """Open a firm that has generated records, with a proxy before the system `name`."""
    description = json.loads(FILES[name].read_text("utf-8"))
    AMENDED[name](description)
    file, port = folder / "description.json", free_port()
    file.write_text(json.dumps(description), "utf-8")
    with serving(records=12) as sandbox, httpx.Client() as http:
        prism = [str(installed("prism") / "prism"), "proxy", "--port", str(port), str(file), sandbox.base_urls[name]]
        seen.ports.add(port)
        with running(prism, f"http://127.0.0.1:{port}"):
            url = f"http://127.0.0.1:{port}"
            yield Proxied(sandbox, Store(None), http, pairs_of(pairs), proxies={name: url})


def _edit_and_sync(office: Proxied) -> None:
    """Sync, edit what the ERP shows, and sync once more."""
    office.sync()
    for order in office.erp("orders"):
        office.erp_edit("orders", order["id"], description="Nytt", lines=order["lines"][:1])
    for resource in ("contacts", "customers", "products"):
        edit = {"job_title": "Innkjøper"} if resource == "contacts" else {"name": "Nytt navn"}
        office.erp_edit(resource, office.erp(resource)[0]["id"], **edit)
    office.sync()


def test_what_is_sent_to_webcrm_and_answered_is_as_described(seen: Seen, tmp_path: Path) -> None:
    with proxied(seen, "webcrm", "webcrm-customerp", tmp_path) as office:
        # Prism reads no body that is labelled text/json. Tokens that soon expire are refreshed.
        office.sandbox.fault("webcrm", switches={"text_json": False, "token_lifetime": 30})
        _edit_and_sync(office)
    assert seen.violations == []
    assert all(seen.requests[method] for method in ("GET", "PATCH", "DELETE"))
    assert {"/Auth/ApiLogin", "/Auth/ApiRefresh"} <= seen.paths


def test_what_is_sent_to_powerofficego_and_answered_is_as_described(seen: Seen, tmp_path: Path) -> None:
    with proxied(seen, "powerofficego", "customerp-powerofficego", tmp_path) as office:
        _edit_and_sync(office)
    assert seen.violations == []
    assert all(seen.requests[method] for method in ("GET", "POST", "PATCH"))


def test_a_request_that_is_not_as_described_is_a_violation(seen: Seen, tmp_path: Path) -> None:
    with proxied(seen, "powerofficego", "customerp-powerofficego", tmp_path) as office:
        url = office.base_url("powerofficego")
        answer = httpx.post(f"{url}/Customers", json={"Name": 5, "OrganizationNumber": "974760673"})
        seen.add(answer.request, answer)
    assert any("request.body" in violation for violation in seen.violations)
