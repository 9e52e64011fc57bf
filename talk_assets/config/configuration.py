"""What a person has configured: `data/talk.toml` and the environment, read once, checked whole, and then only values.

A new setting is a field of a model in `talk_file`. What a system or a dataflow *is* belongs to `systems` and `model`;
here is only what may be set of them. Credentials come from the environment alone, and go nowhere but into the
`SystemSettings` of their system.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from talk_assets.config.automation import Automation, alert_url
from talk_assets.config.messages import Location
from talk_assets.config.reading import Toml, checked, parse
from talk_assets.config.talk_file import (
    KEEP_DAYS,
    LOCK_PATIENCE,
    PATIENCE,
    SANDBOX_PORT,
    Mode,
    SystemSection,
    TalkFile,
    pair_name,
    rate_of,
)
from talk_assets.config.variables import check_variables, listed, read_credentials
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.access import SIGNED_IN
from talk_assets.http.grants import FOLDER, SECRET_KEY, GrantFile
from talk_assets.http.rest import Profile
from talk_assets.model.dataflows import Dataflow, Pair
from talk_assets.report.health import Expected
from talk_assets.sync.guards import Limits
from talk_assets.systems import SYSTEMS, Registered, SystemSettings, all_dataflows

__all__ = [
    "FILE",
    "KEEP_DAYS",
    "LOCK_PATIENCE",
    "PATIENCE",
    "SANDBOX_PORT",
    "Config",
    "DataflowSettings",
    "Mode",
    "Setup",
    "current",
    "find_folder",
    "load",
    "sandbox_folder",
    "set_up",
]  # fmt: skip

T = TypeVar("T")

FILE = "talk.toml"
TEMPORARY = ".tmp_dagster_home_"
"""How the name begins of the folder that `dagster dev` makes, and removes, where DAGSTER_HOME is not set."""

Refuse = Callable[[CredentialsError], None]
"""What is done about a mistake in the environment."""


@dataclass(frozen=True)
class DataflowSettings:
    """A dataflow that is switched on, and those of its pairs that are."""

    dataflow: Dataflow
    mode: Mode
    pairs: tuple[Pair, ...]
    start_date: date | None = None

    @property
    def name(self) -> str:
        """The dataflow's own name."""
        return self.dataflow.name


@dataclass(frozen=True)
class Config:
    """Everything that was configured. `systems` and `dataflows` hold only what is switched on.

    `patience` is for how many seconds another process may hold the database before we give up, `keep_days` for how many
    days the journal is kept, `lock_patience` for how many seconds another run may hold the run lock; `expected` is what
    the checks take to be in order. `alert_url` is where failures are sent, empty for nowhere; it is a secret. `notes`
    say what in the environment is taken to belong to another data folder.
    """

    folder: Path
    database: Path
    sandbox_port: int
    systems: Mapping[str, SystemSettings]
    dataflows: tuple[DataflowSettings, ...]
    patience: int = PATIENCE
    limits: Limits = field(default_factory=Limits)
    keep_days: int = KEEP_DAYS
    expected: Expected = field(default_factory=Expected)
    lock_patience: int = LOCK_PATIENCE
    automation: Automation = field(default_factory=Automation)
    alert_url: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()

    @property
    def sandbox_folder(self) -> Path:
        """Where the sandbox keeps its state."""
        return sandbox_folder(self.folder)

    @property
    def needs_sandbox(self) -> bool:
        """Whether any system is served by the sandbox of this folder."""
        own = f"http://127.0.0.1:{self.sandbox_port}/"
        return any((settings.base_url or "").startswith(own) for settings in self.systems.values())


def find_folder(environ: Mapping[str, str], here: Path) -> Path:
    """Return the data folder, absolute: what DAGSTER_HOME names, or `data` in `here`, or `here` if it has a talk.toml.

    Raise ConfigurationError where there is no such folder, so that nobody starts a second instance by accident.
    """
    named = environ.get("DAGSTER_HOME")
    folder = (here / (named or "data")).resolve()
    if folder.name.startswith(TEMPORARY):
        message = (
            "DAGSTER_HOME is not set, so Dagster keeps everything in a folder that it removes when it stops. Set"
            " DAGSTER_HOME to the folder that holds talk.toml, and start it again."
        )
        raise ConfigurationError(message)
    if folder.is_dir():
        return folder
    if not named and (here / FILE).is_file():
        return here.resolve()
    source = "DAGSTER_HOME" if named else "the data folder"
    message = (
        f"{folder}: there is no such folder ({source}). Run this where the folder `data` is, set DAGSTER_HOME to the"
        " folder that holds talk.toml, or create one: talk init"
    )
    raise ConfigurationError(message)


def sandbox_folder(folder: Path) -> Path:
    """Return where the sandbox of a data folder keeps its state, whatever is configured."""
    return folder / "sandbox"


def current() -> Config:
    """Return what applies to this process: its environment, and the data folder it finds from its working directory."""
    return load(find_folder(os.environ, Path.cwd()), os.environ)


@dataclass(frozen=True)
class Setup:
    """How a `Config` came about: what the file holds, as it stands there and as a model, and what follows from it.

    `profiles` are those of the systems that have one, also of systems that are the sandbox's or switched off.
    """

    config: Config
    values: Toml
    file: TalkFile
    profiles: Mapping[str, Profile]


