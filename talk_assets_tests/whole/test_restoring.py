"""Going back to an older database, or to none: nothing is created twice, and no edit is lost."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from talk_assets.backup import back_up, restore
from talk_assets.sandbox.serving import serving
from talk_assets.store import Store
from talk_assets.sync import tables
from talk_assets_tests.whole.firm import Firm, Record, only, pairs_of

PAIRS = pairs_of("webcrm-customerp", "customerp-powerofficego", "powerofficego-customwebshop")
COLLECTIONS = sorted({side for pair in PAIRS for side in (pair.left, pair.right)})
NOW = datetime(2026, 1, 2, tzinfo=UTC)
LONG = "Konsulent for " + "bærekraftig " * 12 + "utvikling"


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Firm]:
    """Four systems in a row with nothing in them, and a database on disk."""
    with serving(None, records=0) as sandbox, httpx.Client() as http:
        yield Firm(sandbox, Store(tmp_path / "talk.duckdb"), http, PAIRS)


def backed_up(chain: Firm, tmp_path: Path) -> Callable[[], object]:
    """Make a backup; return what goes back to it."""
    file = tmp_path / "backup.duckdb"
    back_up(chain.store, file)
    return lambda: restore(chain.store, file, NOW)


def forgotten(chain: Firm, tmp_path: Path) -> Callable[[], object]:
    """Back up nothing; return what removes the database."""

    def forget() -> None:
        (tmp_path / "talk.duckdb").unlink()
        chain.store = Store(tmp_path / "talk.duckdb")
        chain.__post_init__()

    return forget


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
    chain.erp_add("customers", name="Dal AS", organisation_number="914778271")
    chain.erp_add("contacts", first_name="Kari", last_name="Dal", email="kari@dal.example")
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
    for key in COLLECTIONS:
        system, name = key.split("/")
        columns = chain.hub.systems[system].collection(name).lens.columns
        with chain.store.transaction() as transaction:
            rows = transaction.frame(f"SELECT * FROM {tables.raw(key)} WHERE NOT _deleted").to_dicts()
        found |= {(key, row["_id"], column, row[column]) for row in rows for column in columns}
    return found


def records(values: set[tuple[str, str, str, str | None]]) -> set[tuple[str, str]]:
    """Collection and id of what is there."""
    return {(key, id_) for key, id_, _, _ in values}


@pytest.mark.parametrize("leave", [backed_up, forgotten])
def test_everything_is_found_again_and_nothing_is_created_twice(
    chain: Firm, tmp_path: Path, leave: Callable[[Firm, Path], Callable[[], object]]
) -> None:
    ids = begin(chain)
    chain.sync()
    go_back = leave(chain, tmp_path)
    go_on(chain, ids)
    before = shown(chain)
    assert {key for key, _ in records(before)} >= {"powerofficego/contactperson", "customwebshop/customer"}

    go_back()
    chain.sync()
    after = shown(chain)
    assert records(after) == records(before)
    assert after - before == before - after == set()
    assert chain.sync().written == {}
    assert chain.held() == []


@pytest.mark.parametrize("leave", [backed_up, forgotten])
def test_what_was_edited_and_not_read_when_going_back_arrives(
    chain: Firm, tmp_path: Path, leave: Callable[[Firm, Path], Callable[[], object]]
) -> None:
    ids = begin(chain)
    chain.sync()
    go_back = leave(chain, tmp_path)
    go_on(chain, ids)
    before = shown(chain)
    chain.crm_edit("Persons", ids["anna"], PersonTitle="Daglig leder")
    chain.erp_edit("contacts", only(chain.erp("contacts", first_name="Kari"))["id"], last_name="Lien")

    go_back()
    chain.sync()
    assert records(shown(chain)) == records(before)
    assert only(chain.erp("contacts", first_name="Anna"))["job_title"] == "Daglig leder"
    assert {one["LastName"] for one in chain.sandbox.records("powerofficego", "ContactPersons")} >= {"Lien"}
    assert chain.sync().written == {}
