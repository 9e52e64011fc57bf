"""A REST connection described by data: what is sent, and what each answer means."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from talk_assets.errors import NotTheApi, Unreachable
from talk_assets.http.api import Api, Envelope, Writing
from talk_assets.http.rest import RestConnection
from talk_assets.model.system import Action, Answer, CursorExpired, Outcome, Page, Write
from talk_assets.systems.customerp import API, contact
from talk_assets_tests.http.fakes import Time, client

CREATE = Write(
    "key1", Action.CREATE, "entity1", None, b'{"last_name": "Li", "address.city": "Oslo", "address.country": null}'
)
UPDATE = Write("key2", Action.UPDATE, "entity1", "a b", b'{"email": null}', etag="7")
DELETE = Write("key3", Action.DELETE, "entity1", "a b", b"{}", etag='"7"')


def write(handler: Callable[[httpx.Request], httpx.Response], *writes: Write) -> list[Answer]:
    async def run() -> list[Answer]:
        async with client(handler, Time()) as demo:
            return [answer async for answer in RestConnection(demo, API, [contact]).write(contact, writes)]

    return asyncio.run(run())


def read(handler: Callable[[httpx.Request], httpx.Response], since: str | None = None) -> list[Page]:
    async def run() -> list[Page]:
        async with client(handler, Time()) as demo:
            connection = RestConnection(demo, API, [contact])
            return [page async for page in connection.read(contact, since=since, position=None)]

    return asyncio.run(run())


def sent(write_: Write, status: int = 200) -> httpx.Request:
    """The request that a write becomes."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json={"id": "x"})

    write(answer, write_)
    return seen[0]


def test_a_create_carries_its_key_and_its_entity_and_nests_what_is_nested() -> None:
    request = sent(CREATE)
    assert (request.method, request.url.path) == ("POST", "/api/v1/contacts")
    assert request.headers["idempotency-key"] == "key1"
    body = {"last_name": "Li", "address": {"city": "Oslo", "country": None}, "external_ref": "entity1"}
    assert json.loads(request.content) == body


@pytest.mark.parametrize("etag", ["7", '"7"'])
def test_an_update_is_a_merge_patch_of_the_version_that_was_read(etag: str) -> None:
    request = sent(Write("key2", Action.UPDATE, "entity1", "a b", b'{"email": null}', etag=etag))
    assert (request.method, request.url.raw_path) == ("PATCH", b"/api/v1/contacts/a%20b")
    assert request.headers["if-match"] == '"7"'
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert json.loads(request.content) == {"email": None}


def test_a_record_of_no_known_version_is_not_written() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request)

    assert write(never, Write("k", Action.UPDATE, "e", "a", b"{}"))[0].outcome is Outcome.STALE


@pytest.mark.parametrize(
    ("what", "status", "body", "outcome", "id_"),
    [
        (CREATE, 201, {"id": "x", "version": 1}, Outcome.DONE, "x"),
        (CREATE, 409, {"detail": "taken", "existing_id": "y"}, Outcome.EXISTS, "y"),
        (CREATE, 409, {"detail": "in flight"}, Outcome.FAILED, None),
        (CREATE, 422, {"detail": "no e-mail"}, Outcome.REFUSED, None),
        (CREATE, 404, {"detail": "no such path"}, Outcome.REFUSED, None),
        (UPDATE, 200, {"id": "a b", "version": 8}, Outcome.DONE, "a b"),
        (UPDATE, 412, {"detail": "version 8"}, Outcome.STALE, "a b"),
        (UPDATE, 404, {"detail": "unknown"}, Outcome.GONE, "a b"),
        (UPDATE, 410, {"detail": "deleted"}, Outcome.GONE, "a b"),
        (UPDATE, 422, {"detail": "too long"}, Outcome.REFUSED, "a b"),
        (DELETE, 204, None, Outcome.DONE, "a b"),
        (DELETE, 404, {"detail": "unknown"}, Outcome.GONE, "a b"),
    ],
)
def test_what_an_answer_means(
    what: Write, status: int, body: dict[str, str] | None, outcome: Outcome, id_: str | None
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body) if body else httpx.Response(status)

    (found,) = write(answer, what)
    assert (found.key, found.outcome, found.id) == (what.key, outcome, id_)
    if outcome is Outcome.DONE and body:
        assert json.loads(found.record or b"") == body
    elif body:
        assert body["detail"] in (found.reason or "")


def test_a_write_without_an_answer_is_sent_again_with_its_key_and_unknown_in_the_end() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        message = "gone"
        raise httpx.ReadError(message)

    assert write(answer, CREATE)[0].outcome is Outcome.UNKNOWN
    assert keys == ["key1"] * 6


def test_when_nothing_gets_through_any_more_the_rest_is_not_tried() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        message = "gone"
        raise httpx.ReadError(message)

    writes = [Write(f"k{n}", Action.CREATE, f"e{n}", None, b"{}") for n in range(200)]
    with pytest.raises(Unreachable):
        write(answer, *writes)
    assert len({request.headers["idempotency-key"] for request in seen}) < 40


