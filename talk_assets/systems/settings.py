"""What a system is configured with, and what the registry knows of each system before it is opened.

Where settings come from (talk.toml, the environment) is `config`'s concern; what a system does with them is its own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.client import Site
from talk_assets.http.grants import GrantFile
from talk_assets.http.limit import UNLIMITED, Rate
from talk_assets.http.rest import Profile, connecting
from talk_assets.http.retry import Retry
from talk_assets.model.dataflows import Dataflow
from talk_assets.model.lens.kinds import HOME
from talk_assets.model.lens.lens import placed_in
from talk_assets.model.system import System

SANDBOX_URL = "http://127.0.0.1:8765"
_SANDBOX_HINT = "is the sandbox running? talk sandbox up"
_HINT = "check its base_url in talk.toml and the network, or try again later"

_UNLIMITED_CONCURRENCY = 64
"""Requests that a system without a limit gets at a time: so many answers are waited for at once if it is far away."""


@dataclass(frozen=True)
class Option:
    """Something people may choose about a system. Where nobody has, `default` holds, or `sandbox` for the sandbox's.

    `description` tells people what they choose.
    """

    description: str
    default: str | None = None
    sandbox: str | None = None


@dataclass(frozen=True)
class SystemSettings:
    """`credentials` by name in lower case (`auth_code`), without which the system is the sandbox's.

    `base_url`, `rate` and `profile` are None for the system's own. `sandbox`: it is a sandbox's, whose credentials are
    known. `options` are those that were chosen. `timezone` is the IANA name of where its days begin, and its times that
    say no zone are. `vat` is the percent of VAT in its prices, `country` the code of where its telephone numbers
    are of which nothing else says it, `grant_file` where a person's tokens are.
    """

    base_url: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate: Rate | None = None
    sandbox: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    profile: Profile | None = None
    timezone: str = "UTC"
    vat: float = 0.0
    country: str = HOME
    retry: Retry = field(default_factory=Retry, repr=False)
    grant_file: GrantFile | None = None


@dataclass(frozen=True)
class Registered:
    """A system that the registry knows: how people call it, what it needs, and how to open it.

    `base_url` is the real API's, None where every customer has their own. `credentials` are the names it needs,
    `sandbox` the values by which the sandbox knows us, which are no secrets. It is either spoken with by the REST
    connector, as `profile` says, or opened by a function of its own; a profile can be changed in talk.toml. `options`
    are what people may choose by keys of its section there. `dataflows` are those that a system of another package
    brings; those between the systems that ship are in `model.dataflows`.
    """

    name: str
    label: str
    base_url: str | None
    rate: Rate
    credentials: tuple[str, ...]
    sandbox: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Option] = field(default_factory=dict)
    open: Callable[["Opening"], System] | None = field(default=None, repr=False)
    profile: Profile | None = field(default=None, repr=False)
    dataflows: tuple[Dataflow, ...] = ()

    def variable(self, credential: str) -> str:
        """The environment variable that holds a credential."""
        return f"TALK_{self.name.upper()}_{credential.upper()}"

    def build(self, settings: SystemSettings) -> System:
        """Raise ConfigurationError for want of a base URL, CredentialsError for want of a credential."""
        credentials = self.sandbox if settings.sandbox else settings.credentials
        profile = settings.profile or self.profile
        needed = profile.access.credentials if profile else self.credentials
        missing = [self.variable(name) for name in needed if not credentials.get(name)]
        if missing:
            message = f"{self.name}: {' and '.join(missing)} not set; set every one of them, or none for the sandbox"
            raise CredentialsError(message)
        site = self._site(settings, credentials, needed)
        return _placed(self._opened(settings, credentials, site, profile), settings)

    def _opened(
        self, settings: SystemSettings, credentials: Mapping[str, str], site: Site, profile: Profile | None
    ) -> System:
        if self.open is not None:
            return self.open(Opening(credentials, site, profile, self._chosen(settings)))
        if profile is None:
            message = f"{self.name}: the registry says neither how to open it nor its profile"
            raise ConfigurationError(message)
        return System(self.name, self.label, profile.collections, connecting(site, profile, credentials))

    def _chosen(self, settings: SystemSettings) -> dict[str, str | None]:
        """Every option: what was chosen, or what holds otherwise."""
        return {
            name: settings.options.get(name, option.sandbox if settings.sandbox else option.default)
            for name, option in self.options.items()
        }

    def site(self, settings: SystemSettings) -> Site:
        """Return where requests go, as `build` opens it; raise ConfigurationError for want of a base URL."""
        profile = settings.profile or self.profile
        return self._site(settings, settings.credentials, profile.access.credentials if profile else self.credentials)

    def _site(self, settings: SystemSettings, credentials: Mapping[str, str], needed: Iterable[str]) -> Site:
        url = settings.base_url or (f"{SANDBOX_URL}/{self.name}" if settings.sandbox else self.base_url)
        if not url:
            right = f'base_url = "https://…" under [systems.{self.name}] in talk.toml'
            message = f"{self.name}: found credentials but no base URL; {right} would be right"
            raise ConfigurationError(message)
        rate = settings.rate or self.rate
        return Site(
            self.name,
            url,
            rate=rate,
            concurrency=_UNLIMITED_CONCURRENCY if rate == UNLIMITED else Site.concurrency,
            retry=settings.retry,
            variables=tuple(self.variable(name) for name in needed),
            secrets=() if settings.sandbox else tuple(credentials.values()),
            hint=_SANDBOX_HINT if settings.sandbox else _HINT,
            grant_file=settings.grant_file,
        )


def _placed(system: System, settings: SystemSettings) -> System:
    """The system, whose lenses know where it is and what its prices include."""
    placed = system.collections
    if settings.country != HOME:
        placed = tuple(replace(one, lens=one.lens.in_country(settings.country)) for one in placed)
    if settings.vat:
        placed = tuple(replace(one, lens=one.lens.with_vat(settings.vat)) for one in placed)
    if (zone := settings.timezone) != "UTC":
        placed = tuple(
            replace(one, lens=one.lens.in_timezone(zone), modified=one.modified and placed_in(one.modified, zone))
            for one in placed
        )
    return system if placed is system.collections else replace(system, collections=placed)


@dataclass(frozen=True)
class Opening:
    """What a system is opened with; `options` has all that it declares, None where nothing was chosen."""

    credentials: Mapping[str, str] = field(repr=False)
    site: Site
    profile: Profile | None = None
    options: Mapping[str, str | None] = field(default_factory=dict)
