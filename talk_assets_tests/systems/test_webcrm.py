"""What is peculiar to webCRM, against an invented server that plays exactly what is asked about."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from talk_assets.model.system import Action, Answer, Outcome, Page, System, Write
from talk_assets.systems import SYSTEMS, webcrm
from talk_assets.systems.webcrm import wire
from talk_assets.systems.webcrm.upsert import WebcrmConnection
from talk_assets.testing.conformance import steps
from talk_assets.testing.served import Served, served
from talk_assets_tests.http.fakes import Time, client

Row = dict[str, Any]
NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z


class Server:
    """Persons in the order of their modified times, nine to a page."""

    def __init__(self, *times: str) -> None:
        self.rows: list[Row] = [{"PersonId": n, "PersonUpdatedAt": time} for n, time in enumerate(times, 1)]
        self.scripts: list[str] = []
        self.pages: list[int] = []
        self.before_each: Callable[[int], None] = lambda _: None
        self.skew = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.before_each(len(self.pages))
        query = request.url.params
        page, size = int(query["Page"]), int(query["Size"])
        self.pages.append(page)
        rows = self.rows
        if "script" in query:
            self.scripts.append(query["script"])
            rows = sorted(filter(self.asked(query["script"]), rows), key=self.ordered(query["script"]))
        date = {"Date": formatdate(NOW + self.skew, usegmt=True)}
        return httpx.Response(200, json=rows[(page - 1) * size : page * size], headers=date)

    @staticmethod
    def asked(script: str) -> Callable[[Row], bool]:
        """What a script asks for: from a time on, before another one, with greater ids."""
        since, *before = (wire.instant(text) for text in script.split("'")[1::2])
        greater = re.search(r"PersonId > (\d+)", script)
        return lambda row: (
            wire.instant(row["PersonUpdatedAt"]) >= since
            and all(wire.instant(row["PersonUpdatedAt"]) < end for end in before)
            and (greater is None or row["PersonId"] > int(greater[1]))
        )

    @staticmethod
    def ordered(script: str) -> Callable[[Row], Any]:
        """By id where that is asked for, else by time."""
        by_id = script.endswith("ORDER BY PersonId")
        return lambda row: row["PersonId"] if by_id else wire.instant(row["PersonUpdatedAt"])


@pytest.fixture(autouse=True)
def _nine_to_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SIZE", 9)


def read(server: Server, since: str | None = None, position: str | None = None) -> list[Page]:
    async def run() -> list[Page]:
        async with client(server, Time(NOW)) as demo:
            connection = WebcrmConnection(demo, webcrm.COLLECTIONS)
            return [page async for page in connection.read(webcrm.persons, since=since, position=position)]

    return asyncio.run(run())


def ids(pages: Sequence[Page]) -> list[int]:
    return [row["PersonId"] for page in pages for row in json.loads(page.body)]


def test_a_full_read_ends_with_the_newest_time_verbatim_compared_as_an_instant() -> None:
    server = Server(
        "2023-07-01T12:30:00+01:00",
        "2023-07-01T12:00:00+00:00",
        "0001-01-01T00:00:00+00:00",
        *["2023-01-01T00:00:00+00:00"] * 7,
    )
    pages = read(server)
    assert ids(pages) == list(range(1, 11))
    assert [page.position is None for page in pages] == [False, True]
    assert [page.cursor for page in pages] == [None, "2023-07-01T12:00:00+00:00"]


def test_a_full_read_goes_on_from_its_position_and_keeps_what_it_knew() -> None:
    server = Server("2023-07-01T12:00:00+00:00", *["2023-01-01T00:00:00+00:00"] * 12)
    first = read(server)[0]
    server.pages.clear()
    rest = read(server, position=first.position)
    assert ids(rest) == [9, 10, 11, 12, 13]
    assert rest[-1].cursor == "2023-07-01T12:00:00+00:00"
    assert 1 not in server.pages


def test_a_list_that_fills_its_last_page_ends_with_one_that_has_nothing_new() -> None:
    pages = read(Server(*["2023-01-01T00:00:00+00:00"] * 16))
    assert [len(json.loads(page.body)) for page in pages] == [9, 7, 0]


@pytest.mark.parametrize("skew", [0.0, -3600.0])
def test_the_cursor_never_runs_ahead_of_the_servers_clock_when_the_read_began(skew: float) -> None:
    server = Server("2023-11-14T23:59:59+00:00")
    server.skew = skew
    full, changed = read(server)[-1].cursor, read(server, since="2023-11-14T20:00:00+00:00")[-1].cursor
    for cursor in (full, changed):
        assert abs(wire.instant(cursor).timestamp() - (NOW + skew)) <= 2


def test_an_empty_collection_has_a_cursor_too() -> None:
    assert read(Server())[-1].cursor == "2023-11-14T22:13:20+00:00"


def test_changes_are_asked_for_from_two_minutes_before_the_cursor() -> None:
    server = Server("2023-07-01T11:57:00+00:00", "2023-07-01T12:58:30+01:00", "2023-07-01T12:00:00+00:00")
    pages = read(server, since="2023-07-01T13:00:00+01:00")
    assert ids(pages) == [2, 3]
    assert server.scripts == [
        "SELECT * FROM Person WHERE PersonUpdatedAt >= '2023-07-01T11:58:00Z' ORDER BY PersonUpdatedAt"
    ]
    assert pages[-1].cursor == "2023-07-01T13:00:00+01:00"


def test_more_changes_in_one_second_than_a_page_holds_are_all_read() -> None:
    server = Server(*["2023-07-01T12:00:00+00:00"] * 8, "2023-07-01T12:00:01+00:00")
    pages = read(server, since="2023-07-01T12:00:00+00:00")
    assert set(ids(pages)) == set(range(1, 10))
    assert pages[-1].cursor == "2023-07-01T12:00:01+00:00"


@pytest.mark.parametrize("after", [1, 2])
def test_a_record_that_leaves_a_crowded_second_makes_us_miss_none_of_it(after: int) -> None:
    """An import changed many at once, and somebody edits one of them while they are read."""
    server = Server(*["2023-07-01T12:00:00+00:00"] * 30)

    def edit(requests: int) -> None:
        if requests == after:
            server.rows[0]["PersonUpdatedAt"] = "2023-07-01T12:30:00+00:00"

    server.before_each = edit
    pages = read(server, since="2023-07-01T12:00:00+00:00")
    assert set(ids(pages)) == set(range(1, 31))
    assert [page.position is None for page in pages].index(True) == len(pages) - 1


def test_a_read_that_was_interrupted_in_a_crowded_second_goes_on_there() -> None:
    server = Server(*["2023-07-01T12:00:00+00:00"] * 30, "2023-07-01T12:00:01+00:00")
    pages = read(server, since="2023-07-01T12:00:00+00:00")
    rest = read(server, since="2023-07-01T12:00:00+00:00", position=pages[3].position)
    assert set(ids(rest)) == set(range(19, 32))


def test_a_record_that_moves_to_the_end_while_changes_are_read_makes_us_miss_none() -> None:
    server = Server(*(f"2023-07-01T12:00:0{n}+00:00" for n in range(9)))

    def edit(requests: int) -> None:
        if requests == 1:
            server.rows[0]["PersonUpdatedAt"] = "2023-07-01T12:00:09+00:00"

    server.before_each = edit
    assert set(ids(read(server, since="2023-07-01T12:00:00+00:00"))) == set(range(1, 10))


def test_people_who_never_stop_editing_do_not_keep_us_reading() -> None:
    server = Server(*["2023-11-14T22:13:00+00:00"] * 3)

    def edit(requests: int) -> None:
        for row in server.rows:
            row["PersonUpdatedAt"] = f"2023-11-14T22:{13 + requests}:30+00:00"

    server.before_each = edit
    assert len(read(server, since="2023-11-14T22:13:00+00:00")) <= 2


class Bulk:
    """Answers a PATCH with what `results` says, and notes what was sent; a query shows the records of `shows`."""

    def __init__(self, *results: list[str] | int | Exception, shows: Sequence[Row] | bytes | int = ()) -> None:
        self.results = list(results)
        self.shows = shows
        self.sent: list[list[Row]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Queries"):
            if isinstance(self.shows, int):
                return httpx.Response(self.shows)
            content = self.shows if isinstance(self.shows, bytes) else json.dumps(self.shows).encode()
            return httpx.Response(200, content=content)
        self.sent.append(json.loads(request.content))
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        if isinstance(result, int):
            return httpx.Response(result, json={"Message": "the array is bad"})
        return httpx.Response(200, json=result)


def write(
    server: Callable[[httpx.Request], httpx.Response], *writes: Write, name: str = "persons"
) -> dict[str, Answer]:
    collection = next(one for one in webcrm.COLLECTIONS if one.name == name)

    async def run() -> dict[str, Answer]:
        async with client(server, Time(NOW)) as demo:
            connection = WebcrmConnection(demo, webcrm.COLLECTIONS)
            return {answer.key: answer async for answer in connection.write(collection, writes)}

    return asyncio.run(run())


def create(key: str, **body: object) -> Write:
    return Write(key, Action.CREATE, f"entity-{key}", None, json.dumps(body).encode())


def update(key: str, id_: str, record: Row, **body: object) -> Write:
    return Write(key, Action.UPDATE, "e", id_, json.dumps(body).encode(), record=json.dumps(record).encode())


def test_an_update_sends_the_whole_record_but_nothing_computed_or_censored() -> None:
    server = Bulk(["7"])
    record = {
        "PersonId": 7,
        "PersonFirstName": "Åse",
        "PersonSkype": "aase",
        "PersonName": "Åse Li",
        "PersonTelephoneSearch": "--1",
        "PersonUpdatedAt": "2023-01-01T00:00:00+00:00",
        "PersonCreatedBy": "api",
        "PersonPassword": "(censored)",
        "PersonHistory": "much",
        "RowNumber": 3,
        "o_lastUpdatedById": 4,
    }
    answers = write(server, update("a", "7", record, PersonFirstName="Anne"))
    assert server.sent == [[{"PersonFirstName": "Anne", "PersonSkype": "aase", "PersonId": 7}]]
    assert (answers["a"].outcome, answers["a"].id, answers["a"].said) == (Outcome.DONE, "7", "200 7")


def test_an_answer_has_the_record_as_it_was_stored_where_the_query_shows_it() -> None:
    """What webCRM cuts or rewrites is then no person's edit."""
    server = Bulk(["7", "8", "Error: no"], shows=[{"PersonId": 7, "PersonTitle": "Head of"}, {"PersonId": 9}])
    writes = [update(key, id_, {}, PersonTitle="Head of sales") for key, id_ in (("a", "7"), ("b", "8"), ("c", "9"))]
    answers = write(server, *writes)
    assert {key: answer.record and json.loads(answer.record) for key, answer in answers.items()} == {
        "a": {"PersonId": 7, "PersonTitle": "Head of"}, "b": None, "c": None,
    }  # fmt: skip