def writing(api: Api, handler: Callable[[httpx.Request], httpx.Response], *writes: Write) -> list[Answer]:
    """Send writes to an API that differs from Customerp's."""
    people = replace(contact, version=None, optimistic_lock=False, ignore=("seen",))

    async def run() -> list[Answer]:
        async with client(handler, Time()) as demo:
            return [answer async for answer in RestConnection(demo, api, [people]).write(people, writes)]

    return asyncio.run(run())


NOW = b'{"id": "a", "name": "Li", "price": 10.5, "tags": ["x"], "seen": 1, "gone": null, "address": {"city": "Oslo"}}'
EDIT = Write("k", Action.UPDATE, "e", "a", b'{"name": "Lie", "address.zip": "0150"}', record=NOW)


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (
            {"id": "a", "name": "Li", "price": "10.5", "tags": ["x"], "seen": 2, "address": {"city": "Oslo"}},
            Outcome.DONE,
        ),
        ({"id": "a", "name": "Li!", "price": 10.5, "tags": ["x"], "address": {"city": "Oslo"}}, Outcome.STALE),
        ({"id": "a", "name": "Li", "price": 10.5, "tags": ["x", "y"], "address": {"city": "Oslo"}}, Outcome.DONE),
        ({"id": "a", "name": "Li", "price": 10.5, "tags": ["x"], "address": {"city": "Bergen"}}, Outcome.STALE),
        (
            {"id": "a", "name": "Li", "price": 10.5, "tags": ["x"], "address": {"city": "Oslo", "zip": "1"}},
            Outcome.STALE,
        ),
        (None, Outcome.GONE),
    ],
)
def test_where_there_are_no_versions_the_record_is_looked_at_before_it_is_written(
    shown: dict[str, object] | None, outcome: Outcome
) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json=shown) if shown else httpx.Response(404, json={"detail": "no"})

    (found,) = writing(Api(writing=Writing(recheck=True)), answer, EDIT)
    assert found.outcome is outcome
    assert sent == (["GET", "PATCH"] if outcome is Outcome.DONE else ["GET"])


def test_an_update_that_replaces_the_record_carries_all_of_it() -> None:
    bodies: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={})

    writing(Api(Envelope(updated="person"), writing=Writing(full_update=True)), answer, EDIT)
    whole = {**json.loads(NOW), "name": "Lie", "address": {"city": "Oslo", "zip": "0150"}}
    assert bodies == [{"person": whole}]


@pytest.mark.parametrize(
    ("answer", "outcome", "id_"),
    [
        (httpx.Response(201, json={"result": [{"id": 7}]}), Outcome.DONE, "7"),
        (httpx.Response(201, headers={"Location": "https://demo.example/api/people/8/"}), Outcome.DONE, "8"),
        (httpx.Response(204, headers={"Location": "/people/9"}), Outcome.DONE, "9"),
        (httpx.Response(201, json={"ok": True}), Outcome.UNKNOWN, None),
    ],
)
def test_the_id_of_a_new_record_is_in_the_answer_or_in_its_address(
    answer: httpx.Response, outcome: Outcome, id_: str | None
) -> None:
    def created(_: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, content=answer.content or b"{}", headers=answer.headers)

    (found,) = writing(Api(Envelope(record="result.0")), created, CREATE)
    assert (found.outcome, found.id) == (outcome, id_)


def test_a_create_that_cannot_be_repeated_is_sent_once_and_what_it_always_needs_goes_with_it() -> None:
    seen: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        message = "gone"
        raise httpx.ReadError(message)

    people = replace(contact, new={"login": "{entity}@talk.invalid", "rank": 1, "last_name": "Nobody"})

    async def run() -> list[Answer]:
        async with client(answer, Time()) as demo:
            return [one async for one in RestConnection(demo, Api(), [people]).write(people, [CREATE])]

    (found,) = asyncio.run(run())
    assert found.outcome is Outcome.UNKNOWN
    (body,) = seen
    assert (body["login"], body["rank"], body["last_name"]) == ("entity1@talk.invalid", 1, "Li")


def page(cursor: str, *ids: str, more: bool) -> httpx.Response:
    return httpx.Response(200, json={"items": [{"id": i} for i in ids], "next_cursor": cursor, "has_more": more})


def test_a_feed_is_read_to_its_end_and_the_last_cursor_is_where_the_next_read_begins() -> None:
    pages = {None: page("c1", "a", "b", more=True), "c1": page("c2", "c", more=False)}
    found = read(lambda request: pages[request.url.params.get("cursor")])
    assert [[row["id"] for row in json.loads(one.body)] for one in found] == [["a", "b"], ["c"]]
    assert [(one.position, one.cursor) for one in found] == [("c1", "c1"), (None, "c2")]


def test_deleted_records_are_asked_for_and_a_cursor_that_is_too_old_is_said_to_be() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(410, json={"detail": "older than 30 days"})

    with pytest.raises(CursorExpired):
        read(answer, since="old")
    assert dict(seen[0].url.params) == {"limit": "1000", "include_deleted": "true", "cursor": "old"}


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(404, json={"detail": "no"}), httpx.Response(200, json=[1]), httpx.Response(200, json={"a": 1})],
)
def test_a_list_that_is_none_is_not_the_api(answer: httpx.Response) -> None:
    with pytest.raises(NotTheApi):
        read(lambda _: httpx.Response(answer.status_code, content=answer.content, headers=answer.headers))
