"""How Webcrm's records are read: pages, nested reads, searches, date ranges, and its small SQL."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from talk_assets.sandbox.serving import Given, Serving, serving
from talk_assets_tests.sandbox import clients

TIMES = ["2024-06-01T12:00:00+01:00", "2024-06-01T11:30:00Z", "2024-12-01T12:00:00Z", "2024-06-01T11:30:00Z"]
GIVEN: Given = {
    "webcrm": {
        "Organisations": [{"OrganisationName": "Fjord", "OrganisationUpdatedAt": moment} for moment in TIMES],
        "Persons": [
            {
                "PersonLastName": f"P{number}",
                "PersonEmail": f"p{number}@Fjord.example",
                "PersonOrganisationId": number % 2 + 1,
                "PersonCustom15": f"ref-{number}",
                "PersonUpdatedAt": TIMES[number % 4],
            }
            for number in range(12)
        ],
        "Opportunities": [{"OpportunityOrganisationId": 2}, {"OpportunityOrganisationId": 1}],
        "QuotationLines": [{"QuotationLineOpportunityId": 2, "QuotationLinePrice": price} for price in (1.5, 2.5)],
        "Users": [{"UserName": "Aktiv", "UserAccessLevel": 1}, {"UserName": "Sluttet", "UserAccessLevel": 0}],
    }
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Serving]:
    with serving(GIVEN) as found:
        yield found


def names(answer: httpx.Response, name: str = "PersonLastName") -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [record[name] for record in answer.json()]


def query(client: httpx.Client, script: str, **params: int) -> httpx.Response:
    return client.get("/Queries", params={"script": script, **params})


class TestPages:
    def test_a_page_has_its_size_and_the_last_one_less(self, webcrm: httpx.Client) -> None:
        pages = [names(webcrm.get("/Persons", params={"Page": page, "Size": 5})) for page in (1, 2, 3, 4)]
        assert [len(page) for page in pages] == [5, 5, 2, 0]
        assert sorted(itertools.chain(*pages)) == sorted(f"P{number}" for number in range(12))

    def test_names_of_parameters_and_paths_have_no_case(self, webcrm: httpx.Client) -> None:
        assert names(webcrm.get("/persons?page=2&SIZE=5")) == names(webcrm.get("/Persons?Page=2&Size=5"))

    @pytest.mark.parametrize("params", [{"Size": 1001}, {"Size": 0}, {"Page": 0}, {"Page": "x"}, {"Page": 1_000_001}])
    def test_what_is_out_of_range_is_a_400(self, webcrm: httpx.Client, params: dict[str, str]) -> None:
        assert webcrm.get("/Persons", params=params).status_code == 400

    def test_unknown_filters_are_ignored_unless_switched(self, sandbox: Serving, webcrm: httpx.Client) -> None:
        assert len(webcrm.get("/Persons", params={"PersonEmail": "nobody"}).json()) == 12
        sandbox.fault("webcrm", switches={"ignores_filters": False})
        assert webcrm.get("/Persons", params={"PersonEmail": "nobody"}).status_code == 400
        sandbox.fault("webcrm", switches={"ignores_filters": True})


class TestOtherReads:
    def test_records_of_a_parent(self, webcrm: httpx.Client) -> None:
        assert names(webcrm.get("/Organisations/2/Persons")) == [f"P{number}" for number in range(1, 12, 2)]
        assert names(webcrm.get("/Opportunities/2/QuotationLines"), "QuotationLinePrice") == [1.5, 2.5]
        assert names(webcrm.get("/Opportunities/ByOrganisation/2"), "OpportunityId") == [1]

    def test_a_search_looks_at_names_and_addresses_case_aside(self, webcrm: httpx.Client) -> None:
        assert names(webcrm.get("/Persons/Search", params={"input": "p11@fjord"})) == ["P11"]
        assert names(webcrm.get("/Persons/Search", params={"input": "P1", "Size": 2, "Page": 2})) == ["P11"]

    def test_only_active_users(self, webcrm: httpx.Client) -> None:
        assert names(webcrm.get("/Users/AllActive"), "UserName") == ["Aktiv"]

    def test_dates_of_update_from_start_until_before_end(self, webcrm: httpx.Client) -> None:
        path = "/Organisations/FindByUpdateDates/2024-06-01T11:00:00Z/2024-12-01T12:00:00Z"
        assert names(webcrm.get(path), "OrganisationId") == [1, 2, 4]

    def test_dates_of_creation(self, webcrm: httpx.Client) -> None:
        path = "/Opportunities/FindByCreateDates/{}/{}"
        assert names(webcrm.get(path.format("2020-01-01", "2099-01-01")), "OpportunityId") == [1, 2]
        assert names(webcrm.get(path.format("2020-01-01", "2020-01-02")), "OpportunityId") == []

    def test_there_is_no_such_path_for_persons_of_users(self, webcrm: httpx.Client) -> None:
        assert webcrm.get("/Users/1/Persons").status_code == 404


class TestQueries:
    def test_changes_since_an_instant_whatever_the_offset(self, webcrm: httpx.Client) -> None:
        script = "SELECT * FROM Organisation WHERE OrganisationUpdatedAt >= '{}' ORDER BY OrganisationUpdatedAt"
        for moment in ("2024-06-01T11:30:00Z", "2024-06-01T13:30:00+02:00"):
            assert names(query(webcrm, script.format(moment)), "OrganisationId") == [2, 4, 3]
        assert names(query(webcrm, script.format("2024-06-01T11:30:01Z")), "OrganisationId") == [3]

    def test_rows_have_two_more_columns(self, webcrm: httpx.Client) -> None:
        rows = query(webcrm, "SELECT * FROM Person ORDER BY PersonId", Page=2, Size=5).json()
        assert [row["RowNumber"] for row in rows] == [6, 7, 8, 9, 10]
        assert {row["o_lastUpdatedById"] for row in rows} == {1}
        assert rows[0].keys() - webcrm.get("/Persons/1").json().keys() == {"RowNumber", "o_lastUpdatedById"}

    def test_columns_can_be_named(self, webcrm: httpx.Client) -> None:
        row = query(webcrm, "select PersonId, personlastname from person order by PersonId desc", Size=1).json()[0]
        assert row == {"PersonId": 12, "PersonLastName": "P11", "RowNumber": 1, "o_lastUpdatedById": 1}

    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ("PersonCustom15 = 'REF-3'", ["P3"]),
            ("PersonEmail = 'P3@fjord.EXAMPLE'", ["P3"]),
            ("PersonLastName = 'p3' AND PersonOrganisationId = 2", ["P3"]),
            ("PersonLastName = 'p3' AND PersonOrganisationId = 1", []),
            ("PersonId > 10", ["P10", "P11"]),
            ("PersonId <= 1", ["P0"]),
            ("PersonLastName LIKE 'P1%' AND PersonLastName <> 'P1'", ["P10", "P11"]),
            ("PersonLastName = 'o''hara'", []),
            ("PersonOrganisationId != 2 AND PersonId < 4", ["P0", "P2"]),
        ],
    )
    def test_conditions(self, webcrm: httpx.Client, where: str, found: list[str]) -> None:
        assert names(query(webcrm, f"SELECT * FROM Person WHERE {where} ORDER BY PersonId")) == found

    @pytest.mark.parametrize("table", ["Organisation", "Person", "Opportunity", "QuotationLine", "Product", "User"])
    def test_every_collection_is_a_table(self, webcrm: httpx.Client, table: str) -> None:
        assert query(webcrm, f"SELECT * FROM {table} WHERE {table}UpdatedAt >= '2024-01-01'").status_code == 200

    def test_numbers_are_compared_as_numbers(self, webcrm: httpx.Client) -> None:
        found = query(webcrm, "SELECT * FROM QuotationLine WHERE QuotationLinePrice > 2")
        assert names(found, "QuotationLinePrice") == [2.5]

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("", "syntax"),
            ("SELECT * FROM Nothing", "Nothing"),
            ("SELECT * FROM Person WHERE PersonNonsense = 1", "PersonNonsense"),
            ("SELECT * FROM Person WHERE PersonId ~ 1", "syntax"),
            ("SELECT * FROM Person WHERE PersonId = 1 OR", "syntax"),
            ("SELECT * FROM Person WHERE PersonUpdatedAt > 'yesterday'", "yesterday"),
            ("DELETE FROM Person", "DELETE"),
        ],
    )
    def test_what_is_not_understood_is_a_400_that_says_where(
        self, webcrm: httpx.Client, script: str, said: str
    ) -> None:
        answer = query(webcrm, script)
        assert answer.status_code == 400
        assert said in answer.json()["Message"]

    def test_the_first_change_after_a_write_is_that_write(self) -> None:
        with serving() as sandbox, clients.webcrm(sandbox) as client:
            for name in ("A", "B"):
                client.post("/Persons", json={"PersonLastName": name})
                sandbox.clock.advance(10)
            client.put("/Persons/1", json={"PersonTitle": "Selger"})
            since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(sandbox.clock.now() - 5))
            script = f"SELECT * FROM Person WHERE PersonUpdatedAt >= '{since}' ORDER BY PersonUpdatedAt"
            assert names(query(client, script)) == ["A"]
