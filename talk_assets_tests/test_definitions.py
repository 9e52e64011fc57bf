"""The graph as Dagster loads it: its shape, what it says of itself, and that building it touches nothing."""

import socket
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from dagster import AssetKey, AssetSpec, Definitions, TableColumnDep, TableColumnLineage, serialize_value

from talk_assets.config.configuration import load
from talk_assets.config.wiring import Wiring
from talk_assets.definitions import defs
from talk_assets.graph import names
from talk_assets.graph.build import PLAN, SYNC, build_definitions
from talk_assets.model.collection import settable
from talk_assets.model.dataflows import DATAFLOWS, Dataflow, Pair
from talk_assets.model.entities import ENTITIES
from talk_assets.store.database import Store

OFF = "\n".join(f"[dataflows.{dataflow.name}]\nenabled = false" for dataflow in DATAFLOWS)
SNAPSHOT = Path(__file__).parent / "snapshots" / "graph.txt"
COMPUTED = ("changes", "writes")
UPDATE = "python -m talk_assets_tests.test_definitions"


def built(folder: Path) -> Definitions:
    """The graph of an empty talk.toml and an empty environment."""
    return build_definitions(load(folder, {}))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return built(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Wiring:
    return Wiring(load(tmp_path_factory.mktemp("data"), {}))


@pytest.fixture(scope="module")
def specs(graph: Definitions) -> dict[str, AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in graph.resolve_all_asset_specs()}


def drawn(graph: Definitions) -> Iterator[str]:
    """One paragraph per asset: key, group and kinds, then what it depends on; then the steps in their order."""
    yield "Every asset: its key (group; kinds), and below it what it depends on.\n"
    for spec in sorted(graph.resolve_all_asset_specs(), key=lambda spec: spec.key):
        yield f"{spec.key.to_user_string()} ({spec.group_name}; {', '.join(sorted(spec.kinds))})"
        yield from (f"    {dep}" for dep in sorted(dep.asset_key.to_user_string() for dep in spec.deps))
    for name in (SYNC, PLAN):
        yield f"\nThe steps of the job {name}, in their order:\n"
        yield from (f"    {node.name}" for node in graph.resolve_job_def(name).nodes_in_topological_order)


def test_the_graph_is_as_in_the_snapshot(graph: Definitions) -> None:
    drawing = "\n".join(drawn(graph)) + "\n"
    assert SNAPSHOT.read_text("utf-8") == drawing, f"If the graph is as it should be: {UPDATE}"


def test_every_asset_says_what_it_is_who_looks_after_it_and_where_it_belongs(specs: dict[str, AssetSpec]) -> None:
    for key, spec in specs.items():
        assert spec.description, key
        assert spec.description.endswith("."), key
        assert spec.owners, key
        assert spec.kinds, key


def test_an_entitys_group_has_its_whole_way_from_the_collections_to_the_writes(
    specs: dict[str, AssetSpec], wiring: Wiring
) -> None:
    for entity, topology in wiring.topologies.items():
        keys = topology.collections
        way = {*keys, f"{entity}_links", f"{entity}_golden", *(f"{key}_{what}" for key in keys for what in COMPUTED)}
        assert {key for key, spec in specs.items() if spec.group_name == entity} == way
    assert {spec.group_name for spec in specs.values()} == {*ENTITIES}


def test_the_groups_read_from_left_to_right(specs: dict[str, AssetSpec]) -> None:
    """An arrow never leads from one group to another and back."""
    before: dict[str, set[str]] = {}
    for spec in specs.values():
        found = {specs[dep.asset_key.to_user_string()].group_name or "" for dep in spec.deps}
        before.setdefault(spec.group_name or "", set()).update(found - {spec.group_name})
    order = list(TopologicalSorter(before).static_order())
    assert order.index("company") < order.index("person") < order.index("order")
    assert before["company"] == before["product"] == set()


def test_the_label_of_a_node_names_its_collection_or_its_entity(graph: Definitions, wiring: Wiring) -> None:
    """The UI shows the last part of a key."""
    labels = {key.path[-1] for key in graph.resolve_all_asset_keys()}
    expected = {f"{entity}_{what}" for entity in wiring.topologies for what in ("links", "golden")}
    for key in wiring.collections:
        name = key.partition("/")[2]
        expected |= {name, *(f"{name}_{what}" for what in COMPUTED)}
    assert labels == expected


def test_dagster_can_load_the_graph(graph: Definitions) -> None:
    Definitions.validate_loadable(graph)


def test_building_the_graph_opens_no_database_and_asks_no_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched: list[str] = []
    monkeypatch.setattr(Store, "_open", lambda _: touched.append("database"))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: touched.append("network"))
    graph = built(tmp_path)
    assert list(graph.resolve_asset_graph().get_all_asset_keys())
    assert touched == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dataflow", DATAFLOWS, ids=lambda one: one.name)
