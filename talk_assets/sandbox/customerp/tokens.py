"""Customerp's sign-in: OAuth 2.0 authorisation codes with PKCE, and refresh tokens that are good for one use each.

Who signs in is at once taken for a person who agrees. A refresh token that is used twice ends the whole grant, as RFC
9700 has it (4.14.2), and is counted among the effects.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"
FIRST_REFRESH_TOKEN = "sandbox-first-refresh"
"""The one that a person was given by hand."""

CODE_SECONDS = 60.0
DAY = 86_400.0


@dataclass
class _Grant:
    """What one person agreed to: the refresh token that is good now."""

    refresh: str
    issued: float
    over: bool = False


@dataclass(frozen=True)
class _Asked:
    """What a code was asked for with."""

    redirect: str
    challenge: str
    until: float


@dataclass
class TokenOffice:
    """The tokens of this process: a restart ends every grant but that of the first refresh token.

    `used_again` has the time of each refresh token that came a second time.
    """

    clock: Clock
    switches: Mapping[str, Any]
    used_again: list[float] = field(default_factory=list)
    _codes: dict[str, _Asked] = field(default_factory=dict)
    _grants: dict[str, _Grant] = field(default_factory=dict)
    """By every refresh token that was ever good."""
    _tokens: dict[str, tuple[_Grant, float]] = field(default_factory=dict)

    def answer(self, request: HttpRequest) -> Reply | None:
        """Answer a request for a code or for tokens, null for any other."""
        match request.method, request.path.strip("/"):
            case "GET", "oauth/authorize":
                return self._agree(request.query)
            case "POST", "oauth/token":
                return self._issue(request.form())
        return None

    def takes(self, token: str | None) -> bool:
        """Whether an access token is good."""
        grant, until = self._tokens.get(token or "", (None, 0.0))
        return grant is not None and not grant.over and self.clock.now() < until

    def _agree(self, query: Mapping[str, str]) -> Reply:
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT_ID or not redirect.startswith("http://127.0.0.1:"):
            return reply({"error": "invalid_request"}, 400)
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            said = {"error": "invalid_request", "state": query.get("state", "")}
        elif self.switches["declines"]:
            said = {"error": "access_denied", "state": query.get("state", "")}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = _Asked(redirect, query.get("code_challenge", ""), self.clock.now() + CODE_SECONDS)
            said = {"code": code, "state": query.get("state", "")}
        return Reply(302, headers={"Location": f"{redirect}?{urlencode(said)}"})

    def _issue(self, form: Mapping[str, str]) -> Reply:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return reply({"error": "invalid_client"}, 401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._trade_code(form)
            case "refresh_token":
                return self._refresh(form.get("refresh_token", ""))
        return reply({"error": "unsupported_grant_type"}, 400)

    def _trade_code(self, form: Mapping[str, str]) -> Reply:
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        good = asked and asked.redirect == form.get("redirect_uri") and asked.challenge == challenge
        if not (asked and good and self.clock.now() < asked.until):
            return reply({"error": "invalid_grant", "error_description": "The code is not good."}, 400)
        return self._hand_out(_Grant("", self.clock.now()))

    def _refresh(self, token: str) -> Reply:
        if token == FIRST_REFRESH_TOKEN and token not in self._grants:
            self._grants[token] = _Grant(token, self.clock.now())
        grant = self._grants.get(token)
        if grant is None or grant.over or self.clock.now() > grant.issued + self.switches["grant_days"] * DAY:
            return reply({"error": "invalid_grant", "error_description": "The refresh token is not good."}, 400)
        if token != grant.refresh:
            self.used_again.append(self.clock.now())
            grant.over = True
            return reply({"error": "invalid_grant", "error_description": "The refresh token was used before."}, 400)
        return self._hand_out(grant)

    def _hand_out(self, grant: _Grant) -> Reply:
        now, lives = self.clock.now(), float(self.switches["token_seconds"])
        token = secrets.token_urlsafe(24)
        self._tokens[token] = (grant, now + lives)
        body: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": int(lives)}
        if not grant.refresh or self.switches["one_time_tokens"]:
            grant.refresh, grant.issued = secrets.token_urlsafe(24), now
            self._grants[grant.refresh] = grant
            body["refresh_token"] = grant.refresh
        if self.switches["says_grant_end"]:
            body["refresh_token_expires_in"] = int(grant.issued + self.switches["grant_days"] * DAY - now)
        return reply(body)
