"""The API's own words: what an answer says to a person, in whichever of the usual shapes it says it."""

import json
import re
from collections.abc import Iterable, Iterator

import httpx

from talk_assets.http.bodies import shorten
from talk_assets.jsonframes import jsontext

_LONGEST = 500


def of(body: bytes) -> str:
    """Read problem+json (detail and errors), `Message` and its like, or the first words of anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        return shorten(body) if body.strip() else ""
    if isinstance(found, dict):
        said = _sentences(found)
        errors = [*_errors(found.get("errors")), *_errors(_params(found))]
        said += [error for error in errors if not any(error in sentence for sentence in said)]
        return jsontext.whole("; ".join(said)[:_LONGEST]) or shorten(body)
    return jsontext.whole(found[:_LONGEST]) if isinstance(found, str) else shorten(body)


def _sentences(body: dict[str, object]) -> list[str]:
    lower = {name.lower(): value for name, value in body.items()}
    for name in ("detail", "message", "error_description", "errordescription", "title", "error"):
        if isinstance(value := lower.get(name), str) and value.strip():
            return [value.strip()]
    return []


def _errors(errors: object) -> list[str]:
    """`[{pointer, code, detail}]`, or ASP.NET's `{name: [sentences]}`."""
    if isinstance(errors, dict):
        lists = {name: texts if isinstance(texts, list) else [texts] for name, texts in errors.items()}
        return [f"{name}: {text}" for name, texts in lists.items() for text in texts]
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return [f"{error.get('pointer', '')} {error.get('detail') or error.get('code') or ''}".strip() for error in found]


def _params(body: dict[str, object]) -> object:
    """What WordPress says of each parameter that it does not take."""
    data = body.get("data")
    return data.get("params") if isinstance(data, dict) and isinstance(data.get("params"), dict) else None


def named(body: bytes, properties: Iterable[str]) -> tuple[str, ...]:
    """Return the properties that a refusal names, by dotted name: in the members of its body, or else in its words.

    `properties` are those that words may name.
    """
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    members = dict.fromkeys(_way(name) for name in _named(found)) if isinstance(found, dict) else {}
    return tuple(name for name in members if name) or spoken(of(body), properties)


def spoken(text: str, properties: Iterable[str]) -> tuple[str, ...]:
    """Return the properties that a sentence names.

    A name of several words counts wherever it stands, as `EmailAddress`; one like `Name` or `City`, which may be an
    English word, only as the subject of the sentence. What is in quotation marks is a value.
    """
    said = _QUOTED.sub("", text)
    found = []
    for name in properties:
        leaf = name.rpartition(".")[2]
        if _SEVERAL.search(leaf):
            pattern = rf"\b(?i:{re.escape(leaf[:1])}){re.escape(leaf[1:])}\b"
        else:
            pattern = rf"(?i)(?:^|[;:.] |\bthe ){re.escape(leaf)} (?:field )?(?:is|must|has|cannot|may not)\b"
        if re.search(pattern, said):
            found.append(name)
    return tuple(found)


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SEVERAL = re.compile(r"[a-z0-9][A-Z]|_")
_MEMBERS = ("pointer", "property", "propertyname", "field", "param", "path", "source", "extensions", "loc")
"""Members of an error that say what it is about."""


def _named(body: dict[str, object]) -> Iterator[str]:
    lower = {name.lower(): value for name, value in body.items()}
    for errors in (lower.get("errors"), lower.get("detail")):
        if isinstance(errors, dict):
            yield from errors
        for error in errors if isinstance(errors, list) else []:
            if isinstance(error, dict):
                yield from _of_error({name.lower(): value for name, value in error.items()})
    params = _params(body)
    if isinstance(params, dict):
        for name, text in params.items():
            inner = re.search(rf"{re.escape(name)}((?:\[\w+\])+)", str(text))
            yield name + (inner[1] if inner else "")
    elif isinstance(data := body.get("data"), dict) and isinstance(names := data.get("params"), list):
        yield from (str(name) for name in names)


def _of_error(error: dict[str, object]) -> Iterator[str]:
    for name in _MEMBERS:
        value = error.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield ".".join(str(step) for step in value)
        elif isinstance(value, dict):
            yield from _of_error(value)


def _way(name: str) -> str:
    """A JSON pointer, a path with brackets, or a dotted name, as dotted name."""
    return re.sub(r"[\[/]", ".", name.replace("]", "")).strip("#$.")


def is_html(response: httpx.Response) -> bool:
    """Whether a person with a browser was expected."""
    return "html" in response.headers.get("content-type", "") or response.content.lstrip()[:1] == b"<"


def is_json(response: httpx.Response) -> bool:
    """Whether the answer begins like JSON, or is empty with a status that says so."""
    if response.status_code == httpx.codes.NO_CONTENT:
        return True
    first = response.content.lstrip()[:1]
    return first != b"" and first in b'{["-0123456789tfn'


def is_spoiled(response: httpx.Response) -> bool:
    """Whether the answer is JSON with something before or after it, as a notice of the server's own language."""
    body = response.content.strip()
    if body[:1] in {b"{", b"["}:
        return body[-1:] == b">"
    begin = _BEGIN.search(body) if body[:1] == b"<" else None
    if begin is None:
        return False
    try:
        json.JSONDecoder().raw_decode(body[begin.end() - 1 :].decode(errors="replace"))
    except ValueError:
        return False
    return True


_BEGIN = re.compile(rb">\s*[\[{]")
