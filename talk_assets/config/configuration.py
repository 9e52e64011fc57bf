"""What a person has configured: `data/talk.toml` and the environment, read once, checked whole, and then only values.

A new setting is read here, checked here, and described in `data/talk.toml`. What a system or a dataflow *is* belongs to
`systems` and `dataflows`; here is only what may be said about them. Credentials come from the environment alone, and
go nowhere but into the `SystemSettings` of their system.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from talk_assets.config.automation import Automation, alert_url, automation
from talk_assets.config.profiles import KEYS, profile
from talk_assets.config.sections import Section
from talk_assets.config.variables import check_variables, listed, read_credentials
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.access import CREDENTIALS
from talk_assets.http.limit import UNLIMITED, Rate
from talk_assets.http.rest import Profile
from talk_assets.model.dataflows import Dataflow, OnDelete, Pair
from talk_assets.report.health import Expected
from talk_assets.sync.guards import Limits
from talk_assets.systems import SYSTEMS, Registered, SystemSettings, all_dataflows

FILE = "talk.toml"
TEMPORARY = ".tmp_dagster_home_"
"""How the name begins of the folder that `dagster dev` makes, and removes, where DAGSTER_HOME is not set."""
SANDBOX_PORT = 8765
PATIENCE = 30
TURN_PATIENCE = 3600
KEEP_DAYS = 365
SECTIONS = (
    "database", "patience", "turn_patience", "sandbox", "guards", "journal", "automation", "checks", "systems",
    "dataflows",
)  # fmt: skip
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


class Mode(StrEnum):
    """What a sync may do to the systems of a dataflow."""

    PLAN = "plan"
    """Show what would be written, write nothing."""
    WRITE = "write"


@dataclass(frozen=True)
class DataflowSettings:
    """A dataflow that is switched on, and those of its pairs that are."""

    dataflow: Dataflow
    mode: Mode
    pairs: tuple[Pair, ...]

    @property
    def name(self) -> str:
        """The dataflow's own name."""
        return self.dataflow.name


@dataclass(frozen=True)
class Config:
    """Everything that was configured. `systems` and `dataflows` hold only what is switched on.

    `patience` is for how many seconds another process may hold the database before we give up, `keep_days` for how many
    days the journal is kept, `turn_patience` for how many seconds another run may keep its turn; `expected` is what the
    checks take to be in order. `alert_url` is where failures are told, empty for nowhere; it is a secret.
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
    turn_patience: int = TURN_PATIENCE
    automation: Automation = field(default_factory=Automation)
    alert_url: str = field(default="", repr=False)

    @property
    def sandbox_folder(self) -> Path:
        """Where the sandbox keeps its state."""
        return self.folder / "sandbox"

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


def current() -> Config:
    """Return what applies to this process: its environment, and the data folder it finds from its working directory."""
    return load(find_folder(os.environ, Path.cwd()), os.environ)


def load(folder: Path, environ: Mapping[str, str]) -> Config:
    """Return what `folder`/talk.toml and `environ` say; a missing file says nothing, and everything has a default.

    Raise ConfigurationError, or CredentialsError where it is the environment that must be corrected.
    """
    root = Section(folder / FILE, (), _parse(folder / FILE))
    root.only(*SECTIONS)
    database = folder / (root.text("database") or "talk.duckdb")
    patience = root.whole("patience", PATIENCE, low=0, high=3600)
    port, keep_days = _sandbox_port(root), _keep_days(root)
    profiles = _profiles(root)
    check_variables(environ, profiles)
    systems = _systems(root, environ, port, profiles)
    dataflows = _dataflows(root, systems)
    guards, expected = _guards(root), _expected(root)
    return Config(
        folder, database, port, MappingProxyType(systems), dataflows, patience, guards, keep_days, expected,
        turn_patience=root.whole("turn_patience", TURN_PATIENCE, low=1, high=10**6),
        automation=automation(root.section("automation"), careful=not all(one.sandbox for one in systems.values())),
        alert_url=alert_url(environ),
    )  # fmt: skip


def _parse(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        message = f"{file}: is not TOML: {error}. Correct that line."
        raise ConfigurationError(message) from error
    except UnicodeDecodeError as error:
        message = f"{file}: is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        raise ConfigurationError(message) from error
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror}). It must be a readable file."
        raise ConfigurationError(message) from error


def _sandbox_port(root: Section) -> int:
    sandbox = root.section("sandbox")
    sandbox.only("port")
    return sandbox.whole("port", SANDBOX_PORT, low=1, high=65535)


def _guards(root: Section) -> Limits:
    said, usual = root.section("guards"), Limits()
    said.only("shrink", "changes", "few", "most")
    return Limits(
        said.share("shrink", usual.shrink),
        said.share("changes", usual.changes),
        said.whole("few", usual.few, low=1, high=10**9),
        said.whole("most", usual.most, low=1, high=10**9),
    )


def _expected(root: Section) -> Expected:
    said, usual = root.section("checks"), Expected()
    said.only("fresh_hours", "held_share", "held_days")
    return Expected(
        timedelta(hours=said.whole("fresh_hours", usual.fresh // timedelta(hours=1), low=1, high=8760)),
        said.share("held_share", usual.held_share),
        timedelta(days=said.whole("held_days", usual.held.days, low=1, high=3650)),
    )


def _keep_days(root: Section) -> int:
    journal = root.section("journal")
    journal.only("keep_days")
    return journal.whole("keep_days", KEEP_DAYS, low=1, high=36500)


def _profiles(root: Section) -> dict[str, Profile]:
    """The profile of each system that has one, as talk.toml has it."""
    section = root.section("systems")
    section.only(*SYSTEMS, what="system")
    found = {}
    for name, known in SYSTEMS.items():
        said = section.section(name)
        _check_system_keys(said, known)
        if known.profile is not None:
            found[name] = profile(said, known.profile)
    return found


def _systems(
    root: Section, environ: Mapping[str, str], port: int, profiles: Mapping[str, Profile]
) -> dict[str, SystemSettings]:
    """The sandbox speaks the default profiles, so what is said of one waits until the system is somebody's own."""
    settings = {}
    for name, known in SYSTEMS.items():
        said = root.section("systems").section(name)
        base_url, rate, own = _base_url(said), _rate(said), profiles.get(name)
        if said.flag("enabled", default=True):
            needed = own.access.credentials if own else known.credentials
            credentials = read_credentials(known, needed, environ)
            real = bool(credentials) if needed else base_url is not None
            url = base_url or (known.base_url if real else f"http://127.0.0.1:{port}/{name}")
            if needed:
                _check_reach(said, known, url, credentials, needed)
            settings[name] = SystemSettings(
                url, credentials, rate, sandbox=not real, profile=own if real else None, options=_options(said, known)
            )
    return settings


