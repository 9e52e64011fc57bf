"""What a person granted by signing in: tokens that one process at a time replaces, stored before they are used.

A refresh token is often good for one use, so whoever loses the new one has to sign in again. How a person signs in is
in `signing_in`.
"""

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.auth import LIFETIME, Token, TokenAuth, TokenRefused, Wallet, early, json_object
from talk_assets.http.limit import Clock

FOLDER = "tokens"
"""The folder in the data folder; its files hold secrets, and belong in no backup that others can read."""

SECRET_KEY = "TALK_SECRET_KEY"  # noqa: S105 -- the name of a variable
"""The variable with the key that files of tokens are encrypted with."""

_ROOM = 8192
"""Bytes that are put aside before tokens are requested: a full disk is noticed while the old ones are still good."""

ENDS = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in", "refresh_token_lifetime")
"""What servers call the seconds that a refresh token lives."""


@dataclass(frozen=True)
class Grant:
    """The tokens in use. Times are seconds since 1970: `until` of the access token, `ends` of the refresh token.

    `first` tells from which refresh token of the environment they come, without naming it; empty from none.
    """

    refresh: str = field(repr=False)
    access: str | None = field(default=None, repr=False)
    until: float = 0.0
    ends: float | None = None
    first: str = ""


def trace(token: str) -> str:
    """Return a fingerprint of a token, empty for none, with which nobody can sign in."""
    return hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""


@dataclass(frozen=True)
class GrantFile:
    """The file of one system's tokens, readable by its owner alone; encrypted where there is a `key`."""

    path: Path
    key: str = field(default="", repr=False)

    def read(self) -> Grant | None:
        """Return what is stored, None where nothing is. Raise CredentialsError where it cannot be read with our key."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            message = f"{self.path}: cannot be read ({error.strerror}). It must be readable by who runs talk."
            raise ConfigurationError(message) from error
        try:
            return Grant(**json.loads(text if text.startswith(b"{") else self._decrypted(text)))
        except (ValueError, TypeError) as error:
            message = f"{self.path}: holds no tokens. Delete it, and sign in anew: talk authorise {self.path.stem}"
            raise ConfigurationError(message) from error

    def write(self, grant: Grant) -> None:
        """Store tokens so that they survive a crash from here on."""
        text = json.dumps(asdict(grant)).encode()
        self._put(self._encrypted(text) if self.key else text)
        self._partial.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def make_room(self) -> None:
        """Raise ConfigurationError where new tokens could not be stored."""
        if self.key:
            self._encrypted(b"")
        self._put(b" " * _ROOM)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no other process requests tokens with this file, and keep others waiting."""
        from filelock import AsyncFileLock  # noqa: PLC0415 -- only systems that are signed in to so need it

        self._make_folder()
        async with AsyncFileLock(self.path.with_suffix(".lock"), mode=0o600, poll_interval=0.02):
            yield

    @property
    def _partial(self) -> Path:
        return self.path.with_suffix(".new")

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def _put(self, text: bytes) -> None:
        self._make_folder()
        try:
            place = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(place, "wb") as file:
                os.fchmod(place, 0o600)  # one that was there before keeps its mode otherwise
                file.write(text)
                file.flush()
                os.fsync(place)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ConfigurationError:
        message = f"{self.path}: cannot be written ({error.strerror}), and tokens must be stored before they are used."
        return ConfigurationError(f"{message} Make the folder writable, or free some space.")

    def _encrypted(self, text: bytes) -> bytes:
        from cryptography.fernet import Fernet  # noqa: PLC0415 -- as above

        try:
            return Fernet(self.key).encrypt(text)
        except ValueError as error:
            raise CredentialsError(NO_KEY) from error

    def _decrypted(self, text: bytes) -> bytes:
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 -- as above

        anew = f"or delete the file, and sign in anew: talk authorise {self.path.stem}"
        if not self.key:
            message = (
                f"{self.path}: is encrypted, and {SECRET_KEY} is not set. Set it to the key that it was written with,"
                f" {anew}"
            )
            raise CredentialsError(message)
        try:
            return Fernet(self.key).decrypt(text)
        except InvalidToken as error:
            message = (
                f"{self.path}: cannot be decrypted with the key in {SECRET_KEY}. Set the key that it was written with,"
                f" {anew}"
            )
            raise CredentialsError(message) from error
        except ValueError as error:
            raise CredentialsError(NO_KEY) from error


