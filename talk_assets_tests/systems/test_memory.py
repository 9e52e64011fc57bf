"""The plain system in memory passes the conformance suite, and two of them are kept in sync by the hub."""

import asyncio
from typing import Any

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Entity, company, person
from talk_assets.model.lens.lens import Date, Email, Instant, Lens, OrganisationNumber, Ref, Text
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.testing.conformance.connection import Conformance, Trial
from talk_assets.testing.memory import Memory


def collection(name: str, entity: Entity, lens: Lens) -> Collection:
    return Collection(
        name=name, entity=entity, id="id", modified=Instant("changed"), version="version", reference="ref",
        optimistic_lock=True, lens=lens,
    )  # fmt: skip


companies = collection("companies", company, Lens(name=Text("name"), organisation_number=OrganisationNumber("number")))
people = collection(
    "people",
    person,
    Lens(email=Email("email"), last_name=Text("surname"), birth_date=Date("born"), company=Ref("firm", to="companies")),
)


def refuses(record: dict[str, Any]) -> str:
    return "the e-mail address has no @" if "@" not in (record.get("email") or "@") else ""


class TestMemory(Conformance):
    bad = ("people", {"surname": "Berg", "email": "nobody"}, "has no @")

    def begin(self, size: int = 100) -> Trial:
        memory = Memory((companies, people), size=size, refuses=refuses)
        return Trial(memory.system("memory"), memory.clock)


class TestMemoryWithoutVersions(Conformance):
    """Nothing but an id: no version, no time, no external reference."""

    bad = ("people", {"surname": "Berg", "email": "nobody"}, "has no @")

    def begin(self, size: int = 100) -> Trial:
        bare = Collection(name="people", entity=person, id="id", lens=Lens(last_name=Text("surname")))
        memory = Memory((bare,), size=size, refuses=refuses)
        return Trial(memory.system("memory"), memory.clock)


def test_two_of_them_agree_after_one_run_and_the_next_writes_nothing() -> None:
    crm, erp = Memory((companies, people)), Memory((companies, people))
    systems = {name: memory.system(name) for name, memory in (("crm", crm), ("erp", erp))}
    pairs = [Pair(f"crm/{name}", f"erp/{name}") for name in ("companies", "people")]
    fjord = crm.put(companies, None, {"name": "Fjord AS", "number": "974760673"})
    crm.put(people, None, {"surname": "Berg", "email": "anna@fjord.example", "firm": fjord["id"]})
    hub = Hub(Store(None), systems, pairs, run="first")

    def sync() -> int:
        for name in systems:
            asyncio.run(hub.read(name))
        for entity in ("company", "person"):
            hub.reconcile(entity)
        return sum(sum(done.writes for done in asyncio.run(hub.write(name)).collections.values()) for name in systems)

    assert sync() == 2
    (there,) = erp.records["companies"].values()
    (anna,) = erp.records["people"].values()
    assert (there["name"], anna["surname"], anna["firm"]) == ("Fjord AS", "Berg", there["id"])
    assert sync() == 0
    erp.put(people, anna["id"], {"surname": "Berg Lie"})
    assert sync() == 1
    assert [one["surname"] for one in crm.records["people"].values()] == ["Berg Lie"]