def test_with_every_other_dataflow_off_there_are_only_the_assets_of_one_and_what_they_depend_on(
    tmp_path: Path, dataflow: Dataflow
) -> None:
    others = (one.name for one in DATAFLOWS if one.name != dataflow.name)
    off = "\n".join(f"[dataflows.{name}]\nenabled = false" for name in others)
    (tmp_path / "talk.toml").write_text(off, "utf-8")
    graph = built(tmp_path)
    found = {spec.key: spec for spec in graph.resolve_all_asset_specs()}
    wiring = Wiring(load(tmp_path, {}))
    sides = {side for pair in dataflow.pairs for side in (pair.left, pair.right)}
    systems = {side.partition("/")[0] for side in sides}
    kinds = {wiring.collections[side].entity.name for side in sides}
    of_entities = {names.links(kind) for kind in kinds} | {names.golden(kind) for kind in kinds}
    assert {key.path[0] for key in found.keys() - of_entities} == systems
    assert {spec.group_name for spec in found.values()} == kinds
    assert len(found) == len(of_entities) + 3 * len(wiring.collections)
    assert sides <= wiring.collections.keys()
    assert {dep.asset_key for spec in found.values() for dep in spec.deps} <= found.keys()
    assert {check.asset_key for check in graph.resolve_asset_graph().asset_check_keys} <= found.keys()