def load(folder: Path, environ: Mapping[str, str]) -> Config:
    """Return what `folder`/talk.toml and `environ` say; a missing file says nothing, and everything has a default.

    Raise ConfigurationError, or CredentialsError where it is the environment that must be corrected.
    """

    def refuse(error: CredentialsError) -> None:
        raise error

    return set_up(folder, environ, refuse).config


def set_up(folder: Path, environ: Mapping[str, str], refuse: Refuse) -> Setup:
    """Do the same, but leave it to `refuse` what is done about mistakes in the environment.

    If it returns, the configuration is the one without the variable that is wrong. Mistakes in the file still raise.
    """
    values = parse(folder / FILE)
    file, place = checked(folder / FILE, values), Location(folder / FILE, ("systems",))
    profiles = dict(_profiles(file, place))
    used = _used(file)
    _refusing(lambda: check_variables(environ, profiles, used), refuse)
    reading = _Systems(file, environ, profiles, place, refuse, folder, used)
    systems = {name: found for name, known in SYSTEMS.items() if (found := reading.settings(known)) is not None}
    notes = tuple(reading.without_address(systems))
    careful = not all(one.sandbox for one in systems.values())
    automation = file.automation
    if "enabled" not in automation.model_fields_set:
        automation = automation.model_copy(update={"enabled": not careful})
    limits = replace(file.guards.limits(), trusted=frozenset(name for name, one in systems.items() if one.sandbox))
    config = Config(
        folder, folder / file.database, file.sandbox.port, MappingProxyType(systems),
        _dataflows(file, systems, Location(folder / FILE, ("dataflows",))),
        file.patience, limits, file.journal.keep_days, file.checks.expected(), file.lock_patience,
        automation, _refusing(lambda: alert_url(environ), refuse) or "", notes,
    )  # fmt: skip
    return Setup(config, values, file, profiles)


def _used(file: TalkFile) -> frozenset[str]:
    """The systems that take part, and that not only the sandbox serves."""
    on = {name for name in SYSTEMS if file.system(name).enabled}
    flows = (one for one in all_dataflows() if file.dataflow(one.name).enabled and {one.left, one.right} <= on)
    return frozenset(end for one in flows for end in (one.left, one.right) if not file.system(end).sandbox)


def _profiles(file: TalkFile, place: Location) -> Iterator[tuple[str, Profile]]:
    """The profile of each system that has one, as the file has it."""
    for name, known in SYSTEMS.items():
        if known.profile is None:
            continue
        said = file.system(name)
        if type(said) is SystemSection:
            yield name, known.profile
            continue
        # Few files say anything of a profile, and what they can say takes its time to import.
        from talk_assets.config.profile_file import ProfiledSystem  # noqa: PLC0415
        from talk_assets.config.profiles import profile  # noqa: PLC0415

        yield name, profile(said, known.profile, place / name) if isinstance(said, ProfiledSystem) else known.profile


def _refusing(act: Callable[[], T], refuse: Refuse) -> T | None:
    try:
        return act()
    except CredentialsError as error:
        refuse(error)
        return None


@dataclass(frozen=True)
class _Systems:
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
            return _refusing(lambda: read_credentials(known, needed, self.environ), self.refuse)
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


def _dataflows(file: TalkFile, systems: Mapping[str, SystemSettings], place: Location) -> tuple[DataflowSettings, ...]:
    found = (_dataflow(file, dataflow, systems, place) for dataflow in all_dataflows())
    return tuple(settings for settings in found if settings is not None)


def _dataflow(
    file: TalkFile, dataflow: Dataflow, systems: Mapping[str, SystemSettings], place: Location
) -> DataflowSettings | None:
    said, ends = file.dataflow(dataflow.name), {dataflow.left, dataflow.right}
    if not said.enabled or not ends <= systems.keys():
        return None
    careful = Mode.WRITE if all(systems[end].sandbox for end in ends) else Mode.PLAN
    if said.mode is Mode.WRITE and careful is Mode.PLAN:
        _refuse_invented(place / dataflow.name / "mode", file, ends, systems)
    return DataflowSettings(dataflow, said.mode or careful, tuple(_pairs(file, dataflow)), said.start_date)


def _refuse_invented(
    place: Location, file: TalkFile, ends: Iterable[str], systems: Mapping[str, SystemSettings]
) -> None:
    """Records of the sandbox get into somebody's own system only if the file says that they are meant to."""
    for end in sorted(ends):
        said = file.system(end)
        if systems[end].sandbox and not said.sandbox and said.base_url is None:
            own = ", ".join(sorted(set(ends) - {end}))
            message = (
                f"{place}: is write, but {end} is the sandbox's: its invented records would be written to your {own}."
                f" Set the credentials of {end} in the environment; or, if you don't have that system, enabled = false"
                f" under [systems.{end}]; or, if {own} is there to be tried out, sandbox = true under [systems.{end}]."
            )
            raise ConfigurationError(message)


def _pairs(file: TalkFile, dataflow: Dataflow) -> Iterator[Pair]:
    for pair in dataflow.pairs:
        said = file.pair(dataflow.name, pair_name(pair))
        if said.enabled:
            yield replace(pair, on_delete=said.on_delete or pair.on_delete)
