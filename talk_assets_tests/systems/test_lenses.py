"""Every collection of every system: its lens keeps both laws, suits its entity, and names properties there are."""

import json
from pathlib import Path

import pytest

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.lint import findings
from talk_assets.model.system import System
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.testing.lens_laws import check_laws

SYSTEM = {name: registered.build(SystemSettings()) for name, registered in SYSTEMS.items()}
COLLECTIONS = [(system, collection) for system in SYSTEM.values() for collection in system.collections]
NAMES = [f"{system.name}/{collection.name}" for system, collection in COLLECTIONS]
SPECS = Path(__file__).parents[3] / "shared" / "specs"


ALIKE = {
    "customerp/project", "poweroffice/employee", "poweroffice/supplier", "poweroffice_peer/contactperson",
    "poweroffice_peer/customer", "powerofficego/salesorderlines",
}  # fmt: skip
"""Those whose lens has the properties of another one's, of the same kinds."""

CASES = [
    pytest.param(*one, id=name, marks=[pytest.mark.thorough] if name in ALIKE else [])
    for name, one in zip(NAMES, COLLECTIONS, strict=True)
]


@pytest.mark.parametrize(("system", "collection"), CASES)
def test_putting_and_getting_keep_the_lens_laws(system: System, collection: Collection) -> None:
    check_laws(collection)


def test_the_lint_finds_nothing_in_any_collection_or_pair() -> None:
    collections = dict(zip(NAMES, (collection for _, collection in COLLECTIONS), strict=True))
    assert [str(one) for one in findings(collections, [pair for flow in DATAFLOWS for pair in flow.pairs])] == []


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
    own = {collection.id, collection.reference, *collection.extra_columns, f"{table}UpdatedAt"}
    assert own <= set(known)
