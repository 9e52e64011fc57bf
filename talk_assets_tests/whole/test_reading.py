"""Reading goes on after whatever goes wrong: an interruption, a senseless record, a cursor that is too old."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from talk_assets import cli
from talk_assets.config.wiring import Wiring
from talk_assets.errors import SystemFailure
from talk_assets_tests.whole.firm import Firm, only
from talk_assets_tests.whole.firm import firm as opened

MANY = 2100
"""Records that take three pages of a thousand."""

LARGE: dict[str, dict[str, list[dict[str, Any]]]] = {
    "webcrm": {"Products": [{"ProductCustom1": f"N-{n}"} for n in range(MANY)]},
    "customerp": {"products": [{"number": f"N-{n}", "name": "Skrue"} for n in range(MANY)]},
}


@pytest.mark.parametrize(
    ("system", "collection", "page"),
    [("webcrm", "webcrm/products", "GET /Products"), ("customerp", "customerp/product", "GET /v1/products")],
)
def test_a_first_read_that_is_interrupted_goes_on_from_where_it_stopped(
    system: str, collection: str, page: str
) -> None:
    with opened({system: LARGE[system]}, tries=1) as firm:
        firm.sandbox.fault(system, switches={"limit": 2})
        with pytest.raises(SystemFailure):
            asyncio.run(firm.hub.read(system, [collection]))
        firm.sandbox.fault(system, switches={"limit": 0})
        with firm.counted() as requests:
            report = asyncio.run(firm.hub.read(system, [collection])).collections[collection]
        again = -(-MANY // 1000)  # once it is through, it looks through everything: much may have happened meanwhile
        assert requests[system] == {page: 1 + again}
        overlaps = report.read - (MANY - 2000 + MANY)
        assert 0 <= overlaps <= 1 + again
        with firm.store.transaction() as transaction:
            name = collection.replace("/", '"."')
            assert transaction.count(f'SELECT count(*) FROM "{name}"') == MANY


def test_a_value_that_does_not_fit_is_held_with_the_reason_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = [
        {"number": "N-1", "name": "Skrue", "unit_price": "a lot"},
        {"number": "N-2", "name": "Mutter", "unit_price": "2.50"},
    ]
    with opened({"customerp": {"products": products}}) as firm:
        firm.crm_add("Products", ProductCustom1="N-2")
        firm.sync()
        assert only(firm.crm("Products", ProductCustom1="N-2"))["ProductPrice"] == 2.5
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        monkeypatch.setattr(Wiring, "store", lambda _: firm.store)
        done = CliRunner().invoke(cli.talk, ["held", "--json"])
        held = only(json.loads(done.stdout)["held"])
        assert (held["what"], held["collection"]) == ("value", "customerp/product")
        assert "unit_price" in held["reason"]
        assert "a lot" in held["reason"]

        wrong = only(firm.erp("products", number="N-1"))["id"]
        assert held["id"] == wrong
        firm.erp_edit("products", wrong, unit_price="12.00")
        firm.sync()
        assert "Nothing is held." in CliRunner().invoke(cli.talk, ["held"]).stdout


def test_an_unknown_property_is_kept_and_reported_once(firm: Firm) -> None:
    firm.crm_add("Persons", PersonLastName="Berg", PersonSkype="anna.berg")
    reports = firm.sync().reads
    assert "PersonSkype" in reports["webcrm/persons"].unknown
    assert "PersonLastName" not in reports["webcrm/persons"].unknown
    assert reports["customerp/contact"].unknown == set()
    firm.sync(full=True)
    with firm.store.transaction() as transaction:
        (record,) = transaction.frame('SELECT _record FROM "webcrm"."persons"')["_record"]
        noted = transaction.count(
            "SELECT count(*) FROM sync.unknown_properties"
            " WHERE collection = 'webcrm/persons' AND property = 'PersonSkype'"
        )
    assert json.loads(record)["PersonSkype"] == "anna.berg"
    assert noted == 1


def test_what_is_secret_is_not_kept(firm: Firm) -> None:
    firm.crm_add("Users", UserName="Anna Berg", UserLoginName="anna", UserIpRestrict="10.0.0.1")
    firm.sync()
    with firm.store.transaction() as transaction:
        (record,) = transaction.frame('SELECT _record FROM "webcrm"."users"')["_record"]
    assert {"UserLoginName", "UserPassword", "UserIpRestrict"} & json.loads(record).keys() == {"UserLoginName"}


def test_a_cursor_that_is_too_old_for_the_api_leads_to_a_full_read(firm: Firm) -> None:
    firm.crm_add("Persons", PersonLastName="Berg", PersonEmail="post@fjord.example")
    firm.sync()
    contact = only(firm.erp("contacts"))["id"]
    firm.erp_edit("contacts", contact, mobile="+4790033333")
    month = 31 * 24 * 3600.0
    firm.later(month)
    reads = firm.sync().reads
    assert reads["customerp/contact"].full
    assert not reads["webcrm/persons"].full
    assert only(firm.crm("Persons"))["PersonMobilePhone"] == "+4790033333"
    assert not firm.sync().reads["customerp/contact"].full


def test_a_contact_deleted_longer_ago_than_its_mark_is_kept_is_noticed_all_the_same(firm: Firm) -> None:
    firm.crm_add("Persons", PersonLastName="Berg", PersonEmail="post@fjord.example")
    firm.sync()
    firm.sandbox.erase("customerp", "contacts", only(firm.erp("contacts"))["id"])
    firm.later(31 * 24 * 3600.0)
    assert firm.sync().reads["customerp/contact"].deleted == 1
    assert firm.sync().written == {}
    assert firm.erp("contacts") == []
