"""Lists that move while they are read, since somebody deletes a record meanwhile: what a page lacks is not absent.

Every system here says which part of a list it shows by numbers. What it holds is the same on both sides of a pair, so
that a sync that creates anything has taken a record for absent that a moved page did not show.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from talk_assets.http.moving import Restless
from talk_assets.model.dataflows import Pair
from talk_assets.sandbox.serving import Given
from talk_assets.sync.guards import Limits
from talk_assets.systems.powerofficego import wire as go
from talk_assets.systems.webcrm import wire as webcrm
from talk_assets_tests.whole.firm import Firm, Synced, firm

RECORDS = 230
DAY = 86400.0
NUMBERS = [f"N-{number}" for number in range(RECORDS)]
ERP = "customerp/product"


def given(system: str, shelf: str, number: str, name: str) -> Given:
    """The same products in a system and in the ERP."""
    theirs: list[dict[str, Any]] = [{number: one, name: f"Thing {one}"} for one in NUMBERS]
    ours = [{"number": one, "name": f"Thing {one}"} for one in NUMBERS]
    return {system: {shelf: theirs}, "customerp": {"products": ours}}


MOVING = {
    "crmoffice/companies": given("crmoffice", "companies", "orgNr", "name"),
    "powerofficego/product": given("powerofficego", "Products", "Code", "Name"),
    "webcrm/products": given("webcrm", "Products", "ProductCustom1", "ProductCustom2"),
    "customwebshop/product": given("customwebshop", "products", "sku", "name"),
}


@pytest.fixture(params=MOVING)
def moving(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Firm, str]]:
    """A firm whose lists move now and then, and the system of which they do."""
    for module in (go, webcrm):
        monkeypatch.setattr(module, "SIZE", 50)
    name = request.param.partition("/")[0]
    with firm(MOVING[request.param], pairs=[Pair(ERP, request.param)]) as opened:
        opened.hub.limits = Limits()
        opened.later(DAY)  # or what was missed would be read again, as something that may have just appeared
        opened.sandbox.fault(name, seed=1, moved_rate=0.4)
        yield opened, name


def sync_in_full(opened: Firm) -> Synced:
    """A list that never rests is left for the next sync."""
    for _ in range(8):
        with suppress(Restless):
            return opened.sync(full=True)
    return opened.sync(full=True)


def test_a_record_that_a_moved_page_did_not_show_is_neither_created_again_nor_deleted(moving: tuple[Firm, str]) -> None:
    opened, name = moving
    synced = sync_in_full(opened)
    assert opened.sandbox.happened(name)["moved page"]
    assert synced.written == {}
    opened.sandbox.fault(name, moved_rate=0.0)
    assert opened.sync(full=True).written == {}
    assert len(opened.erp("products")) == RECORDS

    before = opened.sandbox.happened(name)["moved page"]
    opened.sandbox.fault(name, seed=1, moved_rate=0.4)
    synced = sync_in_full(opened)
    assert opened.sandbox.happened(name)["moved page"] > before
    assert {key: read.deleted for key, read in synced.reads.items() if read.deleted} == {}
    assert synced.written == {}
