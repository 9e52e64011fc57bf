"""Lists that move while they are read: who deletes a record moves another one to a page that was read already.

So numbered pages overlap: each begins with a record of the page before, or the list has moved, and pages are read again
until it does. Every record that was there all the time is shown; what is shown twice is known.
"""

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import count, takewhile
from typing import Protocol, TypeVar

from talk_assets.errors import Unreachable
from talk_assets.http.paging import Sized

SMALLEST = 20
"""Records of a page, at least, if pages that only have numbers are to overlap."""

REMEMBERED = 4
"""Pages whose ids are remembered: by how many a reading goes back, and how often it does so in one place."""


LOOKS = 4
"""How often a list is looked at whose pages can't overlap: two looks must show the same."""


class Restless(Unreachable):
    """A list did not stand still, however often it was read again: what it lacks, nobody knows."""


@dataclass(frozen=True)
class Slice:
    """The records of a list from place `start` on, the first being at place 0, as many as `size`.

    `known` of them, the first ones, are in the slice before as well.
    """

    start: int
    size: int
    known: int = 0

    @property
    def end(self) -> int:
        """The place after the last."""
        return self.start + self.size

    @property
    def number(self) -> int:
        """Which of the pages of this size it is, the first being 0."""
        return self.start // self.size


class Slices:
    """The slices that a list is read in, none of more than `size` records, cut in one of the ways below."""

    def __init__(self, size: int, way: Callable[[int], Iterator[Slice]]) -> None:
        self._found: list[Slice] = []
        self._following = way(size)

    def __getitem__(self, index: int) -> Slice:
        while len(self._found) <= index:
            self._found.append(next(self._following))
        return self._found[index]

    def showing(self, total: int) -> int:
        """Return the number of the one that shows the last of so many records."""
        index = 0
        while self[index].end < total:
            index += 1
        return index


def side_by_side(size: int) -> Iterator[Slice]:
    """Cut so that no two have a record in common."""
    for start in count(0, size):
        yield Slice(start, size)


def from_any_place(size: int) -> Iterator[Slice]:
    """Cut so that each begins with the last record of the one before."""
    yield Slice(0, size)
    for start in count(size - 1, size - 1):
        yield Slice(start, size, 1)


def as_pages(size: int) -> Iterator[Slice]:
    """Cut so that each is one of the pages of its size, and begins within the one before: their sizes differ a little.

    Each reaches as far as it can, but not to where pages of every size end.
    """
    yield Slice(0, size)
    end, sizes = size, range(size // 2, size + 1)
    while True:
        pages = [Slice((end - 1) // fewer * fewer, fewer) for fewer in sizes]
        ahead = [page for page in pages if page.end > end]
        found = max(ahead, key=lambda page: (any(page.end % fewer for fewer in sizes), page.end))
        yield replace(found, known=end - found.start)
        end = found.end


class Shown(Sized, Protocol):
    """A page with the ids of its records."""

    @property
    def ids(self) -> Sequence[str]:
        """In the order in which the records are shown."""
        ...

    @property
    def full(self) -> bool:
        """Whether it has as many records as were asked for."""
        ...


P = TypeVar("P", bound=Shown)


async def joined(
    pages_from: Callable[[int], AsyncGenerator[P, None]], start: int, name: str
) -> AsyncIterator[tuple[P, int]]:
    """Yield the pages of slices from number `start` on, each with how many of its first records were shown before.

    Where a page does not begin with a record of the pages before, the page before it is read again, or an earlier one.
    Raise Restless where that does not help.
    """
    recent: deque[frozenset[str]] = deque(maxlen=REMEMBERED)
    number = furthest = start
    tries, before = 0, True
    while True:
        async with aclosing(pages_from(number)) as pages:
            async for page in pages:
                known = _known(page, recent) if recent and number else 0
                if recent and number and moved(page, known, full=before):
                    if not before:  # it is the API that hands out fewer than asked for
                        raise restless(name)
                    break
                yield page, known
                if not page.last:
                    recent.append(frozenset(page.ids))
                    before = page.full
                number += 1
                if number > furthest:
                    furthest, tries = number, 0
            else:
                return
        tries += 1
        if tries > REMEMBERED:
            raise restless(name)
        number = max(0, number - 1)


def moved(page: Shown, known: int, *, full: bool) -> bool:
    """Whether a list moved before this page of it was shown, the page before having been `full` or not.

    `known` are those of its first records that were shown before; a list ends behind a page that is not full.
    """
    return not known and (full or bool(page.ids))


def _known(page: Shown, recent: Sequence[frozenset[str]]) -> int:
    return sum(1 for _ in takewhile(lambda id_: any(id_ in ids for ids in recent), page.ids))


def restless(name: str) -> Restless:
    """Return the error that says so of a list."""
    message = (
        f"{name}: the list moved while it was read, again and again, so that records may be missing in it. If it is so"
        " each time, have it sorted by what stays as it is, as the id: params of the system in talk.toml go with it"
    )
    return Restless(message)


def without_first(body: bytes, count: int) -> bytes:
    """A JSON array without so many of its first elements."""
    if not count:
        return body
    text, decoder = body.decode(), json.JSONDecoder()
    place = text.index("[") + 1
    for _ in range(count):
        place = _after_blanks(text, place)
        _, place = decoder.raw_decode(text, place)
        place = _after_blanks(text, place)
        place += text[place] == ","
    return b"[" + text[place:].encode()


def _after_blanks(text: str, place: int) -> int:
    while text[place].isspace():
        place += 1
    return place
