# ruff: noqa: INP001 -- a script of another environment, no module of this package
"""What a Singer tap reads from webCRM at an address; prints the lists and its messages as JSON.

It runs in an environment of its own: `client.py URL CODE [STATE]`. The tap has webCRM's address in its code, so its
requests are turned to the address given. The package as published lacks its schemas.
"""

import io
import json
import sys
from contextlib import redirect_stdout
from typing import Any

import requests
from tap_webcrm import stream
from tap_webcrm.client import WebCRM

REAL = "https://api.webcrm.com"
STREAMS = ("organisation", "opportunity", "person")


def main() -> None:
    """Log in, read lists and streams, with what changed since the state where one is given."""
    url, code, state = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    send = requests.Session.request

    def turned(self: requests.Session, method: str, address: str, **more: Any) -> requests.Response:  # noqa: ANN401 -- as requests has it
        return send(self, method, url + address.removeprefix(REAL), **more)

    requests.Session.request = turned  # type: ignore[method-assign, assignment]
    stream.load_schema = lambda _: {"type": "object"}
    crm, said = WebCRM(code), io.StringIO()
    lists = {"Persons": crm.list_persons, "Opportunities": crm.list_opportunities}
    lists["Organisations"] = crm.list_organisations
    listed = {path: list(read()) for path, read in lists.items()}
    with redirect_stdout(said):
        stream.process_streams(crm, {name: {} for name in STREAMS}, state)
    messages = [json.loads(line) for line in said.getvalue().splitlines()]
    json.dump({"listed": listed, "messages": messages}, sys.stdout)


main()
