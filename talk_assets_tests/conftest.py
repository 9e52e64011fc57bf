"""What every test relies on: no credentials and no instance of the machine it runs on."""

import os

import pytest
from hypothesis import settings

# A busy machine is slow, which says nothing about the code.
settings.register_profile("talk", deadline=None, print_blob=True)
settings.load_profile("talk")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own configuration out of the tests, and Dagster's telemetry off."""
    for name in list(os.environ):
        if name.startswith("TALK_") or name == "DAGSTER_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
