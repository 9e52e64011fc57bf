"""A person signs in to a system in a browser, and the system's answer comes to a port of this machine.

OAuth 2.0 authorisation codes (RFC 6749, 4.1) with PKCE (RFC 7636), for an application on a person's machine (RFC 8252).
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Empty, Queue
from urllib.parse import urlsplit

import httpx
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from talk_assets.errors import ConfigurationError, CredentialsError, Unreachable
from talk_assets.http import words
from talk_assets.http.auth import TokenRefused, early
from talk_assets.http.grants import Grant, Grantee, token_of, trace

HOST = "127.0.0.1"
PATH = "/signed-in"
SECONDS = 60.0
"""How long a server may take to answer."""

_DONE = b"<!doctype html><title>talk</title><p>You may close this window, and go back to the terminal.</p>"


@dataclass(frozen=True)
class SigningIn:
    """One attempt: where a person signs in, and what their answer is held against."""

    grantee: Grantee
    authorise_url: str
    scope: str
    redirect: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def url(self) -> str:
        """Return what to open in a browser. Raise ConfigurationError for an address without encryption."""
        client = self._client()
        try:
            return _plainly(
                self.authorise_url,
                client.prepare_request_uri(
                    _encrypted(self.authorise_url),
                    redirect_uri=self.redirect,
                    scope=self.scope or None,
                    state=self.state,
                    code_challenge=client.create_code_challenge(self.verifier, "S256"),
                    code_challenge_method="S256",
                ),
            )
        except OAuth2Error as error:
            message = f"{self.grantee.system}: authorise_url is {self.authorise_url}; https://… would be right"
            raise ConfigurationError(message) from error

    def code_in(self, answered: str) -> str:
        """Read the code from the address that the browser was sent to; raise CredentialsError where it holds none."""
        try:
            found = self._client().parse_request_uri_response(_encrypted(answered), state=self.state)
        except OAuth2Error as error:
            said = ": ".join(dict.fromkeys(one for one in (error.error, error.description) if one))
            message = f"{self.grantee.system}: the sign-in was answered with {said}. {self.grantee.anew}"
            raise CredentialsError(message) from error
        return str(found["code"])

    def trade(self, code: str, wall: float) -> Grant:
        """Trade a code for tokens, `wall` being now. Raise CredentialsError where it is refused, Unreachable."""
        system, url = self.grantee.system, self.grantee.url
        body = self._client().prepare_request_body(
            code=code, redirect_uri=self.redirect, code_verifier=self.verifier, client_secret=self.grantee.secret
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = httpx.post(url, content=body, headers=headers, timeout=SECONDS)
        except httpx.HTTPError as error:
            message = f"{system}: POST {url} failed: {error}; check token_url in talk.toml and the network"
            raise Unreachable(message) from error
        try:
            token = token_of(answer, self.grantee.days) if answer.is_success else None
        except (TokenRefused, ValueError):
            token = None
        if token is None or token.refresh is None:
            said = f"{answer.status_code} {self._struck(words.of(answer.content))}".strip()
            found = said if token is None else "no refresh token: its scope may have to ask for one"
            message = f"{system}: POST {url} was answered with {found}. {self.grantee.anew}"
            raise CredentialsError(message)
        until = wall + token.seconds - early(token.seconds)
        ends = None if token.ends is None else wall + token.ends
        return Grant(token.refresh, token.value, until, ends, trace(self.grantee.first))

    def _client(self) -> WebApplicationClient:
        return WebApplicationClient(self.grantee.client)

    def _struck(self, said: str) -> str:
        return said.replace(self.grantee.secret, "…").replace(self.verifier, "…")


def _encrypted(url: str) -> str:
    """An address of this machine as oauthlib wants every address: encryption is for networks."""
    here = urlsplit(url).hostname in {HOST, "localhost", "::1"}
    return url.replace("http://", "https://", 1) if here and url.startswith("http://") else url


def _plainly(asked: str, url: str) -> str:
    return url.replace("https://", "http://", 1) if asked.startswith("http://") else url


@dataclass(frozen=True)
class Waiting:
    """A port that waits for the browser."""

    redirect: str
    _came: "Queue[str]" = field(default_factory=Queue)

    def answered(self, seconds: float) -> str | None:
        """Return the address that the browser came to, None where it did not come in time."""
        try:
            return self._came.get(timeout=seconds)
        except Empty:
            return None


@contextmanager
def waiting(port: int) -> Iterator[Waiting]:
    """Listen on a port of this machine. Raise ConfigurationError where it is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here = urlsplit(self.path).path == PATH
            self.send_response(HTTPStatus.OK if here else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if here:
                self.wfile.write(_DONE)
                found._came.put(f"http://{self.headers.get('Host', HOST)}{self.path}")  # noqa: SLF001 -- of this module

        def log_message(self, *_: object) -> None:
            """Log nothing: the address holds the code."""

    try:
        server = HTTPServer((HOST, port), Handler)
    except OSError as error:
        message = f"port {port} of this machine is taken ({error.strerror}). Name another one: talk authorise --port"
        raise ConfigurationError(message) from error
    found = Waiting(f"http://{HOST}:{server.server_address[1]}{PATH}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
