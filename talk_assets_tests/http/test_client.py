"""One request: what is tried again, what never is, and what every error says."""

import asyncio
from collections.abc import Callable, Sequence
from email.utils import formatdate
from urllib.parse import quote

import httpx
import pytest

from talk_assets.errors import CredentialsError, NotTheApi, Refused, TalkError, Unreachable
from talk_assets.http.auth import bearer
from talk_assets.http.client import AnswerLost, Call
from talk_assets.http.retry import Retry
from talk_assets_tests.http.fakes import Time, client

GET = Call("GET", "/things")
CREATE = Call("PATCH", "/things", content=b"[]", repeatable=False)
Step = httpx.Response | Exception


class Script:
    """A server that plays one step per request, the last one for ever."""

    def __init__(self, *steps: Step) -> None:
        self.steps: Sequence[Step] = steps
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        step = self.steps[min(len(self.requests), len(self.steps) - 1)]
        self.requests.append(request)
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)


def good() -> httpx.Response:
    return httpx.Response(200, json=[1])


def run(script: Script, call: Call = GET, time: Time | None = None, secrets: tuple[str, ...] = ()) -> bytes:
    async def once() -> bytes:
        async with client(script, time or Time(), secrets=secrets) as demo:
            return (await demo.send(call)).content

    return asyncio.run(once())


def message(kind: type[TalkError], script: Script, call: Call = GET, secrets: tuple[str, ...] = ()) -> str:
    with pytest.raises(kind) as caught:
        run(script, call, secrets=secrets)
    return str(caught.value)


@pytest.mark.parametrize(
    "step",
    [
        httpx.Response(429),
        httpx.Response(429, headers={"Retry-After": "3"}),
        httpx.Response(500),
        httpx.Response(503, headers={"Retry-After": "3"}),
        httpx.ReadTimeout("too slow"),
        httpx.ReadError("connection reset"),
        httpx.ConnectError("refused"),
    ],
)
def test_what_may_pass_is_tried_again(step: Step) -> None:
    script = Script(step, step, good())
    assert run(script) == b"[1]"
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (lambda _: httpx.Response(429, headers={"Retry-After": "14"}), 14),
        (lambda now: httpx.Response(429, headers={"Retry-After": formatdate(now + 20, usegmt=True)}), 20),
        (lambda _: httpx.Response(429, json={"RetryAfterSeconds": 9, "Message": "throttled"}), 9),
        (lambda _: httpx.Response(429, json={"message": "Rate limit is exceeded. Try again in 7 seconds."}), 7),
        (lambda _: httpx.Response(503, headers={"Retry-After": "5"}), 5),
    ],
)
def test_a_pause_that_the_api_asks_for_is_kept(answer: Callable[[float], httpx.Response], seconds: float) -> None:
    time = Time()
    start = time.now
    run(Script(answer(start), good()), time=time)
    assert time.now - start == pytest.approx(seconds, abs=1)


def test_pauses_double_up_to_a_ceiling_when_nobody_says_how_long() -> None:
    time = Time()
    with pytest.raises(Unreachable):
        run(Script(httpx.Response(500)), time=time)
    assert time.slept == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_pause_longer_than_our_patience_is_not_waited_for() -> None:
    time = Time()
    with pytest.raises(Unreachable, match="429"):
        run(Script(httpx.Response(429, headers={"Retry-After": "86400"})), time=time)
    assert time.slept == []


@pytest.mark.parametrize(
    "step", [httpx.ReadTimeout("too slow"), httpx.RemoteProtocolError("gone"), httpx.Response(500), httpx.Response(503)]
)
def test_a_create_whose_answer_is_lost_is_never_sent_twice(step: Step) -> None:
    script = Script(step)
    message(AnswerLost, script, CREATE)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "step", [httpx.ConnectError("refused"), httpx.Response(429), httpx.Response(503, headers={"Retry-After": "1"})]
)
def test_a_create_that_surely_never_happened_is_sent_again(step: Step) -> None:
    script = Script(step, good())
    run(script, CREATE)
    assert len(script.requests) == 2


def test_a_repeatable_write_without_any_answer_is_lost_and_a_read_unreachable() -> None:
    message(AnswerLost, Script(httpx.ReadError("gone")), Call("PATCH", "/things/1"))
    message(Unreachable, Script(httpx.ReadError("gone")))


def test_unreachable_says_where_what_and_what_to_do_without_the_query() -> None:
    call = Call("GET", "/things", params={"key": "k3y"})
    said = message(Unreachable, Script(httpx.ConnectError("nobody there")), call)
    assert "demo: GET https://demo.example/api/things failed after 6 tries: nobody there" in said
    assert "talk sandbox up" in said
    assert "k3y" not in said


