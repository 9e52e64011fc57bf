"""Every collection of every system: its lens keeps both laws, suits its entity, and names properties there are."""

import json
from pathlib import Path

import pytest

from talk_assets.sync.connection import Collection, System
from talk_assets.sync.lens import check
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets_tests.lens_laws import check_laws

SYSTEM = {name: registered.build(SystemSettings()) for name, registered in SYSTEMS.items()}
COLLECTIONS = [(system, collection) for system in SYSTEM.values() for collection in system.collections]
NAMES = [f"{system.name}/{collection.name}" for system, collection in COLLECTIONS]
SPECS = Path(__file__).parents[3] / "shared" / "specs"


@pytest.mark.parametrize(("system", "collection"), COLLECTIONS, ids=NAMES)
def test_putting_and_getting_keep_the_lens_laws(system: System, collection: Collection) -> None:
    check_laws(collection)


@pytest.mark.parametrize(("system", "collection"), COLLECTIONS, ids=NAMES)
def test_a_lens_suits_its_entity_and_refers_to_collections_there_are(system: System, collection: Collection) -> None:
    check(collection.lens, collection.entity, [one.name for one in system.collections])


@pytest.mark.skipif(not SPECS.exists(), reason="the API's description is beside the repository, not in it")
@pytest.mark.parametrize("collection", SYSTEM["webcrm"].collections, ids=lambda collection: collection.name)
def test_webcrms_properties_are_those_of_its_description(collection: Collection) -> None:
    described = json.loads((SPECS / "webcrm.swagger.json").read_text("utf-8"))["definitions"]
    table = collection.id.removesuffix("Id")
    known = described[f"{table}Dto"]["properties"]
    parts = {part.property for part in collection.parts}
    for name, json_type in collection.lens.columns.items():
        if name not in parts:
            kind = known[name]["type"].replace("string", "text")
            assert kind == json_type, name
    own = {collection.id, collection.reference, *collection.also, f"{table}UpdatedAt"}
    assert own <= set(known)
