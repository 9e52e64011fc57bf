"""What applies to each system: whether the sandbox serves it, where it is, and the credentials it has.

A system is somebody's own as soon as the file says where its API is, or the environment how to sign in there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from talk_assets.config.messages import Location
from talk_assets.config.talk_file import SystemSection, TalkFile, rate_of
from talk_assets.config.variables import listed, read_credentials
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.access import SIGNED_IN
from talk_assets.http.grants import FOLDER, SECRET_KEY, GrantFile
from talk_assets.http.rest import Profile
from talk_assets.systems import SYSTEMS, Registered, SystemSettings, all_dataflows

T = TypeVar("T")

Refuse = Callable[[CredentialsError], None]
"""What is done about a mistake in the environment."""


def refusing(act: Callable[[], T], refuse: Refuse) -> T | None:
    """Return what `act` returns. Pass a CredentialsError to `refuse`, and return null if that raises nothing."""
    try:
        return act()
    except CredentialsError as error:
        refuse(error)
        return None


@dataclass(frozen=True)
class Systems:
    """What is read of every system: the sandbox speaks the default profiles, so one of the file waits meanwhile."""

    file: TalkFile
    environ: Mapping[str, str]
    profiles: Mapping[str, Profile]
    place: Location
    refuse: Refuse
    folder: Path
    used: frozenset[str]

    def settings(self, known: Registered) -> SystemSettings | None:
        """Return a system's settings, None where it is switched off."""
        said, own = self.file.system(known.name), self.profiles.get(known.name)
        if not said.enabled:
            return None
        needed = own.access.credentials if own else known.credentials
        credentials = self._credentials(known, needed)
        elsewhere = said.base_url is not None and not (needed and self._may_be_a_sandbox(known))
        real = (credentials is None or bool(credentials) or elsewhere) and not said.sandbox
        if real and credentials and self._has_no_address(known):
            real, credentials = False, {}
        url = (None if said.sandbox else said.base_url) or (known.base_url if real else self._sandbox_url(known))
        if needed and credentials is not None and known.name in self.used:
            self._check_reach(known, url, credentials, needed)
        return SystemSettings(
            url,
            credentials or {},
            rate_of(said.rate) if said.rate else None,
            sandbox=not real,
            profile=own if real else None,
            options=_options(said, known),
            timezone=said.timezone,
            vat=said.prices_include_vat,
            grant_file=self._grant_file(known.name) if real and own and own.access.type in SIGNED_IN else None,
            country=self.file.country,
        )

    def _grant_file(self, name: str) -> GrantFile:
        return GrantFile(self.folder / FOLDER / f"{name}.json", self.environ.get(SECRET_KEY, "").strip())

    def _credentials(self, known: Registered, needed: Iterable[str]) -> dict[str, str] | None:
        """All that a system needs, or none; null where only some are set, which is said of systems that are used."""
        if self.file.system(known.name).sandbox:
            return {}
        if known.name in self.used:
            return refusing(lambda: read_credentials(known, needed, self.environ), self.refuse)
        with suppress(CredentialsError):
            return read_credentials(known, needed, self.environ)
        return {}

    def _has_no_address(self, known: Registered) -> bool:
        return known.base_url is None and self.file.system(known.name).base_url is None

    def without_address(self, systems: Mapping[str, SystemSettings]) -> Iterator[str]:
        """Yield a note of each system that has credentials and no address.

        They belong to another data folder. Raise ConfigurationError where records of the sandbox would get from it
        into somebody's own system.
        """
        for name in (name for name in systems if name in self.used and self._has_no_address(SYSTEMS[name])):
            known, own = SYSTEMS[name], self.profiles.get(name)
            needed = own.access.credentials if own else known.credentials
            if not needed or not all(self.environ.get(known.variable(one), "").strip() for one in needed):
                continue
            beside = [
                other
                for one in all_dataflows()
                if self.file.dataflow(one.name).enabled and name in {one.left, one.right}
                for other in (one.left, one.right)
                if other in systems and not systems[other].sandbox
            ]
            place = self.place / name / "base_url"
            if beside:
                message = (
                    f"{place}: is not set, though the environment has credentials for {name}."
                    ' Set it to the address of your own API, like base_url = "https://erp.example.com", or set'
                    f" sandbox = true under [systems.{name}] if they belong to another data folder."
                )
                raise ConfigurationError(message)
            yield (
                f"{name}: the sandbox serves it, as {place} is not set. The credentials in the environment are taken to"
                " belong to another data folder"
            )

    def _check_reach(
        self, known: Registered, url: str | None, credentials: Mapping[str, str], needed: Iterable[str]
    ) -> None:
        """Somebody else's API needs credentials."""
        place = self.place / known.name / "base_url"
        if url is None or credentials or self.file.system(known.name).sandbox:
            return
        if not _is_loopback(url):
            message = f"{place}: is {url}, but the environment has no credentials for it. Set {listed(known, needed)}."
            self.refuse(CredentialsError(message))
        elif not self._may_be_a_sandbox(known):
            message = (
                f"{place}: is {url}, and the section says how this API is used, but the environment has no credentials"
                f" for it. Set {listed(known, needed)}; or, if a sandbox is there, sandbox = true."
            )
            self.refuse(CredentialsError(message))

    def _may_be_a_sandbox(self, known: Registered) -> bool:
        """Whether a sandbox could be where the file says: on this machine, and used by the default profile."""
        url = self.file.system(known.name).base_url
        own = url is None or url == self._sandbox_url(known)
        return own or (_is_loopback(str(url)) and self.profiles.get(known.name) == known.profile)

    def _sandbox_url(self, known: Registered) -> str:
        return f"http://127.0.0.1:{self.file.sandbox.port}/{known.name}"


def _options(said: SystemSection, known: Registered) -> dict[str, str]:
    return {option: value for option in known.options if (value := getattr(said, option, None)) is not None}


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