@pytest.mark.parametrize("shows", [400, b"", b"<html>", b"[{", b'{"Message": "none"}', b"[1]"])
def test_what_was_stored_is_done_though_the_query_fails(shows: int | bytes) -> None:
    answers = write(Bulk(["7"], shows=shows), update("a", "7", {}, PersonTitle="CEO"))
    assert (answers["a"].outcome, answers["a"].record) == (Outcome.DONE, None)


def test_a_create_carries_the_entity_and_creates_never_share_a_request_with_updates() -> None:
    server = Bulk(["7"], ["8", "PersonLastName is mandatory"])
    answers = write(server, create("a", PersonLastName="Li"), create("b"), update("c", "7", {}, PersonTitle="CEO"))
    assert [[item["PersonId"] for item in sent] for sent in server.sent] == [[7], [0, 0]]
    assert server.sent[1][0]["PersonCustom15"] == "entity-a"
    assert (answers["a"].outcome, answers["a"].id) == (Outcome.DONE, "8")
    assert (answers["b"].outcome, answers["b"].reason) == (Outcome.REFUSED, "PersonLastName is mandatory")
    assert answers["c"].outcome is Outcome.DONE


def test_a_create_that_lost_the_race_for_an_id_is_sent_again_alone() -> None:
    server = Bulk(["8", "Duplicate id, try again"], ["9"])
    answers = write(server, create("a"), create("b"))
    assert [len(sent) for sent in server.sent] == [2, 1]
    assert (answers["b"].outcome, answers["b"].id) == (Outcome.DONE, "9")


