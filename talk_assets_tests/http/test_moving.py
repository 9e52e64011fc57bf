"""Lists from which records are deleted while they are read, against a server that is a function over a list."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise

import httpx
import pytest

from talk_assets.http.api import Api, Envelope, Follow, Paging
from talk_assets.http.moving import Restless, as_pages, from_any_place, without_first
from talk_assets.http.rest import RestCollection, RestConnection
from talk_assets.model.entities import person
from talk_assets.model.lens.lens import Lens, Text
from talk_assets_tests.http.fakes import Time, client

PEOPLE = RestCollection(name="people", entity=person, path="/people", id="id", lens=Lens(last_name=Text("name")))
Where = Callable[[Mapping[str, str]], tuple[int, int]]


@dataclass
class Server:
    """Some records in the order of their ids, of which one of the first is deleted before some requests."""

    where: Where
    often: float
    rng: random.Random
    records: list[int] = field(default_factory=lambda: list(range(205)))
    moved: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        start, size = self.where(request.url.params)
        if start and self.rng.random() < self.often:
            self.moved += 1
            del self.records[self.rng.randrange(start)]
        rows = [{"id": one, "name": f"n{one}"} for one in self.records[start : start + size]]
        there = f'</people?page={start // 25 + 2}>; rel="next"' if start + 25 < len(self.records) else ""
        body = {"rows": rows, "total": len(self.records)}
        return httpx.Response(200, json=body, headers={"Link": there} if there else {})


def by_page(asked: Mapping[str, str]) -> tuple[int, int]:
    size = int(asked["size"])
    return (int(asked["page"]) - 1) * size, size


def by_offset(asked: Mapping[str, str]) -> tuple[int, int]:
    return int(asked["skip"]), 25


def by_link(asked: Mapping[str, str]) -> tuple[int, int]:
    return (int(asked.get("page", "1")) - 1) * 25, 25


def at_most_ten(asked: Mapping[str, str]) -> tuple[int, int]:
    return (int(asked["page"]) - 1) * 10, 10


WAYS: dict[str, tuple[Paging, Where, float]] = {
    "pages": (Paging(size_param="size", size=25), by_page, 0.3),
    "pages, to the total": (Paging(size_param="size", size=25, total="total"), by_page, 0.3),
    "offset": (Paging(Follow.OFFSET, "skip", size=25), by_offset, 0.3),
    "offset, to the total": (Paging(Follow.OFFSET, "skip", size=25, total="total"), by_offset, 0.3),
    "a second look": (Paging(size_param="size", size=10), by_page, 0.01),
    "links to numbers": (Paging(Follow.LINK), by_link, 0.02),
    "fewer than were asked for": (Paging(size_param="size", size=25), at_most_ten, 0.005),
}


def read(paging: Paging, server: Server) -> list[int]:
    async def run() -> list[int]:
        async with client(server, Time()) as demo:
            connection = RestConnection(demo, Api(Envelope(items="rows"), paging), [PEOPLE])
            pages = [page async for page in connection.read(PEOPLE, since=None, position=None)]
            return [record["id"] for page in pages for record in json.loads(page.body)]

    return asyncio.run(run())


@pytest.mark.parametrize("way", WAYS)
def test_what_was_there_all_the_time_is_shown(way: str) -> None:
    paging, where, often = WAYS[way]
    rng, moved, whole = random.Random(1), 0, 0
    for _ in range(16):
        server = Server(where, often, rng)
        try:
            found = read(paging, server)
        except Restless:
            continue
        assert set(found) >= set(server.records)
        moved += server.moved
        whole += 1
    assert moved
    assert whole > 4


@pytest.mark.parametrize("way", WAYS)
def test_what_stands_still_is_shown(way: str) -> None:
    paging, where, _ = WAYS[way]
    found = read(paging, Server(where, 0, random.Random(1)))
    assert list(dict.fromkeys(found)) == list(range(205))
    assert len(found) in {205, 215}  # where fewer came than were asked for, the first page comes once more


def test_a_list_that_never_stands_still_is_told_as_such() -> None:
    paging, where, _ = WAYS["a second look"]
    with pytest.raises(Restless, match="demo/people: the list moved while it was read"):
        read(paging, Server(where, 0.9, random.Random(1)))


@pytest.mark.parametrize("size", [20, 25, 100, 1000])
def test_pages_and_places_overlap_and_hardly_more_of_them_are_needed(size: int) -> None:
    for way, most in ((as_pages, 1.5), (from_any_place, 1.1)):
        slices = list(islice(way(size), 400))
        for before, after in pairwise(slices):
            assert before.start < after.start < before.end < after.end
            assert after.known == before.end - after.start
            assert after.size <= size
        assert slices[-1].end * most > 400 * size
    assert all(page.start % page.size == 0 for page in islice(as_pages(size), 400))


@pytest.mark.parametrize("body", ['[1,"],[",{"a": [2]}]', ' [ 1 , "],[" , {"a":[2]} ] '])
def test_the_first_of_a_list_are_left_out(body: str) -> None:
    whole = json.loads(body)
    assert [json.loads(without_first(body.encode(), count)) for count in range(4)] == [whole[n:] for n in range(4)]
