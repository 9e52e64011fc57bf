"""The control surface behind each system: requests, effects, what goes wrong, and records as they lie on the shelf.

It needs no credentials, is never counted or limited, and is no part of any API: only tests and demonstrations use it.
Counts, effects, faults and switches are gone after a restart; records are not.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from talk_assets.sandbox.system import Emulation, Invalid
from talk_assets.sandbox.wire import HttpRequest, Reply, reply

LONGEST_NUMBER = 18


def control(system: Emulation, request: HttpRequest) -> Reply:  # noqa: PLR0911 -- one for each path
    """Answer a request under `/<system>/_sandbox/`; what cannot be understood is a 400 that says what can."""
    try:
        match request.method, request.segments[1:]:
            case "GET", ("requests",):
                return reply({"total": sum(system.requests.values()), "by": system.requests, "refused": system.refused})
            case "DELETE", ("requests",):
                system.requests, system.refused = {}, 0
                return Reply(204)
            case "GET", ("effects",):
                return reply(system.effects)
            case "DELETE", ("effects",):
                system.forget_effects()
                return Reply(204)
            case "GET", ("faults",):
                return _faults(system)
            case "PUT", ("faults",):
                return _set_faults(system, request)
            case method, ("records", collection, *id_) if answer := _on_shelf(system, method, collection, id_, request):
                return answer
    except (Invalid, ValueError) as error:
        return reply({"error": str(error)}, 400)
    except (TypeError, LookupError, AttributeError, sqlite3.Error) as error:
        found = f"{system.name} cannot hold such a record: {error}"
        return reply({"error": f"{found}; its properties are as its API shows them"}, 400)
    paths = "requests, effects, faults, records/{collection}, records/{collection}/{id}"
    return reply({"error": f"nothing at {request.method} {request.path}; the control surface has {paths}"}, 404)


def _on_shelf(
    system: Emulation, method: str, collection: str, id_: Sequence[str], request: HttpRequest
) -> Reply | None:
    """What is asked of the records of a collection, or null where it can't be."""
    match method, id_:
        case "GET", []:
            return _records(system, collection, request)
        case "POST", []:
            return _create(system, collection, request)
        case "PATCH", [one]:
            return _edit(system, collection, _id(one), request)
        case "DELETE", [one]:
            return _erase(system, collection, _id(one))
    return None


def _faults(system: Emulation) -> Reply:
    return reply(asdict(system.faults) | {"switches": system.switches, "happened": system.happened})


def _set_faults(system: Emulation, request: HttpRequest) -> Reply:
    wanted = json.loads(request.body)
    if not isinstance(wanted, dict) or not isinstance(wanted.get("switches", {}), dict):
        message = "the body is an object of faults, with an object of switches under switches"
        raise Invalid(message)
    faults = system.faults.changed({name: value for name, value in wanted.items() if name not in {"switches", "seed"}})
    system.turn(wanted.get("switches", {}))
    system.faults = faults
    if "seed" in wanted:
        system.chance.seed(str(wanted["seed"]))
    return _faults(system)


def _records(system: Emulation, collection: str, request: HttpRequest) -> Reply:
    limit = int(request.query.get("limit", -1))
    rows = system.shelf(collection).select([("gone", "=", 0)], limit=limit)
    return Reply(body=b"[" + b",".join(row.body for row in rows) + b"]")


def _create(system: Emulation, collection: str, request: HttpRequest) -> Reply:
    """Put a record on the shelf, filled in as the given data of a test are."""
    shelf = system.shelf(collection)
    (new,) = system.given(collection, [_properties(request)])
    shelf.put(new)
    return reply({"id": new.id}, 201)


def _edit(system: Emulation, collection: str, id_: int | str, request: HttpRequest) -> Reply:
    """Lay properties over a record, objects part by part.

    Those sent as null are filled in anew, which is how it comes to be modified now; in an object they are null.
    """
    shelf, wanted = system.shelf(collection), _properties(request)
    there = shelf.get(id_)
    if there is None or there.gone:
        return _absent(system, collection, id_)
    laid = _laid_over(json.loads(there.body), wanted)
    shelf.load(system.given(collection, [{name: value for name, value in laid.items() if value is not None}]))
    return Reply(204)


def _properties(request: HttpRequest) -> dict[str, Any]:
    wanted = json.loads(request.body)
    if not isinstance(wanted, dict):
        message = "the body is an object of properties"
        raise Invalid(message)
    return wanted


def _laid_over(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    laid = {
        name: _laid_over(before if isinstance(before := old.get(name), dict) else {}, value)
        if isinstance(value, dict)
        else value
        for name, value in new.items()
    }
    return {**old, **laid}


def _erase(system: Emulation, collection: str, id_: int | str) -> Reply:
    return Reply(204) if system.shelf(collection).erase(id_) else _absent(system, collection, id_)


def _absent(system: Emulation, collection: str, id_: int | str) -> Reply:
    return reply({"error": f"{system.name} has no {collection} {id_}"}, 404)


def _id(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else text
