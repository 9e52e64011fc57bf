"""What goes before what, and pairs that lead in both directions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from talk_assets import cli
from talk_assets.config import configuration
from talk_assets.config.configuration import Config
from talk_assets.config.wiring import Wiring
from talk_assets.model.dataflows import Dataflow, Pair
from talk_assets.model.ordering import acyclic, ordered
from talk_assets.operate.actions import Acting
from talk_assets_tests.office import DATAFLOW, Office, open_office

BACK = tuple(Pair(pair.right, pair.left) for pair in DATAFLOW.pairs)

graphs = st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 6), max_size=4), max_size=7)


def test_a_cycle_loses_the_edge_that_closes_it() -> None:
    assert acyclic({"left": ["right"], "right": ["left"]}) == {"left": ["right"], "right": []}
    assert ordered({"left": ["right"], "right": ["left"]}) == ["right", "left"]


@given(graphs)
def test_every_node_is_after_what_goes_before_it_unless_that_is_a_cycle(graph: dict[int, list[int]]) -> None:
    order, kept = ordered(graph), acyclic(graph)
    assert set(order) >= set(graph)
    assert all(order.index(first) < order.index(node) for node, firsts in kept.items() for first in firsts)
    for node, firsts in graph.items():
        for first in set(firsts) - set(kept[node]):
            assert first == node or _leads(graph, first, node)


def _leads(graph: dict[int, list[int]], node: int, goal: int, seen: frozenset[int] = frozenset()) -> bool:
    nearer = set(graph.get(node, ())) - seen
    return goal in nearer or any(_leads(graph, one, goal, seen | nearer) for one in nearer)


def test_pairs_in_both_directions_create_what_either_side_lacks(office: Office) -> None:
    office.pairs = (*DATAFLOW.pairs, *BACK)
    firm = office.create("erp/customers", name="Acme", number="974760673")
    office.create("erp/contacts", email="anna@example.com", first_name="Anna", employer=firm)
    office.create("crm/people", email="berit@example.com", first_name="Berit")
    office.sync("first")
    for key in ("crm/people", "erp/contacts"):
        assert {record["first_name"] for record in office.records(key)} == {"Anna", "Berit"}
    assert [record["name"] for record in office.records("crm/companies")] == ["Acme"]
    office.sync("second")
    office.sync_in_full()
    with office.transaction() as transaction:
        assert transaction.frame("SELECT DISTINCT run FROM sync.journal")["run"].to_list() == ["first"]


@pytest.fixture
def both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with a dataflow in either direction, as the configured instance."""
    office = open_office(tmp_path, monkeypatch, on_disk=True)
    one = office.config.dataflows[0]
    other = replace(one, dataflow=Dataflow("erp", "crm", BACK), pairs=BACK)
    configured = replace(office.config, dataflows=(one, other))
    monkeypatch.setattr(configuration, "current", lambda: configured)
    monkeypatch.setattr(Office, "config", property(lambda _: configured))
    return office


def test_dataflows_in_both_directions_run_in_the_graph_and_can_be_undone(both_ways: Office) -> None:
    both_ways.create("erp/contacts", email="anna@example.com", first_name="Anna")
    both_ways.create("crm/people", email="berit@example.com", first_name="Berit")
    done = CliRunner().invoke(cli.talk, ["sync", "--json"], prog_name="talk")
    assert (done.exit_code, done.exception) == (0, None)
    run = json.loads(done.stdout)
    assert run["writes"] == 2
    assert {pair["left"]: pair["linked"] for pair in run["pairs"]} == {
        "crm/companies": 0, "crm/people": 2, "erp/customers": 0, "erp/contacts": 2,
    }  # fmt: skip
    current: Config = both_ways.config
    _, summary = Acting(Wiring(current)).undo(run["run"][:8])
    assert summary.writes == 2
    assert [record["first_name"] for record in both_ways.records("erp/contacts")] == ["Anna"]
    assert [record["first_name"] for record in both_ways.records("crm/people")] == ["Berit"]
