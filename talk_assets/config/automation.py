"""What may be said of the automation: the section `[automation]` of talk.toml, and the address for alerts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from talk_assets.config.sections import Section
from talk_assets.errors import CredentialsError

ALERT_URL = "TALK_ALERT_URL"
"""The environment variable with the webhook's address, which is a secret."""


@dataclass(frozen=True)
class Automation:
    """Unless `enabled`, a person switches each part of the automation on in the Dagster UI.

    `interval` is after how many seconds a system is asked again what changed, `full_interval` after how many a
    collection is read whose API cannot say. Everything is read in full at `sweep_hour` (UTC), and after `keep_runs`
    days Dagster forgets a run.
    """

    enabled: bool = False
    interval: int = 30
    full_interval: int = 900
    sweep_hour: int = 2
    keep_runs: int = 30


def automation(said: Section, *, careful: bool) -> Automation:
    """Return what is said, or the defaults; where it pays to be careful, somebody must say that it is enabled."""
    said.only("enabled", "interval", "full_interval", "sweep_hour", "keep_runs")
    usual = Automation(enabled=not careful)
    return Automation(
        said.flag("enabled", default=usual.enabled),
        said.whole("interval", usual.interval, low=1, high=86400),
        said.whole("full_interval", usual.full_interval, low=1, high=10**6),
        said.whole("sweep_hour", usual.sweep_hour, low=0, high=23),
        said.whole("keep_runs", usual.keep_runs, low=1, high=36500),
    )


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
