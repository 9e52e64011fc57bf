"""What is sent to a REST API that is described by data: the collections it has, and a request for each write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from talk_assets.http.api import Api, Changes, Request
from talk_assets.http.client import Call
from talk_assets.http.connection import json_body, nested, nested_in
from talk_assets.http.sending import filled, laid_over, spelled, tag_of
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Write


@dataclass(frozen=True, kw_only=True)
class RestCollection(Collection):
    """A collection at `path`; `changes`, `delete` and `params` stand in for those of its API where they are given.

    `list_params` go with lists alone. `new` are properties that a create sends unless the lens does, `{entity}` in a
    text being the entity's id, and the name of a property in braces what the create sends in that one.
    """

    path: str
    changes: Changes | None = None
    delete: Request | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    list_params: Mapping[str, str] = field(default_factory=dict)
    new: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Requests:
    """The requests of one API."""

    api: Api

    def of(self, mine: RestCollection, write: Write, now: dict[str, Any]) -> Call:
        """Return what sends a write, `now` being the record as the lens saw it last. Raise Unfit."""
        how, flat = self.api.writing, json_body(write.body)
        tag = {how.if_match_header: tag_of(write) or ""} if how.if_match_header else {}
        if write.action is Action.DELETE:
            return self.call(mine.delete or how.delete, mine, write.id, headers=tag, json_due=False)
        if write.action is Action.UPDATE:
            kept = now if how.full_update else {name: now[name] for name in self.whole(mine, write) if name in now}
            body = laid_over(kept, nested(flat))
            return self.call(how.update, mine, write.id, self._sent(body, now, self.api.envelope.updated), tag)
        if mine.reference:
            flat.setdefault(mine.reference, write.entity)
        for name, value in mine.new.items():
            flat.setdefault(name, filled(name, value, {**flat, "entity": write.entity}))
        body = self._sent(nested(flat), {}, self.api.envelope.created)
        key = {how.idempotency_header: write.key} if how.idempotency_header else {}
        return self.call(how.create, mine, None, body, key, repeatable=bool(how.idempotency_header))

    def whole(self, mine: RestCollection, write: Write) -> tuple[str, ...]:
        """Return the nested objects that an update sets parts of, where the API might lose their other parts."""
        if self.api.writing.lays_over:
            return ()
        return tuple(name for name in nested_in(json_body(write.body)) if name not in mine.sparse)

    def _sent(self, body: dict[str, Any], now: dict[str, Any], wrapper: str) -> dict[str, Any]:
        for shape in reversed(self.api.shapes):
            shape.sent(body, now)
        return {wrapper: body} if wrapper else body

    def call(
        self,
        request: Request,
        mine: RestCollection,
        id_: str | None,
        body: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool = True,
        json_due: bool = True,
    ) -> Call:
        """Return one request about a collection, or about a record of it."""
        sent = None if body is None else spelled(body)
        kind = {} if body is None else {"Content-Type": request.media}
        return Call(
            request.verb,
            path_of(request, mine, quote(id_ or "", safe="")),
            path_of(request, mine, "{id}"),
            params={**mine.params, **request.params},
            content=sent,
            headers={**(headers or {}), **kind},
            repeatable=repeatable,
            json=json_due,
        )


def path_of(request: Request, mine: RestCollection, id_: str = "") -> str:
    """Return the path of a request, below the base URL."""
    return request.path.replace("{path}", mine.path).replace("{id}", id_)
