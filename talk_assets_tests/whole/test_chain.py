"""All five dataflows at once: an edit at one end is at the other end of the chain after one sync."""

from collections.abc import Iterator

import pytest

from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.store import tables
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.firm import Firm, Record, firm, only


@pytest.fixture
def chain() -> Iterator[Firm]:
    """Seven systems with nothing in them."""
    with firm(pairs=[pair for dataflow in DATAFLOWS for pair in dataflow.pairs]) as opened:
        yield opened


def there(chain: Firm, system: str, collection: str) -> Record:
    """The one record of a collection."""
    return only(chain.sandbox.records(system, collection))


def test_an_edit_at_one_end_is_right_at_the_other_after_one_sync(chain: Firm) -> None:
    """A person, from Webcrm to Powerofficego; a price, from the webshop to Webcrm and Crmoffice."""
    organisation = chain.crm_add("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
    person = chain.crm_add(
        "Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail="anna@fjord.example",
        PersonDirectPhone="+4722334455", PersonOrganisationId=organisation,
    )  # fmt: skip
    with clients.crmoffice(chain.sandbox) as crm:
        crm.post("/companies", json={"name": "Kontorpult", "orgNr": "N-7"}).raise_for_status()
    chain.crm_add("Products", ProductCustom1="N-7", ProductCustom2="Kontorpult", ProductPrice=4900.0)
    # Nobody has an account in a shop without an e-mail address.
    assert chain.sync().unwritten == {"customwebshop/customer": (1, 0)}
    assert there(chain, "powerofficego", "ContactPersons")["PhoneNumber"] == "+4722334455"
    sold = there(chain, "customwebshop", "products")
    assert sold["regular_price"] == "4900"

    chain.crm_edit("Persons", person, PersonLastName="Berg Dahl", PersonDirectPhone="+4755667788")
    with clients.customwebshop(chain.sandbox) as shop:
        shop.put(f"/products/{sold['id']}", json={"regular_price": "5250.50"}).raise_for_status()
    assert chain.sync().unwritten == {}
    contact = there(chain, "powerofficego", "ContactPersons")
    assert (contact["LastName"], contact["PhoneNumber"]) == ("Berg Dahl", "+4755667788")
    assert there(chain, "webcrm", "Products")["ProductPrice"] == 5250.5
    assert there(chain, "crmoffice", "companies")["price"] == "5250.5"
    assert chain.sync().written == {}


def test_a_generated_world_is_in_step_after_one_sync() -> None:
    """Every left record has its right one, or is held with a reason, or belongs to one that is."""
    pairs = [pair for dataflow in DATAFLOWS for pair in dataflow.pairs]
    with firm(records=10, pairs=pairs) as opened:
        opened.sync()
        assert opened.sync().written == {}
        held = {(one["collection"], one["id"] or one["source"]) for one in opened.held()}
        for pair in pairs:
            entity_type = opened.hub.systems[pair.left.split("/")[0]].collection(pair.left.split("/")[1]).entity.name
            with opened.store.transaction() as transaction:
                lacking = transaction.frame(
                    f"""
                    SELECT r._id FROM {tables.raw(pair.left)} r
                    LEFT JOIN {tables.links(entity_type)} l ON l.collection = $1 AND l.id = r._id AND l.gone_at IS NULL
                    LEFT JOIN {tables.links(entity_type)} o ON o.collection = $2 AND o.entity_id = l.entity_id
                        AND o.gone_at IS NULL
                    LEFT JOIN sync.changes c ON c.collection = $2 AND c.entity_id = l.entity_id
                        AND (c.status = 'held' OR c.reason LIKE '%, which it refers to, is held')
                    WHERE NOT r._deleted AND o.id IS NULL AND c.entity_id IS NULL
                    """,
                    pair.left,
                    pair.right,
                )["_id"].to_list()
            assert [id_ for id_ in lacking if (pair.left, id_) not in held] == [], pair
