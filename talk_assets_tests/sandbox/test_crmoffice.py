"""What CRMOffice does, as it is assumed to."""

from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import Serving

FORM = {"client_id": "sandbox-crmoffice", "client_secret": "sandbox-secret", "grant_type": "refresh_token"}


def traded(sandbox: Serving, refresh: str, **other: str) -> httpx.Response:
    form = {**FORM, "refresh_token": refresh, **other}
    return httpx.post(f"{sandbox.base_urls['crmoffice']}/connect/token", data=form)


def company(client: httpx.Client, **sent: object) -> dict[str, Any]:
    answer = client.post("/companies", json={"name": "Fjord AS", **sent})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestTokens:
    def test_a_refresh_token_yields_the_next_one_and_is_used_up(self, sandbox: Serving) -> None:
        first = traded(sandbox, "sandbox-refresh").json()
        assert first["expires_in"] == 3600
        second = traded(sandbox, first["refresh_token"])
        assert second.json()["refresh_token"] != first["refresh_token"]
        again = traded(sandbox, first["refresh_token"])
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")

    def test_another_client_gets_none(self, sandbox: Serving) -> None:
        answer = traded(sandbox, "sandbox-refresh", client_secret="wrong")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")

    def test_an_access_token_lives_an_hour(self, sandbox: Serving, crmoffice: httpx.Client) -> None:
        sandbox.clock.advance(3590)
        assert crmoffice.get("/companies").status_code == 200
        sandbox.clock.advance(20)
        answer = crmoffice.get("/companies")
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


class TestLists:
    def test_pages_come_in_an_envelope_with_their_total(self, crmoffice: httpx.Client) -> None:
        ids = [company(crmoffice, name=str(number))["id"] for number in range(5)]
        pages = [crmoffice.get("/companies", params={"page": n, "pageSize": 2}).json() for n in (1, 2, 3)]
        assert [record["id"] for page in pages for record in page["items"]] == ids
        assert pages[0] | {"items": []} == {"items": [], "page": 1, "pageSize": 2, "totalCount": 5}

    def test_what_was_modified_since_includes_that_moment(self, sandbox: Serving, crmoffice: httpx.Client) -> None:
        company(crmoffice, name="old")
        sandbox.clock.advance(60)
        new = company(crmoffice, name="new")
        found = crmoffice.get("/companies", params={"modifiedSince": new["modifiedAt"]}).json()
        assert (found["items"], found["totalCount"]) == ([new], 1)

    @pytest.mark.parametrize("params", [{"page": 0}, {"pageSize": 501}, {"modifiedSince": "yesterday"}])
    def test_what_cannot_be_understood_is_a_400(self, crmoffice: httpx.Client, params: dict[str, str]) -> None:
        assert crmoffice.get("/companies", params=params).status_code == 400


class TestRecords:
    def test_a_patch_sets_clears_and_leaves_and_a_put_leaves_nothing(self, crmoffice: httpx.Client) -> None:
        old = company(crmoffice, orgNr="974760673", email="a@b.no", postAddress={"postCode": "0150"})
        path = f"/companies/{old['id']}"
        new = crmoffice.patch(path, json={"orgNr": None, "postAddress": {"postalArea": "OSLO"}}).json()
        assert (new["orgNr"], new["email"]) == (None, "a@b.no")
        assert (new["postAddress"]["postCode"], new["postAddress"]["postalArea"]) == ("0150", "OSLO")
        whole = crmoffice.put(path, json={"name": "Vidda AS"}).json()
        assert (whole["name"], whole["email"], whole["postAddress"]["postCode"]) == ("Vidda AS", None, None)

    @pytest.mark.parametrize(
        ("resource", "sent", "wrong"),
        [
            ("companies", {}, "name is required"),
            ("companies", {"name": 5}, "must be a string"),
            ("companies", {"name": "x", "phone": "1"}, "phone is no property"),
            ("contacts", {"familyName": "x", "email": "x"}, "is no e-mail address"),
            ("activities", {"subject": "x", "startsAt": "2024-01-01T08:00:00"}, "is no ISO 8601 time with an offset"),
        ],
    )
    def test_what_is_wrong_is_a_422(
        self, crmoffice: httpx.Client, resource: str, sent: dict[str, object], wrong: str
    ) -> None:
        answer = crmoffice.post(f"/{resource}", json=sent)
        assert (answer.status_code, wrong in answer.json()["detail"]) == (422, True), answer.text

    def test_an_external_id_is_unique(self, crmoffice: httpx.Client) -> None:
        company(crmoffice, externalId="e1")
        assert crmoffice.post("/companies", json={"name": "y", "externalId": "e1"}).status_code == 409

    def test_a_deleted_record_is_gone_without_a_trace(self, crmoffice: httpx.Client) -> None:
        id_ = company(crmoffice)["id"]
        assert [crmoffice.delete(f"/companies/{id_}").status_code for _ in range(2)] == [204, 404]
        assert crmoffice.get("/companies").json()["items"] == []