def test_a_create_that_always_loses_the_race_has_failed_for_now() -> None:
    answers = write(Bulk(*[["Duplicate id, try again"]] * 9), create("a"))
    assert answers["a"].outcome is Outcome.FAILED


def test_creates_whose_answer_is_lost_are_unknown_and_updates_are_sent_again() -> None:
    server = Bulk(httpx.ReadError("gone"), ["7"], httpx.ReadError("gone"))
    answers = write(server, create("a"), update("b", "7", {}, PersonTitle="CEO"))
    assert answers["a"].outcome is Outcome.UNKNOWN
    assert answers["b"].outcome is Outcome.DONE


def test_one_bad_record_does_not_take_the_others_with_it() -> None:
    server = Bulk(400, ["7"], 400)
    answers = write(server, update("a", "7", {}, PersonTitle="x"), update("b", "9", {}, PersonTitle=[]))
    assert answers["a"].outcome is Outcome.DONE
    assert answers["b"].outcome is Outcome.REFUSED
    assert "the array is bad" in (answers["b"].reason or "")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Error: Person 7 was not found", Outcome.GONE),
        ("Person with id 7 does not exist", Outcome.GONE),
        ("Error: PersonOrganisationId 7 does not exist", Outcome.REFUSED),
        ("Person 77 was not found", Outcome.REFUSED),
    ],
)
def test_only_the_record_itself_can_be_gone(text: str, outcome: Outcome) -> None:
    assert write(Bulk([text]), update("a", "7", {}, PersonTitle="x"))["a"].outcome is outcome


