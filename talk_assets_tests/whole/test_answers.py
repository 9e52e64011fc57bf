"""What an answer is about: one record, all that our key may do, how many requests there were, or another record.

And whatever came before a failure is stored.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from talk_assets.cli import advice
from talk_assets.errors import CredentialsError, NotTheApi
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.system import ALREADY_THERE, Answer, Connection, Outcome, Page, Write
from talk_assets.sandbox.system import TOO_MANY
from talk_assets.systems import SYSTEMS
from talk_assets.testing.conformance.steps import creating, send
from talk_assets.testing.served import served
from talk_assets_tests.whole.firm import Firm, firm, only

PERSONS = (Pair("webcrm/persons", "customerp/contact"),)
SECRET = "Hemmelig"


def persons(here: Firm, names: Sequence[str]) -> None:
    for name in names:
        here.crm_add("Persons", PersonLastName=name, PersonEmail=f"{name.lower()}@fjord.example")


def edited_in_customerp(here: Firm, names: Sequence[str]) -> None:
    """Persons that have contacts, each of which somebody edits."""
    persons(here, names)
    here.sync()
    for contact in here.erp("contacts"):
        here.erp_edit("contacts", contact["id"], job_title="Boss")


TARGETS = {"customerp/contact": persons, "webcrm/persons": edited_in_customerp}
"""Creates, one request each, and updates, all in one request."""


@pytest.mark.parametrize("target", TARGETS)
def test_a_403_for_one_record_is_that_records(target: str) -> None:
    system = target.partition("/")[0]
    with firm(pairs=PERSONS) as here:
        TARGETS[target](here, ["Dahl", SECRET, "Moe"])
        here.sandbox.fault(system, switches={"forbids": SECRET})
        done = here.sync()
        assert done.written == {target: 2}
        assert done.unwritten == {target: (1, 0)}
        held = only(here.held())
        assert held["collection"] == target
        assert "403 You do not have access to this record." in held["reason"]
        with here.counted() as requests:
            assert here.sync().written == {}
        assert not any(name.startswith(("PATCH", "POST /v1")) for name in requests[system])


@pytest.mark.parametrize("target", TARGETS)
def test_a_key_that_may_write_nothing_is_what_is_to_blame_and_no_record(target: str) -> None:
    names, system = ["Dahl", "Moe", "Lie", "Vik", "Aas", "Hagen"], target.partition("/")[0]
    with firm(pairs=PERSONS) as here:
        TARGETS[target](here, names)
        here.sandbox.fault(system, switches={"forbids": "fjord.example"})
        with pytest.raises(CredentialsError, match="403 You do not have access") as caught:
            here.sync()
        assert "TALK_" in str(caught.value)
        assert [one for one in here.held() if one["what"] == "change"] == []
        here.sandbox.fault(system, switches={"forbids": ""})
        assert here.sync().written == {target: len(names)}


def test_a_403_that_is_a_rate_limit_is_one() -> None:
    with firm(pairs=PERSONS, tries=30) as here:
        persons(here, ["Dahl", "Moe"])
        here.sandbox.fault("customerp", switches={"limit_status": 403}, throttle_rate=0.5)
        done = here.sync()
        assert (done.written, done.unwritten) == ({"customerp/contact": 2}, {})
        assert here.sandbox.happened("customerp")[str(TOO_MANY)] > 0


@pytest.mark.parametrize("system", ["webcrm", "crmoffice", "powerofficego"])
def test_a_record_that_we_may_no_longer_see_is_not_deleted(system: str) -> None:
    """Asked for by id, as a full read lacks it."""
    pair = {
        "webcrm": PERSONS[0],
        "crmoffice": Pair("crmoffice/contacts", "customerp/contact"),
        "powerofficego": Pair("customerp/customer", "powerofficego/customers"),
    }[system]
    with firm(pairs=[pair]) as here:
        one = here.hub.systems[system].collections
        collection = next(found for found in one if f"{system}/{found.name}" in (pair.left, pair.right))

        async def asked(ids: Sequence[str]) -> list[Page]:
            async with here.hub.systems[system].connect() as connection:
                return [page async for page in connection.look_up(collection, ids)]

        here.sandbox.fault(system, switches={"forbids": "4711"})
        kept = [id_ for page in asyncio.run(asked(["4711", "4712"])) for id_ in page.kept]
        assert kept == ["4711"]


@pytest.mark.parametrize(("member", "other"), [("conflict_id", "existing_id"), ("", "existing_id")])
def test_a_409_that_names_the_record_that_is_there_suggests_a_link(member: str, other: str) -> None:
    """Somebody made a product with that number a moment ago; whether a 409 names a record of ours is looked at."""
    known = SYSTEMS["customerp"]
    assert known.profile
    writing = replace(known.profile.api.writing, conflict_id=other if member else "")
    profile = replace(known.profile, api=replace(known.profile.api, writing=writing))
    with served("customerp") as sandbox:
        sandbox.sandbox.fault("customerp", switches={"conflicts_on_values": True})
        system = known.build(sandbox.settings(profile=profile))
        collection = system.collection("product")
        there = sandbox.sandbox.create("customerp", "products", {"number": "A1", "name": "Tau"})
        answer = send(system, collection, creating(collection, {"number": "A1", "name": "Bauta"}))
    assert (answer.outcome, answer.whole) == (Outcome.REFUSED, True)
    assert (answer.reason or "").endswith(f"{ALREADY_THERE} customerp/product/{there}")
    item = {"what": "change", "collection": "customerp/product", "action": "create", "source": "webcrm/products/2"}
    (advised,) = advice.about([{**item, "id": None, "reason": answer.reason}], 0)
    assert advised.commands == (f"talk link webcrm/products/2 customerp/product/{there}",)


class Breaks:
    """A connection that breaks after an answer, in a way that nobody thought of."""

    def __init__(self, inner: Connection) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        async for answer in self._inner.write(collection, writes[:1]):
            yield answer
        message = "nobody thought of this"
        raise RuntimeError(message)


def test_answers_that_came_before_any_failure_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    with firm(pairs=PERSONS) as here:
        persons(here, ["Dahl", "Moe"])
        writer = here.hub._carry_out

        async def breaking(connection: Connection, *arguments: object) -> None:
            await writer(Breaks(connection), *arguments)  # type: ignore[arg-type]

        with monkeypatch.context() as patched:
            patched.setattr(here.hub, "_carry_out", breaking)
            with pytest.raises(RuntimeError, match="nobody thought of this"):
                here.sync()
        assert len(here.erp("contacts")) == 1
        with here.store.transaction() as transaction:
            assert transaction.count("SELECT count(*) FROM sync.journal WHERE outcome = 'done'") == 1
        assert here.sync().written == {"customerp/contact": 1}


def test_pages_that_came_before_any_failure_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is withdrawn while a list is read."""
    with firm(pairs=PERSONS) as here:
        persons(here, ["Dahl", "Moe"])

        async def read(_: object, collection: Collection, **__: object) -> AsyncIterator[Page]:
            body = [{"id": "a", "last_name": "Lie", "updated_at": "2026-01-01T00:00:00Z", "version": 1}]
            yield Page(json.dumps(body).encode(), "next")
            message = "customerp: the key was withdrawn"
            raise CredentialsError(message)

        with monkeypatch.context() as patched:
            patched.setattr("talk_assets.http.rest.RestConnection.read", read)
            with pytest.raises((CredentialsError, NotTheApi), match="withdrawn"):
                here.sync()
        with here.store.transaction() as transaction:
            assert transaction.frame("SELECT _id FROM customerp.contact")["_id"].to_list() == ["a"]
