"""The control surface behind each system: what was requested, what goes wrong, and records as they lie on the shelf.

It needs no credentials, is never counted or limited, and is no part of any API: only tests and demonstrations use it.
Counts, faults and switches are gone after a restart; records are not.
"""

import json
from dataclasses import asdict

from talk_assets.sandbox.system import Invalid, System
from talk_assets.sandbox.wire import Reply, Request, reply

LONGEST_NUMBER = 18


def control(system: System, request: Request) -> Reply:  # noqa: PLR0911 -- one for each path
    """Answer a request under `/<system>/_sandbox/`; what cannot be understood is a 400 that says what can."""
    try:
        match request.method, request.segments[1:]:
            case "GET", ("requests",):
                return reply({"total": sum(system.requests.values()), "by": system.requests})
            case "DELETE", ("requests",):
                system.requests = {}
                return Reply(204)
            case "GET", ("faults",):
                return _faults(system)
            case "PUT", ("faults",):
                return _set_faults(system, request)
            case "GET", ("records", collection):
                return _records(system, collection, request)
            case "DELETE", ("records", collection, id_):
                return _erase(system, collection, id_)
    except (Invalid, ValueError) as error:
        return reply({"error": str(error)}, 400)
    paths = "requests, faults, records/{collection}, records/{collection}/{id}"
    return reply({"error": f"nothing at {request.method} {request.path}; the control surface has {paths}"}, 404)


def _faults(system: System) -> Reply:
    return reply(asdict(system.faults) | {"switches": system.switches})


def _set_faults(system: System, request: Request) -> Reply:
    wanted = json.loads(request.body)
    if not isinstance(wanted, dict) or not isinstance(wanted.get("switches", {}), dict):
        message = "the body is an object of faults, with an object of switches under switches"
        raise Invalid(message)
    faults = system.faults.changed({name: value for name, value in wanted.items() if name != "switches"})
    system.turn(wanted.get("switches", {}))
    system.faults = faults
    return _faults(system)


def _records(system: System, collection: str, request: Request) -> Reply:
    limit = int(request.query.get("limit", -1))
    rows = system.shelf(collection).select([("gone", "=", 0)], limit=limit)
    return Reply(body=b"[" + b",".join(row.body for row in rows) + b"]")


def _erase(system: System, collection: str, id_: str) -> Reply:
    if system.shelf(collection).erase(int(id_) if id_.isdecimal() and len(id_) < LONGEST_NUMBER else id_):
        return Reply(204)
    return reply({"error": f"{system.name} has no {collection} {id_}"}, 404)