NO_KEY = (
    f"{SECRET_KEY}: is no key: 32 bytes as URL-safe base64 would be right. Make one: python -c"
    ' "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


@dataclass(frozen=True)
class Grantee:
    """Who we are to the server at `url`, and what a person has to do where it no longer takes our refresh token.

    `first` is the refresh token of the environment, empty where there is none. `days` is how long a grant lives from
    when its token was issued, 0 where only the server says.
    """

    system: str
    url: str
    client: str
    secret: str = field(repr=False)
    first: str = field(default="", repr=False)
    days: int = 0
    anew: str = ""


class RefreshGrant(TokenAuth):
    """OAuth 2.0 refresh tokens (RFC 6749, 6), for a person who once signed in: each may be replaced as it is used.

    The newest one is in the file, where there is one; the one from the environment is where it begins, and where it
    begins again if a later one is refused.
    """

    def __init__(self, grantee: Grantee, wallet: Wallet, clock: Clock, file: GrantFile | None = None) -> None:
        super().__init__(wallet, clock)
        self._grantee, self._file = grantee, file

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep every other process from using the same refresh token, and begin with what they stored."""
        if self._file is None:
            yield
            return
        async with self._file.alone():
            self._recall(self._file)
            yield

    def ask(self, refresh: str | None) -> httpx.Request:
        """Trade the newest refresh token. Raise CredentialsError where there is none."""
        token = refresh or self._grantee.first
        if not token:
            message = f"{self._grantee.system}: nobody has signed in yet. {self._grantee.anew}"
            raise CredentialsError(message)
        if self._file:
            self._file.make_room()
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self._grantee.client,
            "client_secret": self._grantee.secret,
        }
        return httpx.Request("POST", self._grantee.url, data=form, extensions={"template": "POST token"})

    def issued(self, response: httpx.Response) -> Token:
        """Read `access_token`, `expires_in` and the next `refresh_token`, where there is one."""
        return token_of(response, self._grantee.days)

    def refused(self, answer: httpx.Response) -> None:
        """Raise CredentialsError where the refresh token is what was refused, and not who we are."""
        try:
            code = json_object(answer).get("error")
        except ValueError:
            return
        if code == "invalid_grant":
            message = (
                f"{self._grantee.system}: the sign-in has ended: its refresh token was refused with {code}."
                f" {self._grantee.anew}"
            )
            raise CredentialsError(message)

    def keep(self, token: Token, refresh: str | None) -> None:
        """Store the token first: what is used before it is stored is lost with the process."""
        newest = token.refresh or refresh or self._grantee.first
        if self._file:
            wall = self._clock.wall()
            known = self._file.read() if token.refresh is None else None
            ends = wall + token.ends if token.ends is not None else known.ends if known else None
            until = wall + token.seconds - early(token.seconds)
            self._file.write(Grant(newest, token.value, until, ends, trace(self._grantee.first)))
        super().keep(Token(token.value, token.seconds, newest), refresh)

    def _recall(self, file: GrantFile) -> None:
        """What another process stored takes the place of what we have, unless the environment has another token now."""
        grant, wallet = file.read(), self._wallet
        if grant is None or grant.first != trace(self._grantee.first):
            return
        wallet.refresh = grant.refresh
        left = grant.until - self._clock.wall()
        if left > 0 and grant.access and grant.access != wallet.refused:
            wallet.token, wallet.until = grant.access, self._clock.now() + left


def token_of(response: httpx.Response, days: int = 0) -> Token:
    """Read a token from an answer. Raise TokenRefused where it holds none, ValueError where it is no JSON object."""
    body = json_object(response)
    token, refresh = body.get("access_token"), body.get("refresh_token")
    if not isinstance(token, str):
        raise TokenRefused
    ends = next((seconds for name in ENDS if (seconds := _seconds(body.get(name)))), None)
    if ends is None and days and isinstance(refresh, str):
        ends = days * 86_400.0
    return Token(
        token, _seconds(body.get("expires_in")) or LIFETIME, refresh if isinstance(refresh, str) else None, ends
    )


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