def test_an_answer_without_a_result_for_each_record_tells_nothing() -> None:
    assert write(Bulk(["7", "8"]), create("a"))["a"].outcome is Outcome.UNKNOWN


def test_what_the_api_cannot_do_is_refused_without_asking() -> None:
    delete = Write("a", Action.DELETE, "e", "7", b"{}")
    assert write(Bulk(), delete)["a"].outcome is Outcome.REFUSED
    assert write(Bulk(), create("b"), name="users")["b"].outcome is Outcome.REFUSED


def test_no_property_belongs_to_two_fields_and_no_secret_is_kept() -> None:
    kept = {name for one in webcrm.COLLECTIONS for name in one.lens.columns}
    assert not [name for name in kept if "Password" in name or "Authentication" in name]
    assert "UserPassword" in webcrm.users.ignore


@pytest.fixture
def opportunity() -> Iterator[tuple[Served, System, str]]:
    """An opportunity with the lines A, B and C."""
    with served("webcrm") as sandbox:
        system = SYSTEMS["webcrm"].build(sandbox.settings())
        values: steps.Values = {"lines": json.dumps([{"description": text, "quantity": "1"} for text in "ABC"])}
        yield sandbox, system, steps.create(system, webcrm.opportunities, values)


def change_lines(system: System, id_: str, *lines: Row) -> Answer:
    now = steps.record(system, webcrm.opportunities, id_)
    return steps.send(
        system, webcrm.opportunities, steps.updating(webcrm.opportunities, now, {"lines": json.dumps(lines)})
    )


def lines_of(system: System, id_: str) -> dict[str, Row]:
    """An opportunity's lines by id, in their order."""
    raw = steps.record(system, webcrm.opportunities, id_)["QuotationLines"][0]
    return {line["QuotationLineId"]: line for line in json.loads(raw or "[]")}


def test_lines_keep_their_identity_and_those_that_go_are_named(opportunity: tuple[Served, System, str]) -> None:
    _, system, id_ = opportunity
    first, second, third = lines_of(system, id_)
    wanted = [{"description": "B", "quantity": "5"}, {"description": "C", "quantity": "1"}, {"description": "D"}]
    answer = change_lines(system, id_, *wanted)
    after = lines_of(system, id_)
    assert list(after)[:2] == [second, third]
    assert [line["QuotationLineComment"] for line in after.values()] == ["B", "C", "D"]
    assert answer.gone == (("quotationline", first),)


def test_the_same_lines_sent_again_after_a_lost_answer_are_not_stored_twice(
    opportunity: tuple[Served, System, str],
) -> None:
    sandbox, system, id_ = opportunity
    wanted = [{"description": text, "quantity": "1"} for text in "ABCDE"]
    now = steps.record(system, webcrm.opportunities, id_)
    write_ = steps.updating(webcrm.opportunities, now, {"lines": json.dumps(wanted)})
    sandbox.fail(drop_after_accept=0.6)
    outcomes = [steps.send(system, webcrm.opportunities, write_).outcome for _ in range(6)]
    sandbox.fail()
    assert steps.send(system, webcrm.opportunities, write_).outcome is Outcome.DONE
    assert set(outcomes) <= {Outcome.DONE, Outcome.UNKNOWN}
    assert [line["QuotationLineComment"] for line in lines_of(system, id_).values()] == list("ABCDE")


