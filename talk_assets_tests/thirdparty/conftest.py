"""Nothing here runs unless it is asked for: servers are installed, from whatever registry pip knows."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is in this folder."""
    if "THIRDPARTY" not in os.environ:
        skip = pytest.mark.skip(reason="installs a server; run `make thirdparty`")
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(skip)
