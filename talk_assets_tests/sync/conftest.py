"""What tests of the hub have in common."""

from pathlib import Path

import pytest

from talk_assets_tests.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A CRM and an ERP in memory."""
    return open_office(tmp_path, monkeypatch)