def test_a_page_for_people_is_not_the_api() -> None:
    page = httpx.Response(200, html="<html><body>Please   log in</body></html>")
    said = message(NotTheApi, Script(page))
    assert "https://demo.example/api/things answered 200 (text/html" in said
    assert "Please log in" in said


def test_a_page_not_found_for_people_is_not_the_api_either() -> None:
    assert "404" in message(NotTheApi, Script(httpx.Response(404, html="<h1>Not here</h1>")))


@pytest.mark.parametrize("answer", [httpx.Response(200), httpx.Response(302, headers={"Location": "/login"})])
def test_an_empty_answer_or_a_redirect_is_not_the_api(answer: httpx.Response) -> None:
    message(NotTheApi, Script(answer))


def test_nothing_is_an_answer_where_the_status_says_so() -> None:
    assert run(Script(httpx.Response(204))) == b""


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejected_key_names_the_variable_and_never_the_value(status: int) -> None:
    script = Script(httpx.Response(status, json={"detail": "no right for key s3cret"}))
    said = message(CredentialsError, script, secrets=("s3cret",))
    assert "TALK_DEMO_TOKEN" in said
    assert str(status) in said
    assert "s3cret" not in said
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {
                "title": "Bad",
                "detail": "2 fields",
                "errors": [{"pointer": "/email", "code": "x", "detail": "no e-mail"}],
            },
            "2 fields; /email no e-mail",
        ),
        ({"Message": "Person is locked", "Type": "LockedException"}, "Person is locked"),
        ({"errors": {"Name": ["is too long"]}}, "Name: is too long"),
        ("just words", "just words"),
    ],
)
def test_a_refusal_carries_the_apis_own_words(body: object, words: str) -> None:
    with pytest.raises(Refused) as caught:
        run(Script(httpx.Response(422, json=body)))
    assert caught.value.status == 422
    assert words in str(caught.value)
    assert caught.value.body


def test_requests_are_counted_by_template_and_retries_by_themselves() -> None:
    async def run() -> None:
        async with client(Script(httpx.Response(500), good()), Time()) as demo:
            await demo.send(Call("GET", "/things/1", "/things/{id}"))
            assert demo.usage.requests == {"GET /things/{id}": 2}
            assert demo.usage.retries == 1

    asyncio.run(run())


@pytest.mark.parametrize(("off", "low", "high"), [(0, 0, 0), (3600, 3599, 3601), (-90, -91, -89)])
def test_the_servers_clock_is_measured_from_its_answers(off: float, low: float, high: float) -> None:
    time = Time()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[], headers={"Date": formatdate(time.now + off, usegmt=True)})

    async def run() -> None:
        async with client(answer, time) as demo:
            for _ in range(5):
                await demo.send(GET)
                await time.sleep(0.3)
            assert low <= demo.skew.total_seconds() <= high

    asyncio.run(run())


def test_retries_are_bounded() -> None:
    script = Script(httpx.Response(500))

    async def run() -> None:
        time = Time()
        async with client(script, time, retry=Retry(tries=3, clock=time.clock())) as demo:
            await demo.send(GET)

    with pytest.raises(Unreachable):
        asyncio.run(run())
    assert len(script.requests) == 3


SECRET = "a/secret that+is=long-enough-to-be-cut"
ECHOES = [
    httpx.Response(400, json={"message": f"no {SECRET}"}),
    httpx.Response(400, json={"message": f"no {quote(SECRET, safe='')}"}),
    httpx.Response(500, content=b"x" * 40 + SECRET.encode()),
    httpx.Response(200, content=b"<html>" + b"x" * 40 + SECRET.encode(), headers={"content-type": "text/html"}),
    httpx.Response(403, json={"message": "no Bearer issued-by-the-system-itself"}),
    httpx.ReadError(f"https://demo.example/?key={quote(SECRET, safe='')}"),
]


@pytest.mark.parametrize("step", ECHOES)
def test_credentials_that_a_system_repeats_are_struck_out_whole(step: Step) -> None:
    script, time = Script(step), Time()

    async def once() -> None:
        auth = bearer("issued-by-the-system-itself")
        async with client(script, time, auth=auth, secrets=(SECRET,)) as demo:
            await demo.send(GET)

    with pytest.raises(TalkError) as caught:
        asyncio.run(once())
    text = str(caught.value)
    assert "…" in text
    for form in (SECRET, quote(SECRET, safe="")):
        assert form[:8] not in text
    assert "issued" not in text


def test_a_cookie_is_not_kept() -> None:
    script = Script(httpx.Response(200, headers={"Set-Cookie": "session=1"}, json=[1]))

    async def twice() -> None:
        async with client(script, Time()) as demo:
            await demo.send(GET)
            await demo.send(GET)

    asyncio.run(twice())
    assert [request.headers.get("cookie") for request in script.requests] == [None, None]
