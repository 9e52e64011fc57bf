"""Evidence in matching: what has no key in common is suggested, and what contradicts a key is held."""

import pytest

from talk_assets.sync.hub import Hub
from talk_assets.sync.link import weighed
from talk_assets.sync.link.evidence import weighing
from talk_assets.sync.link.weighed import Evidence
from talk_assets_tests.sync.chain import CRM, ERP, SHOP
from talk_assets_tests.sync.townsfolk import KARI, OLA, Town


@pytest.fixture
def town() -> Town:
    return Town()


def suggested(town: Town) -> list[tuple[str, bool]]:
    """The held records, and whether they are suggested with an entity rather than with a record that is held too."""
    with town.transaction() as transaction:
        rows = transaction.frame(
            "SELECT collection || '/' || id, entity_id IS NOT NULL FROM sync.suggested ORDER BY ALL"
        )
    return rows.rows()


def test_what_has_no_key_in_common_is_held_and_nothing_is_created(town: Town) -> None:
    crm, erp = town.create(CRM, **KARI), town.create(ERP, **KARI)
    town.create(ERP, **OLA)
    town.sync()
    town.sync()
    assert town.held() == {f"erp/people/{erp}": weighed.SUGGESTED}
    assert suggested(town) == [(f"erp/people/{erp}", True)]
    assert len(town.memories[ERP].records) == 2
    (waiting,) = (one for one in town.changes() if one["collection"] == ERP)
    assert (waiting["status"], waiting["reason"]) == (
        "waiting",
        f"may be the same as erp/people/{erp}, which waits for review",
    )
    assert [one["id"] for one in town.memories[CRM].records.values()] == [crm]


def test_other_collections_get_theirs_meanwhile(town: Town) -> None:
    town.create(ERP, **OLA)
    town.sync()
    assert town.shown(SHOP, "first_name") == [("Ola",)]


def test_without_evidence_a_second_one_is_created(town: Town) -> None:
    town.evidence = weighed.OFF
    town.create(CRM, **KARI)
    town.create(ERP, **KARI)
    town.sync()
    assert town.held() == {}
    assert len(town.memories[ERP].records) == 2


def test_what_is_sure_enough_is_linked_where_that_is_configured(town: Town) -> None:
    town.evidence = Evidence(0.5, 0.9)
    town.create(CRM, **KARI)
    town.create(ERP, **KARI)
    town.sync()
    assert town.held() == {}
    with town.transaction() as transaction:
        linked = transaction.frame("SELECT linked_by, evidence IS NOT NULL FROM person.links WHERE id IS NOT NULL")
    assert (weighed.BY_EVIDENCE, True) in linked.rows()
    assert len(town.memories[ERP].records) == 1


def test_a_key_that_the_rest_contradicts_is_held(town: Town) -> None:
    town.create(CRM, email="post@example.com", **KARI)
    erp = town.create(ERP, email="post@example.com", **OLA)
    town.sync()
    (held,) = town.held().items()
    assert held[0] == f"erp/people/{erp}"
    assert held[1].startswith("the same e-mail, but another")
    assert len(town.memories[ERP].records) == 1


def test_what_contradicts_a_rule_by_its_own_fields_is_held_however_likely_the_pair_is(town: Town) -> None:
    """Two of one household, whose birth dates somebody copied, so that all else outweighs the names."""
    town.create(CRM, email="home@example.com", **KARI)
    erp = town.create(ERP, email="home@example.com", **KARI | {"first_name": "Ola", "last_name": "Lie"})
    town.sync()
    assert town.held() == {f"erp/people/{erp}": "the same e-mail, but another first name and another last name"}
    assert suggested(town) == [(f"erp/people/{erp}", True)]


def test_a_key_and_nothing_against_it_is_linked(town: Town) -> None:
    town.create(CRM, email="kari@example.com", **KARI)
    town.create(ERP, email="kari@example.com", first_name="Kari", last_name="Nordmann")
    town.sync()
    assert town.held() == {}
    assert len(town.memories[ERP].records) == 1


def test_no_record_is_suggested_with_one_of_its_own_system(town: Town) -> None:
    town.create(ERP, **KARI)
    town.create(ERP, **KARI)
    town.sync()
    assert town.held() == {}


def test_a_record_is_suggested_with_one_that_is_held(town: Town) -> None:
    """Nothing is created for a third record while the second one waits."""
    town.create(CRM, email="post@example.com", **OLA)
    erp = town.create(ERP, email="post@example.com", **KARI)
    shop = town.create(SHOP, **KARI)
    town.sync()
    assert set(town.held()) == {f"erp/people/{erp}", f"shop/people/{shop}"}
    assert (f"shop/people/{shop}", False) in suggested(town)


def test_a_run_without_news_weighs_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.create(CRM, **KARI)
    town.create(CRM, email="post@example.com", **OLA)
    town.create(ERP, **KARI)
    town.create(ERP, email="post@example.com", first_name="Trine", last_name="Dahl", birth_date="1950-01-01")
    town.sync()
    before = (town.held(), suggested(town))
    assert len(before[0]) == 2
    for name in ("weigh", "weigh_pairs"):
        monkeypatch.setattr(weighing, name, unexpected)
    for full in (False, True):
        town.sync(full=full)
        assert (town.held(), suggested(town)) == before


def unexpected(*_: object) -> None:
    pytest.fail("nothing has changed")


def test_an_edit_has_it_weighed_again(town: Town) -> None:
    crm = town.create(CRM, **KARI)
    erp = town.create(ERP, **KARI)
    town.sync()
    town.edit(ERP, erp, **OLA)
    town.sync()
    assert town.held() == {}
    assert suggested(town) == []
    assert {one["first_name"] for one in town.memories[ERP].records.values()} == {"Ola", "Kari"}
    assert crm in town.memories[CRM].records


def test_switching_evidence_off_lets_everything_go(town: Town) -> None:
    town.create(CRM, **KARI)
    town.create(ERP, **KARI)
    town.sync()
    town.evidence = weighed.OFF
    town.sync()
    assert (town.held(), suggested(town)) == ({}, [])


def test_the_hub_weighs_nothing_unless_it_is_told_to(town: Town) -> None:
    assert Hub(town.store, town.systems, town.pairs, run="run").evidence == weighed.OFF
