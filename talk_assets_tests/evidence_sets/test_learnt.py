"""What can be reached on the sets, and what their requirement is: it would say nothing if nobody could meet it."""

import pytest

from talk_assets_tests.evidence_sets.labelled import HELD_OUT
from talk_assets_tests.evidence_sets.learnt import MAKERS, SEEDS, learnt, trained
from talk_assets_tests.evidence_sets.score import PRECISION, RECALL, Score
from talk_assets_tests.evidence_sets.scorers import borne_out, keys

ENTITIES = pytest.mark.parametrize("entity_type", MAKERS)


@ENTITIES
def test_the_requirement_can_be_met_on_a_seed_that_nothing_was_learnt_from(entity_type: str) -> None:
    assert HELD_OUT not in SEEDS
    labelled = MAKERS[entity_type](1500, HELD_OUT)
    score = Score(labelled, learnt(labelled))
    assert score.precision >= PRECISION
    assert score.recall >= RECALL
    assert score.precision_suggested >= 0.99


@ENTITIES
def test_a_key_that_evidence_bears_out_is_right_and_the_rest_is_suggested(entity_type: str) -> None:
    """What the product does with `auto` off: precision of what is linked, recall with what is suggested."""
    labelled = MAKERS[entity_type](300, HELD_OUT)
    alone = Score(labelled, keys(labelled))
    score = Score(labelled, borne_out(labelled, alone.scored, lambda *_: learnt(labelled)))
    assert score.precision >= max(PRECISION, alone.precision)
    assert score.recall >= RECALL > alone.recall
    assert len(score.linked) > 0.9 * len(alone.linked & alone.same)


@pytest.mark.parametrize(
    ("entity_type", "comparison", "better", "worse"),
    [
        ("company", "name", "same", "further word"),
        ("company", "name", "further word", "sister"),
        ("company", "number", "same", "other"),
        ("company", "email", "same", "domain"),
        ("product", "name", "same", "typing error"),
        ("product", "name", "typing error", "one other word"),
        ("product", "GTIN", "same", "other"),
        ("person", "birth date", "one digit", "a generation"),
        ("person", "email", "same", "office"),
        ("person", "first name", "middle name", "other"),
    ],
)
def test_what_tells_things_apart_weighs_against_them(
    entity_type: str, comparison: str, better: str, worse: str
) -> None:
    bits = trained(entity_type).bits
    assert bits[comparison, better] > bits[comparison, worse]
