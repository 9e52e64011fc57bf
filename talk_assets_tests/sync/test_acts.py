"""What a person does about links, what is held, conflicts and fights: once, and then again without effect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from talk_assets.errors import ConfigurationError
from talk_assets.operate import decisions, relinking
from talk_assets.operate.relinking import Record, Scene
from talk_assets.report import overview
from talk_assets.store.transaction import Transaction
from talk_assets.sync.merge import fights
from talk_assets_tests.office import Office
from talk_assets_tests.sync.prepared import prepared

Act = Callable[[Transaction, Scene], Any]
Ids = tuple[str, str]


@contextmanager
def scene(office: Office, kind: str = "person") -> Iterator[tuple[Transaction, Scene]]:
    hub = office.hub
    with hub.store.transaction() as transaction:
        yield transaction, Scene(hub.topologies[kind], hub.topologies, office.world.clock(), "by hand")


def linked(office: Office, entity_type: str = "person") -> set[frozenset[str]]:
    """Which records describe the same."""
    with office.transaction() as transaction:
        rows = transaction.frame(
            f"SELECT list(collection || '/' || id) AS records FROM \"{entity_type}\".links"
            " WHERE gone_at IS NULL GROUP BY entity_id"
        )
    return {frozenset(records) for records in rows["records"].to_list()}


def emails(office: Office, key: str) -> list[str]:
    return sorted(record["email"] for record in office.records(key))


def person(id_: str) -> Record:
    return Record("crm/people", id_)


def contact(id_: str) -> Record:
    return Record("erp/contacts", id_)


def ids(office: Office, key: str) -> list[str]:
    return [record["id"] for record in office.records(key)]


def test_two_records_that_do_not_look_alike_are_linked_by_hand_and_stay_so(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no")
    theirs = office.create("erp/contacts", email="k.nordmann@acme.no", first_name="Kari")
    office.reconcile_only()
    for new in (True, False):
        with scene(office) as (transaction, where):
            assert relinking.link(transaction, where, person(mine), contact(theirs)) is new
    office.sync()
    office.sync_in_full()
    assert linked(office) == {frozenset({f"crm/people/{mine}", f"erp/contacts/{theirs}"})}
    assert emails(office, "crm/people") == emails(office, "erp/contacts") == ["k.nordmann@acme.no"]
    assert office.records("crm/people")[0]["first_name"] == "Kari"


def test_what_is_held_because_of_several_candidates_is_linked_by_hand(office: Office) -> None:
    theirs = office.create("erp/contacts", email="kari@acme.no", first_name="Kari")
    mine, other = (office.create("crm/people", email="kari@acme.no") for _ in range(2))
    office.sync()
    with scene(office) as (transaction, where):
        assert transaction.count("SELECT count(*) FROM sync.held") == 2
        relinking.link(transaction, where, person(mine), contact(theirs))
    office.sync()
    assert frozenset({f"crm/people/{mine}", f"erp/contacts/{theirs}"}) in linked(office)
    assert len(ids(office, "erp/contacts")) == 1
    with scene(office) as (transaction, where), pytest.raises(ConfigurationError) as refused:
        relinking.link(transaction, where, person(other), contact(theirs))
    assert str(refused.value) == (
        f"erp/contacts/{theirs} is already linked with crm/people/{mine}, and cannot be linked with a second record of"
        f" crm/people. To put crm/people/{other} in its place: talk unlink crm/people/{mine}, then talk link"
        f" crm/people/{other} erp/contacts/{theirs}"
    )
    with scene(office) as (transaction, where):
        assert relinking.unlink(transaction, where, person(mine))
        assert relinking.link(transaction, where, person(other), contact(theirs))


def test_two_held_records_are_linked_though_neither_has_an_entity(office: Office) -> None:
    mine, _ = (office.create("crm/people", email="kari@acme.no") for _ in range(2))
    theirs, _ = (office.create("erp/contacts", email="kari@acme.no") for _ in range(2))
    office.sync()
    with scene(office) as (transaction, where):
        relinking.link(transaction, where, person(mine), contact(theirs))
    office.sync_in_full()
    assert frozenset({f"crm/people/{mine}", f"erp/contacts/{theirs}"}) in linked(office)


def test_what_was_wrongly_linked_is_unlinked_and_then_each_has_its_own(office: Office) -> None:
    mine, theirs = (
        office.create("crm/people", email="post@acme.no"),
        office.create("erp/contacts", email="post@acme.no"),
    )
    office.sync()
    assert len(linked(office)) == 1
    for new in (True, False):
        with scene(office) as (transaction, where):
            assert relinking.unlink(transaction, where, contact(theirs)) is new
    office.sync_in_full()
    office.sync_in_full()
    assert linked(office) == {frozenset({f"crm/people/{mine}"}), frozenset({f"erp/contacts/{theirs}"})}
    office.memories["crm/people"].edit(mine, {"first_name": "Kari"})
    office.sync()
    assert office.records("erp/contacts")[0]["first_name"] is None
    with scene(office) as (transaction, where):
        relinking.link(transaction, where, contact(theirs), person(mine))
    office.sync()
    assert office.records("erp/contacts")[0]["first_name"] == "Kari"


def test_the_left_record_that_is_unlinked_gets_a_new_one_on_the_right(office: Office) -> None:
    mine, theirs = (
        office.create("crm/people", email="post@acme.no"),
        office.create("erp/contacts", email="post@acme.no"),
    )
    office.sync()
    with scene(office) as (transaction, where):
        relinking.unlink(transaction, where, person(mine))
    office.sync_in_full()
    (new,) = set(ids(office, "erp/contacts")) - {theirs}
    assert linked(office) == {
        frozenset({f"crm/people/{mine}", f"erp/contacts/{new}"}),
        frozenset({f"erp/contacts/{theirs}"}),
    }


def test_what_refers_to_a_record_that_is_linked_or_unlinked_refers_to_its_entity(office: Office) -> None:
    firm = office.create("crm/companies", name="Acme")
    employee = office.create("crm/people", email="kari@acme.no", employer=firm)
    theirs = office.create("erp/customers", name="ACME AS", number="987654321")
    office.reconcile_only()
    with scene(office, "company") as (transaction, where):
        relinking.link(transaction, where, Record("crm/companies", firm), Record("erp/customers", theirs))
    office.sync()
    (there,) = office.records("erp/contacts")
    assert there["employer"] == theirs
    with scene(office, "company") as (transaction, where):
        relinking.unlink(transaction, where, Record("erp/customers", theirs))
    office.sync()
    with office.transaction() as transaction:
        reasons = transaction.frame("SELECT collection, reason FROM sync.changes").rows()
    assert reasons == [("erp/contacts", "company: no record in erp/customers yet")]
    right = office.create("erp/customers", name="Acme", number="912345678")
    office.reconcile_only()
    with scene(office, "company") as (transaction, where):
        relinking.link(transaction, where, Record("erp/customers", right), Record("crm/companies", firm))
    office.sync()
    office.sync_in_full()
    assert office.records("erp/contacts")[0]["employer"] == right
    assert office.memories["crm/people"].records[employee]["employer"] == firm


def test_records_with_others_on_both_sides_are_not_thrown_together(office: Office) -> None:
    for name in ("kari", "ola"):
        office.create("crm/people", email=f"{name}@acme.no")
    office.sync()
    (first, _), (_, last) = ids(office, "crm/people"), ids(office, "erp/contacts")
    with scene(office) as (transaction, where), pytest.raises(ConfigurationError) as refused:
        relinking.link(transaction, where, person(first), contact(last))
    _, way = str(refused.value).split("Unlink one of the two first: ")
    assert way.split(". Or: ") == [
        ", then ".join(f"talk {step}" for step in steps)
        for steps in (
            (f"unlink crm/people/{first}", "unlink crm/people/crm2", f"link crm/people/{first} erp/contacts/{last}"),
            (f"unlink erp/contacts/{last}", "unlink erp/contacts/erp1", f"link erp/contacts/{last} crm/people/{first}"),
        )
    ]
    with scene(office) as (transaction, where):
        assert relinking.unlink(transaction, where, person(first))
        assert relinking.unlink(transaction, where, person("crm2"))
        assert relinking.link(transaction, where, person(first), contact(last))
    with (
        scene(office) as (transaction, where),
        pytest.raises(ConfigurationError, match="delete or merge one of them in"),
    ):
        relinking.link(transaction, where, person(first), person("crm2"))
    with scene(office) as (transaction, where), pytest.raises(ConfigurationError, match="is one record"):
        relinking.link(transaction, where, person(first), person(first))
    with scene(office) as (transaction, where), pytest.raises(ConfigurationError, match="no such record"):
        relinking.link(transaction, where, person("nobody"), contact(last))


def conflict(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no", first_name="Kari")
    office.sync()
    (theirs,) = ids(office, "erp/contacts")
    office.memories["crm/people"].edit(mine, {"first_name": "Karin"})
    office.memories["erp/contacts"].edit(theirs, {"first_name": "Karoline"})
    office.sync()
    assert office.records("crm/people")[0]["first_name"] == "Karoline"


@pytest.fixture
def conflicting(office: Office, monkeypatch: pytest.MonkeyPatch) -> Ids:
    """The ids of two records with different edits of a field."""
    office = prepared(office, monkeypatch, conflict)
    return ids(office, "crm/people")[0], ids(office, "erp/contacts")[0]


@pytest.mark.parametrize("named", [False, True])
def test_the_value_that_lost_is_chosen_back(office: Office, conflicting: Ids, *, named: bool) -> None:
    mine, theirs = conflicting
    for new in (True, False):
        with scene(office) as (transaction, where):
            take = f"crm/people/{mine}" if named else None
            chosen = decisions.resolve(transaction, where, contact(theirs), "first_name", take)
            assert (chosen is not None) is new
    office.sync()
    for key in ("crm/people", "erp/contacts"):
        assert office.records(key)[0]["first_name"] == "Karin"
    with office.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.conflicts") == 0


def listed(office: Office) -> list[tuple[str, str, str]]:
    """The open conflicts: what lost, what won, and what is golden now."""
    with office.transaction() as transaction:
        return overview.conflicts(transaction).select("value", "winner", "current").rows()


def test_a_conflict_is_over_once_somebody_edits_the_field(office: Office, conflicting: Ids) -> None:
    mine, theirs = conflicting
    assert listed(office) == [("Karin", "Karoline", "Karoline")]
    office.memories["erp/contacts"].edit(theirs, {"email": "karoline@acme.no"})
    office.sync()
    assert len(listed(office)) == 1
    office.memories["crm/people"].edit(mine, {"first_name": "Kine"})
    office.sync()
    assert listed(office) == []
    with office.transaction() as transaction:
        assert transaction.frame("SELECT value, winner FROM sync.past_conflicts").rows() == [("Karin", "Karoline")]
        status = overview.pairs(transaction, office.hub.topologies.values(), office.pairs)
    assert [pair.conflicts for pair in status] == [0, 0]
    with scene(office) as (transaction, where):
        assert decisions.resolve(transaction, where, person(mine), "first_name", None) is None
    office.sync()
    assert {office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")} == {"Kine"}


def test_a_conflict_is_over_once_the_side_that_lost_agrees(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no", first_name="Karin")
    office.create("erp/contacts", email="kari@acme.no", first_name="Karoline")
    office.reconcile_only()
    assert listed(office) == [("Karin", "Karoline", "Karoline")]
    office.memories["crm/people"].edit(mine, {"first_name": "Karoline"})
    office.reconcile_only()
    assert listed(office) == []


def test_an_edit_that_loses_ends_no_conflict(office: Office, conflicting: Ids) -> None:
    mine, theirs = conflicting
    office.memories["crm/people"].edit(mine, {"first_name": "Kine"})
    office.memories["erp/contacts"].edit(theirs, {"first_name": "Kaja"})
    office.sync()
    assert listed(office) == [("Kine", "Kaja", "Kaja")]


def test_a_value_newer_than_the_conflict_is_overwritten_only_by_force(office: Office, conflicting: Ids) -> None:
    mine, theirs = conflicting
    with office.transaction() as transaction:  # as where a database was put back, or its conflicts are older than this
        transaction.run("UPDATE person.golden SET first_name = 'Kine', first_name_from = 'erp/contacts/elsewhere'")
    said = rf'{contact(theirs)}: first_name was set after the conflict was noticed. It is "Kine", set 20.* UTC in erp/'
    ways: tuple[Callable[[Transaction, Scene, Record, str], object], ...] = (
        decisions.keep,
        partial(decisions.resolve, take=None),
    )
    for way in ways:
        with scene(office) as (transaction, where), pytest.raises(ConfigurationError, match=said) as refused:
            way(transaction, where, contact(theirs), "first_name")
        assert "--force" in str(refused.value)
    with scene(office) as (transaction, where):
        chosen = decisions.resolve(transaction, where, contact(theirs), "first_name", None, force=True)
    assert chosen == decisions.Choice("Karin", f"crm/people/{mine}")


def test_resolving_twice_before_a_sync_does_not_bring_the_former_winner_back(office: Office, conflicting: Ids) -> None:
    mine, theirs = conflicting
    with scene(office) as (transaction, where):
        decisions.resolve(transaction, where, contact(theirs), "first_name", None)
    take = f"erp/contacts/{theirs}"
    with scene(office) as (transaction, where), pytest.raises(ConfigurationError, match="not in conflict any more"):
        decisions.resolve(transaction, where, person(mine), "first_name", take)
    office.sync()
    assert {office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")} == {"Karin"}


def test_an_edit_that_nobody_has_read_yet_is_newer_than_a_decision(office: Office, conflicting: Ids) -> None:
    mine, theirs = conflicting
    with office.transaction() as transaction:
        transaction.run("UPDATE sync.cursors SET read_at = ?", office.world.clock())
    office.memories["erp/contacts"].edit(theirs, {"first_name": "Kine"})
    office.world.tick(60)
    with scene(office) as (transaction, where):
        decisions.resolve(transaction, where, person(mine), "first_name", None)
    office.sync()
    assert {office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")} == {"Kine"}
    assert listed(office) == [("Karin", "Kine", "Kine")]


def test_the_conflicts_of_a_record_that_is_linked_with_another_go_with_it(office: Office, conflicting: Ids) -> None:
    mine, theirs = conflicting
    other = office.create("erp/contacts", email="k@acme.no")
    office.sync()
    with scene(office) as (transaction, where):
        relinking.unlink(transaction, where, contact(theirs))
        relinking.link(transaction, where, person(mine), contact(other))
    with office.transaction() as transaction:
        found = overview.conflicts(transaction)
    records = {row["value"]: row["records"] for row in found.to_dicts()}
    assert records["Karin"] == f"crm/people/{mine}, erp/contacts/{other}"


def test_the_agreed_value_is_kept_and_the_conflict_is_off_the_list(office: Office, conflicting: Ids) -> None:
    mine, _ = conflicting
    with scene(office) as (transaction, where):
        assert [decisions.keep(transaction, where, person(mine), "first_name") for _ in "12"] == [1, 0]
    office.sync()
    assert office.records("crm/people")[0]["first_name"] == "Karoline"
    with scene(office) as (transaction, where), pytest.raises(ConfigurationError, match="no such field"):
        decisions.resolve(transaction, where, person(mine), "forename", None)


def test_a_deleted_record_is_created_again_when_a_person_asks_for_it(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no")
    office.sync()
    office.memories["erp/contacts"].delete(ids(office, "erp/contacts")[0])
    office.sync_in_full()
    assert ids(office, "erp/contacts") == []
    with scene(office) as (transaction, where):
        entity = relinking.entity_of(transaction, where, person(mine))
        assert entity is not None
        assert [decisions.recreate(transaction, where, entity) for _ in "12"] == [1, 0]
    office.sync()
    assert len(ids(office, "erp/contacts")) == 1


def fight(office: Office, mine: str, theirs: str, rounds: int) -> None:
    for n in range(rounds):
        key, id_ = (("crm/people", mine), ("erp/contacts", theirs))[n % 2]
        office.memories[key].edit(id_, {"first_name": "Kari"[: 4 - n % 2]})
        office.sync()


def test_two_integrations_that_fight_over_a_field_are_noticed_and_held(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no")
    office.sync()
    (theirs,) = ids(office, "erp/contacts")
    fight(office, mine, theirs, fights.ROUNDS)
    with office.transaction() as transaction:
        assert transaction.frame("SELECT field, value, other FROM sync.fights").rows() == [
            ("first_name", "Kar", "Kari")
        ]
        before = transaction.count("SELECT count(*) FROM sync.journal")
    fight(office, mine, theirs, 2)
    office.memories["crm/people"].edit(mine, {"email": "karin@acme.no"})
    office.sync()
    with office.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.journal") == before + 1
    assert emails(office, "erp/contacts") == ["karin@acme.no"]
    assert [office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")] == ["Kari", "Kar"]
    with scene(office) as (transaction, where):
        assert decisions.resolve(transaction, where, person(mine), "first_name", f"crm/people/{mine}")
    office.sync()
    assert [office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")] == ["Kari", "Kari"]


def test_a_third_value_ends_a_fight(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no")
    office.sync()
    (theirs,) = ids(office, "erp/contacts")
    fight(office, mine, theirs, fights.ROUNDS)
    office.memories["crm/people"].edit(mine, {"first_name": "Karoline"})
    office.sync()
    assert office.records("erp/contacts")[0]["first_name"] == "Karoline"


def test_somebody_who_changes_his_mind_fights_with_nobody(office: Office) -> None:
    mine = office.create("crm/people", email="kari@acme.no")
    office.sync()
    for n in range(fights.ROUNDS + 2):
        office.memories["crm/people"].edit(mine, {"first_name": "Kari"[: 4 - n % 2]})
        office.sync()
        assert office.records("erp/contacts")[0]["first_name"] == "Kari"[: 4 - n % 2]