def test_what_dagster_loads_is_the_graph_of_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "talk.toml").write_text("[dataflows.webcrm-customerp.pairs.users-contact]\nenabled = false\n", "utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    keys = {key.to_user_string() for key in defs().resolve_all_asset_keys()}
    assert "webcrm/persons" in keys
    assert "webcrm/users" not in keys


def test_without_a_dataflow_there_is_an_empty_graph(tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_text(OFF, "utf-8")
    assert not list(built(tmp_path).resolve_all_asset_keys())


def test_the_job_plan_has_everything_but_the_writes(graph: Definitions) -> None:
    def keys(name: str) -> set[AssetKey]:
        return set(graph.resolve_job_def(name).asset_layer.executable_asset_keys)

    left_out = keys(SYNC) - keys(PLAN)
    assert left_out == {key for key in keys(SYNC) if key.path[-1].endswith("_writes")}
    assert keys(PLAN) < keys(SYNC)


def test_a_jobs_name_and_tag_say_what_it_is_for(graph: Definitions) -> None:
    found: dict[str, set[str]] = {}
    for job in graph.get_repository_def().get_all_jobs():
        if not job.name.startswith("__"):
            found.setdefault(job.tags["talk/job"], set()).add(job.name)
    assert found.pop("sync") == {SYNC, PLAN}
    assert {type_: len(jobs) for type_, jobs in found.items()} == {"dataflow": 5, "act": 6, "housekeeping": 1}
    for type_, jobs in found.items():
        assert all(name.startswith(f"{type_}_") for name in jobs)


def test_each_dataflow_has_a_job_with_the_collections_of_its_two_systems(graph: Definitions) -> None:
    for dataflow in DATAFLOWS:
        job = graph.resolve_job_def(f"dataflow_{dataflow.name.replace('-', '_')}")
        keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
        for side in (side for pair in dataflow.pairs for side in (pair.left, pair.right)):
            assert {side, f"{side}_changes", f"{side}_writes"} <= keys
        assert {key.partition("/")[0] for key in keys if "/" in key} == {dataflow.left, dataflow.right}
        assert job.tags["talk/mode"] == "write"
        assert job.run_config == {"resources": {"scope": {"config": {"dataflows": [dataflow.name]}}}}


def test_the_job_of_a_dataflow_in_mode_plan_has_no_writes(tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_text('[dataflows.webcrm-customerp]\nmode = "plan"\n', "utf-8")
    job = built(tmp_path).resolve_job_def("dataflow_webcrm_customerp")
    keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert "customerp/contact_changes" in keys
    assert not any(key.endswith("_writes") for key in keys), "though crmoffice-customerp writes to customerp too"
    assert job.tags["talk/mode"] == "plan"
    assert "write nothing" in (job.description or "")


def test_a_step_comes_after_what_it_refers_to_and_what_is_left_of_it(graph: Definitions) -> None:
    steps = [node.name for node in graph.resolve_job_def(SYNC).nodes_in_topological_order]
    order = ["reconcile_company", "reconcile_person", "reconcile_order", "write_webcrm", "write_customerp"]
    assert [step for step in steps if step in order] == order
    assert steps.index("reconcile_product") < steps.index("reconcile_order")


def test_a_run_over_everything_has_few_steps(graph: Definitions) -> None:
    """Each costs Dagster time, whatever it does; the checks have none of their own."""
    assert len(graph.resolve_job_def(SYNC).nodes_in_topological_order) <= 30


def lineage(spec: AssetSpec) -> TableColumnLineage:
    found = spec.metadata["dagster/column_lineage"]
    assert isinstance(found, TableColumnLineage)
    return found


def test_a_golden_field_leads_back_to_each_collections_property(specs: dict[str, AssetSpec]) -> None:
    deps = lineage(specs["person_golden"]).deps_by_column
    assert set(deps["email"]) >= {
        TableColumnDep(AssetKey(["webcrm", "persons"]), "PersonEmail"),
        TableColumnDep(AssetKey(["webcrm", "users"]), "UserEmail"),
        TableColumnDep(AssetKey(["customerp", "contact"]), "email"),
        TableColumnDep(AssetKey(["powerofficego", "contactperson"]), "EmailAddress"),
    }


def test_a_written_property_leads_back_to_its_golden_fields(specs: dict[str, AssetSpec]) -> None:
    deps = lineage(specs["webcrm/persons_changes"]).deps_by_column
    assert deps["PersonEmail"] == [TableColumnDep(names.golden("person"), "email")]
    assert not lineage(specs["webcrm/users_changes"]).deps_by_column, "users are only read"


PAIRS = [pair for dataflow in DATAFLOWS for pair in dataflow.pairs]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.left}-{pair.right}".replace("/", "."))
def test_each_pair_leads_from_property_through_golden_field_to_property(
    specs: dict[str, AssetSpec], wiring: Wiring, pair: Pair
) -> None:
    """As deep as the lenses are: every field that the left side has and the right side can be sent."""
    left, right = wiring.collections[pair.left], wiring.collections[pair.right]
    golden = lineage(specs[f"{left.entity.name}_golden"]).deps_by_column
    written = lineage(specs[f"{pair.right}_changes"]).deps_by_column
    shared = [field for field in left.lens.fields if field in settable(right)]
    assert shared
    for field in shared:
        source = {TableColumnDep(AssetKey(pair.left.split("/")), name) for name in left.lens.sources(field)}
        assert source
        assert source <= set(golden[field])
        into = {name for name, deps in written.items() if TableColumnDep(names.golden(left.entity.name), field) in deps}
        assert into
        assert into <= set(right.lens.sources(field))


def test_every_column_of_the_lineage_is_a_declared_one(specs: dict[str, AssetSpec]) -> None:
    columns = {
        key: {column.name for column in spec.metadata["dagster/column_schema"].columns}
        for key, spec in specs.items()
        if "dagster/column_schema" in spec.metadata
    }
    found = {key: lineage(spec) for key, spec in specs.items() if "dagster/column_lineage" in spec.metadata}
    assert found
    for key, one in found.items():
        for column, deps in one.deps_by_column.items():
            assert column in columns[key]
            assert all(dep.column_name in columns[dep.asset_key.to_user_string()] for dep in deps)


def test_what_assets_say_of_themselves_can_be_sent_to_the_ui(specs: dict[str, AssetSpec]) -> None:
    said = [value for spec in specs.values() for value in spec.metadata.values()]
    assert said
    for value in said:
        assert serialize_value(value)


def main() -> None:
    """Write the snapshot anew."""
    with TemporaryDirectory() as folder:
        SNAPSHOT.write_text("\n".join(drawn(built(Path(folder)))) + "\n", "utf-8")


if __name__ == "__main__":
    main()
