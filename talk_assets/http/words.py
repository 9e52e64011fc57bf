"""The API's own words: what an answer says to a person, in whichever of the usual shapes it says it."""

import json
import re

import httpx

from talk_assets.http.bodies import shorten

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
        return "; ".join(said)[:_LONGEST] or shorten(body)
    return found[:_LONGEST] if isinstance(found, str) else shorten(body)


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