def test_lines_alone_leave_the_opportunity_itself_untouched(opportunity: tuple[Served, System, str]) -> None:
    sandbox, system, id_ = opportunity
    before = steps.record(system, webcrm.opportunities, id_)["OpportunityUpdatedAt"][0]
    sandbox.sandbox.clock.advance(60)
    assert change_lines(system, id_, {"description": "A"}).outcome is Outcome.DONE
    assert steps.record(system, webcrm.opportunities, id_)["OpportunityUpdatedAt"][0] == before


def test_a_line_that_is_refused_refuses_the_update_in_the_apis_words(opportunity: tuple[Served, System, str]) -> None:
    _, system, id_ = opportunity
    write_ = update("a", id_, {"OpportunityPersonId": 4711}, QuotationLines=[{"QuotationLineComment": "new"}] * 4)
    answer = steps.send(system, webcrm.opportunities, write_)
    assert answer.outcome is Outcome.REFUSED
    assert "4711" in (answer.reason or "")


def test_where_a_line_is_refused_those_that_were_stored_are_put_back(opportunity: tuple[Served, System, str]) -> None:
    _, system, id_ = opportunity
    before = texts(system, id_)
    wanted = [
        {"QuotationLineComment": "A", "QuotationLineQuantity": 5},
        {"QuotationLineComment": "B", "QuotationLinePrice": "much"},
        {"QuotationLineComment": "D"},
    ]
    answer = steps.send(system, webcrm.opportunities, update("a", id_, {}, QuotationLines=wanted))
    assert answer.outcome is Outcome.REFUSED
    assert texts(system, id_) == before
    assert {line["QuotationLineQuantity"] for line in lines_of(system, id_).values()} == {"1"}
    added = [{"QuotationLineComment": text} for text in "ABCD"]
    added.append({"QuotationLineComment": "E", "QuotationLinePrice": "much"})
    assert (
        steps.send(system, webcrm.opportunities, update("b", id_, {}, QuotationLines=added)).outcome is answer.outcome
    )
    assert texts(system, id_) == before


@pytest.mark.parametrize("back", ["Error: no", "8"])
def test_lines_that_cant_be_put_back_leave_the_outcome_unknown(back: str) -> None:
    """The first line is stored, the second refused; then the first is put back, or not."""
    lines = [{"QuotationLineId": n, "QuotationLineSortOrder": n, "QuotationLineComment": "A"} for n in (8, 9)]
    results = iter([["8", "Error: much is no price"], [back]])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=lines if request.method == "GET" else next(results))

    wanted = [{**line, "QuotationLineComment": "B"} for line in lines]
    outcome = write(answer, update("a", "3", {}, QuotationLines=wanted), name="opportunities")["a"].outcome
    assert outcome is (Outcome.REFUSED if back == "8" else Outcome.UNKNOWN)


def test_an_answer_has_the_lines_as_they_are_stored(opportunity: tuple[Served, System, str]) -> None:
    _, system, id_ = opportunity
    answer = change_lines(system, id_, {"description": "B"}, {"description": "D"})
    stored = json.loads(answer.record or b"{}")["QuotationLines"]
    there = lines_of(system, id_)
    assert [str(line["QuotationLineId"]) for line in stored] == [str(one) for one in there]
    assert [line["QuotationLineComment"] for line in stored] == ["B", "D"]


def orders(system: System, count: int) -> list[str]:
    """That many opportunities with the lines A and B."""
    values: steps.Values = {"lines": json.dumps([{"description": text, "quantity": "1"} for text in "AB"])}
    writes = [steps.creating(webcrm.opportunities, values) for _ in range(count)]
    answers = {answer.key: answer for answer in steps.sent(system, webcrm.opportunities, writes)}
    assert {answer.outcome for answer in answers.values()} == {Outcome.DONE}
    return [answers[write.key].id or "" for write in writes]


def with_lines(system: System, id_: str, *lines: Row) -> Write:
    """What gives an opportunity other lines."""
    now = steps.record(system, webcrm.opportunities, id_)
    return steps.updating(webcrm.opportunities, now, {"lines": json.dumps(lines)})


def texts(system: System, id_: str) -> list[str]:
    return [line["QuotationLineComment"] for line in lines_of(system, id_).values()]


def patches(sandbox: Served) -> int:
    return int(sandbox.sandbox.requests("webcrm")["by"].get("PATCH /QuotationLines", 0))


