"""The weights that ship, on records that nothing was learnt from: what the product links and suggests with them."""

import pytest

from talk_assets_tests.evidence_sets import companies, persons, products
from talk_assets_tests.evidence_sets.labelled import HELD_OUT, TRAINING
from talk_assets_tests.evidence_sets.score import PRECISION, RECALL, Score
from talk_assets_tests.evidence_sets.scorers import keys, product

SETS = {"companies": companies.make, "products": products.make, "persons": persons.make}


@pytest.mark.parametrize(
    "name", ["products", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("companies", "persons"))]
)
def test_what_is_linked_is_right_and_what_is_the_same_is_at_least_suggested(name: str) -> None:
    assert HELD_OUT not in range(TRAINING, TRAINING + 3)
    labelled = SETS[name](200, HELD_OUT)
    alone, score = Score(labelled, keys(labelled)), Score(labelled, product(labelled))
    assert score.precision >= max(PRECISION, alone.precision)
    assert score.recall >= RECALL > alone.recall
    assert len(score.linked) > 0.9 * len(alone.linked & alone.same)
