"""Long lists: in order, bounded, and never an answer thrown away."""

import asyncio
from dataclasses import dataclass

import pytest

from talk_assets.http import paging


@dataclass(frozen=True)
class Part:
    number: int
    last: bool


class Pages:
    """So many pages; what is asked for beyond them is empty."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[int] = []
        self.open = 0
        self.most = 0

    async def fetch(self, number: int) -> Part:
        self.asked.append(number)
        self.open += 1
        self.most = max(self.most, self.open)
        # The later pages answer first.
        await asyncio.sleep(0.002 / number)
        self.open -= 1
        return Part(number, last=number >= self.count)


@pytest.mark.parametrize("count", [1, 2, 9, 30])
def test_numbered_pages_are_asked_for_up_to_the_last_and_none_beyond(count: int) -> None:
    pages = Pages(count)

    async def run() -> list[int]:
        return [part.number async for part in paging.numbered(pages.fetch, first=1)]

    assert asyncio.run(run()) == list(range(1, count + 1))
    assert pages.asked == list(range(1, count + 1))


def test_pages_up_to_an_end_that_is_told_come_in_order_whichever_answers_first() -> None:
    pages = Pages(30)

    async def run() -> list[int]:
        found = paging.numbered(pages.fetch, first=1, window=4, end=lambda _: 30)
        return [part.number async for part in found]

    assert asyncio.run(run()) == list(range(1, 31))
    assert pages.most == 4
    assert sorted(pages.asked) == list(range(1, 31))


def test_an_end_that_was_told_too_early_is_not_believed() -> None:
    pages = Pages(5)

    async def run() -> list[int]:
        return [part.number async for part in paging.numbered(pages.fetch, first=1, window=4, end=lambda _: 2)]

    assert asyncio.run(run()) == [1, 2, 3, 4, 5]


def test_reading_goes_on_from_any_page_and_may_be_broken_off() -> None:
    pages = Pages(100)

    async def run() -> int:
        async for part in paging.numbered(pages.fetch, first=7, window=4):
            if part.number == 10:
                return part.number
        return 0

    assert asyncio.run(run()) == 10
    assert pages.asked == [7, 8, 9, 10, 11]


def test_a_feed_is_followed_from_page_to_page() -> None:
    asked: list[str | None] = []

    async def fetch(cursor: str | None) -> Part:
        asked.append(cursor)
        number = int(cursor or 0) + 1
        return Part(number, last=number == 3)

    async def run() -> list[int]:
        return [part.number async for part in paging.feed(fetch, lambda part: str(part.number), None)]

    assert asyncio.run(run()) == [1, 2, 3]
    assert asked == [None, "1", "2"]


def test_after_a_failure_nothing_new_is_begun_and_nothing_under_way_is_lost() -> None:
    begun: list[int] = []

    async def work(number: int) -> int:
        begun.append(number)
        await asyncio.sleep(0.001 * number)
        if number == 1:
            message = "out of order"
            raise ValueError(message)
        return number

    answers: list[int] = []

    async def run() -> None:
        async for answer in paging.gather(work, range(1, 100), window=4):
            answers.append(answer)  # noqa: PERF401 -- what came before the failure counts

    with pytest.raises(ValueError, match="out of order"):
        asyncio.run(run())
    assert sorted(answers) == begun[1:]
    assert len(begun) == 4
