"""The sandbox as those who started it see it: where each system is, and the control surface behind it.

Used by whoever runs a sandbox, in a test or in the background; knows no emulated system by name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from talk_assets.sandbox.registry import SYSTEMS

PATIENCE = 30.0
"""Seconds to wait for an answer; a faulty system answers its control surface at once."""


@dataclass(frozen=True)
class Surface:
    """A sandbox on a port of this machine."""

    port: int

    @property
    def base_urls(self) -> dict[str, str]:
        """Where each system is."""
        return {name: f"{self.root}/{name}" for name in SYSTEMS}

    @property
    def root(self) -> str:
        """The URL under which the systems are."""
        return f"http://127.0.0.1:{self.port}"

    def about(self) -> dict[str, Any] | None:
        """Which process answers, in which folder its data are; null when none does that is a sandbox."""
        try:
            found = self._call("GET", "/_sandbox", patience=2.0)
        except (OSError, URLError, ValueError):
            return None
        return found if isinstance(found, dict) and "systems" in found else None

    def curl_lines(self) -> dict[str, str]:
        """For each system, a command line that edits a record which is linked to one in another system."""
        lines = {}
        for name, system in SYSTEMS.items():
            found = self.records(name, system.example, limit=system.nth + 1)
            id_ = next((value for key, value in found[-1].items() if key.lower().endswith("id")), "") if found else "1"
            lines[name] = system.curl.format(base=self.base_urls[name], id=id_)
        return lines

    def requests(self, system: str) -> dict[str, Any]:
        """How many requests the system got: `total`, and `by` method and path; `refused` as too many of them."""
        found: dict[str, Any] = self._call("GET", f"/{system}/_sandbox/requests")
        return found

    def forget_requests(self, system: str) -> None:
        """Count from nothing again."""
        self._call("DELETE", f"/{system}/_sandbox/requests")

    def effects(self, system: str) -> dict[str, list[dict[str, Any]]]:
        """What the system did besides keeping records, by kind: the mails it would have sent, say."""
        found: dict[str, list[dict[str, Any]]] = self._call("GET", f"/{system}/_sandbox/effects")
        return found

    def forget_effects(self, system: str) -> None:
        """Remember from nothing again."""
        self._call("DELETE", f"/{system}/_sandbox/effects")

    def fault(self, system: str, *, switches: Mapping[str, object] | None = None, **faults: float) -> None:
        """Set faults, and switches by name; what is not named stays as it is. `seed` makes chance begin anew."""
        self._call("PUT", f"/{system}/_sandbox/faults", {**faults, "switches": dict(switches or {})})

    def happened(self, system: str) -> dict[str, int]:
        """How many faults there were, by kind."""
        found: dict[str, int] = self._call("GET", f"/{system}/_sandbox/faults")["happened"]
        return found

    def records(self, system: str, collection: str, limit: int = -1) -> list[dict[str, Any]]:
        """The records of a collection as they lie there, by id; neither counted nor limited."""
        found: list[dict[str, Any]] = self._call("GET", f"/{system}/_sandbox/records/{collection}?limit={limit}")
        return found

    def create(self, system: str, collection: str, properties: Mapping[str, object]) -> str:
        """Create a record as somebody might in the system's own user interface; return its id."""
        return str(self._call("POST", f"/{system}/_sandbox/records/{collection}", properties)["id"])

    def edit(self, system: str, collection: str, id_: str | int, properties: Mapping[str, object]) -> None:
        """Change a record as somebody might in the system's own user interface; a null is filled in anew."""
        self._call("PATCH", f"/{system}/_sandbox/records/{collection}/{id_}", properties)

    def erase(self, system: str, collection: str, id_: str | int) -> None:
        """Delete a record without a trace, as somebody might in the system's own user interface."""
        self._call("DELETE", f"/{system}/_sandbox/records/{collection}/{id_}")

    def _call(self, method: str, path: str, body: object = None, *, patience: float = PATIENCE) -> Any:  # noqa: ANN401
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.root + path, data=data, method=method)  # noqa: S310 -- always http, to this machine
        with urlopen(request, timeout=patience) as response:  # noqa: S310 -- as above
            text = response.read()
        return json.loads(text) if text else None
