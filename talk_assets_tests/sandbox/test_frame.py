"""What every emulated system has from the frame: counts, faults, switches, a limit, and given data."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from talk_assets.sandbox.limits import SlidingLimit
from talk_assets.sandbox.serving import Given, Serving, serving
from talk_assets.sandbox.store import Shelf, Stored
from talk_assets_tests.sandbox import clients

SYSTEMS = ["webcrm", "customerp"]


def read(sandbox: Serving, system: str) -> httpx.Response:
    with clients.webcrm(sandbox) if system == "webcrm" else clients.customerp(sandbox) as client:
        return client.get("/Persons" if system == "webcrm" else "/contacts")


class TestCounts:
    def test_requests_are_counted_by_method_and_path_with_ids_as_one(
        self, sandbox: Serving, webcrm: httpx.Client
    ) -> None:
        for path in ("/Persons", "/Persons?Page=2", "/Persons/1", "/Persons/2"):
            webcrm.get(path)
        webcrm.patch("/Persons", json=[])
        assert sandbox.requests("webcrm") == {
            "total": 6,
            "by": {"POST /Auth/ApiLogin": 1, "GET /Persons": 2, "GET /Persons/{id}": 2, "PATCH /Persons": 1},
            "refused": 0,
        }
        assert sandbox.requests("customerp") == {"total": 0, "by": {}, "refused": 0}

    def test_ids_of_any_kind_are_one_but_a_version_of_an_api_is_not(
        self, sandbox: Serving, customerp: httpx.Client
    ) -> None:
        customerp.get("/contacts/018b18ca-6800-7000-8000-010000000000")
        assert sandbox.requests("customerp")["by"] == {"GET /v1/contacts/{id}": 1}

    def test_counting_starts_again_on_request(self, sandbox: Serving, customerp: httpx.Client) -> None:
        customerp.get("/contacts")
        sandbox.forget_requests("customerp")
        assert sandbox.requests("customerp")["total"] == 0

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_the_control_surface_is_never_limited_or_faulty(self, sandbox: Serving, system: str) -> None:
        sandbox.fault(system, drop_rate=1, error_rate=1, latency=9, switches={"limit": 1})
        for _ in range(3):
            assert sandbox.requests(system)["total"] == 0


class TestFaults:
    @pytest.mark.parametrize("system", SYSTEMS)
    def test_errors(self, sandbox: Serving, system: str) -> None:
        with clients.webcrm(sandbox) if system == "webcrm" else clients.customerp(sandbox) as client:
            sandbox.fault(system, error_rate=1)
            assert {client.get("/Persons").status_code for _ in range(20)} == {500, 502, 503}
            sandbox.fault(system, error_rate=0, throttle_rate=1)
            refused = client.get("/Persons")
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")

    def test_a_login_page_comes_with_200(self, sandbox: Serving, customerp: httpx.Client) -> None:
        sandbox.fault("customerp", html_rate=1)
        answer = customerp.get("/contacts")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")

    def test_a_rate_is_a_share_of_the_requests(self, sandbox: Serving, customerp: httpx.Client) -> None:
        sandbox.fault("customerp", error_rate=0.5)
        failed = [customerp.get("/contacts").status_code >= 500 for _ in range(60)]
        assert 15 < sum(failed) < 45

    def test_a_dropped_request_has_not_happened(self, sandbox: Serving, customerp: httpx.Client) -> None:
        sandbox.fault("customerp", drop_rate=1)
        with pytest.raises(httpx.TransportError):
            clients.create(customerp, "contacts", last_name="x")
        sandbox.fault("customerp", drop_rate=0)
        assert sandbox.records("customerp", "contacts") == []

    def test_a_request_that_is_dropped_after_it_was_accepted_has(
        self, sandbox: Serving, customerp: httpx.Client
    ) -> None:
        sandbox.fault("customerp", drop_after_accept=1)
        with pytest.raises(httpx.TransportError):
            clients.create(customerp, "contacts", last_name="x")
        sandbox.fault("customerp", drop_after_accept=0)
        assert [record["last_name"] for record in sandbox.records("customerp", "contacts")] == ["x"]

    def test_a_request_may_be_carried_out_and_answered_with_an_error_all_the_same(
        self, sandbox: Serving, customerp: httpx.Client
    ) -> None:
        sandbox.fault("customerp", error_after_accept=1)
        assert clients.create(customerp, "contacts", last_name="x").status_code == 502
        assert [record["last_name"] for record in sandbox.records("customerp", "contacts")] == ["x"]

    def test_faults_are_counted_by_kind_and_the_same_seed_has_the_same_ones(
        self, sandbox: Serving, customerp: httpx.Client
    ) -> None:
        def faults() -> list[int]:
            sandbox.fault("customerp", error_rate=0.3, throttle_rate=0.3, seed=7)
            return [customerp.get("/contacts").status_code for _ in range(20)]

        first = faults()
        counted = {str(status): first.count(status) for status in set(first) - {200}}
        assert sandbox.happened("customerp") == counted
        assert len(counted) > 1
        assert faults() == first
        assert sandbox.happened("webcrm") == {}

    def test_what_somebody_does_in_the_user_interface_is_neither_faulty_nor_counted(
        self, sandbox: Serving, customerp: httpx.Client
    ) -> None:
        sandbox.fault("customerp", drop_rate=1)
        assert customerp.get("/contacts", headers={"X-Sandbox-Person": "yes"}).status_code == 200
        assert sandbox.requests("customerp")["total"] == 0

    def test_latency(self, sandbox: Serving, customerp: httpx.Client) -> None:
        sandbox.fault("customerp", latency=0.2)
        started = time.monotonic()
        customerp.get("/contacts")
        assert time.monotonic() - started >= 0.2

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"error_rat": 1}, "error_rate"),
            ({"error_rate": 2}, "from 0 to 1"),
            ({"error_rate": True}, "from 0 to 1"),
            ({"switches": {"id_races": 1}}, "id_race"),
            ({"switches": {"queries": 1}}, "bool"),
            ({"switches": {"limit": "9"}}, "int"),
            ({"switches": 1}, "switches"),
            ([], "object"),
        ],
    )
    def test_what_cannot_be_set_is_a_400_that_says_what_can(self, sandbox: Serving, sent: object, said: str) -> None:
        answer = httpx.put(f"{sandbox.base_urls['webcrm']}/_sandbox/faults", json=sent)
        assert answer.status_code == 400
        assert said in answer.json()["error"]

    def test_faults_and_switches_can_be_read(self, sandbox: Serving) -> None:
        sandbox.fault("webcrm", latency=0.01, switches={"id_race": 0.5})
        found = httpx.get(f"{sandbox.base_urls['webcrm']}/_sandbox/faults").json()
        assert (found["latency"], found["drop_rate"], found["switches"]["id_race"]) == (0.01, 0, 0.5)


class TestEditing:
    def test_a_record_is_edited_as_in_the_system_s_own_user_interface(self, sandbox: Serving) -> None:
        with clients.webcrm(sandbox) as client:
            id_ = client.post("/Persons", json={"PersonFirstName": "Kari", "PersonLastName": "Moe"}).json()
        (before,) = sandbox.records("webcrm", "Persons")
        sandbox.clock.advance(60)
        sandbox.edit("webcrm", "Persons", id_, {"PersonFirstName": "Karen", "PersonUpdatedAt": None})
        (record,) = sandbox.records("webcrm", "Persons")
        assert (record["PersonFirstName"], record["PersonLastName"]) == ("Karen", "Moe")
        assert record["PersonUpdatedAt"] > before["PersonUpdatedAt"]

    def test_a_part_of_an_object_is_edited_and_the_rest_of_it_stays(self, sandbox: Serving) -> None:
        id_ = sandbox.create("customerp", "customers", {"name": "Fjord AS", "address": {"city": "Bodø"}})
        sandbox.edit("customerp", "customers", id_, {"address": {"street": "Sjøgata 1"}})
        (record,) = sandbox.records("customerp", "customers")
        assert (record["id"], record["address"]["city"], record["address"]["street"]) == (id_, "Bodø", "Sjøgata 1")

    @pytest.mark.parametrize(("id_", "body", "status"), [("9", "{}", 404), ("1", "[]", 400), ("1", "{", 400)])
    def test_what_cannot_be_edited_is_said(self, sandbox: Serving, id_: str, body: str, status: int) -> None:
        with clients.webcrm(sandbox) as client:
            client.post("/Persons", json={"PersonLastName": "Moe"})
        answer = httpx.patch(f"{sandbox.base_urls['webcrm']}/_sandbox/records/Persons/{id_}", content=body)
        assert answer.status_code == status
        assert answer.json()["error"]


class TestWhatIsNotThere:
    def test_a_path_outside_the_systems_names_them(self, sandbox: Serving) -> None:
        answer = httpx.get(f"{sandbox.root}/nothing/here")
        assert answer.status_code == 404
        assert all(system in answer.json()["error"] for system in SYSTEMS)

    @pytest.mark.parametrize("path", ["nothing", "records/nothing", "records"])
    def test_a_path_of_the_control_surface_that_is_not_there_is_said_so(self, sandbox: Serving, path: str) -> None:
        answer = httpx.get(f"{sandbox.base_urls['webcrm']}/_sandbox/{path}")
        assert answer.status_code in {400, 404}
        assert "records" in answer.json()["error"] or "Persons" in answer.json()["error"]


def test_given_records_are_there_with_ids_versions_and_times() -> None:
    given: Given = {
        "webcrm": {"Persons": [{"PersonLastName": "A"}, {"PersonId": 9, "PersonLastName": "B"}]},
        "customerp": {"contacts": [{"id": "c1", "last_name": "C", "updated_at": "2024-01-01T00:00:00.000000Z"}]},
    }
    with serving(given) as sandbox:
        assert [record["PersonId"] for record in sandbox.records("webcrm", "persons")] == [1, 9]
        (contact,) = sandbox.records("customerp", "contacts")
        assert (contact["id"], contact["version"], contact["updated_at"][:4]) == ("c1", 1, "2024")
        with clients.webcrm(sandbox) as client:
            assert client.post("/Persons", json={"PersonLastName": "D"}).json() == 10


@pytest.mark.parametrize("system", SYSTEMS)
def test_curl_lines_name_the_system_and_a_record_it_has(system: str) -> None:
    with serving(records=8) as sandbox:
        line = sandbox.curl_lines()[system]
        assert sandbox.base_urls[system] in line
        assert {"webcrm": "/Persons/1", "customerp": "/v1/contacts/018"}[system] in line
        assert "{" + "id}" not in line


def test_a_refused_request_takes_nothing_from_the_limit() -> None:
    limit = SlidingLimit(window=10)
    assert [limit.wait(now, 2) for now in (0, 4, 5, 9)] == [0, 0, 5, 1]
    assert [limit.wait(now, 2) for now in (10, 11, 14)] == [0, 3, 0]


def test_a_limit_that_was_lowered_counts_what_went_before() -> None:
    limit = SlidingLimit(window=10)
    assert [limit.wait(now, 5) for now in (0, 1, 2)] == [0, 0, 0]
    assert limit.wait(3, 1) == 9


def test_a_write_that_fails_unforeseen_leaves_nothing_and_the_next_one_works(
    sandbox: Serving, customerp: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Shelf.put

    def broken(self: Shelf, record: Stored) -> None:
        put(self, record)
        message = "unforeseen"
        raise RuntimeError(message)

    monkeypatch.setattr(Shelf, "put", broken)
    assert clients.create(customerp, "contacts", last_name="x").status_code == 500
    monkeypatch.undo()
    assert sandbox.records("customerp", "contacts") == []
    assert clients.create(customerp, "contacts", last_name="y").status_code == 201


def test_writes_that_arrive_together_are_all_carried_out(sandbox: Serving) -> None:
    def send(number: int) -> int:
        with clients.customerp(sandbox) as client:
            return clients.create(client, "contacts", last_name=str(number)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(24))) == {201}
    changes = [record["change_seq"] for record in sandbox.records("customerp", "contacts")]
    assert sorted(changes) == [*range(1, 25)]


def test_what_somebody_clears_within_an_object_is_null_there_and_not_left_out() -> None:
    with serving() as sandbox:
        address = {"City": "Oslo", "ZipCode": "0155"}
        id_ = sandbox.create("powerofficego", "Customers", {"Name": "Fjord AS", "MailAddress": address})
        sandbox.edit("powerofficego", "Customers", id_, {"MailAddress": {"City": None}})
        (record,) = sandbox.records("powerofficego", "Customers")
        assert (record["MailAddress"]["City"], record["MailAddress"]["ZipCode"]) == (None, "0155")
