"""A short soak of two systems, and that the instrument which looks for harm would see it."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from talk_assets.operate.actions import Acting
from talk_assets_tests.crashes import runner
from talk_assets_tests.soak import evidence, shelves, soak
from talk_assets_tests.soak.approving import approved
from talk_assets_tests.soak.edits import Log
from talk_assets_tests.soak.oracle import Judge
from talk_assets_tests.soak.village import Village, opened

TWO = ("webcrm-customerp",)
CONTACT = "customerp/contact"


@pytest.mark.skipif("SOAK" not in os.environ, reason="what happens depends on the machine; run `make soak`")
def test_a_sync_amid_faults_edits_and_kills_keeps_every_promise(tmp_path: Path) -> None:
    plan = soak.Plan(6, seed=1, dataflows=TWO, records=3, pause=0.1, lifetime=2.0, talk=0.0, ready=True)
    found = soak.run(tmp_path, plan)
    assert found.well, found.summary()
    assert sum(found.figures.kills.values()) > 0
    assert found.log.acts > 0
    assert found.writes["create"] > 0


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """Two systems that are in step."""
    with opened(tmp_path_factory.mktemp("village"), records=5, seed=1, dataflows=TWO) as found:
        while runner.in_turn(found.wiring, full=False)[0]:
            pass
        yield found


def judged(village: Village, first: dict[str, set[str]], log: Log) -> list[str]:
    judge = Judge(village, evidence.gather(village), log, first)
    return sorted(one.what for one in judge.violations())


def test_an_edit_that_a_newer_one_replaced_or_that_stands_in_conflicts_is_not_lost(village: Village) -> None:
    first = {key: {*shelves.records(village.sandbox, key)} for key in village.wiring.collections}
    known, log = evidence.gather(village), Log()
    (_, id_), link = next((name, link) for name, link in known.links.items() if name[0] == CONTACT)
    log.add(CONTACT, id_, "phone", "+4722000001")
    log.add(CONTACT, id_, "phone", known.golden[link["entity_id"]]["phone"])
    log.add(CONTACT, id_, "mobile", "+4722000002")
    judge = Judge(village, known, log, first)
    assert [one.edit and one.edit.value for one in judge.violations()] == ["+4722000002"]
    conflict = {"entity_id": link["entity_id"], "field": "mobile", "value": "+4722000002", "winner": "+4722000003"}
    known.conflicts.append({**conflict, "edited_at": 1, "winner_edited_at": 1, "origin": f"{CONTACT}/{id_}"})
    assert list(Judge(village, known, log, first).violations()) == []
    known.conflicts[-1]["edited_at"] = 2
    (older,) = Judge(village, known, log, first).violations()
    assert older.what == "mobile = '+4722000002' lost to the older '+4722000003'"


def test_an_edit_in_the_moment_of_a_write_cannot_be_told_from_it_where_there_are_no_versions(village: Village) -> None:
    first = {key: {*shelves.records(village.sandbox, key)} for key in village.wiring.collections}
    known, log = evidence.gather(village), Log()
    id_ = next(id_ for key, id_ in known.links if key == "webcrm/persons")
    log.add("webcrm/persons", id_, "mobile", "+4722000009")
    at = log.edits[0].at
    write = {"action": "update", "outcome": "done", "collection": "webcrm/persons", "id": id_}

    def lost(intended: timedelta, answered: timedelta) -> bool:
        known.journal = [{**write, "intended_at": at + intended, "answered_at": at + answered}]
        return bool(list(Judge(village, known, log, first)._edits()))

    second = timedelta(seconds=1)
    assert [lost(-second, second), lost(second, 2 * second)] == [False, False]
    assert [lost(-2 * second, -second), lost(3 * second, 4 * second)] == [True, True]


def test_a_line_that_is_gone_still_shares_what_it_was_with_its_order(village: Village) -> None:
    known = evidence.gather(village)
    line, order = next(iter(known.parents.items()))
    del known.raw[line[0]][line[1]]
    entities = known.links[line]["entity_id"], known.links["webcrm/opportunities", order]["entity_id"]
    assert len({known.clusters()[entity] for entity in entities}) == 1


def test_a_record_without_its_right_one_is_told_unless_something_says_why(village: Village) -> None:
    first = {key: {*shelves.records(village.sandbox, key)} for key in village.wiring.collections}
    known = evidence.gather(village)
    name, link = next((name, link) for name, link in known.links.items() if name[0] == "webcrm/persons")
    for other in [
        other for other, one in known.links.items() if one["entity_id"] == link["entity_id"] and other != name
    ]:
        del known.links[other], known.wanted[other]
        known.held[other] = "somebody must look"
    told = [one.what for one in Judge(village, known, Log(), first).violations()]
    assert told == ["has no record in customerp/contact, and nothing says why"]
    known.changes.append({"collection": CONTACT, "entity_id": link["entity_id"], "reason": "could be another"})
    assert list(Judge(village, known, Log(), first).violations()) == []


def test_a_line_that_is_there_twice_and_a_record_that_came_back_are_told(village: Village) -> None:
    first = {key: {*shelves.records(village.sandbox, key)} for key in village.wiring.collections}
    known, log = evidence.gather(village), Log()
    order = next(name for name, record in known.records.items() if name[0] == "customerp/order" and record["lines"])
    log.add(*order, "lines", "Fjord 0", told=False)
    known.records[order]["lines"] = known.wanted[order]["lines"] = json.dumps([{"description": "Fjord 0"}] * 2)
    contact = next(row for row in known.journal if row["collection"] == CONTACT and row["outcome"] == "done")
    log.deleted.add((CONTACT, "an id of before"))
    known.links[CONTACT, "an id of before"] = {**known.links[CONTACT, contact["id"]], "gone_at": "then"}
    told = sorted(one.what for one in Judge(village, known, log, first).violations())
    assert len(told) == 2
    assert "is there 2 times" in told[0]
    assert told[1] == "was deleted and created again in place of an id of before"


def test_what_a_limit_stopped_is_approved_once_the_records_themselves_are_so(village: Village) -> None:
    id_ = next(id_ for id_, record in shelves.records(village.sandbox, CONTACT).items() if record["phone"])
    with Acting(village.wiring)._transaction() as transaction:
        transaction.run("INSERT INTO sync.mass_edits VALUES ('person', ?, ?, 'phone', now(), 'blank')", CONTACT, id_)
        transaction.run(
            "INSERT INTO sync.pending_approvals VALUES (?, 'blank phone', 'run', 1, 'many at once', now(), NULL)",
            CONTACT,
        )
    assert approved(village) == 0
    phone = shelves.records(village.sandbox, CONTACT)[id_]["phone"]
    village.sandbox.edit("customerp", "contacts", id_, {"phone": None})
    assert approved(village) == 1
    village.sandbox.edit("customerp", "contacts", id_, {"phone": phone})
    with Acting(village.wiring)._transaction() as transaction:
        assert transaction.count("SELECT approved FROM sync.pending_approvals") == 1
        transaction.run("DELETE FROM sync.mass_edits")
        transaction.run("DELETE FROM sync.pending_approvals")


def test_what_was_lost_taken_back_created_twice_or_deleted_by_nobody_is_told(village: Village) -> None:
    sandbox, log = village.sandbox, Log()
    first = {key: {*shelves.records(sandbox, key)} for key in village.wiring.collections}
    assert judged(village, first, log) == []

    contacts = shelves.records(sandbox, CONTACT)
    gone, twin, wrong, lost = sorted(id_ for id_, record in contacts.items() if record["external_ref"])[:4]
    sandbox.erase("customerp", "contacts", gone)
    taken = {name: value for name, value in contacts[twin].items() if name not in {"id", "email"}}
    sandbox.create("customerp", "contacts", taken)
    sandbox.edit("customerp", "contacts", wrong, {"job_title": "Somebody else"})
    log.add(CONTACT, lost, "job_title", "Never seen again")

    told = judged(village, first, log)
    reference = contacts[twin]["external_ref"]
    for words in (
        "is gone, and nobody deleted it",
        f"2 records carry the external reference {reference}",
        "was created by nobody who knows of it",
        "is neither linked nor held",
        "job_title is 'Somebody else' and should be",
        "'Never seen again' is lost",
    ):
        assert any(words in one for one in told), (words, told)
