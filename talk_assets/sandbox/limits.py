"""What an API counts and hands out: a sliding request limit, and access tokens that expire.

Both take the time as an argument, so that no test sleeps. Their state lasts as long as the process: after a restart a
client has to log in again, and starts with an unused limit.
"""

import secrets
from collections import deque
from dataclasses import dataclass, field


@dataclass
class SlidingLimit:
    """At most `limit` requests in any `window` seconds; a refused one does not count."""

    window: float = 60.0
    _taken: deque[float] = field(default_factory=deque)

    def wait(self, now: float, limit: int) -> float:
        """Seconds until one more is allowed; 0.0 when it is allowed now, and then it is counted. No limit is 0."""
        if limit <= 0:
            return 0.0
        while self._taken and self._taken[0] <= now - self.window:
            self._taken.popleft()
        if len(self._taken) < limit:
            self._taken.append(now)
            return 0.0
        return self._taken[len(self._taken) - limit] + self.window - now


@dataclass
class Tokens:
    """Access tokens with the time each stops being good, and the refresh tokens that yield new ones."""

    _access: dict[str, float] = field(default_factory=dict)
    _refresh: set[str] = field(default_factory=set)
    _traded: dict[str, str] = field(default_factory=dict)
    """The access token that a refresh token was traded for, by the refresh token."""
    _used: set[str] = field(default_factory=set)

    def issue(self, now: float, lifetime: float, old: str | None = None) -> tuple[str, str]:
        """A new access token, good for `lifetime` seconds, and its refresh token, in place of an `old` one."""
        self._access = {token: until for token, until in self._access.items() if until > now}
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        if old is not None:
            self._traded[old] = access
        self._access[access] = now + lifetime
        self._refresh.add(refresh)
        return access, refresh

    def valid(self, token: str | None, now: float) -> bool:
        """Whether the access token was issued here and has not expired."""
        good = token is not None and self._access.get(token, 0.0) > now
        if good and token is not None:
            self._used.add(token)
        return good

    def was_received(self, refresh: str | None) -> bool:
        """Whether whoever has this refresh token has already used what it was traded for, and should know better."""
        return self._traded.get(refresh or "") in self._used

    def redeem(self, refresh: str | None) -> bool:
        """Use a refresh token up; false when it is unknown or used."""
        if refresh is None or refresh not in self._refresh:
            return False
        self._refresh.discard(refresh)
        return True
