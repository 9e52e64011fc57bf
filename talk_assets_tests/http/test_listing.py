"""Each way in which an API hands out a list and its changes, against a server that is a function over nine records."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from talk_assets.errors import NotTheApi
from talk_assets.http.api import Api, Changes, Envelope, Follow, Lookup, Paging, Since, Spelling, Trash
from talk_assets.http.rest import RestCollection, RestConnection
from talk_assets.http.shapes import Keyed
from talk_assets.model.entities import person
from talk_assets.model.lens.lens import Lens, Text
from talk_assets.model.system import CursorExpired, Page
from talk_assets_tests.http.fakes import Time, client

Answer = Callable[[httpx.Request], httpx.Response]
RECORDS = [{"id": number, "name": f"n{number}"} for number in range(9)]
PEOPLE = RestCollection(name="people", entity=person, path="/people", id="id", lens=Lens(last_name=Text("name")))


def read(
    api: Api, answer: Answer, *, since: str | None = None, position: str | None = None, people: RestCollection = PEOPLE
) -> list[Page]:
    async def run() -> list[Page]:
        async with client(answer, Time()) as demo:
            connection = RestConnection(demo, api, [people])
            return [page async for page in connection.read(people, since=since, position=position)]

    return asyncio.run(run())


def ids(pages: list[Page]) -> list[int]:
    return [record["id"] for page in pages for record in json.loads(page.body)]


def page_of(request: httpx.Request, start: int, size: int = 4) -> list[dict[str, Any]]:
    assert request.url.path == "/api/people"
    return RECORDS[start : start + size]


def numbered(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=page_of(request, (int(request.url.params["page"]) - 1) * 4))


def with_pages(request: httpx.Request) -> httpx.Response:
    answer = numbered(request)
    answer.headers["X-Pages"] = "3"
    assert int(request.url.params["page"]) <= 3, "asked for more than there is"
    return answer


def offset(request: httpx.Request) -> httpx.Response:
    start = int(request.url.params["skip"])
    return httpx.Response(200, json={"data": {"rows": page_of(request, start)}, "meta": {"total": 9}})


def cursor(request: httpx.Request) -> httpx.Response:
    start = int(request.url.params.get("after", "0"))
    following = str(start + 4) if start + 4 < 9 else None
    return httpx.Response(200, json={"rows": page_of(request, start), "next": following})


def link(request: httpx.Request) -> httpx.Response:
    start = int(request.url.params.get("from", "0"))
    there = f'<https://internal.example/elsewhere?from={start + 4}&size=4>; rel="next"' if start + 4 < 9 else ""
    return httpx.Response(200, json=page_of(request, start), headers={"Link": there} if there else {})


def url(request: httpx.Request) -> httpx.Response:
    start = int(request.url.params.get("from", "0"))
    there = f"/people?from={start + 4}" if start + 4 < 9 else None
    return httpx.Response(200, json={"value": page_of(request, start), "@odata.nextLink": there})


def whole(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=page_of(request, 0, 9))


WAYS: dict[str, tuple[Api, Answer]] = {
    "page, to the first empty one": (Api(paging=Paging(size=4)), numbered),
    "page, to the number in a header": (Api(paging=Paging(size=4, pages="X-Pages")), with_pages),
    "offset, to the total": (
        Api(Envelope(items="data.rows"), Paging(Follow.OFFSET, "skip", "top", 4, total="meta.total")),
        offset,
    ),
    "cursor": (Api(Envelope(items="rows"), Paging(Follow.CURSOR, "after", next="next")), cursor),
    "link": (Api(paging=Paging(Follow.LINK)), link),
    "url": (Api(Envelope(items="value"), Paging(Follow.URL, next="@odata.nextLink")), url),
    "none": (Api(paging=Paging(Follow.NONE)), whole),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_list_is_read_to_its_end_each_record_once(way: str) -> None:
    pages = read(*WAYS[way])
    assert ids(pages) == list(range(9))
    assert pages[-1].position is None


@pytest.mark.parametrize("way", [way for way in WAYS if way != "none"])
def test_an_interrupted_read_goes_on_from_each_position(way: str) -> None:
    pages = read(*WAYS[way])
    assert ids(read(*WAYS[way], position=pages[0].position))[-5:] == list(range(4, 9))


def test_the_next_page_s_address_never_leads_elsewhere() -> None:
    """A link names another host; only what it asks for is used."""
    hosts = set()

    def optimistic_lock(request: httpx.Request) -> httpx.Response:
        hosts.add((request.url.host, request.url.path))
        return link(request)

    read(Api(paging=Paging(Follow.LINK)), optimistic_lock)
    assert hosts == {("demo.example", "/api/people")}


def test_parameters_of_the_api_the_list_and_the_collection_all_go_with_it() -> None:
    seen: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(dict(request.url.params))
        return whole(request)

    api = Api(paging=Paging(Follow.NONE, size_param="top", size=50), params={"sort": "id"})
    read(api, answer, people=replace(PEOPLE, params={"kind": "person"}))
    assert seen == [{"top": "50", "sort": "id", "kind": "person"}]


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        (Spelling.MICROSECONDS, "2024-05-17T08:29:50.500000Z"),
        (Spelling.SECONDS, "2024-05-17T08:29:50Z"),
        (Spelling.BARE, "2024-05-17T08:29:50"),
        (Spelling.EPOCH, "1715934590"),
        (Spelling.EPOCH_MS, "1715934590500"),
    ],
)
def test_changes_are_asked_for_by_time_a_little_before_the_last_read(spelling: Spelling, value: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params["since"])
        return whole(request)

    api = Api(paging=Paging(Follow.NONE), changes=Changes(Since.TIME, "since", spelling, overlap=10))
    pages = read(api, answer, since="2024-05-17T10:30:00.500000+02:00")
    assert seen == [value]
    assert datetime.fromisoformat(pages[-1].cursor or "").timestamp() == Time().now


def test_the_next_read_begins_when_the_one_that_was_interrupted_began() -> None:
    """What was edited between the parts of a read is on a page that was read already, perhaps."""
    api = Api(paging=Paging(size=4), changes=Changes(Since.TIME, "since"))
    began = datetime(2024, 5, 17, 8, 30, tzinfo=UTC).isoformat()
    assert read(api, numbered, position=f"{began}|2")[-1].cursor == began


def test_a_list_without_a_filter_of_changes_is_read_in_full_each_time() -> None:
    api = Api(paging=Paging(Follow.NONE))
    assert read(api, whole)[-1].cursor is None
    with pytest.raises(CursorExpired):
        read(api, whole, since="2024-05-17T08:30:00+00:00")


def test_a_cursor_of_another_kind_is_no_reason_to_stop() -> None:
    with pytest.raises(CursorExpired):
        read(Api(changes=Changes(Since.TIME, "since")), whole, since="bm90IGEgdGltZQ")


def test_what_is_in_the_trash_is_asked_for_beside_what_changed_and_marked() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        trashed = request.url.params.get("status") == "bin"
        return httpx.Response(200, json=[{"id": 1, "status": "bin"}] if trashed else [{"id": 2, "status": "ok"}])

    api = Api(
        paging=Paging(Follow.NONE),
        changes=Changes(Since.TIME, "since"),
        trash=Trash("status", "bin", {"status": "bin"}, mark="gone"),
    )
    pages = read(api, answer, since="2024-05-17T08:30:00+00:00")
    records = [record for page in pages for record in json.loads(page.body)]
    assert {record["id"]: record["gone"] for record in records} == {1: True, 2: False}
    assert pages[-1].cursor


def test_records_are_looked_up_one_by_one_or_found_by_reading_everything_where_there_is_no_filter() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        id_ = request.url.path.rpartition("/")[2]
        if id_ == "people":
            meta = [[{"k": "ref", "v": f"e{number}"}] for number in range(9)]
            return httpx.Response(200, json=[record | {"meta": one} for record, one in zip(RECORDS, meta, strict=True)])
        return httpx.Response(200, json={"data": RECORDS[int(id_)]}) if int(id_) < 9 else httpx.Response(404, json={})

    api = Api(Envelope(record="data"), Paging(Follow.NONE), shapes=(Keyed("meta", "k", "v"),))
    people = replace(PEOPLE, reference="meta.ref")

    async def run() -> tuple[list[Page], list[Page]]:
        async with client(answer, Time()) as demo:
            connection = RestConnection(demo, api, [people])
            looked_up = [page async for page in connection.look_up(people, ["3", "77", "5"])]
            return looked_up, [page async for page in connection.find(people, ["e4", "e99"])]

    looked_up, found = asyncio.run(run())
    assert sorted(ids(looked_up)) == [3, 5]
    assert ids(found) == [4]


def test_a_filter_takes_so_many_values_at_a_time() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params["id_in"])
        wanted = seen[-1].split("|")
        return httpx.Response(200, json=[record for record in RECORDS if str(record["id"]) in wanted])

    async def run() -> list[Page]:
        async with client(answer, Time()) as demo:
            connection = RestConnection(demo, Api(paging=Paging(Follow.NONE), by_id=Lookup("id_in", 2, "|")), [PEOPLE])
            return [page async for page in connection.look_up(PEOPLE, ["1", "2", "3"])]

    assert sorted(ids(asyncio.run(run()))) == [1, 2, 3]
    assert sorted(seen) == ["1|2", "3"]


@pytest.mark.parametrize("body", [b'{"rows": {"a": 1}}', b"[1", b'"text"', b'{"data": []}'])
def test_what_is_no_list_is_not_the_api(body: bytes) -> None:
    api = Api(Envelope(items="rows"), Paging(Follow.NONE))
    with pytest.raises(NotTheApi):
        read(api, lambda _: httpx.Response(200, content=body, headers={"Content-Type": "application/json"}))


def test_an_empty_answer_is_an_empty_list() -> None:
    assert ids(read(Api(paging=Paging(Follow.NONE)), lambda _: httpx.Response(204))) == []
