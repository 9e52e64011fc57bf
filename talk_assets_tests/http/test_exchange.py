"""Beside the answer to each write stand what the system calls the request, and what it said."""

import asyncio
import json
from collections.abc import Callable

import httpx

from talk_assets.http.exchange import HEADER, LONGEST
from talk_assets.http.rest import RestConnection
from talk_assets.model.system import Action, Answer, Outcome, Write
from talk_assets.systems.customerp import API, contact
from talk_assets_tests.http.fakes import Time, client

CREATES = [Write(f"key{n}", Action.CREATE, f"entity{n}", None, b'{"last_name": "Li"}') for n in range(3)]


def write(
    handler: Callable[[httpx.Request], httpx.Response], *writes: Write, secrets: tuple[str, ...] = ()
) -> dict[str, Answer]:
    async def run() -> dict[str, Answer]:
        async with client(handler, Time(), secrets=secrets) as demo:
            connection = RestConnection(demo, API, [contact])
            return {answer.key: answer async for answer in connection.write(contact, writes)}

    return asyncio.run(run())


def test_the_system_s_own_id_of_the_request_goes_before_ours() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json={"id": "x"}, headers={"X-Correlation-Id": f"theirs {request.headers[HEADER]}"})

    answered = write(answer, CREATES[0])["key0"]
    assert (answered.request_id or "").startswith("theirs ")
    assert answered.said == '201 {"id":"x"}'


def test_each_of_several_writes_at_once_has_its_own_request() -> None:
    seen: dict[str, str] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        entity = json.loads(request.content)["external_ref"]
        seen[entity] = request.headers[HEADER]
        return httpx.Response(201, json={"id": entity})

    answers = write(answer, *CREATES)
    assert {one.id: one.request_id for one in answers.values()} == seen
    assert len(set(seen.values())) == 3


def test_a_refusal_is_there_in_the_system_s_words_without_secrets_and_not_endless() -> None:
    words = "mobile is not unique, says hunter2; " * 100
    answered = write(lambda _: httpx.Response(422, json={"detail": words}), CREATES[0], secrets=("hunter2",))["key0"]
    assert answered.outcome is Outcome.REFUSED
    assert (answered.said or "").startswith("422 mobile is not unique, says …; ")
    assert len(answered.said or "") == LONGEST


def test_what_a_record_says_is_cut_and_has_no_secrets_either() -> None:
    body = {"id": "x", "note": "hunter2 " * 100}
    answered = write(lambda _: httpx.Response(201, json=body), CREATES[0], secrets=("hunter2",))["key0"]
    assert (answered.said or "").startswith('201 {"id":"x","note":"… … ')
    assert len(answered.said or "") == LONGEST


def test_where_no_answer_came_the_request_still_has_its_id() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        message = "broken pipe"
        raise httpx.ReadError(message, request=request)

    answered = write(answer, CREATES[0])["key0"]
    assert answered.outcome is Outcome.UNKNOWN
    assert answered.request_id
    assert answered.said is None


def test_reads_carry_no_id() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"items": [], "has_more": False})

    async def run() -> None:
        async with client(answer, Time()) as demo:
            connection = RestConnection(demo, API, [contact])
            assert [page async for page in connection.read(contact, since=None, position=None)]

    asyncio.run(run())
    assert all(HEADER not in request.headers for request in seen)
