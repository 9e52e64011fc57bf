"""Evidence as people read it."""

import json

from talk_assets.sync.link.evidence import words
from talk_assets_tests.sync.evidence.records import paired


def test_what_weighs_most_is_said_first() -> None:
    one = {"first_name": "Anna", "last_name": "Berg", "birth_date": "1981-04-12", "postal_code": "0155"}
    _, evidence = paired("person", one, {**one, "last_name": "Borg"})
    said = words.in_words(evidence).split(", ")
    assert said[0] == "same birth date"
    assert {"same first name", "last name differs by one letter", "same postal code"} < set(said)


def test_what_contradicts_is_said_without_what_agrees() -> None:
    weights = [("name", "other", -4.0), ("GTIN", "other", -6.0), ("number", "same", 4.0), ("unit", "same", -0.5)]
    parts = [dict(zip(("comparison", "level", "weight"), one, strict=True)) for one in weights]
    assert words.against(json.dumps(parts)) == "another GTIN and another name"


def test_a_waterfall_ends_at_the_sum_of_all_weights() -> None:
    _, evidence = paired("product", {"number": "A1", "name": "Drill"}, {"number": "A1", "name": "Drill Mini"})
    bars = words.waterfall(evidence)
    assert bars[-1]["total"] == sum(bar["weight"] for bar in bars)
