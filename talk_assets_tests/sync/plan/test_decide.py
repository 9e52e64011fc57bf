"""What the one decision is made of: plain values, read without a database."""

import ast
import inspect
from datetime import UTC, datetime
from types import ModuleType

import pytest

from talk_assets.model import topology
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import person
from talk_assets.model.system import Action
from talk_assets.sync.plan import decide as one_decision
from talk_assets.sync.plan import situation
from talk_assets.sync.plan.decide import decide
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.plan.situation import LinkedRecord, Situation, Verdict
from talk_assets_tests.sync.chain import CRM, ERP, people
from talk_assets_tests.sync.plan.situations import systems

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KARI = {"email": "kari@acme.no", "first_name": "Kari", "job_title": "Chief"}


@pytest.mark.parametrize("module", [one_decision, situation])
def test_it_knows_neither_frames_nor_a_database(module: ModuleType) -> None:
    nodes = ast.walk(ast.parse(inspect.getsource(module)))
    imported = [name for node in nodes for name in _names(node)]
    assert imported
    assert not [name for name in imported if "polars" in name or "duckdb" in name or ".store" in name]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def entity(**golden: str | None) -> Situation:
    """Kari, in the CRM alone, with what is golden since."""
    pairs = [Pair(CRM, ERP)]
    here = topology.of(person, systems({CRM: people(), ERP: people()}), pairs)
    record = LinkedRecord(CRM, "1", seen=KARI, sent=KARI, linked_at=NOW)
    return Situation(
        topology=here,
        permits=Permits(here.pairs),
        golden={**KARI, **golden},
        origins=dict.fromkeys(KARI, CRM),
        records=(record,),
    )


def test_what_golden_is_and_the_record_was_not_sent_is_written_and_what_a_pair_demands_is_created() -> None:
    found = {one.change.collection: one for one in decide(entity(job_title="Boss"))}
    assert {key: one.verdict for key, one in found.items()} == {CRM: Verdict.SEND, ERP: Verdict.SEND}
    assert (found[CRM].change.action, found[CRM].change.fields) == (Action.UPDATE, {"job_title": "Boss"})
    assert (found[ERP].change.action, found[ERP].change.fields) == (Action.CREATE, {**KARI, "job_title": "Boss"})