def _options(said: Section, known: Registered) -> dict[str, str]:
    return {option: value for option in known.options if (value := said.text(option)) is not None}


def _check_system_keys(said: Section, known: Registered) -> None:
    """A credential in the file gets its own words, which do not repeat it."""
    known_as = {*known.credentials, *(CREDENTIALS if known.profile else ())}
    for place, key in _all_keys(said) if known.profile else ((said, key) for key in said.values):
        if key in known_as and isinstance(place.values[key], str):
            message = (
                f"{place.place(key)}: credentials do not belong in a file. Remove it, and set"
                f" {known.variable(key)} in the environment."
            )
            raise CredentialsError(message)
    said.only("enabled", "base_url", "rate", *known.options, *(KEYS if known.profile else ()))


def _all_keys(said: Section) -> Iterator[tuple[Section, str]]:
    """Every key below a section: a credential may have been put among the parameters of requests."""
    for key, value in said.values.items():
        yield said, key
        if isinstance(value, dict):
            yield from _all_keys(said.section(key))


def _check_reach(
    said: Section, known: Registered, url: str | None, credentials: Mapping[str, str], needed: Iterable[str]
) -> None:
    """Somebody else's API needs credentials, and credentials need an API."""
    if url is None:
        message = (
            f"{said.place('base_url')}: is not set, though the environment has credentials for {known.name}."
            ' Set it to the address of your own API, like base_url = "https://erp.example.com".'
        )
        raise ConfigurationError(message)
    if not credentials and not _is_loopback(url):
        message = (
            f"{said.place('base_url')}: is {url}, but the environment has no credentials for it."
            f" Set {listed(known, needed)}."
        )
        raise CredentialsError(message)


def _base_url(said: Section) -> str | None:
    """What is not shown in an error here might be a credential."""
    url = said.text("base_url")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        hidden = parts.username is not None or parts.query or parts.fragment
        usable = parts.scheme in {"http", "https"} and parts.hostname is not None and (parts.port or True)
    except ValueError:
        hidden, usable = "", False
    if hidden:
        message = f"{said.place('base_url')}: has more than scheme, host and path. Credentials go into the environment."
        raise ConfigurationError(message)
    if not usable:
        message = f"{said.place('base_url')}: is no HTTP address. It should read like https://api.example.com/v2."
        raise ConfigurationError(message)
    return url.rstrip("/")


def _rate(said: Section) -> Rate | None:
    text = said.text("rate")
    if text is None:
        return None
    if text == "unlimited":
        return UNLIMITED
    read = re.fullmatch(r"([1-9]\d*) ?/ ?(s|min|h)", text)
    if read is None:
        message = (
            f'{said.place("rate")}: is "{text:.80}", and should read like "250/min", "10/s", "1000/h" or "unlimited".'
        )
        raise ConfigurationError(message)
    return Rate(int(read[1]), SECONDS[read[2]])


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _dataflows(root: Section, systems: Mapping[str, SystemSettings]) -> tuple[DataflowSettings, ...]:
    section = root.section("dataflows")
    known = all_dataflows()
    section.only(*(dataflow.name for dataflow in known), what="dataflow")
    found = (_dataflow(section.section(dataflow.name), dataflow, systems) for dataflow in known)
    return tuple(settings for settings in found if settings is not None)


def _dataflow(said: Section, dataflow: Dataflow, systems: Mapping[str, SystemSettings]) -> DataflowSettings | None:
    """Check everything that is said, also of what is switched off."""
    said.only("enabled", "mode", "pairs")
    mode = said.choice("mode", Mode)
    pairs = _pairs(said.section("pairs"), dataflow)
    ends = {dataflow.left, dataflow.right}
    if not said.flag("enabled", default=True) or not ends <= systems.keys():
        return None
    careful = Mode.WRITE if all(systems[end].sandbox for end in ends) else Mode.PLAN
    return DataflowSettings(dataflow, mode or careful, pairs)


def _pairs(said: Section, dataflow: Dataflow) -> tuple[Pair, ...]:
    names = {f"{_collection(pair.left)}-{_collection(pair.right)}": pair for pair in dataflow.pairs}
    said.only(*names, what="pair")
    enabled = []
    for name, pair in names.items():
        one = said.section(name)
        one.only("enabled", "on_delete")
        on_delete = one.choice("on_delete", OnDelete) or pair.on_delete
        if one.flag("enabled", default=True):
            enabled.append(replace(pair, on_delete=on_delete))
    return tuple(enabled)


def _collection(key: str) -> str:
    return key.partition("/")[2]
