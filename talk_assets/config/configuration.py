"""What a person has configured: `data/talk.toml` and the environment, read once, checked whole, and then only values.

A new setting is a field of a model in `talk_file`. What a system or a dataflow *is* belongs to `systems` and `model`;
here is only what may be set of them. Credentials come from the environment alone, and go nowhere but into the
`SystemSettings` of their system.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from talk_assets.config.automation import Automation, alert_url
from talk_assets.config.messages import Location
from talk_assets.config.reading import Toml, checked, parse
from talk_assets.config.system_settings import Refuse, Systems, refusing
from talk_assets.config.talk_file import (
    KEEP_DAYS,
    LOCK_PATIENCE,
    PATIENCE,
    SANDBOX_PORT,
    Mode,
    SystemSection,
    TalkFile,
    pair_name,
)
from talk_assets.config.variables import check_variables
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.rest import Profile
from talk_assets.model.dataflows import Dataflow, Pair
from talk_assets.report.health import Expected
from talk_assets.sync.guards import Limits
from talk_assets.sync.link.weighed import OFF, Evidence
from talk_assets.systems import SYSTEMS, SystemSettings, all_dataflows

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

FILE = "talk.toml"
TEMPORARY = ".tmp_dagster_home_"
"""How the name begins of the folder that `dagster dev` makes, and removes, where DAGSTER_HOME is not set."""


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
    say what in the environment is taken to belong to another data folder. `evidence` is how likely records must be the
    same to be suggested, or linked.
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
    evidence: Evidence = OFF

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
    refusing(lambda: check_variables(environ, profiles, used), refuse)
    reading = Systems(file, environ, profiles, place, refuse, folder, used)
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
        automation, refusing(lambda: alert_url(environ), refuse) or "", notes, file.matching.evidence(),
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
