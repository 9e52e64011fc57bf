"""What passes between the frame and a system: one request, one reply, and the time both live in.

Everything here is plain values; sockets are the server's concern, meaning is the system's.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json; charset=utf-8"


class Clock:
    """The sandbox's time: seconds since 1970, as the machine has them or as far ahead as a test has moved it.

    From its beginning on, `speed` seconds of it pass in each of the machine's.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._began = time.time()
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return self._began + (time.time() - self._began) * self._speed + self._ahead

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass without waiting for them."""
        self._ahead += seconds


@dataclass(frozen=True)
class HttpRequest:
    """One request to one system; `path` is what follows the system's name, `segments` its parts without slashes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path, none of them empty."""
        return tuple(part for part in self.path.split("/") if part)

    def every(self, name: str) -> list[str]:
        """The values of a parameter, in their order, as often as it comes."""
        getall = getattr(self.query, "getall", None)
        return [str(value) for value in getall(name, [])] if getall else [self.query[name]] * (name in self.query)

    def bearer(self) -> str | None:
        """The bearer token, null when there is none."""
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    def form(self) -> dict[str, str]:
        """The fields of a form, sent urlencoded or as multipart; empty for anything else."""
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode(errors="replace")))
        if not kind.startswith("multipart/form-data"):
            return {}
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body, policy=policy.HTTP)
        return {
            str(part.get_param("name", header="content-disposition")): str(part.get_payload()).strip()
            for part in message.walk()
            if not part.is_multipart()
        }

    def json(self) -> Any:  # noqa: ANN401 -- JSON is whatever the client sent
        """The body as JSON; raises ValueError where it is not."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What a system answers. An empty body is sent without a content type."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


def dumps(value: object) -> bytes:
    """Compact JSON, letters outside ASCII as themselves."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with `value` as JSON."""
    return Reply(status, dumps(value), headers or {})
