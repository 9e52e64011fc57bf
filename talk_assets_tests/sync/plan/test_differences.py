"""What the fast paths once said otherwise than the one decision, each as somebody would have met it."""

from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.lens.lens import NEVER, Email, Lens, Text
from talk_assets.sync.plan import permits
from talk_assets.sync.plan.permits import Permits
from talk_assets_tests.sync.chain import CRM, ERP, FIRST, SECOND, SHOP, Chain

KARI = {"email": "kari@acme.no", "first_name": "Kari", "job_title": "Chief"}


def test_what_one_pair_archived_another_does_not_delete_in_the_next_run() -> None:
    """The CRM's pair archives in the ERP, the shop's deletes, and Kari was deleted from both."""
    chain = Chain(pairs=(Pair(CRM, ERP, OnDelete.ARCHIVE), Pair(SHOP, ERP, OnDelete.DELETE)))
    chain.declare(ERP, archived={"archived": "yes"})
    for key in (CRM, SHOP):
        chain.create(key, **KARI)
    chain.sync()
    for key in (CRM, SHOP):
        chain.memories[key].delete(next(iter(chain.memories[key].records)))
    for _ in range(3):
        chain.sync(full=True)
    assert chain.shown(ERP, "email", "archived") == [("kari@acme.no", "yes")]
    assert chain.changes() == []


def test_a_deletion_that_a_planned_pair_demands_waits_though_another_pair_has_something_to_say_of_deletions() -> None:
    """Only crm-erp deletes, and it is in mode plan. By the other pair, a CRM without archive flag keeps its records."""
    deleting, archiving = Pair(CRM, ERP, OnDelete.DELETE), Pair(CRM, SHOP, OnDelete.ARCHIVE)
    chain = Chain(pairs=(deleting, archiving))
    chain.declare(SHOP, archived={"archived": "yes"})
    chain.create(CRM, **KARI)
    chain.sync()
    for key in (ERP, SHOP):
        chain.memories[key].delete(next(iter(chain.memories[key].records)))
    for _ in range(2):
        chain.sync(planned=[deleting], full=True)
    assert chain.shown(CRM, "email") == [("kari@acme.no",)]
    chain.sync(full=True)
    assert chain.shown(CRM, "email") == []


def test_a_field_that_was_cleared_in_a_planned_dataflow_is_not_cleared_because_a_collection_has_no_such_field() -> None:
    """The shop knows no job titles, which is no reason to believe that it shows that Kari has none."""
    chain = Chain()
    chain.declare(SHOP, lens=Lens(email=Email("email"), first_name=Text("first_name")))
    chain.create(CRM, **KARI)
    chain.sync()
    chain.sync()
    chain.edit(CRM, "crm1", job_title=None)
    chain.sync(planned=[FIRST])
    assert chain.shown(ERP, "job_title") == [("Chief",)]
    chain.sync()
    assert chain.shown(ERP, "job_title") == [(None,)]


def test_nobody_is_told_that_a_field_waits_that_a_new_record_never_takes() -> None:
    chain = Chain()
    fixed = Lens(email=Email("email"), first_name=Text("first_name"), job_title=Text("job_title", writable=NEVER))
    chain.declare(SHOP, lens=fixed)
    chain.create(ERP, **KARI)
    chain.create(CRM, **KARI | {"job_title": "Boss"})
    chain.reconcile()
    collections = {key: memory.collection for key, memory in chain.memories.items()}
    planned = Permits(chain.pairs, planned=frozenset([FIRST]))
    with chain.transaction() as transaction:
        assert permits.reasons(transaction, planned, SHOP, collections) == {}


def test_nothing_is_created_where_no_field_can_be_set() -> None:
    chain = Chain(pairs=(FIRST,))
    chain.declare(ERP, lens=Lens(email=Email("email", writable=NEVER)))
    chain.create(CRM, **KARI)
    chain.sync()
    assert chain.shown(ERP, "email") == []
    assert chain.changes() == []


def test_a_create_shows_what_the_record_of_the_first_pair_shows() -> None:
    """The newest job title is only planned; of the two records on the left, that of the ERP's pair comes first."""
    pairs, other = (SECOND, Pair(CRM, SHOP)), Pair("pay/people", SHOP)
    chain = Chain(pairs=pairs)
    for key in (CRM, ERP):
        chain.create(key, **KARI | {"job_title": key})
    hub = chain.reconcile()
    collections = dict.fromkeys(("pay/people", *hub.topologies["person"].collections), chain.memories[CRM].collection)
    allowed = Permits((*pairs, other), planned=frozenset([other]))
    with chain.transaction() as transaction:
        transaction.run("UPDATE person.golden SET job_title = 'Boss', job_title_from = 'pay/people/1'")
        transaction.run("CREATE OR REPLACE TABLE person.links AS FROM person.links ORDER BY collection")
        changes = transaction.frame("SELECT entity_id, action, fields FROM sync.changes WHERE action = 'create'")
        judged = permits.of_changes(transaction, allowed, SHOP, collections[SHOP], changes, collections)
    assert '"job_title":"erp/people"' in judged.sent["fields"].item()
