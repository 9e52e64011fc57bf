"""Variations of a shop's products, as "Sweater, red": they are the articles, and their parent is none.

A shop keeps them under their parent, by which they are written, and shows them in lists of their own: one for all, or
in older shops one for each parent. Their name is their parent's, with what sets them apart; it is not written.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import httpx

from talk_assets.errors import NotTheApi, Refused
from talk_assets.http.api import Api, Params
from talk_assets.http.bodies import join
from talk_assets.http.client import Client
from talk_assets.http.connection import json_body
from talk_assets.http.listing import Listed
from talk_assets.http.rest import RestCollection, RestConnection
from talk_assets.model.collection import Collection
from talk_assets.model.system import Answer, Page, Watermark, Write

PRODUCTS = "product"
TYPE, VARIABLE, VARIATION, PARENT = "type", "variable", "variation", "parent_id"
LIST = "variations"
BEHIND = f"{LIST}:"
"""What a position begins with that is in the list of variations."""


@dataclass(frozen=True, kw_only=True)
class _Of(RestCollection):
    """The variations of one parent; `called` is what a record is called that is written."""

    parent: int
    called: str | None


class ShopConnection(RestConnection):
    """The whole connection. It remembers names of parents, and whether there are any, for as long as it is open."""

    def __init__(self, client: Client, api: Api, collections: Sequence[RestCollection]) -> None:
        super().__init__(client, api, collections)
        self._parents: dict[int, str] = {}
        self._any: bool | None = None
        self._asking = asyncio.Lock()

    async def probe(self, collection: Collection, mark: Watermark) -> Page | None:
        """Ask about products and, where there are any, about variations."""
        page = await super().probe(collection, mark)
        if collection.name != PRODUCTS or page is None:
            return page
        changes = self._collections[PRODUCTS].changes or self._api.changes
        filters = {**changes.params, changes.param: changes.spelled(mark.moment)}
        bodies = [_articles(page.body)]
        if await self._has_variations():
            bodies += [listed.body async for listed in self._variations(self._collections[PRODUCTS], filters, None)]
        return Page(join(bodies))

    async def _listed(self, mine: RestCollection, params: Params, start: str | None = None) -> AsyncIterator[Listed]:
        """Of products those that have no variations, then all variations."""
        if mine.name != PRODUCTS:
            async for listed in super()._listed(mine, params, start):
                yield listed
            return
        more = await self._has_variations()
        if not (start or "").startswith(BEHIND):
            async for listed in super()._listed(mine, params, start):
                following = f"{BEHIND}" if more and listed.last else listed.following
                yield replace(listed, body=_articles(listed.body), following=following, last=listed.last and not more)
        if more:
            async for listed in self._variations(mine, params, (start or "").removeprefix(BEHIND) or None):
                yield listed

    async def _has_variations(self) -> bool:
        async with self._asking:
            if self._any is None:
                mine = self._collections[PRODUCTS]
                some = await self._listing(mine).few(self._fetching(mine), {TYPE: VARIABLE}, 1)
                self._any = bool(json.loads(some))
            return self._any

    async def _variations(self, mine: RestCollection, params: Params, start: str | None) -> AsyncIterator[Listed]:
        """The list of all of them, or each parent's, which is read from its beginning again where it was left."""
        every = replace(mine, path=f"{mine.path.rpartition('/')[0]}/{LIST}")
        try:
            async for listed in super()._listed(every, params, start):
                following = None if listed.following is None else f"{BEHIND}{listed.following}"
                yield replace(listed, body=await self._named(mine, listed.body), following=following)
        except NotTheApi as error:
            cause = error.__cause__
            if not isinstance(cause, Refused) or cause.status != httpx.codes.NOT_FOUND:
                raise
            async for parents in super()._listed(mine, {TYPE: VARIABLE}):
                for parent in json.loads(parents.body):
                    own = replace(mine, path=f"{mine.path}/{parent['id']}/{LIST}")
                    async for listed in super()._listed(own, params):
                        records = [{**one, PARENT: parent["id"]} for one in json.loads(listed.body)]
                        body = await self._named(mine, json.dumps(records, ensure_ascii=False).encode())
                        yield Listed(body, BEHIND, last=False)
            yield Listed(b"[]", None, last=True)

    async def _named(self, mine: RestCollection, body: bytes) -> bytes:
        """Variations under names that tell them from those of other products."""
        records = json.loads(body)
        unknown = {one[PARENT] for one in records if one.get(PARENT)} - self._parents.keys()
        if unknown:
            async for listed in super()._listed(mine, {"include": ",".join(str(id_) for id_ in sorted(unknown))}):
                self._parents |= {one["id"]: str(one.get("name") or "") for one in json.loads(listed.body)}
        for one in records:
            options = [str(option["option"]) for option in one.get("attributes") or () if option.get("option")]
            one |= {TYPE: VARIATION, "name": ", ".join(filter(None, [self._parents.get(one.get(PARENT)), *options]))}
        return json.dumps(records, ensure_ascii=False).encode()

    async def _sending(self, mine: RestCollection, write: Write) -> Answer:
        """A variation is written under its parent."""
        now = json_body(write.record)
        if mine.name == PRODUCTS and now.get(TYPE) == VARIATION:
            known: dict[str, Any] = {one.name: getattr(mine, one.name) for one in fields(mine)}
            path = f"{mine.path}/{now[PARENT]}/{LIST}"
            mine = _Of(**(known | {"path": path, "parent": now[PARENT], "called": now.get("name")}))
        return await super()._sending(mine, write)

    def _record(self, mine: RestCollection, response: httpx.Response) -> dict[str, Any] | None:
        record = super()._record(mine, response)
        if record is not None and isinstance(mine, _Of):
            record |= {TYPE: VARIATION, PARENT: mine.parent, "name": mine.called}
        return record


def _articles(body: bytes) -> bytes:
    """Products but for those whose variations are the articles."""
    records = json.loads(body)
    articles = [one for one in records if not isinstance(one, dict) or one.get(TYPE) != VARIABLE]
    return body if len(articles) == len(records) else json.dumps(articles, ensure_ascii=False).encode()
