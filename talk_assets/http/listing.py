"""Reading a list to its end, whichever way the API hands it out, and taking a page apart.

What a list is asked for, by id, by time or whole, is the connection's concern.
"""

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from talk_assets.http.api import Api, Follow, Paging, Trash
from talk_assets.http.bodies import column, members, not_json
from talk_assets.http.paging import feed, numbered
from talk_assets.jsonframes import jsontext

WINDOW = 4
"""Numbered pages of one list that are asked for at a time."""


@dataclass(frozen=True)
class Listed:
    """One page: its records as a JSON array, where the next one is (a number, a cursor or a query), null if nowhere.

    `total` is about how many records the list has, null where the API does not say.
    """

    body: bytes
    following: str | None
    last: bool
    total: int | None = None


Fetch = Callable[[Mapping[str, str]], Coroutine[Any, Any, httpx.Response]]
"""Sends the request for one page with these parameters."""


@dataclass(frozen=True)
class Listing:
    """The lists of one API; `id` is a property that every record has, `where` names the list in messages."""

    api: Api
    id: str
    where: str

    async def pages(self, fetch: Fetch, params: Mapping[str, str], start: str | None = None) -> AsyncIterator[Listed]:
        """Yield the pages, from the beginning or from where an earlier page said the next one is."""
        how = self.api.paging
        sized = {how.size_param: str(how.size)} if how.size_param else {}
        whole = {**self.api.params, **sized, **params}

        async def numbered_page(number: int) -> Listed:
            place = str(number if how.by is Follow.PAGE else (number - how.first) * how.size)
            return self._listed(await fetch({**whole, how.param: place}), number)

        async def fed_page(place: str | None) -> Listed:
            return self._listed(await fetch({**whole, **_asked(how, place)}), None)

        if how.by in {Follow.PAGE, Follow.OFFSET}:
            pages = numbered(numbered_page, first=int(start or how.first), window=WINDOW, end=self._end)
        else:
            pages = feed(fed_page, lambda page: page.following, start)
        async for page in pages:
            yield page

    async def few(self, fetch: Fetch, params: Mapping[str, str], count: int, start: str | None = None) -> bytes:
        """Return the first records, at most `count` of them where the API lets us say so, by one request.

        Only a feed can start elsewhere than at the beginning.
        """
        how = self.api.paging
        sized = {how.size_param: str(min(count, how.size))} if how.size_param else {}
        place = {Follow.PAGE: {how.param: str(how.first)}, Follow.OFFSET: {how.param: "0"}}.get(how.by)
        asked = _asked(how, start) if place is None else place
        return self._listed(await fetch({**self.api.params, **sized, **params, **asked}), None).body

    def _end(self, page: Listed) -> int | None:
        """The number of the last page, where one says so."""
        how = self.api.paging
        return None if page.total is None else how.first - 1 + ceil(page.total / how.size)

    def _listed(self, response: httpx.Response, number: int | None) -> Listed:
        how, body = self.api.paging, response.content
        found = _members(body, (self.api.envelope.items, how.next, how.more, how.total), self.where)
        items = found[self.api.envelope.items]
        if items is None or not items.lstrip().startswith("["):
            name = self.api.envelope.items
            right = f'an object with a list "{name}"' if name else "a JSON array of records"
            raise not_json(self.where, body, right)
        records, total = (
            self._shaped(items.encode(), plain=PLAIN in response.extensions),
            _total(how, response, found.get(how.total)),
        )
        if number is None:
            following = _following(how, response, found.get(how.next))
            more = following is not None and (not how.more or found[how.more] == "true")
            return Listed(records, following, not more, total)
        last = self._ends(response, number, items, found.get(how.total))
        return Listed(records, None if last else str(number + 1), last, total)

    def _ends(self, response: httpx.Response, number: int, items: str, total: str | None) -> bool:
        how, place = self.api.paging, number - self.api.paging.first + 1
        if how.pages and (told := response.headers.get(how.pages, "")).isdecimal():
            return place >= int(told)
        if how.total and total is not None and total.isdecimal():
            return place * how.size >= int(total)
        return len(column(items.encode(), self.id.split(".", maxsplit=1)[0], self.where)) == 0

    def _shaped(self, items: bytes, *, plain: bool) -> bytes:
        if not self.api.shapes and self.api.trash is None and not plain:
            return items
        records = [shown(self.api, record, plain=plain) for record in json.loads(items)]
        return jsontext.spelled(records).encode()


def _total(how: Paging, response: httpx.Response, total: str | None) -> int | None:
    if how.total and total is not None and total.isdecimal():
        return int(total)
    pages = response.headers.get(how.pages, "") if how.pages else ""
    return int(pages) * how.size if pages.isdecimal() else None


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
