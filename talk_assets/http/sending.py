"""What a write must look at, fill in and make of a refusal, whatever the API: of values alone, nothing is sent here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from talk_assets.errors import Refused
from talk_assets.http import connection, words
from talk_assets.http.api import Writing
from talk_assets.http.connection import json_body
from talk_assets.http.listing import dig
from talk_assets.http.shapes import Unfit
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.lens.lens import Lines
from talk_assets.model.system import Action, Answer, Outcome, Write

_OUTCOMES: dict[int, Outcome] = {
    httpx.codes.NOT_FOUND: Outcome.GONE,
    httpx.codes.GONE: Outcome.GONE,
    httpx.codes.PRECONDITION_FAILED: Outcome.STALE,
}


def unchanged(
    mine: Collection, found: Mapping[str, Any], now: Mapping[str, Any], sent: Sequence[str], *, replaced: bool
) -> bool:
    """Whether a record as it was found still says what it said when it was read; see `telling`."""
    return same(telling(mine, found, sent, replaced=replaced), telling(mine, now, sent, replaced=replaced))


def telling(mine: Collection, record: Mapping[str, Any], sent: Sequence[str], *, replaced: bool) -> dict[str, Any]:
    """What a record must still say to be as it was read: what the lens sees or is sent, and its version.

    `replaced`: the update carries the whole record, and must not lose what the lens doesn't see. There the time of the
    last change counts as well, and where there is neither that nor a version, every property that is not ignored.
    """
    versions = [mine.version, mine.modified.property if mine.modified else None]
    if replaced and not any(versions):
        return {name: value for name, value in record.items() if name not in mine.ignore}
    names = [*mine.lens.columns, *sent, mine.version, versions[1] if replaced else None]
    found = {name: dig(record, name) for name in names if name}
    lines = mine.lens.lines
    if isinstance(lines, Lines) and isinstance(listed := found.get(lines.property), list):
        seen = [name for name in (lines.id, *(item.property for item in lines.items.values())) if name]
        found[lines.property] = [{name: dig(line, name) for name in seen} for line in listed]
    return found


def refused(how: Writing, mine: Collection, write: Write, error: Refused) -> Answer:
    """What a refusal means for a write, and which properties it names."""
    existing = dig(json_body(error.body), how.conflict_id) if how.conflict_id else None
    if error.status == httpx.codes.CONFLICT and existing:
        return Answer(write.key, Outcome.EXISTS, id=str(existing), reason=str(error))
    outcome = _OUTCOMES.get(error.status, Outcome.REFUSED)
    if error.status == httpx.codes.CONFLICT and how.idempotency_header and not _ALREADY.search(words.of(error.body)):
        # Without a word of another record: the same create is still under way.
        outcome = Outcome.FAILED
    if write.action is Action.CREATE and outcome in {Outcome.GONE, Outcome.STALE}:
        outcome = Outcome.REFUSED
    if outcome is not Outcome.REFUSED:
        return Answer(write.key, outcome, id=write.id, reason=str(error))
    return replace(connection.refused(write, error), properties=words.named(error.body, mine.lens.columns))


def other_in(error: Refused) -> str | None:
    """Return the id of the record that stands in a new one's way, null where a refusal names none."""
    if error.status not in _STANDS_IN_THE_WAY:
        return None
    body = json_body(error.body)
    errors = body.get("errors")
    places = [body, body.get("data"), body.get("error"), body.get("extensions"), body.get("meta")]
    for place in [*places, *(errors if isinstance(errors, list) else [])]:
        lower = (
            {name.lower().replace("_", ""): value for name, value in place.items()} if isinstance(place, dict) else {}
        )
        for name in _OTHERS:
            if isinstance(found := lower.get(name), str | int) and not isinstance(found, bool) and found:
                return str(found)
    return None


_ALREADY = re.compile(
    r"already (?:exist|in use|used|taken|there|registered)|duplicate|exists|not unique", re.IGNORECASE
)
"""What a 409 says that is about another record."""

_OTHERS = ("existingid", "resourceid", "duplicateid", "conflictingid", "conflictid", "existingrecordid")
"""What APIs call the id of a record that is there already, case and underscores aside."""

_STANDS_IN_THE_WAY = {httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY}
"""Statuses of a refusal that may be for another record's sake."""


def tag_of(write: Write) -> str | None:
    """The version of the record as it was last seen, as an entity tag."""
    tag = write.etag
    return tag if tag is None or tag.startswith(('"', "W/")) else f'"{tag}"'


def same(one: object, other: object) -> bool:
    """Whether two records say the same, null or absent aside, numbers in texts or not."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = {*one, *other}
        return all(same(one.get(name), other.get(name)) for name in names)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    return one == other or (one is not None and other is not None and str(one) == str(other))


def filled(name: str, value: object, record: Mapping[str, Any]) -> object:
    """A property that every create sends, with others of the record in place of their names in braces."""
    if not isinstance(value, str):
        return value

    def held_by(found: re.Match[str]) -> str:
        held = record.get(found[1])
        if held is None or held == "":
            message = f"a new record must have {name}, which is {found[1]} here, and that is blank; fill it in"
            raise Unfit(message)
        return str(held)

    return re.sub(r"\{([^{}]+)\}", held_by, value)


def laid_over(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """A record with part of it set anew, objects part by part."""
    result = dict(whole)
    for name, value in part.items():
        inner = result.get(name)
        result[name] = laid_over(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result


def spelled(value: object) -> bytes:
    """JSON as it is sent."""
    return jsontext.spelled(value).encode()
