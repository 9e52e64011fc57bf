"""Going back to an older database, or to none: nothing is created twice, and no edit is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from talk_assets.operate.backups import back_up, restore
from talk_assets.sandbox.serving import serving
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets_tests.whole.firm import Firm, Record, only, pairs_of

PAIRS = pairs_of("webcrm-customerp", "customerp-powerofficego", "powerofficego-customwebshop")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Firm]:
    """Three systems in a row with nothing in them, and a database on disk."""
    pairs = [pair for pair in PAIRS if not pair.right.startswith("customwebshop/")]
    with serving(None, records=0) as sandbox, httpx.Client() as http:
        yield Firm(sandbox, Store(tmp_path / "talk.duckdb"), http, pairs)


@pytest.fixture
def forgetful() -> Iterator[Firm]:
    """Four systems in a row, with a database that is easily forgotten."""
    with serving(None, records=0) as sandbox, httpx.Client() as http:
        yield Firm(sandbox, Store(None), http, PAIRS)


def forget(chain: Firm) -> None:
    """There is no database any more."""
    chain.store = Store(None)
    chain.__post_init__()


def begin(chain: Firm) -> Record:
    """A firm, one of its people, what it buys and an order for it; return the ids that people gave."""
    fjord = chain.crm_add("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
    anna = chain.crm_add(
        "Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail="anna@fjord.example",
        PersonOrganisationId=fjord,
    )  # fmt: skip
    chain.crm_add("Products", ProductCustom1="N-7", ProductCustom2="Kontorpult", ProductPrice=4900.0)
    order = chain.crm_add("Opportunities", OpportunityDescription="Kontor", OpportunityOrganisationId=fjord)
    return {"fjord": fjord, "anna": anna, "order": order}


def go_on(chain: Firm, ids: Record) -> None:
    """What happens after the backup: records appear, are edited and disappear, at both ends and in the middle."""
    berg = chain.crm_add("Organisations", OrganisationName="Berg AS", OrganisationVatNumber="923609016")
    chain.crm_add("Persons", PersonFirstName="Ola", PersonLastName="Dahl", PersonOrganisationId=berg)
    dal = chain.erp_add("customers", name="Dal AS", organisation_number="914778271")
    chain.erp_add("contacts", first_name="Kari", last_name="Dal", email="kari@dal.example", customer_id=dal)
    chain.crm_add("Products", ProductCustom1="N-8", ProductCustom2="Kontorstol", ProductPrice=2900.0)
    chain.crm_add("Opportunities", OpportunityDescription="Stoler", OpportunityOrganisationId=berg)
    chain.sync()
    chain.crm_edit("Persons", ids["anna"], PersonDirectPhone="+4755667788", PersonLastName="Berg Dahl")
    kari = only(chain.erp("contacts", first_name="Kari"))
    chain.erp_edit("contacts", kari["id"], mobile="+4790011111")
    chain.sync()
    chain.erp_edit("contacts", kari["id"], email="kari.dal@fjord.example")
    chain.crm_edit("Organisations", berg, OrganisationName="Berg og Dahl AS")
    chain.sync()


def shown(chain: Firm) -> set[tuple[str, str, str, str | None]]:
    """What is there, read anew: collection, id, and each property that is mapped, with its value."""
    chain.sync(full=True)
    found: set[tuple[str, str, str, str | None]] = set()
    own = [pair for name in chain.hub.systems for pair in chain.hub.collections(name).items()]
    for key, collection in own:
        columns = collection.lens.columns
        with chain.store.transaction() as transaction:
            rows = transaction.frame(f"SELECT * FROM {tables.raw(key)} WHERE NOT _deleted").to_dicts()
        found |= {(key, row["_id"], column, row[column]) for row in rows for column in columns}
    return found


def records(values: set[tuple[str, str, str, str | None]]) -> set[tuple[str, str]]:
    """Collection and id of what is there."""
    return {(key, id_) for key, id_, _, _ in values}


def test_what_happened_since_a_backup_is_found_again_and_nothing_is_created_twice(chain: Firm, tmp_path: Path) -> None:
    ids = begin(chain)
    chain.sync()
    file = tmp_path / "backup.duckdb"
    back_up(chain.store, file)
    go_on(chain, ids)
    before = shown(chain)
    assert {key for key, _ in records(before)} >= {"powerofficego/contactperson"}

    restore(chain.store, file, NOW)
    chain.sync()
    after = shown(chain)
    assert records(after) == records(before)
    # What a system gave a record that we created, like a number, is told to those now that have none.
    assert {one for one in before - after if one[3]} == set()
    assert chain.sync().written == {}
    assert chain.held() == []


def test_without_any_database_nothing_is_created_twice_and_what_was_edited_since_arrives(forgetful: Firm) -> None:
    chain, ids = forgetful, begin(forgetful)
    chain.sync()
    go_on(chain, ids)
    before = shown(chain)
    chain.crm_edit("Persons", ids["anna"], PersonTitle="Daglig leder")
    chain.erp_edit("contacts", only(chain.erp("contacts", first_name="Kari"))["id"], last_name="Lien")

    forget(chain)
    chain.sync()
    assert records(shown(chain)) == records(before)
    assert only(chain.erp("contacts", first_name="Anna"))["job_title"] == "Daglig leder"
    assert {one["LastName"] for one in chain.sandbox.records("powerofficego", "ContactPersons")} >= {"Lien"}
    assert chain.sync().written == {}
