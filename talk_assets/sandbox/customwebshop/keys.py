"""How the webshop knows who asks, as WooCommerce does: key and secret, or a signature by OAuth 1.0a with one leg.

Behind TLS the pair comes by Basic authentication or in the query; over plain http only a signature counts. The header
is not seen where the host in front keeps it back.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from talk_assets.sandbox.customwebshop.writes import Wrong
from talk_assets.sandbox.wire import HttpRequest

CONSUMER_KEY, CONSUMER_SECRET = "ck_sandbox", "cs_sandbox"
WINDOW = 15 * 60
"""Seconds that a timestamp may be off."""
METHODS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
NEEDED = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class Doorkeeper:
    """`nonces` were used."""

    system: str
    nonces: set[str] = field(default_factory=set)

    def check(self, request: HttpRequest, now: float, *, tls: bool, header: bool, permission: str) -> None:
        """Raise Wrong unless the request may do what it wants to, and comes from somebody known."""
        pair = _pair(request, header=header) if tls else None
        signed = _signed(request, header=header)
        if pair is None and not signed:
            raise Wrong(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        wrong = self._wrong_signature(request, signed, now) if pair is None else _wrong_pair(*pair)
        if not wrong and request.method not in READS and permission == "read":
            wrong = "The API key provided does not have write permissions."
        if wrong:
            raise Wrong(401, "woocommerce_rest_authentication_error", wrong)

    def _wrong_signature(self, request: HttpRequest, signed: Mapping[str, str], now: float) -> str:
        """What is wrong with a signature, empty where nothing is."""
        if missing := [name for name in NEEDED if name not in signed]:
            message = f"Missing OAuth parameters {', '.join(missing)}"
            raise Wrong(401, "woocommerce_rest_authentication_missing_parameter", message)
        if signed["oauth_consumer_key"] != CONSUMER_KEY:
            return "Consumer key is invalid."
        if signed["oauth_signature_method"] not in METHODS:
            return "Invalid signature - signature method is invalid."
        if not hmac.compare_digest(self._signature(request, signed), signed["oauth_signature"]):
            return "Invalid signature - provided signature does not match."
        if not signed["oauth_timestamp"].isdecimal() or abs(int(signed["oauth_timestamp"]) - now) > WINDOW:
            return "Invalid timestamp."
        if signed["oauth_nonce"] in self.nonces:
            return "Invalid nonce - nonce has already been used."
        self.nonces.add(signed["oauth_nonce"])
        return ""

    def _signature(self, request: HttpRequest, signed: Mapping[str, str]) -> str:
        """RFC 5849, 3.4: of the method, the URL without query, and all parameters but the signature itself."""
        url = f"http://{request.headers.get('Host', '').lower()}/{self.system}/{request.path}"
        given = {**request.query, **signed}
        pairs = sorted((_percent(name), _percent(value)) for name, value in given.items() if name != "oauth_signature")
        parameters = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(_percent(part) for part in (request.method, url, parameters))
        made = hmac.new(f"{CONSUMER_SECRET}&".encode(), base.encode(), METHODS[signed["oauth_signature_method"]])
        return base64.b64encode(made.digest()).decode()


def _wrong_pair(key: str, secret: str) -> str:
    if key != CONSUMER_KEY:
        return "Consumer key is invalid."
    return "" if secret == CONSUMER_SECRET else "Consumer secret is invalid."


def _percent(text: str) -> str:
    return quote(text, safe="-._~")


def _pair(request: HttpRequest, *, header: bool) -> tuple[str, str] | None:
    """Key and secret, from the query or the header."""
    query = request.query
    if "consumer_key" in query and "consumer_secret" in query:
        return query["consumer_key"], query["consumer_secret"]
    kind, _, text = request.headers.get("Authorization", "").partition(" ") if header else ("", "", "")
    if kind.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key, secret


def _signed(request: HttpRequest, *, header: bool) -> Mapping[str, str]:
    """The parameters of OAuth, from the query or the header."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ") if header else ("", "", "")
    if kind.lower() == "oauth":
        return {name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', text)}
    return {name: value for name, value in request.query.items() if name.startswith("oauth_")}
