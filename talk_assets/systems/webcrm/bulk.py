"""The bulk PATCH of webCRM, whose results come one per record inside a 200, and the DELETE of a record."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import httpx

from talk_assets.errors import CredentialsError, Refused, SystemFailure
from talk_assets.http import words
from talk_assets.http.bodies import join
from talk_assets.http.client import AnswerLost, Broke, Call, Forbidden
from talk_assets.http.exchange import LONGEST, Exchange, latest
from talk_assets.jsonframes import jsontext
from talk_assets.model.system import Outcome
from talk_assets.systems.webcrm.wire import SIZE, WebcrmCollection, WebcrmReader, spell

Item = dict[str, object]
"""A record with the properties that are sent."""

READ_ONLY = re.compile(
    r"""
    (Created|Updated)(At|By)$ | TelephoneSearch$ | History$ | LoginLog$ | WrongPasswordCount$ | LastDisplayedAt$
    | LastItem | LastLoginDateTime$ | ^PersonName$ | ^ProductCombined$ | ^RowNumber$ | ^o_ | ^_
    """,
    re.VERBOSE,
)
"""Properties that the server computes. ASSUMED: no source marks any as read-only."""

CENSORED = "(censored)"
"""What is shown in place of a password; written back it would become the password."""

_RACE = re.compile(r"try again|\brace\b|deadlock|duplicate (id|key)|id generation", re.IGNORECASE)
_MISSING = re.compile(r"not found|does not exist|no such|unknown", re.IGNORECASE)
"""ASSUMED: how the result of a record says that two creates met, and that there is no record with that id."""

RACES = 4
"""How often records are sent that lost the race for an id."""


@dataclass(frozen=True)
class Result:
    """What became of one item of a PATCH."""

    outcome: Outcome
    id: str | None = None
    reason: str | None = None
    exchange: Exchange | None = None
    forbidden: bool = False
    broke: int = 0
    """How often the API broke at it."""


class WebcrmSender(WebcrmReader):
    """The reading half of the connection, and the requests that its writes consist of."""

    failure: SystemFailure | CredentialsError | None = None
    """Why nothing more can be sent, where a part of a request was answered before."""

    async def send_items(self, path: str, id_: str, items: Sequence[Item]) -> list[Result]:
        """Send items until none of them lost the race for an id, or often enough."""
        results = await self._patch(path, id_, items)
        for tried in range(1, RACES):
            again = [place for place, result in enumerate(results) if result.outcome is Outcome.FAILED]
            if not again or self.failure:
                break
            self.usage.retries += 1
            await self.client.pause(tried)
            retried = await self._patch(path, id_, [items[place] for place in again])
            for place, result in zip(again, retried, strict=True):
                results[place] = result
        return results

    async def _patch(self, path: str, id_: str, items: Sequence[Item]) -> list[Result]:
        """Send items in one request. One that makes the API refuse the whole, or break, is found by sending halves.

        New records that it breaks at are not sent again before they were looked for.
        """
        if not items:
            return []
        content = jsontext.spelled(items).encode()
        headers = {"Content-Type": "application/json"}
        repeatable = all(item[id_] for item in items)
        try:
            call = Call("PATCH", path, content=content, headers=headers, repeatable=repeatable)
            response = await self.send(call, several=len(items) > 1)
        except AnswerLost as error:
            broke = error.tried if isinstance(error, Broke) else 0
            if not broke or not repeatable or len(items) == 1:
                return [Result(Outcome.UNKNOWN, reason=str(error), exchange=latest(), broke=broke) for _ in items]
        except Refused as error:
            if len(items) == 1:
                forbidden = isinstance(error, Forbidden)
                return [Result(Outcome.REFUSED, reason=str(error), exchange=latest(), forbidden=forbidden)]
        else:
            return _results(id_, items, response)
        half = len(items) // 2
        return await self._half(path, id_, items[:half]) + await self._half(path, id_, items[half:])

    async def _half(self, path: str, id_: str, items: Sequence[Item]) -> list[Result]:
        """Send a half of what was refused; where nothing more can be sent, the other half's results are kept."""
        if not self.failure:
            try:
                return await self._patch(path, id_, items)
            except (SystemFailure, CredentialsError) as error:
                self.failure = error
        return [Result(Outcome.FAILED, reason=str(self.failure)) for _ in items]

    async def stored_since(self, collection: WebcrmCollection, asked: float) -> Mapping[str, Item]:
        """Query the records that were stored since a time of our clock, by id; none where there is no answer.

        A PATCH is answered with ids alone. Without the records, what webCRM cuts or rewrites would be taken for a
        person's edit by the next read.
        """
        try:
            body = await self._since(collection, spell(self.client.server_time(asked)), SIZE)
            found = [one for one in json.loads(join([body])) if isinstance(one, dict)]
        except (Refused, SystemFailure, CredentialsError, ValueError):
            return {}
        return {str(one.get(collection.id)): one for one in found}

    async def remove(self, path: str, id_: str) -> None:
        """Delete a record of a collection's path; raise what `send` does."""
        await self.send(Call("DELETE", f"{path}/{quote(id_, safe='')}", f"{path}/{{id}}", json=False))


def sendable(record: Mapping[str, object]) -> Item:
    """Leave out of a record what is not to be sent back: what the server computes, secrets, blanks."""
    return {
        name: value
        for name, value in record.items()
        if not READ_ONLY.search(name) and value != CENSORED and value is not None
    }


def _results(id_: str, items: Sequence[Item], response: httpx.Response) -> list[Result]:
    """One string per item, in order (ASSUMED): the id where it was stored, what went wrong otherwise."""
    try:
        found = json.loads(response.content)
    except ValueError:
        found = None
    if not isinstance(found, list) or len(found) != len(items):
        reason = f"{len(items)} records were sent, and the answer was {words.of(response.content)}, not one result each"
        return [Result(Outcome.UNKNOWN, reason=reason, exchange=latest()) for _ in items]
    said = [str(text).strip() for text in found]
    return [_noted(_result(id_, item, text), response, text) for item, text in zip(items, said, strict=True)]


def _noted(result: Result, response: httpx.Response, text: str) -> Result:
    """The result of an item with what was said about that item alone."""
    exchange = latest()
    said = f"{response.status_code} {text}"[:LONGEST]
    return replace(result, exchange=exchange and replace(exchange, said=said))


def _result(id_: str, item: Item, text: str) -> Result:
    own = str(item[id_] or "")
    if text.isdigit() and (not own or text == own):
        return Result(Outcome.DONE, text)
    if not own and _RACE.search(text):
        return Result(Outcome.FAILED, reason=text)
    if own and _MISSING.search(text) and re.search(rf"\b{id_.removesuffix('Id')}\b\D*\b{own}\b", text):
        return Result(Outcome.GONE, own, text)
    return Result(Outcome.REFUSED, own or None, text)
