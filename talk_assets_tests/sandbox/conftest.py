"""One small sandbox for each test that asks for one; its data are the test's own."""

from collections.abc import Iterator

import httpx
import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients


@pytest.fixture
def sandbox() -> Iterator[Serving]:
    """Empty, without limits."""
    with serving() as found:
        yield found


@pytest.fixture
def webcrm(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.webcrm(sandbox) as client:
        yield client


@pytest.fixture
def powerofficego(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.powerofficego(sandbox) as client:
        yield client


@pytest.fixture
def customerp(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.customerp(sandbox) as client:
        yield client


@pytest.fixture
def crmoffice(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.crmoffice(sandbox) as client:
        yield client


@pytest.fixture
def webshop(sandbox: Serving) -> Iterator[httpx.Client]:
    with clients.customwebshop(sandbox) as client:
        yield client
