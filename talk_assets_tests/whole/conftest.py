"""One firm with nothing in it for each test that asks for one."""

from collections.abc import Iterator

import pytest

from talk_assets_tests.whole.firm import Firm
from talk_assets_tests.whole.firm import firm as opened


@pytest.fixture
def firm() -> Iterator[Firm]:
    """A firm without any records."""
    with opened() as found:
        yield found
