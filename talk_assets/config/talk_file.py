"""talk.toml as a whole: the general sections, and a section per system and per dataflow, by their names.

A new setting is a field here, with its check, its default and a sentence for whoever sets it. What it means belongs to
whom it is for. How a system's API is used is in `profile_file`; checks that need more than the file (the environment, a
system's own profile) are in `configuration` and `profiles`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictBool, StrictInt, create_model
from pydantic_core import PydanticCustomError

from talk_assets.config.automation import Automation
from talk_assets.config.section import (
    SENTENCE,
    CountryCode,
    Day,
    MaybeProbability,
    NotBlank,
    Percent,
    Section,
    Share,
    Timezone,
)
from talk_assets.http.limit import UNLIMITED, Rate
from talk_assets.model.dataflows import Dataflow, OnDelete, Pair
from talk_assets.model.lens.kinds import HOME
from talk_assets.report.health import Expected
from talk_assets.sync.guards import Limits
from talk_assets.sync.link.weighed import Evidence
from talk_assets.systems import SYSTEMS, Registered, all_dataflows

DATABASE = "talk.duckdb"
SANDBOX_PORT = 8765
PATIENCE = 30
LOCK_PATIENCE = 3600
KEEP_DAYS = 365
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
RATE = r"([1-9]\d*) ?/ ?(s|min|h)"


class Mode(StrEnum):
    """What a sync may do to the systems of a dataflow."""

    PLAN = "plan"
    """Show what would be written, write nothing."""
    WRITE = "write"


def _base_url(url: str) -> str:
    """What is not shown in an error here might be a credential."""
    try:
        parts = urlsplit(url)
        hidden = parts.username is not None or parts.query or parts.fragment
        usable = parts.scheme in {"http", "https"} and parts.hostname is not None and (parts.port or True)
    except ValueError:
        hidden, usable = "", False
    if hidden:
        message = "has more than scheme, host and path. Credentials go into the environment."
        raise PydanticCustomError(SENTENCE, message)
    if not usable:
        message = "is no HTTP address. It should read like https://api.example.com/v2."
        raise PydanticCustomError(SENTENCE, message)
    return url.rstrip("/")


def _rate(text: str) -> str:
    if text != "unlimited" and not re.fullmatch(RATE, text):
        message = 'is "{found}", and should read like "250/min", "10/s", "1000/h" or "unlimited".'
        raise PydanticCustomError(SENTENCE, message, {"found": text[:80]})
    return text


def rate_of(text: str) -> Rate:
    """Return what `"250/min"` or `"unlimited"` means."""
    read = re.fullmatch(RATE, text)
    return Rate(int(read[1]), SECONDS[read[2]]) if read else UNLIMITED


def rate_text(rate: Rate) -> str:
    """Return how talk.toml writes a rate per second, minute or hour; raise KeyError for any other."""
    if rate == UNLIMITED:
        return "unlimited"
    return f"{rate.requests}/{({seconds: name for name, seconds in SECONDS.items()})[rate.seconds]}"


class Sandbox(Section):
    """The emulated systems on this machine."""

    port: StrictInt = Field(default=SANDBOX_PORT, ge=1, le=65535, description="The port that the sandbox listens on.")


class Guards(Section):
    """Safety limits: beyond them, a sync stops and asks for `talk approve`."""

    shrink: Share = Field(
        default=Limits.shrink, description="The share of a collection's records that may be deleted within an hour."
    )
    changes: Share = Field(
        default=Limits.changes, description="The share of a collection's records that one run may change."
    )
    few: StrictInt = Field(
        default=Limits.few, ge=1, le=10**9, description="Up to so many changes in a run, that share does not matter."
    )
    first: StrictInt = Field(
        default=Limits.first,
        ge=0,
        le=10**9,
        description="How many records of a collection may change when a pair is written for the first time. The"
        " sandbox is not asked about.",
    )
    most: StrictInt = Field(
        default=Limits.most,
        ge=1,
        le=10**9,
        description="How many records of a collection one run may change in any case.",
    )

    def limits(self) -> Limits:
        """As the sync takes them."""
        return Limits(self.shrink, self.changes, self.few, self.most, self.first)


class Journal(Section):
    """The journal of what was written and edited."""

    keep_days: StrictInt = Field(
        default=KEEP_DAYS, ge=1, le=36500, description="Days after which an entry is deleted, unless it is still open."
    )


class Checks(Section):
    """What the asset checks accept. They warn, and stop nothing."""

    fresh_hours: StrictInt = Field(
        default=Expected.fresh // timedelta(hours=1),
        ge=1,
        le=8760,
        description="A collection was read within so many hours.",
    )
    held_share: Share = Field(default=Expected.held_share, description="The share of a collection that may be held.")
    held_days: StrictInt = Field(
        default=Expected.held.days, ge=1, le=3650, description="Days that a record may be held."
    )

    def expected(self) -> Expected:
        """As the checks take it."""
        return Expected(timedelta(hours=self.fresh_hours), self.held_share, timedelta(days=self.held_days))


class Matching(Section):
    """When records without a key in common are suggested to be the same, or linked."""

    suggest: MaybeProbability = Field(
        default=0.5,
        validate_default=True,
        description="The probability above which two records are suggested to be the same (`talk review`), and nothing"
        " is created for either until somebody decides. A record whose key agrees is held as doubtful where all fields"
        " together contradict it. false: only keys count, and the fields that contradict each.",
    )
    auto: MaybeProbability = Field(
        default=False,
        validate_default=True,
        description="The probability above which records are linked without being reviewed. It should be at least 0.99."
        " false: none are.",
    )

    def evidence(self) -> Evidence:
        """As the sync takes it."""
        return Evidence(self.suggest, self.auto)


class SystemSection(Section):
    """What may be set of every system."""

    enabled: StrictBool = Field(default=True, description="Whether the system takes part at all.")
    base_url: Annotated[NotBlank, AfterValidator(_base_url)] | None = Field(
        default=None,
        description="The address of the API. Unless it is set, a system without credentials is the sandbox's.",
        examples=["https://erp.example.com"],
    )
    sandbox: StrictBool = Field(
        default=False,
        description="Whether the sandbox serves the system, even if the environment has credentials for it: they may"
        " belong to another data folder.",
    )
    rate: Annotated[NotBlank, AfterValidator(_rate)] | None = Field(
        default=None,
        description='The most requests per s, min or h that the system gets, or "unlimited".',
        examples=["600/min"],
        json_schema_extra={"pattern": f"^({RATE}|unlimited)$"},
    )
    timezone: Timezone = Field(
        default="UTC",
        description="The time zone of the system (IANA name): of its days, and of its times that name no zone."
        " Filters by time stay in UTC; `changes.timezone` of a profile says another zone.",
        examples=["Europe/Oslo"],
    )
    prices_include_vat: Percent = Field(
        default=0,
        description="Percent of VAT that the system's prices include. Other systems get them without it.",
        examples=[25],
    )


class PairSection(Section):
    """One pair of a dataflow, as `left-right`."""

    enabled: StrictBool = Field(default=True, description="Whether the pair is synchronised.")
    on_delete: OnDelete | None = Field(
        default=None,
        description="What becomes of a record whose counterpart was deleted: it is kept, deleted, or archived where"
        " the API has a flag for that.",
    )


class DataflowSection(Section):
    """What may be set of every dataflow."""

    enabled: StrictBool = Field(default=True, description="Whether the dataflow is synchronised.")
    mode: Mode | None = Field(
        default=None,
        description="plan shows what would be written; write writes it. Unless it is set: write while the sandbox"
        " serves both systems, else plan.",
    )
    start_date: Day | None = Field(
        default=None,
        description="The first day, as 2026-01-01: no record is created for an older one. The day is an order's own,"
        " else that of the record's last change in its system.",
    )


class _Systems(Section):
    noun = "system"


class _Dataflows(Section):
    noun = "dataflow"


class _Pairs(Section):
    noun = "pair"


def pair_name(pair: Pair) -> str:
    """Return how talk.toml calls a pair: `contact-contactperson`."""
    return f"{pair.left.partition('/')[2]}-{pair.right.partition('/')[2]}"


class TalkFile(Section):
    """All of talk.toml. `model` knows the systems and the dataflows by their names as well."""

    database: NotBlank = Field(
        default=DATABASE, description="The database file, relative to the data folder unless it is an absolute path."
    )
    patience: StrictInt = Field(
        default=PATIENCE,
        ge=0,
        le=3600,
        description="Seconds that a command waits while another process holds the database.",
    )
    lock_patience: StrictInt = Field(
        default=LOCK_PATIENCE,
        ge=1,
        le=10**6,
        description="Seconds that a run waits while another run holds the run lock.",
    )
    country: CountryCode = Field(
        default=HOME,
        description="The country (ISO 3166-1 alpha-2) of telephone numbers without a country code, where neither the"
        " record nor its company has a country.",
    )
    sandbox: Sandbox = Field(default_factory=Sandbox, description="The emulated systems on this machine.")
    guards: Guards = Field(
        default_factory=Guards, description="Safety limits: beyond them, a sync stops and asks for `talk approve`."
    )
    journal: Journal = Field(default_factory=Journal, description="The journal of what was written and edited.")
    automation: Automation = Field(
        default_factory=Automation, description="What the Dagster daemon does by itself while it runs (`talk ui`)."
    )
    matching: Matching = Field(
        default_factory=Matching, description="When records without a key in common are suggested to be the same."
    )
    checks: Checks = Field(
        default_factory=Checks, description="What the asset checks accept. They warn, and stop nothing."
    )
    systems: Section | None = Field(default=None, description="A section per system.")
    dataflows: Section | None = Field(default=None, description="A section per dataflow.")

    def system(self, name: str) -> SystemSection:
        """Return the section of a system, empty where there is none."""
        found = getattr(self.systems, name, None)
        return found if isinstance(found, SystemSection) else SystemSection()

    def dataflow(self, name: str) -> DataflowSection:
        """Return the section of a dataflow, empty where there is none."""
        found = getattr(self.dataflows, name, None)
        return found if isinstance(found, DataflowSection) else DataflowSection()

    def pair(self, dataflow: str, name: str) -> PairSection:
        """Return the section of a pair, empty where there is none."""
        found = getattr(getattr(self.dataflow(dataflow), "pairs", None), name, None)
        return found if isinstance(found, PairSection) else PairSection()


def optional(section: type[Section], description: str) -> Any:  # noqa: ANN401 -- what create_model takes
    """Return what makes a section a field that need not be there."""
    return (section | None, Field(default=None, description=description))


def options(known: Registered) -> dict[str, Any]:
    """Return the fields that a system adds to those of every system, for create_model."""
    return {
        name: (NotBlank | None, Field(default=None, description=option.description))
        for name, option in known.options.items()
    }


def _dataflow(dataflow: Dataflow) -> type[Section]:
    pairs = {
        pair_name(pair): optional(PairSection, f"Every record of {pair.left} has one in {pair.right}.")
        for pair in dataflow.pairs
    }
    inner = create_model(f"{dataflow.name}_pairs", __base__=_Pairs, **pairs)
    return create_model(dataflow.name, __base__=DataflowSection, pairs=optional(inner, "The pairs of the dataflow."))


def registered() -> tuple[tuple[str, int], ...]:
    """Return what tells whether other systems are registered than when a model was made: packages can add some."""
    return tuple((name, id(known)) for name, known in SYSTEMS.items())


def model(name: str, systems: Mapping[str, type[SystemSection]]) -> type[TalkFile]:
    """Return the model of talk.toml with every dataflow and pair, and with these sections for systems."""
    inner = {key: optional(section, f"{SYSTEMS[key].label}.") for key, section in systems.items()}
    flows = {one.name: optional(_dataflow(one), f"Between {one.left} and {one.right}.") for one in all_dataflows()}
    return create_model(
        name,
        __base__=TalkFile,
        systems=optional(create_model("systems", __base__=_Systems, **inner), "A section per system."),
        dataflows=optional(create_model("dataflows", __base__=_Dataflows, **flows), "A section per dataflow."),
    )