def test_the_lines_of_many_new_opportunities_share_a_request(opportunity: tuple[Served, System, str]) -> None:
    sandbox, system, _ = opportunity
    sandbox.sandbox.forget_requests("webcrm")
    made = orders(system, 40)
    assert patches(sandbox) == 1
    assert [texts(system, id_) for id_ in made[:3]] == [["A", "B"]] * 3
    orders(system, 60)
    assert patches(sandbox) == 3


def test_the_lines_of_many_opportunities_are_changed_in_one_request_and_added_in_another(
    opportunity: tuple[Served, System, str],
) -> None:
    sandbox, system, _ = opportunity
    made = orders(system, 5)
    wanted = [{"description": "A", "quantity": "2"}, {"description": "B", "quantity": "1"}, {"description": "C"}]
    writes = [with_lines(system, id_, *wanted) for id_ in made]
    sandbox.sandbox.forget_requests("webcrm")
    answers = steps.sent(system, webcrm.opportunities, writes)
    assert {answer.outcome for answer in answers} == {Outcome.DONE}
    assert patches(sandbox) == 2
    assert [texts(system, id_) for id_ in made] == [["A", "B", "C"]] * 5


def test_a_line_that_is_refused_is_its_own_opportunitys_problem(opportunity: tuple[Served, System, str]) -> None:
    _, system, _ = opportunity
    first, second, third = orders(system, 3)
    whole = [with_lines(system, id_, {"description": "A"}, {"description": "C"}) for id_ in (first, third)]
    bad = update("bad", second, {}, QuotationLines=[{"QuotationLineComment": "A", "QuotationLinePrice": "much"}])
    answers = {answer.id: answer for answer in steps.sent(system, webcrm.opportunities, [whole[0], bad, whole[1]])}
    assert [answers[id_].outcome for id_ in (first, second, third)] == [Outcome.DONE, Outcome.REFUSED, Outcome.DONE]
    assert "QuotationLinePrice" in (answers[second].reason or "")
    assert "QuotationLinePrice" in (answers[second].said or "")
    assert [texts(system, id_) for id_ in (first, third)] == [["A", "C"]] * 2


def test_lines_whose_answer_is_lost_leave_every_opportunity_in_doubt_and_none_with_a_line_twice(
    opportunity: tuple[Served, System, str],
) -> None:
    sandbox, system, _ = opportunity
    made = orders(system, 3)
    writes = [with_lines(system, id_, *({"description": text} for text in "ABCD")) for id_ in made]
    outcomes = set()
    for _ in range(6):
        sandbox.fail(drop_after_accept=0.4)
        outcomes |= {answer.outcome for answer in steps.sent(system, webcrm.opportunities, writes)}
        sandbox.fail()
    assert {answer.outcome for answer in steps.sent(system, webcrm.opportunities, writes)} == {Outcome.DONE}
    assert outcomes <= {Outcome.DONE, Outcome.UNKNOWN}
    assert [texts(system, id_) for id_ in made] == [list("ABCD")] * 3


def test_a_line_that_went_away_meanwhile_does_not_make_its_opportunity_gone() -> None:
    line = {"QuotationLineId": 7, "QuotationLineSortOrder": 1, "QuotationLineComment": "A"}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[line] if request.method == "GET" else ["Error: QuotationLine 7 was not found"])

    change = update("a", "3", {}, QuotationLines=[{"QuotationLineId": 7, "QuotationLineComment": "B"}])
    assert write(answer, change, name="opportunities")["a"].outcome is Outcome.STALE


def test_lines_that_our_key_may_not_see_are_their_orders_affair_alone() -> None:
    with served("webcrm") as sandbox:
        system = SYSTEMS["webcrm"].build(sandbox.settings())
        collection = system.collection("opportunities")
        values: list[steps.Values] = [{"lines": steps.lines(system, collection, 0)} for _ in range(3)]
        made = [steps.create(system, collection, one) for one in values]
        now = [steps.record(system, collection, id_) for id_ in made]
        other = steps.lines(system, collection, 1)
        sandbox.sandbox.fault("webcrm", switches={"forbids": f"/{made[1]}/QuotationLines"})
        writes = [steps.updating(collection, one, {"lines": other}) for one in now]
        answers = {answer.id: answer for answer in steps.sent(system, collection, writes)}
        assert [answers[id_].outcome for id_ in made] == [Outcome.DONE, Outcome.REFUSED, Outcome.DONE]
        assert answers[made[1]].properties == ("QuotationLines",)
        assert "403 You do not have access" in (answers[made[1]].reason or "")
