"""What Webcrm does, as far as anybody has written it down."""

from datetime import UTC, datetime

import httpx
import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients

NONE = "0001-01-01T00:00:00+00:00"


def person(client: httpx.Client, **properties: object) -> int:
    sent = {f"Person{name}": value for name, value in properties.items()}
    return int(client.post("/Persons", json={"PersonLastName": "Berg"} | sent).json())


def shown(client: httpx.Client, id_: int, collection: str = "Persons") -> dict[str, object]:
    answer = client.get(f"/{collection}/{id_}")
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


class TestLoggingIn:
    def test_the_code_is_taken_as_form_multipart_or_header(self, sandbox: Serving) -> None:
        url = f"{sandbox.base_urls['webcrm']}/Auth/ApiLogin"
        for answer in (
            httpx.post(url, data={"authCode": clients.AUTH_CODE}),
            httpx.post(url, files={"authCode": (None, clients.AUTH_CODE)}),
            httpx.post(url, headers={"authCode": clients.AUTH_CODE}),
        ):
            assert answer.json() | {"AccessToken": "", "RefreshToken": ""} == {
                "AccessToken": "",
                "RefreshToken": "",
                "Error": None,
                "ErrorDescription": None,
                "IsError": False,
                "ExpiresIn": 3600,
                "TokenType": "Bearer",
                "SystemId": 39001,
            }
            assert answer.json()["AccessToken"]

    def test_another_code_gets_no_token(self, sandbox: Serving) -> None:
        answer = httpx.post(f"{sandbox.base_urls['webcrm']}/Auth/ApiLogin", data={"authCode": "wrong"}).json()
        assert answer["IsError"]
        assert answer["AccessToken"] is None

    def test_nothing_is_shown_without_a_token(self, sandbox: Serving) -> None:
        assert httpx.get(f"{sandbox.base_urls['webcrm']}/Persons").status_code == 401

    def test_a_token_is_good_for_an_hour(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        sandbox.clock.advance(3590)
        assert webcrm.get("/Persons").status_code == 200
        sandbox.clock.advance(20)
        assert webcrm.get("/Persons").status_code == 401

    @pytest.mark.parametrize("place", ["headers", "data"])
    def test_a_refresh_token_yields_another_once(self, sandbox: Serving, place: str) -> None:
        url, token = f"{sandbox.base_urls['webcrm']}/Auth/ApiRefresh", clients.login(sandbox)["RefreshToken"]
        sent = {"refreshToken": token}
        first = httpx.post(url, headers=sent) if place == "headers" else httpx.post(url, data=sent)
        headers = {"Authorization": f"Bearer {first.json()['AccessToken']}"}
        assert httpx.get(f"{sandbox.base_urls['webcrm']}/Users", headers=headers).status_code == 200
        assert httpx.post(url, headers=sent).json()["IsError"]


class TestTheLimit:
    def test_the_251st_request_in_a_minute_is_refused_in_the_documented_words(self) -> None:
        with serving(limits=True) as sandbox, clients.webcrm(sandbox) as client:
            assert {client.get("/Users").status_code for _ in range(250)} == {200}
            refused = client.get("/Users")
            assert refused.status_code == 429
            assert refused.json()["Message"] == (
                "The request was throttled. The limit of 250 requests per minute is reached"
            )
            assert refused.json()["Type"] == "TooManyRequestsException"
            assert sandbox.requests("webcrm")["refused"] == 1
            wait = refused.json()["RetryAfterSeconds"]
            assert refused.headers["Retry-After"] == str(wait)
            sandbox.clock.advance(wait)
            assert client.get("/Users").status_code == 200

    def test_the_minute_slides(self) -> None:
        with serving(limits=True) as sandbox, clients.webcrm(sandbox) as client:
            sandbox.fault("webcrm", switches={"limit": 2})
            client.get("/Users")
            sandbox.clock.advance(40)
            client.get("/Users")
            sandbox.clock.advance(21)
            assert [client.get("/Users").status_code for _ in range(2)] == [200, 429]


class TestRecords:
    def test_a_create_answers_with_the_id(self, webcrm: httpx.Client) -> None:
        assert shown(webcrm, person(webcrm, FirstName="Åse"))["PersonFirstName"] == "Åse"

    @pytest.mark.parametrize("path", ["Organisations", "Users"])
    def test_some_creates_answer_with_nothing(self, webcrm: httpx.Client, path: str) -> None:
        answer = webcrm.post(f"/{path}", json={f"{path[:-1]}Name": "Nytt"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert len(webcrm.get(f"/{path}").json()) == 1

    def test_nothing_is_an_empty_string_a_zero_or_the_year_one(self, webcrm: httpx.Client) -> None:
        found = shown(webcrm, person(webcrm))
        assert found["PersonEmail"] == ""
        assert found["PersonBirthday"] == NONE
        assert found["PersonOrganisationId"] == 0
        assert found["PersonStatus"] == "Active"
        assert found["PersonPassword"] == "(censored)"

    def test_names_and_numbers_to_search_by_are_computed(self, webcrm: httpx.Client) -> None:
        found = shown(webcrm, person(webcrm, FirstName="Kari", MobilePhone="+47 940 93 333", Name="Other"))
        assert found["PersonName"] == "Kari Berg"
        assert found["PersonTelephoneSearch"] == "--4794093333"

    def test_a_person_needs_a_last_name(self, webcrm: httpx.Client) -> None:
        assert webcrm.post("/Persons", json={"PersonFirstName": "Kari"}).status_code == 400

    def test_texts_are_cut_at_their_greatest_length(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        webcrm.post("/Organisations", json={"OrganisationName": "x" * 201, "OrganisationCity": "y" * 51})
        found = shown(webcrm, 1, "Organisations")
        assert found["OrganisationName"] == "x" * 200
        assert found["OrganisationCity"] == "y" * 50
        sandbox.fault("webcrm", switches={"cuts_texts": False})
        assert webcrm.post("/Organisations", json={"OrganisationName": "x" * 201}).status_code == 400

    def test_what_nobody_may_set_or_nobody_knows_is_passed_over(self, webcrm: httpx.Client) -> None:
        id_ = person(webcrm, Id=77, CreatedBy="me", Password="new", Nonsense=1)
        assert id_ == 1
        found = shown(webcrm, id_)
        assert found["PersonCreatedBy"] == "API"
        assert found["PersonPassword"] == "(censored)"
        assert "PersonNonsense" not in found

    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            ("2022-08-11T08:45:34.987+01:00", "2022-08-11T08:45:34+01:00"),
            ("2022-08-11T08:45:34Z", "2022-08-11T09:45:34+01:00"),
            ("2015-12-13T12:17:47+00:00", "2015-12-13T12:17:47+00:00"),
            ("1980-05-17", "1980-05-17T00:00:00+01:00"),
            ("1980-01-17", "1980-01-17T00:00:00+00:00"),
            ("2022-03-27T00:59:59Z", "2022-03-27T00:59:59+00:00"),
            ("2022-03-27T01:00:00Z", "2022-03-27T02:00:00+01:00"),
            ("2022-10-30T01:00:00Z", "2022-10-30T01:00:00+00:00"),
        ],
    )
    def test_times_are_whole_seconds_in_british_time(self, webcrm: httpx.Client, told: str, kept: str) -> None:
        assert shown(webcrm, person(webcrm, Birthday=told))["PersonBirthday"] == kept

    def test_the_modified_time_is_now_in_whole_seconds(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        id_ = person(webcrm)
        sandbox.clock.advance(5)
        before = int(sandbox.clock.now())
        webcrm.put(f"/Persons/{id_}", json={"PersonTitle": "Selger"})
        found = datetime.fromisoformat(str(shown(webcrm, id_)["PersonUpdatedAt"]))
        assert before <= found.astimezone(UTC).timestamp() <= before + 2
        assert shown(webcrm, id_)["PersonCreatedAt"] != shown(webcrm, id_)["PersonUpdatedAt"]

    def test_switches_give_times_in_utc_and_null_for_nothing(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        id_ = person(webcrm, MemberStartDate="2022-08-11T08:45:34+01:00")
        sandbox.fault("webcrm", switches={"mixed_offsets": False, "blank_values": False})
        found = shown(webcrm, id_)
        assert found["PersonMemberStartDate"] == "2022-08-11T07:45:34+00:00"
        assert found["PersonEmail"] is None
        assert found["PersonBirthday"] is None

    def test_answers_are_labelled_text_json_unless_switched(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        assert webcrm.get("/Persons").headers["Content-Type"].startswith("text/json")
        sandbox.fault("webcrm", switches={"text_json": False})
        assert webcrm.get("/Persons").headers["Content-Type"].startswith("application/json")


class TestUpdates:
    def test_absent_and_null_change_nothing_and_an_empty_string_clears(self, webcrm: httpx.Client) -> None:
        id_ = person(webcrm, FirstName="Kari", Title="Selger", Birthday="1980-05-17")
        answer = webcrm.put(f"/Persons/{id_}", json={"PersonTitle": None, "PersonBirthday": ""})
        assert (answer.status_code, answer.content) == (200, b"")
        found = shown(webcrm, id_)
        assert (found["PersonFirstName"], found["PersonTitle"], found["PersonBirthday"]) == ("Kari", "Selger", NONE)

    def test_a_full_replace_is_a_switch(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        id_ = person(webcrm, FirstName="Kari", Title="Selger")
        sandbox.fault("webcrm", switches={"full_replace": True})
        webcrm.put(f"/Persons/{id_}", json={"PersonLastName": "Berg", "PersonFirstName": None})
        found = shown(webcrm, id_)
        assert (found["PersonFirstName"], found["PersonTitle"]) == ("", "")

    def test_a_person_stays_at_the_organisation(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        for name in ("A", "B"):
            webcrm.post("/Organisations", json={"OrganisationName": name})
        id_ = person(webcrm, OrganisationId=1)
        webcrm.put(f"/Persons/{id_}", json={"PersonOrganisationId": 2})
        assert shown(webcrm, id_)["PersonOrganisationId"] == 1
        sandbox.fault("webcrm", switches={"moves_persons": True})
        webcrm.put(f"/Persons/{id_}", json={"PersonOrganisationId": 2})
        assert shown(webcrm, id_)["PersonOrganisationId"] == 2

    def test_an_unknown_record_is_a_404(self, webcrm: httpx.Client) -> None:
        assert webcrm.put("/Persons/9", json={"PersonTitle": "x"}).status_code == 404
        assert webcrm.get("/Persons/9").status_code == 404


class TestManyAtOnce:
    def test_every_item_has_its_own_answer_under_200(self, webcrm: httpx.Client) -> None:
        id_ = person(webcrm)
        sent = [
            {"PersonLastName": "Ny"},
            {"PersonId": id_, "PersonTitle": "Selger"},
            {"PersonId": 0},
            {"PersonId": 99, "PersonTitle": "x"},
            {"PersonLastName": "Annen", "PersonOrganisationId": 5},
            {"PersonLastName": 7},
            {"PersonLastName": "Sist"},
        ]
        answer = webcrm.patch("/Persons", json=sent)
        assert answer.status_code == 200
        assert answer.json() == [
            "2",
            "1",
            "Error: PersonLastName is mandatory",
            "Error: Person 99 was not found",
            "Error: PersonOrganisationId 5 is not valid",
            "Error: PersonLastName has an invalid value",
            "3",
        ]
        assert shown(webcrm, id_)["PersonTitle"] == "Selger"

    def test_creates_that_come_fast_can_race_for_an_id(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        sandbox.fault("webcrm", switches={"id_race": 1.0})
        first, second = webcrm.patch("/Persons", json=[{"PersonLastName": "A"}, {"PersonLastName": "B"}]).json()
        assert first == "1"
        assert "duplicate key" in second
        sandbox.clock.advance(2)
        assert webcrm.patch("/Persons", json=[{"PersonLastName": "B"}]).json() == ["2"]


class TestDeleting:
    @pytest.mark.parametrize("path", ["Persons", "Organisations", "Opportunities", "Users"])
    def test_the_core_has_no_delete(self, webcrm: httpx.Client, path: str) -> None:
        assert webcrm.delete(f"/{path}/1").status_code == 405

    @pytest.mark.parametrize("path", ["Products", "QuotationLines"])
    def test_products_and_lines_have(self, webcrm: httpx.Client, path: str) -> None:
        id_ = webcrm.post(f"/{path}", json={}).json()
        assert [webcrm.delete(f"/{path}/{id_}").status_code for _ in range(2)] == [200, 404]
        assert webcrm.get(f"/{path}").json() == []

    def test_a_deletion_by_hand_leaves_no_trace_and_its_id_is_not_given_again(
        self, sandbox: Serving, webcrm: httpx.Client
    ) -> None:
        id_ = person(webcrm)
        sandbox.erase("webcrm", "persons", id_)
        assert webcrm.get(f"/Persons/{id_}").status_code == 404
        assert webcrm.get("/Persons").json() == []
        assert person(webcrm) == id_ + 1


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/Persons/99999999999999999999999", None),
        ("/Queries?script=SELECT * FROM Person WHERE PersonId > 99999999999999999999999", None),
        ("/Persons", {"PersonLastName": "x", "PersonSortOrder": 1 << 70}),
        ("/Persons", {"PersonLastName": "x", "PersonOrganisationId": True}),
        ("/Persons", [1]),
        ("/Persons", "text"),
    ],
)
def test_what_makes_no_sense_is_the_clients_fault_or_nothing(webcrm: httpx.Client, path: str, sent: object) -> None:
    answer = webcrm.get(path) if sent is None else webcrm.post(path, json=sent)
    assert answer.status_code in {200, 400, 404}
    assert isinstance(answer.json(), dict | list)
    assert webcrm.get("/Persons").json() == []
