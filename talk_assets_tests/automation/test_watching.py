"""A system's sensor notices what people change, asks for just the run that follows from it, and leaves it at that."""

import json
from collections.abc import Iterator

import pytest
from dagster import DagsterRunStatus

from talk_assets.graph.automation.watching import Memory
from talk_assets.graph.build import SYNC
from talk_assets.graph.watermarks import WATCHED
from talk_assets.store.database import Store
from talk_assets_tests.automation.office import FEW, Automatic, automatic

PERSON = {
    "person_links", "person_golden",
    *(f"{key}_{what}" for key in ("webcrm/persons", "customerp/contact") for what in ("changes", "writes")),
}  # fmt: skip
"""What follows from a person."""

COMPANY = {
    "company_links", "company_golden",
    *(f"{key}_{what}" for key in ("webcrm/organisations", "customerp/customer") for what in ("changes", "writes")),
}  # fmt: skip
"""What follows from a company; persons refer to it, and may wait for one."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Automatic]:
    """Everything synced once. Every test leaves it with nothing to do."""
    with automatic(tmp_path_factory.mktemp("data"), FEW) as found:
        assert found.run().success
        found.reconcile()
        yield found


def test_an_edit_is_in_the_other_system_after_a_tick_and_the_run_it_asks_for_and_then_there_is_peace(
    office: Automatic, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.forget_requests()
    assert office.skipped("webcrm") == "Nothing changed in Webcrm."
    assert office.skipped("customerp") == "Nothing changed in Customerp."
    assert office.requests() == {
        "webcrm": {"GET /Queries": 2},
        "customerp": {"GET /v1/customers": 1, "GET /v1/contacts": 1},
    }

    office.edit_person(PersonTitle="Head of 0")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "transaction", lambda _: pytest.fail("a sensor opened the database"))
        request = office.asked("webcrm")
    assert request is not None
    assert {key.to_user_string() for key in request.asset_selection or ()} == {"webcrm/persons", *PERSON}
    assert office.run(request).success
    assert office.contact()["job_title"] == "Head of 0"
    # Neither the overlap of a read nor what we wrote ourselves is news.
    assert office.asked("webcrm") is None
    assert office.asked("customerp") is None

    office.edit_contact(job_title="Head of nothing")
    request = office.asked("customerp")
    assert request is not None
    assert office.run(request).success
    assert office.person()["PersonTitle"] == "Head of nothing"
    assert office.asked("customerp") is None
    assert office.asked("webcrm") is None


def test_a_company_lets_its_people_follow(office: Automatic) -> None:
    office.talk.sandbox.create(
        "webcrm", "Organisations", {"OrganisationName": "Acme", "OrganisationVatNumber": "974760673"}
    )
    request = office.asked("webcrm")
    assert request is not None
    assert {key.to_user_string() for key in request.asset_selection or ()} == {
        "webcrm/organisations",
        *COMPANY,
        *PERSON,
    }
    assert office.run(request).success
    assert [one["name"] for one in office.talk.sandbox.records("customerp", "customers")] == ["Acme"]
    assert office.asked("webcrm") is None
    assert office.asked("customerp") is None


def test_no_second_run_is_asked_for_while_one_has_not_ended_nor_by_a_sensor_that_begins_anew(office: Automatic) -> None:
    office.edit_person(PersonTitle="Head of 2")
    request = office.asked("webcrm")
    assert request is not None
    waiting = office.instance.create_run_for_job(
        office.built.resolve_job_def(SYNC), status=DagsterRunStatus.NOT_STARTED, tags={WATCHED: "webcrm"}
    )
    assert office.skipped("webcrm") == f"Run {waiting.run_id}, which is for this, has not ended yet."
    office.instance.report_run_canceled(waiting)
    assert office.run(request).success
    for cursor in (None, "what is this", '{"version": 0}', '{"version": 1, "asked": 7}', "[]"):
        office.cursors["watch_webcrm"] = cursor
        assert office.skipped("webcrm") == "Nothing changed in Webcrm."
        assert Memory.load(office.cursors["watch_webcrm"]) == Memory()


def test_a_run_that_did_not_get_to_its_end_is_asked_for_again_with_growing_pauses(office: Automatic) -> None:
    office.edit_person(PersonTitle="Head of 3")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("talk_assets.sync.hub.Hub.reconcile", _dying)
        with pytest.raises(MemoryError):
            office.run(office.asked("webcrm"))
    assert office.asked("webcrm") is not None
    assert office.asked("webcrm") is not None, "a first repetition comes at once"
    assert "did not bring Webcrm up to date. It is asked again in" in office.skipped("webcrm")
    office.let_pass("webcrm")
    office.reconcile()
    assert office.contact()["job_title"] == "Head of 3"


def test_a_system_that_is_down_is_left_alone_for_longer_and_longer_and_what_waited_for_it_goes_out(
    office: Automatic,
) -> None:
    office.edit_person(PersonTitle="Head of 4")
    request = office.asked("webcrm")
    office.down("customerp")
    assert office.run(request).success
    assert office.contact()["job_title"] != "Head of 4"
    said = office.skipped("customerp")
    assert said.startswith("Customerp could not be asked: customerp: ")
    assert said.endswith("It is asked again in 60 seconds.")
    office.forget_requests()
    assert office.skipped("customerp").startswith("Customerp could not be asked: customerp: ")
    assert not office.requests()["customerp"], "it was left alone"
    office.let_pass("customerp")
    assert office.skipped("customerp").endswith("It is asked again in 120 seconds.")
    assert json.loads(office.cursors["watch_customerp"] or "")["failures"] == 2
    office.up("customerp")
    office.let_pass("customerp")
    assert office.run(office.asked("customerp")).success
    assert office.contact()["job_title"] == "Head of 4"
    office.reconcile()


def test_what_was_read_without_being_written_is_still_news(office: Automatic) -> None:
    office.edit_person(PersonTitle="Head of 5")
    office.run_only("webcrm/persons")
    assert office.run(office.asked("webcrm")).success
    office.reconcile()


def _dying(*_: object, **__: object) -> None:
    raise MemoryError
