"""The section `[automation]` of talk.toml, and the address for alerts."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, StrictBool, StrictInt

from talk_assets.config.section import Section
from talk_assets.errors import CredentialsError

ALERT_URL = "TALK_ALERT_URL"
"""The environment variable with the webhook's address, which is a secret."""


def _without_default(node: dict[str, Any]) -> None:
    """A default that depends on other things is described in words."""
    node.pop("default")


class Automation(Section):
    """What the Dagster daemon does by itself. Without `enabled`, a person switches on each part in the Dagster UI.

    Its default is in `Config`, as it depends on the systems.
    """

    enabled: StrictBool = Field(
        default=False,
        description="Whether sensors and schedules start by themselves. Unless it is set, they do as long as the"
        " sandbox serves every system.",
        json_schema_extra=_without_default,
    )
    interval: StrictInt = Field(
        default=30, ge=1, le=86400, description="Seconds after which each system is asked again what changed."
    )
    full_interval: StrictInt = Field(
        default=900,
        ge=1,
        le=10**6,
        description="Seconds after which a collection is read again whose API cannot say what changed.",
    )
    full_read_hour: StrictInt = Field(
        default=2, ge=0, le=23, description="The hour, in UTC, at which everything is read in full every day."
    )
    keep_runs: StrictInt = Field(default=30, ge=1, le=36500, description="Days after which Dagster deletes a run.")


def alert_url(environ: Mapping[str, str]) -> str:
    """Return where alerts go, empty for nowhere; raise CredentialsError for what is no address."""
    url = environ.get(ALERT_URL, "").strip()
    if url and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        message = (
            f"the environment variable {ALERT_URL} is no HTTP address like https://chat.example.com/hooks/1."
            " What it is, is not shown here: it may be a secret."
        )
        raise CredentialsError(message)
    return url
