"""Reading a list to its end, whichever way the API hands it out, and taking a page apart.

What a list is asked for, by id, by time or whole, is the connection's concern.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from talk_assets.http.api import Api, Follow, Paging, Params, Trash
from talk_assets.http.bodies import column, members, not_json
from talk_assets.http.moving import (
    LOOKS,
    SMALLEST,
    Restless,
    Slice,
    Slices,
    as_pages,
    from_any_place,
    joined,
    restless,
    side_by_side,
    without_first,
)
from talk_assets.http.paging import feed, numbered
from talk_assets.jsonframes import jsontext

ALONE = Slice(0, 0)
"""All of a list, whose length the API decides."""

WINDOW = 4
"""Numbered pages of one list that are asked for at a time."""


@dataclass(frozen=True)
class Listed:
    """One page: its records as a JSON array, where the next one is (a number, a cursor or a query), null if nowhere.

    `total` is about how many records the list has, null where the API does not say. `asked` is how many records were
    asked for, `id_path` where their ids are.
    """

    body: bytes
    following: str | None
    last: bool
    total: int | None = None
    asked: int = 0
    id_path: str = ""

    @cached_property
    def ids(self) -> Sequence[str]:
        """The ids of its records, in their order."""
        if "." in self.id_path:
            return [str(dig(record, self.id_path)) for record in json.loads(self.body)]
        return column(self.body, self.id_path, "a list").fill_null("").to_list()

    @property
    def full(self) -> bool:
        """Whether it has as many records as were asked for."""
        return len(self.ids) >= self.asked


Fetch = Callable[[Params], Coroutine[Any, Any, httpx.Response]]
"""Sends the request for one page with these parameters."""


@dataclass(frozen=True)
class Listing:
    """The lists of one API; `id` is a property that every record has, `where` names the list in messages."""

    api: Api
    id: str
    where: str

    async def pages(self, fetch: Fetch, params: Params, start: str | None = None) -> AsyncIterator[Listed]:
        """Yield the pages, from the beginning or from where an earlier page said the next one is.

        A list that was read from its beginning lacks no record that was there all the time, whatever was deleted
        meanwhile: numbered pages overlap, or the list is looked at again. Raise Restless where neither helps.
        """
        how = self.api.paging
        whole = {**self.api.params, **self._sized(how.size), **params}
        if how.by not in {Follow.PAGE, Follow.OFFSET}:

            async def fed_page(place: str | None) -> Listed:
                return self._listed(await fetch({**whole, **_asked(how, place)}), None)

            looks = self._looks(lambda: feed(fed_page, lambda page: page.following, start), _is_numbered, start)
        else:
            if how.by is Follow.OFFSET or (how.size_param and how.size >= SMALLEST):
                slices = Slices(how.size, as_pages if how.by is Follow.PAGE else from_any_place)
                try:
                    async for page in self._overlapping(fetch, whole, slices, int(start or 0)):
                        yield page
                except Restless:  # or the API doesn't keep to sizes
                    start = None
                else:
                    return

            def plain() -> AsyncIterator[Listed]:
                return self._numbered(fetch, whole, Slices(how.size, side_by_side), int(start or 0))

            looks = self._looks(plain, self._is_one_of_several, start)
        async for page in looks:
            yield page

    def _sized(self, size: int) -> dict[str, str]:
        return {self.api.paging.size_param: str(size)} if self.api.paging.size_param else {}

    def _numbered(self, fetch: Fetch, params: Params, slices: Slices, start: int) -> AsyncGenerator[Listed, None]:
        """The slices of a list, from the one with this number on, the first being 0."""
        how = self.api.paging

        async def page(index: int) -> Listed:
            wanted = slices[index]
            place = wanted.number + how.first if how.by is Follow.PAGE else wanted.start
            return self._listed(
                await fetch({**params, **self._sized(wanted.size), how.param: str(place)}), index, wanted
            )

        def end(listed: Listed) -> int | None:
            """The number of one that is surely there, where a page says how long the list is."""
            total = None if listed.total is None else listed.total - (listed.asked - 1 if how.pages else 0)
            return None if total is None else slices.showing(total)

        return numbered(page, first=start, window=WINDOW, end=end)

    async def _overlapping(self, fetch: Fetch, params: Params, slices: Slices, start: int) -> AsyncIterator[Listed]:
        """Pages that begin with records of the page before, which are left out where they were shown."""
        pages = joined(lambda number: self._numbered(fetch, params, slices, number), start, self.where)
        async for page, known in pages:
            yield replace(page, body=without_first(page.body, known))

    async def _looks(
        self, look: Callable[[], AsyncIterator[Listed]], moves: Callable[[Listed], bool], start: str | None
    ) -> AsyncIterator[Listed]:
        """Look at a list of pages that may move until two looks show the same; what goes on elsewhere is no look."""
        before: set[str] | None = None
        for _ in range(LOOKS):
            seen: set[str] = set()
            moving = False
            async for page in look():
                moving = moving or moves(page)
                seen.update(page.ids)
                ends = page.last and (start is not None or not moving or seen == before)
                again = page.last and not ends
                shown = page if before is None or not before.issuperset(page.ids) else replace(page, body=b"[]")
                yield replace(shown, last=False, following="0") if again else shown
                if ends:
                    return
            before = seen
        raise restless(self.where)

    def _is_one_of_several(self, page: Listed) -> bool:
        """Whether other pages may have records as well, by what this one says."""
        alone = page.following in {None, "1"} and (page.last or (self.api.paging.size_param and not page.full))
        return bool(page.ids) and not alone

    async def few(self, fetch: Fetch, params: Params, count: int, start: str | None = None) -> bytes:
        """Return the first records, at most `count` of them where the API lets us say so, by one request.

        Only a feed can start elsewhere than at the beginning.
        """
        how = self.api.paging
        sized = {how.size_param: str(min(count, how.size))} if how.size_param else {}
        place = {Follow.PAGE: {how.param: str(how.first)}, Follow.OFFSET: {how.param: "0"}}.get(how.by)
        asked = _asked(how, start) if place is None else place
        return self._listed(await fetch({**self.api.params, **sized, **params, **asked}), None).body

    def _listed(self, response: httpx.Response, number: int | None, wanted: Slice = ALONE) -> Listed:
        how, body = self.api.paging, response.content
        found = _members(body, (self.api.envelope.items, how.next, how.more, how.total), self.where)
        items = found[self.api.envelope.items]
        if items is None or not items.lstrip().startswith("["):
            name = self.api.envelope.items
            right = f'an object with a list "{name}"' if name else "a JSON array of records"
            raise not_json(self.where, body, right)
        counted = response.headers.get(how.total_header) if how.total_header else found.get(how.total or "-")
        records, total = (
            self._shaped(items.encode(), plain=PLAIN in response.extensions),
            _total(how, response, counted, wanted.size),
        )
        if number is None:
            following = _following(how, response, found.get(how.next))
            more = following is not None and (not how.more or found[how.more] == "true")
            return Listed(records, following, not more, total, id_path=self.id)
        listed = Listed(records, None, last=False, total=total, asked=wanted.size, id_path=self.id)
        if self._ends(response, wanted, listed, counted):
            return replace(listed, last=True)
        return replace(listed, following=str(number + 1))

    def _ends(self, response: httpx.Response, wanted: Slice, listed: Listed, total: str | None) -> bool:
        how = self.api.paging
        if how.pages and (told := response.headers.get(how.pages, "")).isdecimal():
            return wanted.number + 1 >= int(told)
        if total is not None and total.isdecimal():
            return wanted.end >= int(total)
        return len(listed.ids) <= wanted.known

    def _shaped(self, items: bytes, *, plain: bool) -> bytes:
        if not self.api.shapes and self.api.trash is None and not plain:
            return items
        records = [shown(self.api, record, plain=plain) for record in json.loads(items)]
        return jsontext.spelled(records).encode()


def _total(how: Paging, response: httpx.Response, total: str | None, size: int) -> int | None:
    if total is not None and total.isdecimal():
        return int(total)
    pages = response.headers.get(how.pages, "") if how.pages else ""
    return int(pages) * size if pages.isdecimal() else None


PLAIN = "plain"
"""The extension of an answer that was read without the privileged parameters."""


def shown(api: Api, record: Any, *, plain: bool = False) -> Any:  # noqa: ANN401 -- whatever the API lists; what is no object is found invalid later
    """One record as the lens sees it; `plain`: it was read without the privileged parameters."""
    if isinstance(record, dict):
        undone = api.privileged.shapes if plain and api.privileged else ()
        for shape in (*undone, *api.shapes):
            shape.shown(record)
        if isinstance(api.trash, Trash):
            record[api.trash.mark] = str(record.get(api.trash.property)) == api.trash.value
    return record


def dig(found: object, way: str) -> Any:  # noqa: ANN401 -- JSON is whatever the API sent
    """What is at the end of a way through JSON, null where it ends before; a number on the way counts in a list."""
    if isinstance(found, dict) and way in found:
        return found[way]  # some names have dots
    for step in way.split(".") if way else ():
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _members(body: bytes, ways: tuple[str, ...], where: str) -> dict[str, str | None]:
    """The named members, nested ones by dotted name, as text; the empty name is the body itself.

    A member whose own name has dots, as `@odata.nextLink`, comes before one that is nested.
    """
    named = [way for way in ways if way]
    found: dict[str, str | None] = {"": body.decode(errors="replace")}
    if not body.strip():
        return {"": "[]"} | dict.fromkeys(named)
    if named:
        outer = members(body, dict.fromkeys(name for way in named for name in (way, way.split(".")[0])), where)
        for way in named:
            first, _, rest = way.partition(".")
            if outer[way] is None and rest and (text := outer[first]):
                found[way] = _members(text.encode(), (rest,), where)[rest]
            else:
                found[way] = outer[way]
    return found


def _asked(how: Paging, place: str | None) -> dict[str, str]:
    if place is None:
        return {}
    return {how.param: place} if how.by is Follow.CURSOR else dict(parse_qsl(place, keep_blank_values=True))


def _following(how: Paging, response: httpx.Response, member: str | None) -> str | None:
    """Of the next page's URL only the query is used: where the API is, and who may see the credentials, is fixed."""
    match how.by:
        case Follow.CURSOR:
            return response.headers.get(how.next_header) if how.next_header else member or None
        case Follow.LINK:
            url = response.links.get("next", {}).get("url")
        case Follow.URL:
            url = response.headers.get(how.next_header) if how.next_header else member
        case _:
            return None
    return urlencode(parse_qsl(urlsplit(url).query, keep_blank_values=True)) if url else None


NUMBERED = {"page", "pagenumber", "paged", "offset", "skip", "start", "from", "startindex"}
"""What a parameter may be called, signs aside, whose number says which part of a list is next."""


def _is_numbered(page: Listed) -> bool:
    """Whether the next page is the one with some number, so that a list that moves shows less than there is."""
    asked = parse_qsl(page.following or "")
    return any(name.strip("$_").lower() in NUMBERED and value.isdecimal() for name, value in asked)
